/* The decision record, refgate-audit(5). */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "policy/approval.h"
#include "record/audit.h"
#include "record/record.h"
#include "samples.h"

static const struct record_frame frame = {SAMPLE_ID, "1.0.0", 412};

static struct buffer write_record(const struct sample *sample)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    assert_int_equal(
        record_json(&frame, &sample->push, &sample->decision, &sample->policy, &out, NULL),
        STATUS_OK);
    assert_true(out.size <= AUDIT_LINE_MAX - 150);
    assert_true(utf8_valid(buffer_view(&out)));
    assert_null(memchr(out.data, '\n', out.size));
    return out;
}

static json_t *parse(struct text text)
{
    json_error_t error;
    json_t *record = json_loadb(text.at, text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
                                &error);
    if (!record)
        fail_msg("not JSON: %s", error.text);
    return record;
}

static json_t *record_of(const struct sample *sample)
{
    struct buffer out = write_record(sample);
    json_t *record = parse(buffer_view(&out));
    buffer_free(&out);
    return record;
}

static const char *string_at(const json_t *record, const char *key, const char *inner)
{
    const json_t *value = json_object_get(record, key);
    const char *text = json_string_value(inner ? json_object_get(value, inner) : value);
    if (!text)
        fail_msg("no text %s %s", key, inner ? inner : "");
    return text;
}

static json_t *change_at(const json_t *record, size_t i)
{
    return json_array_get(json_object_get(record, "changes"), i);
}

static void documented_example(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_by_access_key(&s);
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    sample_attach(&s, main, sample_rule(&s, VERDICT_REJECT, "not with access key \"ci-deploy\""));
    sample_attach(&s, main, sample_restriction(&s, "pull-request-only", "by pull request"));
    sample_finish(&s, 1);
    struct buffer out = write_record(&s);
    static const char want[] =
        "{\"id\":\"" SAMPLE_ID "\",\"time\":\"2026-11-22T04:10:00.123Z\",\"host\":\"bb1\","
        "\"version\":\"1.0.0\",\"mode\":\"enforce\",\"verdict\":\"reject\",\"exit\":1,"
        "\"duration_us\":412,"
        "\"push\":{\"project\":\"PRJ\",\"repository\":\"app\",\"repository_id\":84,"
        "\"trigger\":\"push\",\"dry_run\":false},"
        "\"pusher\":{\"name\":\"3adc96b3b93443e4\",\"type\":\"service\","
        "\"permission\":{\"bitbucket\":\"REPO_WRITE\",\"snapshot\":\"REPO_WRITE\"},"
        "\"display_name\":\"Access Key User - ci-deploy\",\"has_email\":false},"
        "\"credential\":{\"class\":\"access-key\",\"id\":158,\"label\":\"ci-deploy\","
        "\"confidence\":\"derived\","
        "\"evidence\":\"display name matches one key of the repository\",\"candidates\":[158]},"
        "\"reasons\":[],"
        "\"changes\":[{\"ref\":\"refs/heads/main\","
        "\"old\":\"3f2a91c000000000000000000000000000000000\","
        "\"new\":\"9b1d004000000000000000000000000000000000\",\"kind\":\"update\","
        "\"verdict\":\"reject\",\"reasons\":["
        "{\"type\":\"rule\",\"rule\":\"keys-stay-off-main\",\"verdict\":\"reject\","
        "\"text\":\"not with access key \\\"ci-deploy\\\"\","
        "\"proof\":[\"refgate.conf:41\",\"key/158\"],\"controls\":[\"soc2:CC6.1\"]},"
        "{\"type\":\"restriction\",\"id\":9,\"restriction\":\"pull-request-only\","
        "\"verdict\":\"reject\",\"text\":\"by pull request\",\"proof\":[\"repo/PRJ/app#9\"],"
        "\"controls\":[]}]}],"
        "\"snapshot\":{\"digest\":\"" SAMPLE_DIGEST "\",\"generated\":\"2026-11-22T03:58:11Z\","
        "\"age_s\":709},"
        "\"policy\":{\"digest\":"
        "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"},"
        "\"approval\":null}";
    struct digest policy = digest_of(TEXT("policy"));
    char expected[sizeof want];
    memcpy(expected, want, sizeof want);
    char *digest = strstr(expected, "\"xxxx");
    assert_non_null(digest);
    memcpy(digest + 1, policy.hex, DIGEST_HEX_SIZE - 1);
    assert_string_equal(out.data, expected);
    buffer_free(&out);
    sample_free(&s);
}

static void unknowns_are_null(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.push.native = true;
    s.push.trigger = TRIGGER_UNKNOWN;
    s.push.trigger_text = s.push.project_key = s.push.repository_slug = s.push.user_name =
        TEXT_NONE;
    s.decision = (struct decision){.verdict = VERDICT_REJECT, .mode = MODE_ENFORCE, .exit_code = 2};
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    assert_int_equal(record_json(&frame, &s.push, &s.decision, NULL, &out, NULL), STATUS_OK);
    json_t *record = parse(buffer_view(&out));
    static const char *const null[][2] = {
        {"push", "project"},     {"push", "repository"},     {"push", "repository_id"},
        {"push", "trigger"},     {"pusher", "name"},         {"credential", "id"},
        {"credential", "label"}, {"snapshot", NULL},         {"policy", NULL},
        {"approval", NULL},      {"credential", "evidence"},
    };
    for (size_t i = 0; i < sizeof null / sizeof null[0]; i++) {
        json_t *value = json_object_get(record, null[i][0]);
        if (null[i][1])
            value = json_object_get(value, null[i][1]);
        if (!json_is_null(value))
            fail_msg("%s %s is not null", null[i][0], null[i][1] ? null[i][1] : "");
    }
    json_t *permission = json_object_get(json_object_get(record, "pusher"), "permission");
    assert_true(json_is_null(json_object_get(permission, "bitbucket")));
    assert_true(json_is_null(json_object_get(permission, "snapshot")));
    assert_string_equal(string_at(record, "pusher", "type"), "unknown");
    assert_true(json_is_true(json_object_get(json_object_get(record, "push"), "native")));
    json_decref(record);
    buffer_free(&out);
    sample_free(&s);
}

static void several_candidates(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_by_access_key(&s);
    static const uint64_t keys[] = {158, 159};
    s.decision.credential.candidates = keys;
    s.decision.credential.candidate_count = 2;
    json_t *record = record_of(&s);
    json_t *credential = json_object_get(record, "credential");
    assert_true(json_is_null(json_object_get(credential, "id")));
    assert_int_equal(json_array_size(json_object_get(credential, "candidates")), 2);
    json_decref(record);
    sample_free(&s);
}

static void other_candidates(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_by_access_key(&s);
    s.decision.credential.candidates_open = true;
    json_t *record = record_of(&s);
    json_t *credential = json_object_get(record, "credential");
    assert_true(json_is_null(json_object_get(credential, "id")));
    assert_int_equal(json_array_size(json_object_get(credential, "candidates")), 1);
    assert_true(json_is_true(json_object_get(credential, "candidates_open")));
    json_decref(record);
    sample_free(&s);
}

static void part(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    json_t *record = record_of(&s);
    assert_null(json_object_get(json_object_get(record, "snapshot"), "part"));
    json_decref(record);
    s.decision.snapshot_part_ms = INT64_C(1795255200000);
    record = record_of(&s);
    json_t *object = json_object_get(json_object_get(record, "snapshot"), "part");
    assert_string_equal(json_string_value(json_object_get(object, "read")), "2026-11-21T10:00:00Z");
    json_decref(record);
    sample_free(&s);
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        enum change_kind kind;
        const char *name;
        bool not_asked;
    } table[] = {{CHANGE_CREATE, "create", false},   {CHANGE_UPDATE, "update", false},
                 {CHANGE_REWRITE, "rewrite", false}, {CHANGE_DELETE, "delete", false},
                 {CHANGE_UNKNOWN, "unknown", false}, {CHANGE_MOVE, "update", true}};
    struct sample s;
    sample_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        sample_change(&s, TEXT("refs/heads/main"), table[i].kind);
    sample_finish(&s, 0);
    json_t *record = record_of(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        json_t *change = change_at(record, i);
        assert_string_equal(string_at(change, "kind", NULL), table[i].name);
        const char *history = json_string_value(json_object_get(change, "history"));
        assert_int_equal(history && !strcmp(history, "not-asked"), table[i].not_asked);
    }
    json_decref(record);
    sample_free(&s);
}

static void monitored_and_disabled(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.decision.mode = MODE_MONITOR;
    size_t main = sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE);
    struct reason *reason = sample_rule(&s, VERDICT_REJECT, "frozen");
    reason->monitored = true;
    reason->message = TEXT("come back on Monday");
    sample_attach(&s, main, reason);
    s.decision.disabled = true;
    sample_attach(&s, SAMPLE_PUSH,
                  sample_reason(&s, REASON_FAILURE, VERDICT_NOTE, "storage migration"));
    sample_finish(&s, 0);
    json_t *record = record_of(&s);
    assert_string_equal(string_at(record, "mode", NULL), "monitor");
    assert_string_equal(string_at(record, "disabled", NULL), "storage migration");
    json_t *change = change_at(record, 0);
    json_t *found = json_array_get(json_object_get(change, "reasons"), 0);
    assert_true(json_is_true(json_object_get(found, "monitored")));
    assert_string_equal(string_at(found, "message", NULL), "come back on Monday");
    assert_string_equal(string_at(change, "verdict", NULL), "accept");
    assert_int_equal(json_array_size(json_object_get(record, "reasons")), 1);
    json_decref(record);
    sample_free(&s);
}

static void renamed_repository(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    s.decision.repository_slug = TEXT("old-app");
    json_t *record = record_of(&s);
    assert_string_equal(string_at(record, "push", "repository"), "app");
    json_t *judged = json_object_get(json_object_get(record, "push"), "judged_as");
    assert_string_equal(string_at(judged, "repository", NULL), "old-app");
    json_decref(record);
    s.decision.repository_slug = TEXT("APP"); /* the same without ASCII case */
    record = record_of(&s);
    assert_null(json_object_get(json_object_get(record, "push"), "judged_as"));
    json_decref(record);
    sample_free(&s);
}

static void refs_that_are_not_utf8(void **state)
{
    (void)state;
    static const struct {
        struct text ref;
        const char *want;
        bool escaped;
    } table[] = {
        {TEXT("refs/heads/100%"), "refs/heads/100%", false},
        {TEXT("refs/heads/\xc3\xa4"), "refs/heads/\xc3\xa4", false},
        {TEXT("refs/heads/100%\xff"), "refs/heads/100%25%FF", true},
        {TEXT("refs/heads/\xc3\xa4\xc3"), "refs/heads/\xc3\xa4%C3", true},
        {TEXT("refs/heads/\xed\xa0\x80"), "refs/heads/%ED%A0%80", true},
    };
    struct sample s;
    sample_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        sample_change(&s, table[i].ref, CHANGE_CREATE);
    sample_finish(&s, 0);
    json_t *record = record_of(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        json_t *change = change_at(record, i);
        assert_string_equal(string_at(change, "ref", NULL), table[i].want);
        assert_int_equal(json_is_true(json_object_get(change, "ref_escaped")), table[i].escaped);
    }
    json_decref(record);
    sample_free(&s);
}

static void thousand_changes(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    struct reason *reject = sample_restriction(&s, "no-creates", "no");
    struct reason *note = sample_reason(&s, REASON_PERMISSION, VERDICT_NOTE, "drift");
    for (int i = 0; i < 1500; i++) {
        char name[64];
        snprintf(name, sizeof name, "refs/heads/b%d", i);
        size_t at = sample_change(&s, text_of(name), CHANGE_CREATE);
        if (i >= 1300)
            sample_attach(&s, at, i % 2 ? reject : note);
    }
    sample_finish(&s, 1);
    json_t *record = record_of(&s);
    assert_int_equal(json_array_size(json_object_get(record, "changes")), RECORD_CHANGES_MAX);
    assert_string_equal(string_at(change_at(record, 0), "ref", NULL), "refs/heads/b1301");
    assert_string_equal(string_at(change_at(record, 99), "verdict", NULL), "reject");
    assert_string_equal(string_at(change_at(record, 100), "ref", NULL), "refs/heads/b1300");
    assert_string_equal(string_at(change_at(record, 200), "ref", NULL), "refs/heads/b0");
    assert_int_equal(json_integer_value(json_object_get(record, "changes_total")), 1500);
    assert_int_equal(json_integer_value(json_object_get(record, "changes_omitted")), 500);
    json_t *counts = json_object_get(record, "counts");
    assert_int_equal(json_integer_value(json_object_get(counts, "reject")), 100);
    assert_int_equal(json_integer_value(json_object_get(counts, "note")), 100);
    assert_int_equal(json_integer_value(json_object_get(counts, "accept")), 1300);
    assert_string_equal(string_at(record, "stdin", NULL), s.push.stdin_digest.hex);
    json_decref(record);
    sample_free(&s);
}

static void small_pushes_have_no_counts(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    for (int i = 0; i < RECORD_CHANGES_MAX; i++)
        sample_change(&s, TEXT("refs/heads/main"), CHANGE_CREATE);
    sample_finish(&s, 0);
    json_t *record = record_of(&s);
    assert_int_equal(json_array_size(json_object_get(record, "changes")), RECORD_CHANGES_MAX);
    static const char *const absent[] = {"changes_total", "changes_omitted", "counts",
                                         "stdin",         "disabled",        "reasons_omitted"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_null(json_object_get(record, absent[i]));
    json_decref(record);
    sample_free(&s);
}

/* Everything that can be long is: hostile bytes, many reasons with many proofs. */
static void largest_record(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    static char bytes[8192];
    memset(bytes, '\x01', sizeof bytes); /* \u0001 in JSON */
    struct text hostile = {bytes, sizeof bytes};
    struct text items[100];
    for (size_t i = 0; i < 100; i++)
        items[i] = hostile;
    static uint64_t keys[1000];
    s.push.host = s.push.user_name = s.push.project_key = s.push.repository_slug = hostile;
    s.push.trigger_text = s.decision.snapshot_digest = s.decision.project_key = hostile;
    s.decision.credential.label = s.decision.credential.evidence = hostile;
    s.decision.credential.candidates = keys;
    s.decision.credential.candidate_count = 1000;
    struct reason *large = sample_rule(&s, VERDICT_REJECT, "");
    large->text = large->message = large->rule = hostile;
    large->proof = large->controls = (struct text_list){items, 100};
    struct reason *small = sample_rule(&s, VERDICT_REJECT, "small");
    memset(bytes, '\xff', 512);
    for (int i = 0; i < 1100; i++) {
        size_t at = sample_change(&s, hostile, CHANGE_UPDATE);
        for (int r = 0; r < 70; r++)
            sample_attach(&s, at, small);
        sample_attach(&s, at, large);
    }
    for (int r = 0; r < 100; r++)
        sample_attach(&s, SAMPLE_PUSH, large);
    sample_finish(&s, 1);
    json_t *record = record_of(&s);
    assert_true(json_array_size(json_object_get(record, "changes")) >= 1);
    assert_true(json_integer_value(json_object_get(record, "changes_omitted")) > 0);
    assert_true(json_is_true(json_object_get(change_at(record, 0), "ref_cut")));
    assert_true(json_integer_value(json_object_get(change_at(record, 0), "reasons_omitted")) > 0);
    assert_true(json_integer_value(json_object_get(record, "reasons_omitted")) > 0);
    json_decref(record);
    sample_free(&s);
}

static void names_are_cut_between_code_points(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    static char name[600];
    for (size_t pad = 0; pad < 4; pad++) {
        memset(name, 'x', pad);
        for (size_t i = pad; i + 4 <= sizeof name; i += 4)
            memcpy(name + i, "\xf0\x9f\x98\x80", 4);
        s.push.user_name = (struct text){name, pad + 592};
        json_t *record = record_of(&s);
        const char *cut = string_at(record, "pusher", "name");
        size_t size = strlen(cut);
        assert_true(size <= 512 + 3 && size >= 509);
        assert_string_equal(cut + size - 3, "...");
        assert_null(strchr(cut, '%'));
        json_decref(record);
    }
    sample_free(&s);
}

static void invalid_verdicts_are_rejections(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_change(&s, TEXT("refs/heads/a"), CHANGE_UPDATE);
    size_t at = sample_change(&s, TEXT("refs/heads/b"), CHANGE_UPDATE);
    s.results[at].verdict = (enum verdict)1;
    json_t *record = record_of(&s);
    assert_string_equal(string_at(change_at(record, 0), "ref", NULL), "refs/heads/b");
    json_decref(record);
    sample_free(&s);
}

static void not_judged(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    sample_change(&s, TEXT("refs/heads/main"), CHANGE_MOVE);
    s.decision.changes = NULL;
    s.decision.change_count = 0;
    s.decision.verdict = VERDICT_REJECT;
    s.decision.exit_code = 2;
    json_t *record = record_of(&s);
    assert_string_equal(string_at(change_at(record, 0), "verdict", NULL), "reject");
    assert_int_equal(json_array_size(json_object_get(change_at(record, 0), "reasons")), 0);
    json_decref(record);
    sample_free(&s);
}

static void no_memory(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    struct buffer out;
    buffer_init(&out, 100); /* smaller than any record */
    struct error err = {STATUS_OK, ""};
    assert_int_equal(record_json(&frame, &s.push, &s.decision, &s.policy, &out, &err),
                     STATUS_MEMORY);
    assert_true(err.text[0]);
    buffer_free(&out);
    sample_free(&s);
}

/* ------------------------------------------------------------------ the manual */

static bool has_word(const char *manual, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = manual; (at = strstr(at, word)); at += size)
        if ((at[-1] == ' ' || at[-1] == '"') &&
            (at[size] == ' ' || at[size] == '\n' || at[size] == '"'))
            return true;
    return false;
}

/* No level is deeper than reasons in changes; a list of what is still to be looked at, since the
 * tests have no recursion either. */
static void check_keys(json_t *record, const char *manual)
{
    json_t *open = json_array();
    json_array_append(open, record);
    for (size_t i = 0; i < json_array_size(open); i++) {
        json_t *value = json_array_get(open, i), *inner;
        const char *key;
        size_t at;
        json_object_foreach(value, key, inner)
        {
            if (!has_word(manual, key))
                fail_msg("refgate-audit(5) does not tell about \"%s\"", key);
            json_array_append(open, inner);
        }
        json_array_foreach(value, at, inner) json_array_append(open, inner);
    }
    json_decref(open);
}

/* As much as there can be. */
static struct approval_outcome approvals(struct approval *approval)
{
    static char quotes[APPROVAL_REASON_MAX];
    static struct approval_used used[APPROVALS_USED_MAX];
    static struct approval_seen seen[APPROVALS_SEEN_MAX];
    memset(quotes, '"', sizeof quotes);
    struct text name = {quotes, APPROVAL_NAME_MAX}, reason = {quotes, sizeof quotes};
    *approval = (struct approval){.id = TEXT("01JDA8AAAAAAAAAAAAAAAAAAAA"),
                                  .approver = {1000, name, name},
                                  .reason = reason};
    for (size_t i = 0; i < APPROVALS_USED_MAX; i++)
        used[i] = (struct approval_used){approval, i, i > 5};
    for (size_t i = 0; i < APPROVALS_SEEN_MAX; i++)
        seen[i] = (struct approval_seen){name, APPROVAL_OTHER_KIND, true};
    return (struct approval_outcome){
        .granted = true,
        .problem = TEXT("approvals cannot be read"),
        .used = used,
        .used_count = APPROVALS_USED_MAX,
        .seen = seen,
        .seen_count = APPROVALS_SEEN_MAX,
        .seen_omitted = 3,
    };
}

static void approval_in_the_record(void **state)
{
    (void)state;
    struct sample s;
    struct approval approval;
    struct approval_outcome outcome = approvals(&approval);
    sample_init(&s);
    s.results[sample_change(&s, TEXT("refs/heads/main"), CHANGE_UPDATE)].approval = approval.id;
    s.decision.approval = &outcome;
    sample_finish(&s, 0);
    json_t *record = record_of(&s), *object = json_object_get(record, "approval");
    assert_true(json_dumpb(object, NULL, 0, JSON_COMPACT) < 64 * 1024);
    const json_t *first = json_array_get(json_object_get(object, "used"), 0);
    assert_true(json_is_null(json_object_get(first, "use"))); /* of a merge check */
    const json_t *seen = json_array_get(json_object_get(object, "considered"), 31);
    assert_string_equal(string_at(seen, "state", NULL), "other-kind");
    assert_int_equal(json_integer_value(json_object_get(object, "considered_omitted")), 3);
    assert_string_equal(string_at(change_at(record, 0), "approval", NULL),
                        "01JDA8AAAAAAAAAAAAAAAAAAAA");
    json_decref(record);
    sample_free(&s);
}

static void every_field_is_in_the_manual(void **state)
{
    (void)state;
    static char manual[65536];
    FILE *file = fopen("packaging/man/refgate-audit.5", "r");
    assert_non_null(file);
    size_t size = fread(manual, 1, sizeof manual - 1, file);
    fclose(file);
    manual[size] = '\0';
    /* All optional fields at once. */
    struct sample s;
    sample_init(&s);
    sample_by_access_key(&s);
    static const uint64_t keys[100];
    s.decision.credential.candidates = keys;
    s.decision.credential.candidate_count = 100;
    s.decision.credential.candidates_open = true;
    s.decision.snapshot_part_ms = 1;
    s.push.native = s.decision.disabled = true;
    s.decision.project_key = TEXT("OLD");
    struct reason *reason = sample_rule(&s, VERDICT_REJECT, "no");
    reason->monitored = true;
    reason->message = TEXT("ask");
    static char name[5000];
    memset(name, '\xff', sizeof name);
    for (int i = 0; i < RECORD_CHANGES_MAX + 1; i++) {
        size_t at = sample_change(&s, (struct text){name, i ? 20 : sizeof name}, CHANGE_MOVE);
        for (int r = 0; !i && r < 100; r++)
            sample_attach(&s, at, reason);
        sample_attach(&s, at, sample_restriction(&s, "read-only", "no"));
    }
    sample_attach(&s, SAMPLE_PUSH, reason);
    s.results[0].approval = TEXT("01JDA8AAAAAAAAAAAAAAAAAAAA");
    static struct approval approval;
    struct approval_outcome outcome = approvals(&approval);
    s.decision.approval = &outcome;
    sample_finish(&s, 1);
    json_t *record = record_of(&s);
    assert_non_null(json_object_get(change_at(record, 0), "ref_cut"));
    assert_non_null(json_object_get(change_at(record, 0), "reasons_omitted"));
    check_keys(record, manual);
    json_decref(record);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"product: the documented record, to the byte", documented_example, 0, 0, 0},
        {"product: what is not known is null", unknowns_are_null, 0, 0, 0},
        {"semantics 5: several candidate keys: no id, all candidates", several_candidates, 0, 0, 0},
        {"semantics 5: keys that could not be read: no id, and a mark", other_candidates, 0, 0, 0},
        {"a part that was read anew says when", part, 0, 0, 0},
        {"semantics 1: kinds, and history that was not asked", kinds, 0, 0, 0},
        {"semantics 2: monitored reasons and the kill switch are marked", monitored_and_disabled, 0,
         0, 0},
        {"semantics 8: a renamed repository is judged by its other name", renamed_repository, 0, 0,
         0},
        {"semantics 8: a ref that is not UTF-8 is escaped and marked", refs_that_are_not_utf8, 0, 0,
         0},
        {"product: at most 1,000 changes, strongest first, counts and digest for the rest",
         thousand_changes, 0, 0, 0},
        {"product: no counts where everything is listed", small_pushes_have_no_counts, 0, 0, 0},
        {"product: bounded however large the push", largest_record, 0, 0, 0},
        {"names are cut between code points", names_are_cut_between_code_points, 0, 0, 0},
        {"an invalid verdict is a rejection", invalid_verdicts_are_rejections, 0, 0, 0},
        {"changes of a push that was not judged", not_judged, 0, 0, 0},
        {"a record that cannot be written is an error", no_memory, 0, 0, 0},
        {"semantics 7: approvals are in the record, bounded", approval_in_the_record, 0, 0, 0},
        {"every field is in refgate-audit(5)", every_field_is_in_the_manual, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
