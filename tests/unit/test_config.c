/* policy/config.h: the reader of refgate.conf. */
#include "config_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "scratch.h"

#define MEMORY ((size_t)64 * 1024 * 1024)

/* ------------------------------------------------------------------ help */

static struct parsed {
    struct arena arena;
    struct policy policy;
    struct config_errors errors;
    enum status status;
} parsed;

static void forget(void)
{
    arena_free(&parsed.arena);
    config_errors_free(&parsed.errors);
}

static const struct policy *parse_bytes(struct text bytes)
{
    forget();
    arena_init(&parsed.arena, MEMORY);
    config_errors_init(&parsed.errors);
    memset(&parsed.policy, 0x7e, sizeof parsed.policy);
    parsed.status = config_parse(bytes, "refgate.conf", &parsed.arena, &parsed.policy,
                                 &parsed.errors);
    return &parsed.policy;
}

static const char *said(void)
{
    return parsed.errors.lines.data ? parsed.errors.lines.data : "";
}

static const struct policy *parse(const char *text)
{
    return parse_bytes(text_of(text));
}

static const struct policy *parse_good(const char *text)
{
    parse(text);
    if (parsed.status != STATUS_OK)
        fail_msg("status %d: %s", parsed.status, said());
    return &parsed.policy;
}

static void parse_bad(const char *text, const char *sentence)
{
    parse(text);
    assert_int_equal(parsed.status, STATUS_FORMAT);
    assert_string_equal(said(), sentence);
}

static void assert_text(struct text t, const char *want)
{
    if (!text_equal(t, text_of(want)))
        fail_msg("got \"%.*s\", not \"%s\"", TEXT_ARG(t), want);
}

static void assert_list(const struct text_list *list, const char *want) /* items joined by "|" */
{
    char got[8192] = "";
    for (size_t i = 0; i < list->count; i++) {
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%.*s", i ? "|" : "", TEXT_ARG(list->items[i]));
    }
    assert_string_equal(got, want);
}

/* ------------------------------------------------------------------ what is refused */

static void refused_files(void **state)
{
    (void)state;
    struct config_cases cases;
    cases_open(&cases, "tests/unit/data/config-errors.txt");
    while (cases_next(&cases)) {
        parse_bytes(buffer_view(&cases.now.config));
        case_check(&cases, &parsed.errors);
        bool good = cases.now.expected.size == 0;
        assert_int_equal(parsed.status, good ? STATUS_OK : STATUS_FORMAT);
    }
    assert_true(cases.count > 20);
}

static void a_newer_file_is_refused_and_called_so(void **state)
{
    (void)state;
    parse_bad("[refgate]\nmode = monitor\nquorum-policy = strict\n[quarantine]\nyes = no\n",
              "refgate.conf:3: [refgate] has no key \"quorum-policy\" (written for a newer refgate? "
              "this is " REFGATE_VERSION ")\n"
              "refgate.conf:4: there is no section \"quarantine\" (written for a newer refgate? "
              "this is " REFGATE_VERSION ")\n");
}

static void untouched_on_failure(void **state)
{
    (void)state;
    struct policy before;
    memset(&before, 0x7e, sizeof before);
    parse("[refgate]\nmode = x\n");
    assert_memory_equal(&parsed.policy, &before, sizeof before);
}

static void hundred_errors(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    buffer_string(&text, "[refgate]\n");
    for (int i = 0; i < CONFIG_ERRORS_MAX + 23; i++)
        buffer_string(&text, "wrong = 1\n");
    parse_bytes(buffer_view(&text));
    assert_int_equal(parsed.errors.count, CONFIG_ERRORS_MAX + 23);
    assert_non_null(strstr(said(), "refgate.conf:101: "));
    assert_null(strstr(said(), "refgate.conf:102: "));
    assert_non_null(strstr(said(), "refgate.conf: 23 more problems are not listed\n"));
    buffer_free(&text);
}

static void outside_text_is_escaped(void **state)
{
    (void)state;
    parse_bad("[refgate]\nmode = \xe2\x80\xae on\n",
              "refgate.conf:2: mode is enforce or monitor, not \"\\u{202e} on\"\n");
}

/* ------------------------------------------------------------------ what inih would get wrong */

/* A line of `size` bytes that begins with `start` and is filled with `fill`. */
static void long_line(struct buffer *out, const char *start, char fill, size_t size)
{
    size_t used = strlen(start);
    buffer_string(out, start);
    for (; used < size; used++)
        buffer_add(out, &fill, 1);
    buffer_string(out, "\n");
}

static void lines_around_200(void **state)
{
    (void)state;
    static const size_t sizes[] = {196, 197, 198, 199, 200, 201, 202, 399, 400, 401, 3999, 4000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer text;
        buffer_init(&text, SIZE_MAX);
        buffer_string(&text, "[rule \"a\"]\naction = reject\n");
        long_line(&text, "refs = a", 'x', sizes[i] > 1000 ? 1000 : sizes[i]);
        buffer_string(&text, "changes = delete\n");
        long_line(&text, "users = a", 'y', sizes[i] > 1000 ? 1000 : sizes[i]);
        long_line(&text, "; comment ", 'z', sizes[i]);
        buffer_string(&text, "groups = devs\n");
        const struct policy *policy = parse_good(buffer_view(&text).at);
        assert_int_equal(policy->rule_count, 1);
        assert_int_equal(policy->rules[0].refs.count, 1);
        size_t want = sizes[i] > 1000 ? 1000 : sizes[i];
        assert_int_equal(policy->rules[0].refs.items[0].size, want - strlen("refs = "));
        assert_int_equal(policy->rules[0].users.items[0].size, want - strlen("users = "));
        assert_int_equal(policy->rules[0].kinds, KIND_DELETE);
        assert_list(&policy->rules[0].groups, "devs");
        buffer_free(&text);
    }
}

static void line_of_4001_bytes(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    buffer_string(&text, "[refgate]\n");
    long_line(&text, "contact = ", 'x', 4001);
    buffer_string(&text, "  goes on\n# comment\n");
    long_line(&text, "# ", 'x', 4001);
    parse(buffer_view(&text).at);
    assert_string_equal(
        said(), "refgate.conf:2: the line is longer than 4000 bytes; continue a list on the "
                "next line, which then begins with a blank\n"
                "refgate.conf:5: the line is longer than 4000 bytes; continue a list on the "
                "next line, which then begins with a blank\n");
    buffer_free(&text);
}

static void tail_of_a_long_comment(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    buffer_string(&text, "[refgate]\n");
    for (size_t at = 190; at < 210; at++) { /* inih would take the tail for a line of its own */
        buffer_string(&text, "; ");
        for (size_t i = 2; i < at; i++)
            buffer_string(&text, "x");
        buffer_string(&text, "mode = monitor\n");
    }
    assert_int_equal(parse_good(buffer_view(&text).at)->mode, MODE_ENFORCE);
    buffer_free(&text);
}

static void long_values(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    buffer_string(&text, "[rule \"a\"]\naction = reject\nrefs = ");
    for (int i = 0; i < 300; i++)
        buffer_printf(&text, "%stopic/%04d", i ? ", " : "", i); /* 300 x 12 bytes */
    buffer_string(&text, "\n");
    for (int i = 300; i < 600; i++)
        buffer_printf(&text, "  topic/%04d\n", i);
    buffer_string(&text, "changes = update\n");
    const struct policy *policy = parse_good(buffer_view(&text).at);
    assert_int_equal(policy->rules[0].refs.count, 600);
    assert_text(policy->rules[0].refs.items[299], "topic/0299");
    assert_text(policy->rules[0].refs.items[599], "topic/0599");
    assert_int_equal(policy->rules[0].kinds, KIND_UPDATE);
    buffer_free(&text);
}

static void section_names_around_50(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    for (size_t size = 36; size <= 46; size++) { /* with rule "" around them 43 to 53 bytes */
        buffer_string(&text, "[rule \"");
        for (size_t i = 0; i < size; i++)
            buffer_string(&text, "n");
        buffer_printf(&text, "\"]\naction = reject\nmessage = %zu\n", size);
    }
    const struct policy *policy = parse_good(buffer_view(&text).at);
    assert_int_equal(policy->rule_count, 11);
    for (size_t i = 0; i < 11; i++) {
        char want[16];
        snprintf(want, sizeof want, "%zu", 36 + i);
        assert_int_equal(policy->rules[i].name.size, 36 + i);
        assert_text(policy->rules[i].message, want);
        assert_int_equal(policy->rules[i].source.line, 1 + 3 * i);
    }
    buffer_free(&text);
}

static void key_names_around_50(void **state)
{
    (void)state;
    for (size_t size = 48; size <= 52; size++) {
        struct buffer text;
        buffer_init(&text, SIZE_MAX);
        buffer_string(&text, "[refgate]\n");
        for (size_t i = 0; i < size; i++)
            buffer_string(&text, "k");
        buffer_string(&text, " = 1\n");
        parse(buffer_view(&text).at);
        assert_non_null(strstr(said(), size <= 49 ? "has no key" : "is not the name of a key"));
        assert_int_equal(parsed.errors.count, 1);
        buffer_free(&text);
    }
}

static void names_with_brackets(void **state)
{
    (void)state;
    const struct policy *policy = parse_good("[service-account \"a]b\"c\"]\nowner = x\n"
                                             "[rule \"[x] = y;z\"] ; ]\naction = reject\n");
    assert_text(policy->service_accounts[0].name, "a]b\"c");
    assert_text(policy->rules[0].name, "[x] = y;z");
}

/* ------------------------------------------------------------------ bytes */

static void nul_bytes(void **state)
{
    (void)state;
    static const char text[] = "[refgate]\nmode = enforce\0\n\0\ncontact = x\n";
    parse_bytes((struct text){text, sizeof text - 1});
    assert_string_equal(said(), "refgate.conf:2: byte 15 is a control character (U+0000)\n"
                                "refgate.conf:3: byte 1 is a control character (U+0000)\n");
}

static void no_final_newline(void **state)
{
    (void)state;
    assert_int_equal(parse_good("[refgate]\nmode = monitor")->mode, MODE_MONITOR);
    parse_good("[refgate]");
    parse_good("# comment");
    parse_bad("[refgate]\nmode", "refgate.conf:2: neither [SECTION] nor KEY = VALUE\n");
}

static void byte_order_mark(void **state)
{
    (void)state;
    assert_int_equal(parse_good("\xef\xbb\xbf[refgate]\nmode = monitor\n")->mode, MODE_MONITOR);
    assert_int_equal(parse_good("\xef\xbb\xbf[rule \"a\"]\naction = reject\n")->rule_count, 1);
    parse_good("\xef\xbb\xbf");
    parse("\xef\xbb\xbf\xef\xbb\xbf[refgate]\n");
    assert_int_equal(parsed.status, STATUS_FORMAT);
}

static void windows_line_ends(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[refgate]\r\ncontact = us\r\n\r\n[rule \"a\"]\r\naction = reject\r\nrefs = a,\r\n  b");
    assert_text(policy->contact, "us");
    assert_list(&policy->rules[0].refs, "a|b");
    parse_bad("[refgate]\ncontact = a\rb\n",
              "refgate.conf:2: byte 12 is a control character (U+000D)\n");
}

static void blanks_and_tabs(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[ refgate ]\t; comment\nmode\t=\tmonitor\t;x\ncontact=a = b\t\n[ rule\t\"a\" ]\n"
        "action=reject\nrefs=a\tb ,c\n\td\n");
    assert_int_equal(policy->mode, MODE_MONITOR);
    assert_text(policy->contact, "a = b");
    assert_list(&policy->rules[0].refs, "a|b|c|d");
}

static void where_comments_begin(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[rule \"a\"]\naction = reject          ; or annotate\n"
        "message = Keys do not push; open #1. ; not shown\n"
        "refs = a;b, #c, d ;e\n  ; f\n  g\n  # h\n");
    assert_text(policy->rules[0].message, "Keys do not push; open #1.");
    assert_list(&policy->rules[0].refs, "a;b|#c|d|g");
}

/* ------------------------------------------------------------------ values */

static void lists_go_on(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[rule \"a\"]\naction = reject\nmessage = first\n  second,\n   third\n"
        "refs =\n  a\n  b, c\n\n  d\nusers = Jane Doe,\n  \"Doe, John\" ,\n jdoe\n"
        "groups = a b\n c d\n");
    assert_text(policy->rules[0].message, "first second, third");
    assert_list(&policy->rules[0].refs, "a|b|c|d");
    assert_list(&policy->rules[0].users, "Jane Doe|Doe, John|jdoe");
    assert_list(&policy->rules[0].groups, "a b|c d");
}

static void whole_rule(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[refgate]\ntimezone = Europe/Berlin\n"
        "[rule \"keys-stay-off-main\"]\naction      = require-approval ; reject | annotate\n"
        "mode        = monitor\ncredentials = access-key, user\nexcept-credentials = user-token\n"
        "credential-confidence = derived\nprojects    = PRJ, OPS*\nrepos       = */*\n"
        "refs        = main, release/*\nchanges     = create, update\ntriggers    = push\n"
        "users = u\ngroups = g\naccess-keys = 158, ci\nexcept-users = eu\nexcept-groups = eg\n"
        "except-access-keys = 9\ncommitter = pusher\nauthor = known-user\n"
        "after = 22:30\nbefore = 06:00\ndays = fri-mon\n"
        "message = m\ncontrols = soc2:CC6.1, iso27001:A.8.4\n");
    const struct rule *rule = &policy->rules[0];
    assert_text(rule->name, "keys-stay-off-main");
    assert_text(rule->source.file, "refgate.conf");
    assert_int_equal(rule->source.line, 3);
    assert_int_equal(rule->action, VERDICT_REQUIRE_APPROVAL);
    assert_int_equal(rule->mode, MODE_MONITOR);
    assert_int_equal(rule->credentials, 1u << CREDENTIAL_ACCESS_KEY | 1u << CREDENTIAL_USER |
                                            1u << CREDENTIAL_USER_SSH_KEY |
                                            1u << CREDENTIAL_USER_TOKEN |
                                            1u << CREDENTIAL_USER_PASSWORD);
    assert_int_equal(rule->except_credentials, 1u << CREDENTIAL_USER_TOKEN);
    assert_int_equal(rule->confidence, CONFIDENCE_DERIVED);
    assert_list(&rule->projects, "PRJ|OPS*");
    assert_list(&rule->repos, "*/*");
    assert_list(&rule->refs, "main|release/*");
    assert_list(&rule->triggers, "push");
    assert_int_equal(rule->kinds, KIND_CREATE | KIND_UPDATE);
    assert_list(&rule->users, "u");
    assert_list(&rule->groups, "g");
    assert_list(&rule->access_keys, "158|ci");
    assert_list(&rule->except_users, "eu");
    assert_list(&rule->except_groups, "eg");
    assert_list(&rule->except_access_keys, "9");
    assert_int_equal(rule->committer, IDENTITY_PUSHER);
    assert_int_equal(rule->author, IDENTITY_KNOWN_USER);
    assert_true(rule->freeze_set && rule->freeze.time_set);
    assert_false(rule->freeze.from_set || rule->freeze.until_set);
    assert_int_equal(rule->freeze.after_minute, 22 * 60 + 30);
    assert_int_equal(rule->freeze.before_minute, 6 * 60);
    assert_int_equal(rule->freeze.days, 1u << 4 | 1u << 5 | 1u << 6 | 1u << 0);
    assert_text(rule->message, "m");
    assert_list(&rule->controls, "soc2:CC6.1|iso27001:A.8.4");
    assert_true(policy->needs_local_time);
    assert_text(policy->timezone, "Europe/Berlin");
    assert_int_equal(policy->timezone.at[policy->timezone.size], '\0');
}

static void plain_rule(void **state)
{
    (void)state;
    const struct policy *policy = parse_good("[rule \"a\"]\naction = annotate\n");
    const struct rule *rule = &policy->rules[0];
    assert_int_equal(rule->mode, MODE_ENFORCE);
    assert_int_equal(rule->credentials | rule->except_credentials | rule->kinds, 0);
    assert_int_equal(rule->confidence, CONFIDENCE_NONE);
    assert_int_equal(rule->committer, IDENTITY_ANY);
    assert_int_equal(rule->author, IDENTITY_ANY);
    assert_true(text_absent(rule->message));
    assert_false(rule->freeze_set);
    assert_false(policy->needs_local_time);
    assert_int_equal(rule->refs.count + rule->users.count + rule->controls.count, 0);
}

static void freezes(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[rule \"a\"]\naction = reject\nafter = 2026-12-21\nbefore = 2027-01-03\n"
        "[rule \"b\"]\naction = reject\nbefore = 06:00\n"
        "[rule \"c\"]\naction = reject\nafter = 18:00\n"
        "[rule \"d\"]\naction = reject\nafter = 2026-12-24\nbefore = 2026-12-24\n"
        "[rule \"e\"]\naction = reject\nafter = 22:00\nbefore = 24:00\n");
    const struct rule *r = policy->rules;
    assert_true(r[0].freeze.from_set && r[0].freeze.until_set && !r[0].freeze.time_set);
    assert_int_equal(r[0].freeze.from_date, 20261221);
    assert_int_equal(r[0].freeze.until_date, 20270103);
    assert_int_equal(r[1].freeze.after_minute, 0);
    assert_int_equal(r[1].freeze.before_minute, 360);
    assert_int_equal(r[2].freeze.after_minute, 1080);
    assert_int_equal(r[2].freeze.before_minute, 1440);
    assert_int_equal(r[3].freeze.from_date, r[3].freeze.until_date);
    assert_int_equal(r[4].freeze.before_minute, 1440);
}

static void other_sections(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[access-keys]\npush = reject\nrefs = ci/\nchanges = create\nmax-age = 365d\n"
        "min-rsa-bits = 3072\nalgorithms = ED25519\nshared = annotate\n"
        "[service-account \"Jenkins\"]\nrepos = PRJ/*\nrefs = main\ncredentials = user-token\n"
        "changes = update\nowner = build team\ncontrols = c\n"
        "[trust]\nowners = 990, root\n[audit]\nfile = none\n[restrictions]\ncheck = off\n");
    assert_int_equal(policy->access_keys.source.line, 1);
    assert_int_equal(policy->access_keys.push, VERDICT_REJECT);
    assert_list(&policy->access_keys.refs, "ci/");
    assert_int_equal(policy->access_keys.kinds, KIND_CREATE);
    assert_true(policy->access_keys.max_age_ms == INT64_C(365) * 24 * 3600 * 1000);
    assert_int_equal(policy->access_keys.min_rsa_bits, 3072);
    assert_int_equal(policy->access_keys.shared, VERDICT_ANNOTATE);
    const struct service_account *account = &policy->service_accounts[0];
    assert_int_equal(policy->service_account_count, 1);
    assert_text(account->name, "Jenkins");
    assert_int_equal(account->source.line, 9);
    assert_list(&account->repos, "PRJ/*");
    assert_int_equal(account->credentials, 1u << CREDENTIAL_USER_TOKEN);
    assert_int_equal(account->kinds, KIND_UPDATE);
    assert_text(account->owner, "build team");
    assert_int_equal(policy->owner_count, 2);
    assert_int_equal(policy->owners[0], 990);
    assert_int_equal(policy->owners[1], 0);
    assert_true(text_absent(policy->audit_file));
    assert_int_equal(policy->restrictions_check, VERDICT_ACCEPT);
}

static void all_kinds_are_no_condition(void **state)
{
    (void)state;
    const struct policy *policy = parse_good(
        "[rule \"a\"]\naction = reject\nchanges = delete, rewrite, update, create\n");
    assert_int_equal(policy->rules[0].kinds, 0);
}

static void many_rules(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    for (int i = 0; i < 3000; i++)
        buffer_printf(&text, "[rule \"rule %d\"]\naction = reject\n[service-account \"a%d\"]\n", i,
                      i);
    const struct policy *policy = parse_good(buffer_view(&text).at);
    assert_int_equal(policy->rule_count, 3000);
    assert_int_equal(policy->service_account_count, 3000);
    assert_text(policy->rules[2999].name, "rule 2999");
    buffer_string(&text, "[rule \"RULE 1234\"]\naction = reject\n");
    parse_bad(buffer_view(&text).at,
              "refgate.conf:9001: [rule \"RULE 1234\"] is on line 3703 already\n");
    buffer_free(&text);
}

static void digest_is_of_the_bytes(void **state)
{
    (void)state;
    struct digest want = digest_of(TEXT("[refgate]\n"));
    assert_string_equal(parse_good("[refgate]\n")->digest.hex, want.hex);
    want = digest_of(TEXT("\xef\xbb\xbf"));
    assert_string_equal(parse_good("\xef\xbb\xbf")->digest.hex, want.hex);
}

static void the_callers_bytes_may_go(void **state)
{
    (void)state;
    char *text = strdup("[refgate]\ncontact = somebody\n[rule \"a\"]\naction = reject\nrefs = x\n");
    assert_non_null(text);
    const struct policy *policy = parse_good(text);
    memset(text, '!', strlen(text));
    free(text);
    assert_text(policy->contact, "somebody");
    assert_text(policy->rules[0].name, "a");
    assert_list(&policy->rules[0].refs, "x");
}

static void limits_of_memory_and_size(void **state)
{
    (void)state;
    struct config_errors errors;
    struct policy policy;
    for (size_t cap = 0; cap < 400 * 1024; cap += cap < 4096 ? 512 : 8192) {
        struct arena arena;
        arena_init(&arena, cap);
        config_errors_init(&errors);
        enum status status = config_parse(
            TEXT("[rule \"a\"]\naction = reject\nrefs = a, b\n[refgate]\nmode = x\n"),
            "refgate.conf", &arena, &policy, &errors);
        assert_true(status == STATUS_MEMORY || status == STATUS_FORMAT);
        assert_true(errors.count > 0 && errors.lines.size > 0);
        config_errors_free(&errors);
        arena_free(&arena);
    }
    char *large = calloc(1, CONFIG_SIZE_MAX + 1);
    assert_non_null(large);
    memset(large, '\n', CONFIG_SIZE_MAX + 1);
    parse_bytes((struct text){large, CONFIG_SIZE_MAX + 1});
    assert_string_equal(said(), "refgate.conf: the file is larger than 4194304 bytes\n");
    parse_bytes((struct text){large, CONFIG_SIZE_MAX});
    assert_int_equal(parsed.status, STATUS_OK);
    free(large);
}

static void listing_of_what_was_written(void **state)
{
    (void)state;
    struct arena arena;
    struct policy policy;
    struct config_errors errors;
    struct config_listing listing;
    arena_init(&arena, MEMORY);
    config_errors_init(&errors);
    static const char text[] = "[refgate]\ncontact = us ; comment\n[rule \"a\"]\naction = reject\n"
                               "users = a,\n  b\n  c d\n[rule \"b\"]\naction = annotate\n";
    assert_int_equal(
        config_parse_kept(text_of(text), "refgate.conf", &arena, &policy, &errors, &listing),
        STATUS_OK);
    assert_text(config_listing_find(&listing, "refgate", 0, "contact")->value, "us");
    assert_int_equal(config_listing_find(&listing, "rule", 8, "action")->line, 9);
    assert_text(config_listing_find(&listing, "rule", 3, "users")->value, "a, b, c d");
    assert_null(config_listing_find(&listing, "rule", 8, "users"));
    assert_null(config_listing_find(&listing, "limits", 0, "refs"));
    arena_free(&arena);
    config_errors_free(&errors);
}

/* ------------------------------------------------------------------ files */

static char top[PATH_MAX / 2];

static void write_file(const char *name, const char *content, mode_t mode)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", top, name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static const char *path_of(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static enum status load(const char *name)
{
    forget();
    arena_init(&parsed.arena, MEMORY);
    config_errors_init(&parsed.errors);
    return config_load(path_of(name), &parsed.arena, &parsed.policy, &parsed.errors);
}

/* The directory of the tests may itself not be trusted ($TMPDIR of somebody else). */
static bool top_is_trusted(void)
{
    int fd = -1;
    if (file_open_trusted_directory(top, NULL, &fd, NULL) != STATUS_OK)
        return false;
    close(fd);
    return true;
}

static void loads_trusted_files_only(void **state)
{
    (void)state;
    if (!top_is_trusted()) {
        print_message("# skipped: the directory for temporary files is not trusted\n");
        return;
    }
    write_file("refgate.conf", "[refgate]\nmode = monitor\n", 0644);
    assert_int_equal(load("refgate.conf"), STATUS_OK);
    assert_int_equal(parsed.policy.mode, MODE_MONITOR);
    write_file("refgate.conf", "[refgate]\nmode = x\n", 0644);
    assert_int_equal(load("refgate.conf"), STATUS_FORMAT);
    assert_string_equal(said(), "refgate.conf:2: mode is enforce or monitor, not \"x\"\n");
    write_file("refgate.conf", "", 0644);
    assert_int_equal(load("refgate.conf"), STATUS_OK);
    write_file("refgate.conf", "", 0664);
    assert_int_equal(load("refgate.conf"), STATUS_TRUST);
    assert_int_equal(parsed.errors.count, 1);
    assert_non_null(strstr(said(), "refgate.conf: "));
    assert_int_equal(load("missing.conf"), STATUS_NOT_FOUND);
    assert_non_null(strstr(said(), "missing.conf"));
    assert_int_equal(load("."), STATUS_TRUST);
}

static void kill_switch(void **state)
{
    (void)state;
    struct arena arena;
    struct text reason = TEXT_NONE;
    struct error err = {0};
    arena_init(&arena, MEMORY);
    const char *config = path_of("refgate.conf");
    assert_int_equal(config_disabled(config, &arena, &reason, &err), ANSWER_NO);
    if (top_is_trusted()) {
        write_file(CONFIG_DISABLED_NAME, "reason: storage\x1b move\nby: x\n", 0644);
        assert_int_equal(config_disabled(config, &arena, &reason, &err), ANSWER_YES);
        assert_text(reason, "storage\\x1b move");
        write_file(CONFIG_DISABLED_NAME, "", 0644);
        assert_int_equal(config_disabled(config, &arena, &reason, &err), ANSWER_YES);
        assert_text(reason, "no reason given");
        char hostile[301];
        memset(hostile, '\x01', 300);
        hostile[300] = '\0';
        write_file(CONFIG_DISABLED_NAME, hostile, 0644);
        assert_int_equal(config_disabled(config, &arena, &reason, &err), ANSWER_YES);
        assert_true(reason.size <= 200);
    }
    write_file(CONFIG_DISABLED_NAME, "reason: x\n", 0666);
    assert_int_equal(config_disabled(config, &arena, &reason, &err), ANSWER_CANNOT_TELL);
    assert_true(err.text[0] != '\0');
    unlink(path_of(CONFIG_DISABLED_NAME));
    arena_free(&arena);
}

static void where_it_is(void **state)
{
    (void)state;
    char path[PATH_MAX], here[PATH_MAX], want[PATH_MAX + 16];
    struct error err = {0};
    assert_int_equal(config_locate("/x/y.conf", path, sizeof path, &err), STATUS_OK);
    assert_string_equal(path, "/x/y.conf");
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(config_locate("y.conf", path, sizeof path, &err), STATUS_OK);
    snprintf(want, sizeof want, "%s/y.conf", here);
    assert_string_equal(path, want);
    assert_int_equal(config_locate("", path, sizeof path, &err), STATUS_USAGE);
    assert_int_equal(config_locate("/x/y.conf", path, 5, &err), STATUS_LIMIT);
    assert_int_equal(config_locate(NULL, path, sizeof path, &err), STATUS_OK);
    assert_string_equal(path, "/etc/refgate/refgate.conf"); /* none is beside this program */
    assert_string_equal(config_base_name("/x/y.conf"), "y.conf");
    assert_string_equal(config_base_name("y.conf"), "y.conf");
}

static int make_top(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    return 0;
}

static int remove_top(void **state)
{
    (void)state;
    forget();
    scratch_remove(top);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"each file that is refused, with all its problems", refused_files, NULL, NULL, NULL},
        {"semantics 6: a file for a newer version is refused, and called so",
         a_newer_file_is_refused_and_called_so, NULL, NULL, NULL},
        {"a file that is refused leaves the policy untouched", untouched_on_failure, NULL, NULL,
         NULL},
        {"a hundred problems are listed, more are counted", hundred_errors, NULL, NULL, NULL},
        {"what is quoted is escaped", outside_text_is_escaped, NULL, NULL, NULL},
        {"lines of 199, 200, 201 bytes are one line each", lines_around_200, NULL, NULL, NULL},
        {"a line of 4001 bytes is refused, with what continues it", line_of_4001_bytes, NULL, NULL,
         NULL},
        {"the tail of a long comment is no setting", tail_of_a_long_comment, NULL, NULL, NULL},
        {"values of 3,900 bytes and 300 continuation lines", long_values, NULL, NULL, NULL},
        {"section names of 49, 50, 51 bytes are not mixed up", section_names_around_50, NULL, NULL,
         NULL},
        {"key names of 49, 50, 51 bytes are not cut", key_names_around_50, NULL, NULL, NULL},
        {"brackets and quotes in names", names_with_brackets, NULL, NULL, NULL},
        {"NUL bytes are refused", nul_bytes, NULL, NULL, NULL},
        {"no newline at the end", no_final_newline, NULL, NULL, NULL},
        {"a byte order mark is accepted once", byte_order_mark, NULL, NULL, NULL},
        {"line ends of Windows are accepted, other CR are not", windows_line_ends, NULL, NULL,
         NULL},
        {"blanks and tabs", blanks_and_tabs, NULL, NULL, NULL},
        {"where comments begin", where_comments_begin, NULL, NULL, NULL},
        {"lists and texts go on in indented lines", lists_go_on, NULL, NULL, NULL},
        {"semantics 6: every condition of a rule", whole_rule, NULL, NULL, NULL},
        {"semantics 6: a condition that is absent", plain_rule, NULL, NULL, NULL},
        {"semantics 6: change freezes", freezes, NULL, NULL, NULL},
        {"semantics 5.1, 5.2, 8: other sections", other_sections, NULL, NULL, NULL},
        {"all kinds of change are no condition", all_kinds_are_no_condition, NULL, NULL, NULL},
        {"3,000 rules and service accounts", many_rules, NULL, NULL, NULL},
        {"the digest is that of the file", digest_is_of_the_bytes, NULL, NULL, NULL},
        {"the policy does not need the caller's bytes", the_callers_bytes_may_go, NULL, NULL, NULL},
        {"out of memory and too large a file are errors", limits_of_memory_and_size, NULL, NULL,
         NULL},
        {"the listing has what was written where", listing_of_what_was_written, NULL, NULL, NULL},
        {"semantics 8: only trusted files are loaded", loads_trusted_files_only, NULL, NULL, NULL},
        {"semantics 2: the kill switch", kill_switch, NULL, NULL, NULL},
        {"semantics 8: where the configuration is", where_it_is, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("config", tests, make_top, remove_top);
}
