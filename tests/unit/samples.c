#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char old_id[] = "3f2a91c0000000000000000000000000000000000000000000000000000000aa";
static const char new_id[] = "9b1d004000000000000000000000000000000000000000000000000000000bb0";
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

void sample_init(struct sample *sample)
{
    *sample = (struct sample){0};
    arena_init(&sample->arena, (size_t)256 * 1024 * 1024);
    sample->changes = arena_alloc(&sample->arena, SAMPLE_CHANGES_MAX, sizeof *sample->changes);
    sample->results = arena_alloc(&sample->arena, SAMPLE_CHANGES_MAX, sizeof *sample->results);
    assert_non_null(sample->changes);
    assert_non_null(sample->results);
    sample->push = (struct push){
        .trigger = TRIGGER_PUSH,
        .trigger_text = TEXT("push"),
        .base_url = TEXT("https://bitbucket.example.com"),
        .project_key = TEXT("PRJ"),
        .repository_slug = TEXT("app"),
        .user_name = TEXT("jdoe"),
        .user_display_name = TEXT("Jane Doe"),
        .changes = sample->changes,
        .stdin_digest = digest_of(TEXT("stdin")),
        .now_ms = INT64_C(1795320600123), /* 2026-11-22T04:10:00.123Z */
        .host = TEXT("bb1"),
    };
    sample->rules[0] = (struct rule){.name = TEXT("keys-stay-off-main"),
                                     .source = {TEXT("refgate.conf"), 41},
                                     .action = VERDICT_REJECT,
                                     .mode = MODE_ENFORCE,
                                     .credentials = 1u << CREDENTIAL_ACCESS_KEY};
    sample->rules[1] = (struct rule){.name = TEXT("freeze"), .source = {TEXT("refgate.conf"), 50}};
    sample->policy = (struct policy){.mode = MODE_ENFORCE,
                                     .contact = TEXT("platform-team@example.com"),
                                     .rules = sample->rules,
                                     .rule_count = 2,
                                     .digest = digest_of(TEXT("policy")),
                                     .file_name = TEXT("refgate.conf")};
    sample->decision = (struct decision){
        .verdict = VERDICT_ACCEPT,
        .mode = MODE_ENFORCE,
        .changes = sample->results,
        .pusher_type = "user",
        .credential = {.class = CREDENTIAL_USER,
                       .confidence = CONFIDENCE_DERIVED,
                       .evidence = TEXT("an ordinary user of the snapshot")},
        .bitbucket_permission_known = true,
        .snapshot_permission_known = true,
        .bitbucket_permission = PERMISSION_REPO_WRITE,
        .snapshot_permission = PERMISSION_REPO_WRITE,
        .repository_known = true,
        .repository_id = 84,
        .project_key = TEXT("PRJ"),
        .repository_slug = TEXT("app"),
        .snapshot_known = true,
        .snapshot_digest = TEXT(SAMPLE_DIGEST),
        .snapshot_generated_ms = INT64_C(1795319891000), /* 2026-11-22T03:58:11Z */
        .snapshot_age_ms = 709123,
    };
}

void sample_free(struct sample *sample)
{
    arena_free(&sample->arena);
}

void sample_by_access_key(struct sample *sample)
{
    static const uint64_t key[] = {158};
    sample->push.user_name = TEXT("3adc96b3b93443e4");
    sample->push.user_display_name = TEXT("Access Key User - ci-deploy");
    sample->decision.pusher_type = "service";
    sample->decision.credential = (struct credential){
        .class = CREDENTIAL_ACCESS_KEY,
        .confidence = CONFIDENCE_DERIVED,
        .evidence = TEXT("display name matches one key of the repository"),
        .candidates = key,
        .candidate_count = 1,
        .label = TEXT("ci-deploy")};
}

size_t sample_change(struct sample *sample, struct text ref, enum change_kind kind)
{
    size_t at = sample->push.change_count;
    assert_true(at < SAMPLE_CHANGES_MAX);
    struct text name = arena_text(&sample->arena, ref);
    sample->changes[at] = (struct change){.ref = name,
                                          .old_id = kind == CHANGE_CREATE ? zeros : old_id,
                                          .new_id = kind == CHANGE_DELETE ? zeros : new_id,
                                          .id_size = 40,
                                          .kind = kind};
    sample->results[at] = (struct change_result){.verdict = VERDICT_ACCEPT, .kind = kind};
    sample->decision.change_count = ++sample->push.change_count;
    return at;
}

struct reason *sample_reason(struct sample *sample, enum reason_type type, enum verdict verdict,
                             const char *text)
{
    struct reason *reason = arena_alloc(&sample->arena, 1, sizeof *reason);
    assert_non_null(reason);
    reason->type = type;
    reason->verdict = verdict;
    reason->definite = type != REASON_UNDECIDED && type != REASON_FAILURE;
    reason->text = arena_text(&sample->arena, text_of(text));
    return reason;
}

struct reason *sample_rule(struct sample *sample, enum verdict verdict, const char *text)
{
    struct reason *reason = sample_reason(sample, REASON_RULE, verdict, text);
    reason->rule = sample->rules[0].name;
    reason->source = sample->rules[0].source;
    reason->proof = sample_list(sample, "refgate.conf:41", "key/158");
    reason->controls = sample_list(sample, "soc2:CC6.1", NULL);
    return reason;
}

struct reason *sample_restriction(struct sample *sample, const char *type, const char *text)
{
    struct reason *reason = sample_reason(sample, REASON_RESTRICTION, VERDICT_REJECT, text);
    reason->restriction_id = 9;
    reason->restriction_type = text_of(type);
    reason->proof = sample_list(sample, "repo/PRJ/app#9", NULL);
    return reason;
}

struct text_list sample_list(struct sample *sample, const char *a, const char *b)
{
    struct text *items = arena_alloc(&sample->arena, 2, sizeof *items);
    assert_non_null(items);
    items[0] = text_of(a);
    items[1] = text_of(b);
    return (struct text_list){items, b ? 2 : 1};
}

void sample_attach(struct sample *sample, size_t change, const struct reason *reason)
{
    struct reason_link *link = arena_alloc(&sample->arena, 1, sizeof *link);
    assert_non_null(link);
    link->reason = reason;
    bool of_push = change == SAMPLE_PUSH;
    const struct reason_link **head = of_push ? &sample->decision.push_reasons
                                              : &sample->results[change].reasons;
    /* Behind what is there already: the tests attach the strongest first. */
    if (!*head) {
        *head = link;
    } else {
        union {
            const struct reason_link *read;
            struct reason_link *write;
        } last = {.read = *head};
        while (last.read->next)
            last.read = last.read->next;
        last.write->next = link;
    }
    if (reason->monitored)
        return;
    enum verdict *verdict = of_push ? &sample->decision.verdict : &sample->results[change].verdict;
    *verdict = verdict_stronger(*verdict, reason->verdict);
}

void sample_finish(struct sample *sample, int exit_code)
{
    struct decision *decision = &sample->decision;
    decision->exit_code = exit_code;
    for (size_t i = 0; i < decision->change_count; i++) {
        enum verdict verdict = sample->results[i].verdict;
        decision->verdict = verdict_stronger(decision->verdict, verdict);
        decision->count_accept += verdict == VERDICT_ACCEPT;
        decision->count_note += verdict == VERDICT_NOTE;
        decision->count_annotate += verdict == VERDICT_ANNOTATE;
        decision->count_approval += verdict == VERDICT_REQUIRE_APPROVAL;
        decision->count_reject += verdict == VERDICT_REJECT;
    }
}
