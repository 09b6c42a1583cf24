/* What the pusher reads, compared with tests/unit/data/report/NAME.txt to the byte. With
 * REFGATE_UPDATE_GOLDEN set, writes these files instead: look at the difference before keeping
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "policy/approval.h"
#include "record/report.h"
#include "record/report_lines.h"
#include "record/report_link.h"
#include "samples.h"
#include "scratch.h"

#define GOLDEN_DIR "tests/unit/data/report/"

static const char by_key[] = "not allowed with access key \"ci-deploy\" (repository key 158)";
static const char by_pull_request[] = "changes only by pull request";

/* ------------------------------------------------------------------ checks for every text */

static void check_shape(struct text text)
{
    assert_true(text.size <= REPORT_BYTES_MAX);
    struct text rest = text, line;
    while (text_next_field(&rest, '\n', &line)) {
        bool link = memmem(line.at, line.size, "://", 3) != NULL;
        if (line.size > REPORT_COLUMNS && !link)
            fail_msg("a line of %zu columns: %.*s", line.size, TEXT_ARG(line));
        for (size_t i = 0; i < line.size; i++)
            if (line.at[i] < ' ' || line.at[i] > '~')
                fail_msg("byte 0x%02x in: %.*s", (unsigned char)line.at[i], TEXT_ARG(line));
        if (line.size && line.at[line.size - 1] == ' ')
            fail_msg("a blank at the end of: %.*s", TEXT_ARG(line));
    }
    assert_true(!text.size || text.at[text.size - 1] == '\n');
}

static struct buffer render(struct sample *sample)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    report_render(&sample->decision, &sample->push, &sample->policy, SAMPLE_ID, &out);
    assert_false(out.failed);
    check_shape(buffer_view(&out));
    return out;
}

static void compare(struct text text, const char *name)
{
    char path[256], want[REPORT_BYTES_MAX + 1];
    snprintf(path, sizeof path, GOLDEN_DIR "%s.txt", name);
    bool update = getenv("REFGATE_UPDATE_GOLDEN") != NULL;
    FILE *file = fopen(path, update ? "w" : "r");
    if (!file)
        fail_msg("cannot open %s", path);
    if (update) {
        fwrite(text.at, 1, text.size, file);
    } else {
        size_t size = fread(want, 1, sizeof want, file);
        if (!text_equal(text, (struct text){want, size}))
            fail_msg("%s differs; got:\n%.*s", path, TEXT_ARG(text));
    }
    fclose(file);
}

static void expect(struct sample *sample, const char *name)
{
    struct buffer out = render(sample);
    compare(buffer_view(&out), name);
    buffer_free(&out);
    sample_free(sample);
}

static void expect_nothing(struct sample *sample)
{
    struct buffer out = render(sample);
    assert_int_equal(out.size, 0);
    buffer_free(&out);
    sample_free(sample);
}

/* ------------------------------------------------------------------ rejections */

static void key_kept_off_main(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_by_access_key(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_change(&s, TEXT("refs/heads/topic"), CHANGE_CREATE);
    struct reason *reason = sample_rule(&s, VERDICT_REJECT, by_key);
    reason->wants_pull_request = true;
    sample_attach(&s, main, reason);
    sample_finish(&s, 1);
    expect(&s, "key-kept-off-main");
}

static void pull_request_only(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.push.base_url = TEXT("https://www.example.com/bitbucket/");
    size_t main = sample_change(&s, TEXT("refs/heads/release/2026 \xc3\xa4#"), CHANGE_MOVE);
    struct reason *reason = sample_restriction(&s, "pull-request-only", by_pull_request);
    reason->wants_pull_request = true;
    sample_attach(&s, main, reason);
    sample_finish(&s, 1);
    expect(&s, "pull-request-only");
}

static void personal_project(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.push.project_key = TEXT("~JDOE");
    s.policy.link = TEXT("https://wiki.example.com/refgate");
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_REWRITE);
    struct reason *reason = sample_restriction(&s, "pull-request-only", by_pull_request);
    reason->wants_pull_request = true;
    sample_attach(&s, main, reason);
    sample_attach(&s, main,
                  sample_restriction(&s, "fast-forward-only", "history may not be rewritten"));
    sample_finish(&s, 1);
    expect(&s, "personal-project");
}

static void deleted_branch(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t gone = sample_change(&s, TEXT("refs/heads/release/1.0"), CHANGE_DELETE);
    struct reason *reason = sample_restriction(&s, "read-only", "all changes are prevented");
    reason->wants_pull_request = true; /* but not for a deletion */
    sample_attach(&s, gone, reason);
    sample_finish(&s, 1);
    expect(&s, "delete");
}

static void moved_tag(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t tag = sample_change(&s, TEXT("refs/tags/v1.0"), CHANGE_REWRITE);
    size_t new_tag = sample_change(&s, TEXT("refs/tags/v1.1-rc1"), CHANGE_CREATE);
    struct reason *reason = sample_rule(&s, VERDICT_REJECT, "tags stay where they are");
    reason->wants_pull_request = true; /* but there is none for tags */
    reason->message = TEXT(
        "Released versions are cited in contracts: make a new tag instead, and tell the "
        "release team (https://wiki.example.com/how/we/release/and/name/our/versions/today)"
        " what was wrong with the old one. Vielen Dank, sch\xc3\xb6ne Gr\xc3\xbc\xc3\x9f"
        "e");
    sample_attach(&s, tag, reason);
    sample_attach(&s, new_tag, reason);
    sample_finish(&s, 1);
    expect(&s, "tags");
}

static void needs_approval(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    struct reason *reason = sample_rule(&s, VERDICT_REQUIRE_APPROVAL,
                                        "needs an approval, and there is none");
    sample_attach(&s, main, reason);
    sample_finish(&s, 1);
    expect(&s, "needs-approval");
}

#define APPROVAL_ID "01JDA8AAAAAAAAAAAAAAAAAAAA"

/* With a place for approvals, the pusher reads what to ask for. */
static size_t sample_lacking(struct sample *s, struct text ref, enum change_kind kind)
{
    size_t change = sample_change(s, ref, kind);
    s->policy.approvals_directory = TEXT("/var/lib/refgate/approvals");
    sample_attach(s, change,
                  sample_rule(s, VERDICT_REQUIRE_APPROVAL, "needs an approval: update"));
    return change;
}

static void asks_for_approval(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_lacking(&s, TEXT("refs/heads/unknown"), CHANGE_UNKNOWN);
    sample_lacking(&s, TEXT("refs/heads/gone"), CHANGE_DELETE);
    size_t covered = sample_lacking(&s, TEXT("refs/heads/one"), CHANGE_CREATE);
    s.results[covered].approval = TEXT(APPROVAL_ID);
    sample_lacking(&s, TEXT("refs/heads/\xc3\xa4"), CHANGE_CREATE);
    sample_lacking(&s, TEXT("refs/heads/it's$(date)"), CHANGE_REWRITE);
    sample_lacking(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_finish(&s, 1);
    static const struct approval_seen seen[] = {
        {TEXT_NONE, APPROVAL_MALFORMED, false},
        {{APPROVAL_ID, 26}, APPROVAL_EXPIRED, true},
        {{"01JDA8BBBBBBBBBBBBBBBBBBBB", 26}, APPROVAL_OTHER_ID, true}};
    static const struct approval_outcome outcome = {.seen = seen, .seen_count = 3};
    s.decision.approval = &outcome;
    expect(&s, "asks-for-approval");
}

static void asks_for_approval_of_a_moved_repository(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_by_access_key(&s);
    s.push.project_key = TEXT("~JDOE");
    s.decision.repository_slug = TEXT("old-app");
    s.push.merge = true; /* nobody knows the id of a merge before it is made */
    sample_lacking(&s,
                   TEXT("refs/heads/release-of-a-product-whose-name-is-longer-than-a-line-of-the-"
                        "terminal/and-it-has-a-second-part"),
                   CHANGE_UPDATE);
    sample_finish(&s, 1);
    expect(&s, "asks-for-approval-moved");
}

/* Nothing is asked for that would not help. */
static void does_not_ask_in_vain(void **state)
{
    (void)state;
    struct sample s;
    for (int i = 0; i < 4; i++) {
        sample_init(&s);
        size_t change = sample_lacking(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
        static const struct approval_outcome unread = {.problem = TEXT("cannot be read")};
        if (i == 0)
            s.policy.approvals_directory = TEXT_NONE;
        if (i == 1)
            sample_attach(&s, change, sample_rule(&s, VERDICT_REJECT, "not allowed"));
        if (i == 2)
            s.decision.approval = &unread;
        sample_finish(&s, i == 3 ? 0 : 1);
        if (i == 3)
            s.decision.mode = MODE_MONITOR;
        struct buffer out = render(&s);
        assert_true(out.size > 0);
        assert_null(strstr(out.data, "refgate approve"));
        buffer_free(&out);
        sample_free(&s);
    }
}

/* What was approved is no reason any more, though it stays in the record. */
static void approved(void **state)
{
    (void)state;
    struct sample s;
    static const struct approval_outcome outcome = {.granted = true};
    sample_init(&s);
    size_t main = sample_lacking(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    s.results[main].verdict = VERDICT_ACCEPT;
    sample_finish(&s, 0);
    s.decision.verdict = VERDICT_ACCEPT;
    s.decision.approval = &outcome;
    expect_nothing(&s);
}

/* What is printed, a shell reads as the very same words. */
static void commands_survive_a_shell(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "'",
        "''",
        "a b",
        "$(touch pwned)",
        "`touch pwned`",
        "\\",
        "\\n\\",
        "\"x\"",
        "~root/*?[a]{b,c}!;&|<>()#",
        "-n",
        "",
        "refs/heads/0123456789012345678901234567890123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789012345678901234567890123456789",
        "refs/heads/$0123456789012345678901234567890123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789012345678901234567890123456789\\",
    };
    char directory[256], script[16384], out[16384];
    scratch_make(directory, sizeof directory);
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
        for (size_t indent = 0; indent <= 20; indent += 10) {
            const struct text words[] = {TEXT("printf"), TEXT("<%s>"), text_of(hostile[i]),
                                         TEXT("--option"), text_of(hostile[i]), TEXT("end")};
            struct buffer command;
            buffer_init(&command, SIZE_MAX);
            assert_true(lines_command(&command, indent, words, 6));
            check_shape(buffer_view(&command));
            snprintf(script, sizeof script, "%s", command.data);
            buffer_free(&command);
            char want[1024];
            snprintf(want, sizeof want, "<%s><--option><%s><end>", hostile[i], hostile[i]);
            assert_int_equal(scratch_run(directory, script, NULL, out, sizeof out), 0);
            assert_string_equal(out, want);
        }
    struct buffer nothing;
    buffer_init(&nothing, SIZE_MAX);
    const struct text raw[] = {TEXT("x"), TEXT("a\033b")}, wide[] = {TEXT("\xc3\xa4")};
    assert_false(lines_command(&nothing, 0, raw, 2));
    assert_false(lines_command(&nothing, 0, wide, 1));
    assert_int_equal(nothing.size, 0);
    buffer_free(&nothing);
    scratch_remove(directory);
}

static void own_key_instead(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_by_access_key(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/topic"), CHANGE_CREATE);
    struct reason *reason = sample_reason(&s, REASON_ACCESS_KEY, VERDICT_REJECT,
                                          "access key \"ci-deploy\" is older than 90d");
    reason->rule = TEXT("access-keys");
    reason->source = (struct source){TEXT("refgate.conf"), 12};
    sample_attach(&s, main, reason);
    sample_finish(&s, 1);
    expect(&s, "own-key-instead");
}

static void no_permission(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_change(&s, TEXT("refs/heads/topic"), CHANGE_CREATE);
    sample_change(&s, TEXT("refs/heads/other"), CHANGE_CREATE);
    sample_attach(&s, SAMPLE_PUSH,
                  sample_reason(&s, REASON_PERMISSION, VERDICT_REJECT,
                                "jdoe has REPO_READ on PRJ/app; pushing needs REPO_WRITE"));
    sample_finish(&s, 1);
    expect(&s, "no-permission");
}

static void permission_and_restriction(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_change(&s, TEXT("refs/heads/other"), CHANGE_CREATE);
    sample_attach(&s, SAMPLE_PUSH,
                  sample_reason(&s, REASON_PERMISSION, VERDICT_REJECT,
                                "jdoe has REPO_READ on PRJ/app; pushing needs REPO_WRITE"));
    sample_attach(&s, main, sample_restriction(&s, "read-only", "all changes are prevented"));
    sample_finish(&s, 1);
    expect(&s, "permission-and-restriction");
}

/* ------------------------------------------------------------------ trouble */

static void undecided(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UNKNOWN);
    struct reason *reason = sample_reason(
        &s, REASON_UNDECIDED, VERDICT_REJECT,
        "could not tell whether history was rewritten: the repository's objects are "
        "not on this node");
    reason->rule = TEXT("no-rewrites");
    reason->source = (struct source){TEXT("refgate.conf"), 60};
    sample_attach(&s, main, reason);
    sample_finish(&s, 2);
    expect(&s, "undecided");
}

static void failure_without_policy(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.decision.changes = NULL;
    s.decision.change_count = 0;
    s.push.changes = NULL;
    s.push.change_count = 0;
    sample_attach(&s, SAMPLE_PUSH,
                  sample_reason(&s, REASON_FAILURE, VERDICT_REJECT,
                                "the configuration of refgate is missing, invalid or not trusted"));
    sample_finish(&s, 2);
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    report_render(&s.decision, &s.push, NULL, SAMPLE_ID, &out);
    assert_false(out.failed);
    check_shape(buffer_view(&out));
    compare(buffer_view(&out), "failure-without-policy");
    buffer_free(&out);
    sample_free(&s);
}

/* ------------------------------------------------------------------ accepted */

static void annotated(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_change(&s, TEXT("refs/heads/topic"), CHANGE_CREATE);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_attach(&s, main,
                  sample_rule(&s, VERDICT_ANNOTATE, "main is frozen from Friday 18:00 on"));
    sample_attach(&s, main,
                  sample_reason(&s, REASON_PERMISSION, VERDICT_NOTE, "drift, for the record"));
    sample_finish(&s, 0);
    expect(&s, "annotated");
}

static void annotation_of_the_push(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_change(&s, TEXT("refs/heads/topic"), CHANGE_CREATE);
    sample_attach(&s, SAMPLE_PUSH,
                  sample_reason(&s, REASON_FRESHNESS, VERDICT_ANNOTATE,
                                "the cached permissions are 3d 4h old"));
    sample_finish(&s, 0);
    expect(&s, "annotated-push");
}

static void rejected_and_annotated(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t noted = sample_change(&s, TEXT("refs/heads/topic"), CHANGE_CREATE);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_attach(&s, main, sample_restriction(&s, "read-only", "all changes are prevented"));
    struct reason *note = sample_rule(&s, VERDICT_ANNOTATE, "this key expires in 6d");
    sample_attach(&s, main, note);
    sample_attach(&s, noted, note);
    sample_finish(&s, 1);
    expect(&s, "rejected-and-annotated");
}

static void monitor_mode(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.decision.mode = MODE_MONITOR;
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_REWRITE);
    sample_change(&s, TEXT("refs/heads/topic"), CHANGE_CREATE);
    sample_attach(&s, main,
                  sample_restriction(&s, "fast-forward-only", "history may not be rewritten"));
    sample_finish(&s, 0);
    expect(&s, "monitor-mode");
}

static void monitored_rule(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    struct reason *reason = sample_rule(&s, VERDICT_REJECT, by_key);
    reason->monitored = true;
    sample_attach(&s, main, reason);
    sample_finish(&s, 0);
    expect(&s, "monitored-rule");
}

static void monitored_rule_in_a_rejection(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_attach(&s, main, sample_restriction(&s, "read-only", "all changes are prevented"));
    struct reason *reason = sample_rule(&s, VERDICT_REJECT, by_key);
    reason->monitored = true;
    sample_attach(&s, main, reason);
    sample_finish(&s, 1);
    struct buffer out = render(&s);
    assert_null(strstr(out.data, by_key));
    buffer_free(&out);
    sample_free(&s);
}

static void plain_accept(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_attach(&s, main, sample_reason(&s, REASON_PERMISSION, VERDICT_NOTE, "drift"));
    sample_finish(&s, 0);
    expect_nothing(&s);
}

static void kill_switch(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_attach(&s, SAMPLE_PUSH,
                  sample_reason(&s, REASON_FAILURE, VERDICT_ANNOTATE, "disabled: migration"));
    s.decision.disabled = true;
    sample_finish(&s, 0);
    expect_nothing(&s);
}

/* ------------------------------------------------------------------ large and hostile pushes */

static void ten_thousand_refs(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    struct reason *reason = sample_restriction(&s, "no-creates", "branches may not be created");
    for (int i = 0; i < 10000; i++) {
        char name[64];
        snprintf(name, sizeof name, "refs/heads/release/%d", i);
        size_t at = sample_change(&s, text_of(name), CHANGE_CREATE);
        if (i >= 5)
            sample_attach(&s, at, reason);
    }
    sample_finish(&s, 1);
    expect(&s, "ten-thousand-refs");
}

static void many_different_reasons(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    for (int i = 1; i <= 40; i++) {
        char text[64];
        snprintf(text, sizeof text, "reason number %d", i);
        struct reason *reason = sample_rule(&s, VERDICT_REJECT, text);
        reason->source.line = (unsigned)(40 + i);
        sample_attach(&s, main, reason);
    }
    sample_finish(&s, 1);
    expect(&s, "forty-reasons");
}

static void hostile_refs(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.push.project_key = TEXT("PRJ/../\x1b[2J");
    struct reason *reason = sample_restriction(&s, "pull-request-only", by_pull_request);
    reason->wants_pull_request = true;
    char long_name[4001];
    memset(long_name, 'x', sizeof long_name);
    memcpy(long_name, "refs/heads/\x1b[31m", 16);
    const struct text names[] = {
        TEXT("refs/heads/\x1b]0;owned\x07\x1b[2J"),
        TEXT("refs/heads/\xe2\x80\xaegnp.exe"), /* right-to-left override */
        TEXT("refs/heads/\xff\xfe\xc0\xaf"),    /* not UTF-8 */
        TEXT("refs/heads/\xc2\x9b"
             "31mred"), /* C1 control sequence introducer */
        TEXT("refs/heads/new\nrefgate: push accepted"),
        TEXT("refs/heads/back\\x1bslash"),
        {long_name, sizeof long_name - 1},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        sample_attach(&s, sample_change(&s, names[i], CHANGE_UPDATE), reason);
    sample_finish(&s, 1);
    expect(&s, "hostile-refs");
}

static void largest_report(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    char words[1200], path[900];
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = i % 9 == 8 ? ' ' : '\x1b';
    memset(path, 'p', sizeof path);
    s.policy.contact = (struct text){words, sizeof words};
    s.policy.link = (struct text){words, sizeof words};
    for (int i = 0; i < 60; i++) {
        memcpy(path, "refs/heads/", 11);
        path[sizeof path - 1] = (char)('!' + i);
        size_t at = sample_change(&s, (struct text){path, sizeof path}, CHANGE_UPDATE);
        for (int r = 0; r < 10; r++) {
            struct reason *reason = sample_rule(&s, VERDICT_REJECT, "");
            reason->text = reason->message = (struct text){words, sizeof words};
            reason->wants_pull_request = true;
            sample_attach(&s, at, reason);
        }
    }
    sample_finish(&s, 1);
    struct buffer out = render(&s);
    assert_non_null(strstr(out.data, "... and "));
    assert_non_null(strstr(out.data, "decision " SAMPLE_ID));
    buffer_free(&out);
    sample_free(&s);
}

/* ------------------------------------------------------------------ lines and links */

static void names_lose_their_middle(void **state)
{
    (void)state;
    static const struct {
        const char *name, *want;
    } table[] = {
        {"refs/heads/short", "refs/heads/short"},
        {"123456789012345678901234", "123456789012345678901234"},
        {"1234567890123456789012345", "1234567890...56789012345"},
        {"refs/head\\x1b345678901234567890", "refs/head...01234567890"},
        {"refs/\\u{202e}ab345678901\\u{202e}", "refs/...901\\u{202e}"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        lines_name(&out, text_of(table[i].name), 24);
        assert_true(out.size <= 24);
        assert_string_equal(out.data, table[i].want);
        buffer_free(&out);
    }
}

static void no_link_from_a_bad_base(void **state)
{
    (void)state;
    static const char *const bases[] = {"",
                                        "javascript:alert(1)",
                                        "https://",
                                        "https:///x",
                                        "https://a b",
                                        "https://a\x1b",
                                        "https://a?b",
                                        "ftp://a"};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        assert_false(link_pull_request(&out, text_of(bases[i]), TEXT("PRJ"), TEXT("app"),
                                       TEXT("refs/heads/main")));
        assert_int_equal(out.size, 0);
        buffer_free(&out);
    }
}

static void numbers_have_commas(void **state)
{
    (void)state;
    static const struct {
        size_t number;
        const char *want;
    } table[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {1234567, "1,234,567"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        lines_number(&out, table[i].number);
        assert_string_equal(out.data, table[i].want);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"product: a deploy key kept off main, another ref ok", key_kept_off_main, 0, 0, 0},
        {"product: the link keeps the context path, the ref is percent-encoded", pull_request_only,
         0, 0, 0},
        {"product: a personal project's link; two restrictions; the help link", personal_project, 0,
         0, 0},
        {"product: a deletion is not helped by a pull request", deleted_branch, 0, 0, 0},
        {"product: tags have no pull requests; messages are wrapped, links whole", moved_tag, 0, 0,
         0},
        {"semantics 2: a missing approval rejects", needs_approval, 0, 0, 0},
        {"semantics 7: the exact command to ask for", asks_for_approval, 0, 0, 0},
        {"semantics 7: of a moved repository, of a merge, with a long name",
         asks_for_approval_of_a_moved_repository, 0, 0, 0},
        {"semantics 7: nothing is asked for that would not help", does_not_ask_in_vain, 0, 0, 0},
        {"semantics 7: what was approved is no reason any more", approved, 0, 0, 0},
        {"commands survive a shell", commands_survive_a_shell, 0, 0, 0},
        {"semantics 5.1: an access key's policy: use your own key", own_key_instead, 0, 0, 0},
        {"semantics 3: a missing permission is said once", no_permission, 0, 0, 0},
        {"semantics 4: a restriction is reported also where a permission rejects",
         permission_and_restriction, 0, 0, 0},
        {"semantics 8: undecided is no policy no, and not the pusher's fault", undecided, 0, 0, 0},
        {"semantics 8: a failure without a configuration", failure_without_policy, 0, 0, 0},
        {"product: annotated refs of an accepted push", annotated, 0, 0, 0},
        {"semantics 8: an annotation of the whole push", annotation_of_the_push, 0, 0, 0},
        {"semantics 2: annotations are shown with a rejection too", rejected_and_annotated, 0, 0,
         0},
        {"semantics 2: monitor mode says what would be rejected", monitor_mode, 0, 0, 0},
        {"semantics 2: a rule in monitor mode says so", monitored_rule, 0, 0, 0},
        {"semantics 2: a rule in monitor mode is no reason of a rejection",
         monitored_rule_in_a_rejection, 0, 0, 0},
        {"product: an accepted push prints nothing", plain_accept, 0, 0, 0},
        {"semantics 2: the kill switch prints nothing", kill_switch, 0, 0, 0},
        {"product: ten thousand refs print a bounded summary", ten_thousand_refs, 0, 0, 0},
        {"product: forty reasons are bounded", many_different_reasons, 0, 0, 0},
        {"product: nothing from the push is printed raw", hostile_refs, 0, 0, 0},
        {"product: the largest report is cut and still ends with whom to ask", largest_report, 0, 0,
         0},
        {"long names lose their middle, escapes stay whole", names_lose_their_middle, 0, 0, 0},
        {"no link is made from a base URL that is none", no_link_from_a_bad_base, 0, 0, 0},
        {"numbers are grouped", numbers_have_commas, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
