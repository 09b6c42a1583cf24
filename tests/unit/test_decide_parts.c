/*
 * decide(): a repository that was read anew after the rest of the snapshot (sync --repo, --project). A
 * rejection by a restriction says how old the snapshot is (semantics.md 4).
 */
#include "support/scene.h"

static void a_rejection_says_how_old_the_part_is(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_text_has(scene_reason(&s, REASON_RESTRICTION)->text, "snapshot of 11m ago");
    assert_int_equal(s.decision.snapshot_part_ms, 0);
    s.part_ms = SCENE_NOW - 2 * CLOCK_MINUTE;
    assert_decides(&s, VERDICT_REJECT);
    assert_text_has(scene_reason(&s, REASON_RESTRICTION)->text, "snapshot of 2m ago");
    assert_int_equal(s.decision.snapshot_part_ms, s.part_ms);
    assert_int_equal(s.decision.snapshot_age_ms, 11 * CLOCK_MINUTE);
    s.part_ms = SCENE_NOW - CLOCK_DAY; /* all was read anew since */
    assert_decides(&s, VERDICT_REJECT);
    assert_text_has(scene_reason(&s, REASON_RESTRICTION)->text, "snapshot of 11m ago");
    assert_int_equal(s.decision.snapshot_part_ms, 0);
    scene_free(&s);
}

static void a_part_is_asked_for_once_and_by_rejections_only(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.part_ms = SCENE_NOW - CLOCK_MINUTE;
    scene_restrict(&s, 9, "read-only", "BRANCH", "other");
    scene_restrict(&s, 10, "no-deletes", "PATTERN", "**");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.parts_asked, 0);
    scene_set_change(&s, 0, "refs/heads/other", CHANGE_DELETE);
    scene_set_change(&s, 1, "refs/heads/a", CHANGE_DELETE);
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(s.parts_asked, 1);
    scene_free(&s);
}

static void a_part_makes_nothing_fresh(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.meta.started_ms = s.meta.generated_ms = SCENE_NOW - 3 * CLOCK_DAY;
    s.part_ms = SCENE_NOW - CLOCK_MINUTE;
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    assert_decides(&s, VERDICT_REJECT);
    assert_non_null(scene_reason(&s, REASON_FRESHNESS));
    assert_text_has(scene_reason(&s, REASON_FRESHNESS)->text, "stale: 3d old");
    scene_free(&s);
}

static void a_damaged_part_is_reported(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_restrict(&s, 9, "read-only", "BRANCH", "main");
    s.damaged = "part";
    assert_decides(&s, VERDICT_REJECT);
    assert_text_has(scene_reason(&s, REASON_FAILURE)->text, "damaged");
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rejection_says_how_old_the_part_is),
        cmocka_unit_test(a_part_is_asked_for_once_and_by_rejections_only),
        cmocka_unit_test(a_part_makes_nothing_fresh),
        cmocka_unit_test(a_damaged_part_is_reported),
    };
    return cmocka_run_group_tests_name("decide with a part that was read anew", tests, NULL, NULL);
}
