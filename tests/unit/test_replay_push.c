/* command/replay_push.h: a record becomes the push that it was, so that the same policy on the same
 * snapshot decides the same (refgate-audit(5) keeps what that needs). */
#include "command/replay_push.h"
#include "record/record.h"
#include "support/scene_random.h"

#define CASES 6000

static struct arena turn;
static struct replay_push replay;
static json_t *record;

static void forget(void)
{
    arena_free(&turn);
    json_decref(record);
    record = NULL;
}

static enum replay_skip skip_of(struct text line)
{
    enum replay_skip skip = REPLAY_SKIPS;
    struct error err = {STATUS_OK, ""};
    forget();
    arena_init(&turn, (size_t)64 * 1024 * 1024);
    record = json_loadb(line.at, line.size, JSON_ALLOW_NUL, NULL);
    assert_non_null(record);
    assert_int_equal(replay_push_of(record, &turn, &replay, &skip, &err), STATUS_OK);
    return skip;
}

/* ------------------------------------------------------------------ decided again */

static enum replay_skip record_and_read(struct scene *s)
{
    struct buffer line;
    struct error err = {STATUS_OK, ""};
    const struct record_frame frame = {"01JDA8ZQ4M6T8V3X0C9B2N5K7H", "1.0.0", 1};
    buffer_init(&line, SIZE_MAX);
    assert_int_equal(record_json(&frame, &s->push, &s->decision, &s->policy, &line, &err),
                     STATUS_OK);
    enum replay_skip skip = skip_of(buffer_view(&line));
    buffer_free(&line);
    return skip;
}

/* On a snapshot that is a year younger: its age is the record's. */
static void decide_in(struct scene *s, enum replay_policy policy, struct replay_world world,
                      struct decision *out)
{
    struct error err = {STATUS_OK, ""};
    struct replay_view aged;
    struct snapshot_meta then = s->meta;
    s->meta.started_ms = s->meta.generated_ms = s->push.now_ms + 365 * CLOCK_DAY;
    struct view view = replay_view_of(&aged, &s->view, &replay);
    struct history history = replay_push_history_in(&replay, policy, world);
    replay.push.local = s->push.local;
    assert_int_equal(decide(&s->policy, &replay.push, &view, &history, NULL, &turn, out, &err),
                     STATUS_OK);
    s->meta = then;
}

static void decide_again(struct scene *s, struct decision *out)
{
    decide_in(s, REPLAY_POLICY_OTHER, (struct replay_world){false, false}, out);
}

static bool same_decision(const struct decision *a, const struct decision *b)
{
    return a->verdict == b->verdict && a->exit_code == b->exit_code &&
           a->count_accept == b->count_accept && a->count_note == b->count_note &&
           a->count_annotate == b->count_annotate && a->count_approval == b->count_approval &&
           a->count_reject == b->count_reject;
}

static void vary(struct scene *s)
{
    for (size_t i = 0; i < s->push.change_count; i++) /* as what reads stdin does */
        s->changes[i].kind = change_kind_without_history(&s->changes[i]);
    s->policy.mode = one_in(6) ? MODE_MONITOR : MODE_ENFORCE;
    s->policy.when_stale = PICK(outcomes);
    if (one_in(4))
        s->meta.started_ms -= 2 * CLOCK_DAY;
    if (one_in(10))
        s->meta.started_ms = s->meta.generated_ms = s->push.now_ms + CLOCK_HOUR;
    if (one_in(6))
        scene_set_trigger(s, "pull-request-merge", true);
    else if (one_in(6))
        scene_set_trigger(s, "future-trigger", one_in(2));
    s->push.dry_run = one_in(10);
}

static void the_same_policy_decides_the_same(void **state)
{
    struct scene s;
    size_t judged = 0, skipped = 0, open = 0;
    (void)state;
    for (uint64_t at = 0; at < CASES; at++) {
        random_scene(&s, at);
        vary(&s);
        scene_decide(&s);
        enum replay_skip skip = record_and_read(&s);
        struct decision again;
        if (s.push.native) {
            assert_int_equal(skip, REPLAY_NATIVE);
            skipped++;
        } else {
            assert_int_equal(skip, REPLAY_NOTHING);
            decide_again(&s, &again);
            unsigned asked = replay_push_asked(&replay);
            open += asked != 0;
            /* What a wrapper says of somebody whom nobody knows is not in the record, nor that who
             * is called a key has an address, where a wrapper says that it is a key. */
            enum credential_class class = s.decision.credential.class;
            bool told = s.push.credential_value.size &&
                        (class == CREDENTIAL_UNKNOWN ||
                         (class == CREDENTIAL_ACCESS_KEY && s.push.user_email.size));
            if (!told && (asked & REPLAY_ASKED_KIND))
                fail_msg("SEED=%llu: a kind was asked for", (unsigned long long)at);
            if (!asked && !told && !same_decision(&s.decision, &again))
                fail_msg("SEED=%llu: %s was %s", (unsigned long long)at,
                         verdict_name(again.verdict), verdict_name(s.decision.verdict));
            assert_int_equal(replay.verdict, s.decision.verdict);
            assert_int_equal(replay.stopped, s.decision.exit_code != 0);
            judged++;
        }
        scene_free(&s);
    }
    assert_true(judged > CASES * 9 / 10 && skipped > 0 && open < judged / 4);
}

/* What nobody wanted to know then is as the world is that is tried. */
static void kinds_that_were_not_asked(void **state)
{
    struct scene s;
    struct decision again;
    (void)state;
    scene_init(&s);
    scene_decide(&s);
    assert_int_equal(record_and_read(&s), REPLAY_NOTHING);
    scene_rule(&s, "rewrites", VERDICT_REJECT)->kinds = KIND_REWRITE;
    decide_in(&s, REPLAY_POLICY_OTHER, (struct replay_world){false, false}, &again);
    assert_int_equal(replay_push_asked(&replay), REPLAY_ASKED_KIND);
    assert_int_equal(replay_push_asked(&replay), 0);
    assert_int_equal(again.verdict, VERDICT_ACCEPT);
    decide_in(&s, REPLAY_POLICY_OTHER, (struct replay_world){true, false}, &again);
    assert_int_equal(again.verdict, VERDICT_REJECT);
    /* Recorded with the answer, it is known. */
    scene_decide(&s);
    assert_int_equal(record_and_read(&s), REPLAY_NOTHING);
    decide_in(&s, REPLAY_POLICY_OTHER, (struct replay_world){true, false}, &again);
    assert_int_equal(replay_push_asked(&replay), 0);
    assert_int_equal(again.verdict, VERDICT_ACCEPT);
    scene_free(&s);
}

/* Whose the commits were shows in the reasons of the policy that asked. */
static void commits(void **state)
{
    static const struct replay_world good = {false, false}, bad = {false, true};
    struct scene s;
    struct decision again;
    (void)state;
    for (int foreign = 0; foreign < 2; foreign++) {
        enum verdict verdict = foreign ? VERDICT_REJECT : VERDICT_ACCEPT;
        scene_init(&s);
        s.commits[0] = (struct history_commit){
            TEXT(NEW_ID), TEXT("x@y"), foreign ? TEXT("x@y") : TEXT("jdoe@example.com"), false};
        s.commit_count = 1;
        scene_rule(&s, "mine", VERDICT_REJECT)->committer = IDENTITY_PUSHER;
        assert_decides(&s, verdict);
        assert_int_equal(record_and_read(&s), REPLAY_NOTHING);
        decide_in(&s, REPLAY_POLICY_LIKE_IT, bad, &again); /* nobody has asked yet */
        assert_int_equal(replay_push_asked(&replay), REPLAY_ASKED_COMMITS);
        assert_int_equal(again.verdict, VERDICT_REJECT);
        decide_in(&s, REPLAY_POLICY_OTHER, good, &again);
        assert_int_equal(replay_push_asked(&replay), REPLAY_ASKED_COMMITS);
        assert_int_equal(again.verdict, VERDICT_ACCEPT);
        decide_in(&s, REPLAY_POLICY_THEN, foreign ? good : bad, &again);
        assert_int_equal(replay_push_asked(&replay), 0);
        assert_int_equal(again.verdict, verdict);
        decide_in(&s, REPLAY_POLICY_LIKE_IT, foreign ? good : bad, &again);
        assert_int_equal(replay_push_asked(&replay), 0);
        assert_int_equal(again.verdict, verdict);
        scene_free(&s);
    }
}

/* ------------------------------------------------------------------ one field after the other */

#define OLD "1111111111111111111111111111111111111111"
#define NEW "2222222222222222222222222222222222222222"
#define HEAD "\"id\":\"X\",\"time\":\"2026-11-22T04:10:00.123Z\",\"verdict\":\"accept\",\"exit\":0,"
#define PUSH "\"push\":{\"project\":\"PRJ\",\"repository\":\"app\",\"trigger\":\"push\"},"
#define PUSHER "\"pusher\":{\"name\":\"jdoe\",\"permission\":{\"bitbucket\":\"REPO_WRITE\"}},"
#define CREDENTIAL \
    "\"credential\":{\"class\":\"user\",\"confidence\":\"certain\",\"evidence\":\"x\"},"
#define CHANGE \
    "{\"ref\":\"refs/heads/main\",\"old\":\"" OLD "\",\"new\":\"" NEW "\",\"kind\":\"update\"}"
#define CHANGES "\"changes\":[" CHANGE "]"
#define WITH_CREDENTIAL(text) "{" HEAD PUSH PUSHER "\"credential\":{" text "}," CHANGES "}"
#define WITH_PUSHER(text) "{" HEAD PUSH "\"pusher\":{" text "}," CREDENTIAL CHANGES "}"
#define WITH_CHANGES(text) "{" HEAD PUSH PUSHER CREDENTIAL "\"changes\":[" text "]}"

static void lines_that_cannot_be_replayed(void **state)
{
    static const struct {
        const char *line;
        enum replay_skip skip;
    } lines[] = {
        {"{" HEAD PUSH PUSHER CREDENTIAL CHANGES "}", REPLAY_NOTHING},
        {"{\"time\":\"2026-11-22T04:10:00Z\",\"type\":\"rotation\"}", REPLAY_OTHER_LINE},
        {"{\"time\":\"2026-11-22T04:10:00Z\"}", REPLAY_DAMAGED},
        {"{" HEAD "\"disabled\":\"maintenance\"," PUSH PUSHER CREDENTIAL CHANGES "}",
         REPLAY_SWITCHED_OFF},
        {"{" HEAD "\"push\":{\"native\":true}," PUSHER CREDENTIAL CHANGES "}", REPLAY_NATIVE},
        {WITH_CREDENTIAL("\"evidence\":\"not judged\""), REPLAY_UNJUDGED},
        {"{\"time\":\"2026-11-22T04:10:00Z\",\"exit\":0," PUSH PUSHER CREDENTIAL CHANGES "}",
         REPLAY_DAMAGED},
        {"{\"time\":\"yesterday\",\"verdict\":\"accept\",\"exit\":0," PUSH PUSHER CREDENTIAL CHANGES
         "}",
         REPLAY_DAMAGED},
        {"{\"time\":\"2026-11-22\",\"verdict\":\"accept\",\"exit\":\"0\"," PUSH PUSHER CREDENTIAL
             CHANGES "}",
         REPLAY_DAMAGED},
        {WITH_PUSHER("\"type\":\"user\""), REPLAY_DAMAGED},
        {WITH_PUSHER("\"name\":\"a\\u0000b\""), REPLAY_DAMAGED},
        {WITH_PUSHER("\"name\":7"), REPLAY_DAMAGED},
        {WITH_CHANGES(""), REPLAY_DAMAGED},
        {WITH_CHANGES("7"), REPLAY_DAMAGED},
        {WITH_CHANGES("{\"ref\":\"../x\",\"old\":\"" OLD "\",\"new\":\"" NEW "\"}"),
         REPLAY_DAMAGED},
        {WITH_CHANGES("{\"ref\":\"refs/heads/a\",\"old\":\"" OLD "\",\"new\":\"22\"}"),
         REPLAY_DAMAGED},
        {WITH_CHANGES("{\"ref\":\"refs/heads/a\",\"old\":\"" OLD "\"}"), REPLAY_DAMAGED},
        {WITH_CHANGES("{\"ref\":\"refs/heads/a\",\"old\":\"" ZERO_ID "\",\"new\":\"" ZERO_ID "\"}"),
         REPLAY_DAMAGED},
        {"{" HEAD PUSH PUSHER CREDENTIAL "\"changes\":{}}", REPLAY_DAMAGED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (skip_of(text_of(lines[i].line)) != lines[i].skip)
            fail_msg("%s", lines[i].line);
}

#define assert_text(t, expected) assert_true(text_equal(t, text_of(expected)))

static void fields(void **state)
{
    (void)state;
    assert_int_equal(
        skip_of(TEXT("{\"id\":\"X\",\"time\":\"2026-11-22T04:10:00.123Z\",\"verdict\":\"reject\","
                     "\"exit\":1,\"push\":{\"project\":\"PRJ\",\"repository\":\"app\","
                     "\"trigger\":\"pull-request-merge\",\"merge\":true,\"dry_run\":true,"
                     "\"storage_id\":84}," PUSHER CREDENTIAL
                     "\"changes\":[{\"ref\":\"refs/heads/a%25%FFb\",\"ref_escaped\":true,\"old\":"
                     "\"" OLD "\",\"new\":\"" NEW
                     "\",\"kind\":\"rewrite\"}],\"approval\":{\"used\":[{}]},"
                     "\"changes_omitted\":3,\"snapshot\":{\"digest\":\"d\",\"generated\":"
                     "\"2026-11-22T04:00:00Z\",\"age_s\":660},\"policy\":{\"digest\":\"p\"}}")),
        REPLAY_NOTHING);
    const struct push *push = &replay.push;
    assert_int_equal(push->trigger, TRIGGER_PULL_REQUEST_MERGE);
    assert_true(push->merge && push->dry_run && push->storage_id_known && !push->native);
    assert_int_equal(push->storage_id, 84);
    assert_text(push->changes[0].ref, "refs/heads/a%\xff"
                                      "b");
    assert_int_equal(push->changes[0].kind, CHANGE_MOVE);
    assert_int_equal(push->now_ms % 1000, 123);
    assert_int_equal(replay.started_ms, push->now_ms - 660 * CLOCK_SECOND);
    assert_int_equal(replay.generated_ms % CLOCK_HOUR, 0);
    assert_true(replay.partial && replay.approved && replay.stopped && replay.snapshot_known);
    assert_int_equal(replay.verdict, VERDICT_REJECT);
    assert_text(replay.policy_digest, "p");
    assert_text(push->user_permission, "REPO_WRITE");
    enum history_trouble trouble = HISTORY_FINE;
    const char *why = NULL;
    struct history history = replay_push_history(&replay);
    assert_int_equal(history.descends(history.self, push->changes, &trouble, &why), ANSWER_NO);
    assert_int_equal(history.new_commits(history.self, push->changes, NULL, NULL, &why),
                     HISTORY_UNAVAILABLE);
    assert_int_equal(replay_push_asked(&replay), REPLAY_ASKED_COMMITS);
}

static void credentials(void **state)
{
    struct observation seen;
    (void)state;
    skip_of(TEXT(WITH_CREDENTIAL("\"class\":\"user-token\",\"id\":7,\"confidence\":\"certain\"")));
    assert_text(replay.push.credential_value, "user-token:7");
    assert_null(replay.push.observer);
    skip_of(TEXT(WITH_CREDENTIAL("\"class\":\"user-ssh-key\",\"confidence\":\"observed\"")));
    assert_true(text_absent(replay.push.credential_value));
    replay.push.observer->observe(replay.push.observer->self, &replay.push, &seen);
    assert_int_equal(seen.class, CREDENTIAL_USER_SSH_KEY);
    assert_false(seen.id_known);
    skip_of(TEXT(WITH_CREDENTIAL("\"class\":\"access-key\",\"id\":158,\"label\":\"ci\","
                                 "\"confidence\":\"derived\",\"evidence\":\"display name\"")));
    assert_true(text_absent(replay.push.credential_value));
    /* An older record does not say what the key was called by. */
    assert_text(replay.push.user_display_name, "Access Key User - ci");
    skip_of(
        TEXT(WITH_CREDENTIAL("\"class\":\"access-key\",\"id\":158,\"confidence\":\"certain\","
                             "\"evidence\":\"a trusted wrapper says so, and the name agrees\"")));
    assert_text(replay.push.credential_value, "access-key:158");
    skip_of(
        TEXT(WITH_PUSHER("\"name\":\"3adc96b3b93443e4\",\"display_name\":\"Access Key User - x\","
                         "\"has_email\":true")));
    assert_text(replay.push.user_display_name, "Access Key User - x");
    assert_true(replay.push.user_email.size > 0);
    skip_of(TEXT(WITH_PUSHER("\"name\":\"jdoe\",\"has_email\":false")));
    assert_true(text_absent(replay.push.user_email));
}

static void a_cut_ref_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(
        skip_of(TEXT(WITH_CHANGES("{\"ref\":\"refs/heads/a...\",\"ref_cut\":true,\"old\":\"" OLD
                                  "\",\"new\":\"" NEW "\"}," CHANGE))),
        REPLAY_NOTHING);
    assert_true(replay.partial);
    assert_int_equal(replay.push.change_count, 1);
    assert_text(replay.push.changes[0].ref, "refs/heads/main");
}

/* That no reason speaks of the commits says something only if all reasons are there. */
static void reasons_that_found_no_room(void **state)
{
    static const char *const lines[] = {
        WITH_CHANGES(CHANGE),
        WITH_CHANGES("{\"ref\":\"refs/heads/main\",\"old\":\"" OLD "\",\"new\":\"" NEW
                     "\",\"kind\":\"update\",\"reasons\":[],\"reasons_omitted\":2}"),
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *why = NULL;
        assert_int_equal(skip_of(text_of(lines[i])), REPLAY_NOTHING);
        struct history history = replay_push_history_in(&replay, REPLAY_POLICY_THEN,
                                                        (struct replay_world){false, false});
        assert_int_equal(history.new_commits(history.self, replay.push.changes, NULL, NULL, &why),
                         i ? HISTORY_UNAVAILABLE : HISTORY_FINE);
    }
}

static int tear_down(void **state)
{
    (void)state;
    forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_policy_decides_the_same),
        cmocka_unit_test(kinds_that_were_not_asked),
        cmocka_unit_test(commits),
        cmocka_unit_test(lines_that_cannot_be_replayed),
        cmocka_unit_test(fields),
        cmocka_unit_test(credentials),
        cmocka_unit_test(a_cut_ref_is_left_out),
        cmocka_unit_test(reasons_that_found_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
