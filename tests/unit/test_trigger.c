/* model/push.h: names of triggers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "model/push.h"

static void triggers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum trigger trigger;
    } rows[] = {
        {"push", TRIGGER_PUSH},
        {"branch-create", TRIGGER_BRANCH_CREATE},
        {"branch-delete", TRIGGER_BRANCH_DELETE},
        {"tag-create", TRIGGER_TAG_CREATE},
        {"tag-delete", TRIGGER_TAG_DELETE},
        {"file-edit", TRIGGER_FILE_EDIT},
        {"pull-request-merge", TRIGGER_PULL_REQUEST_MERGE},
        {"merge", TRIGGER_MERGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(trigger_parse(text_of(rows[i].name)), rows[i].trigger);
        assert_string_equal(trigger_name(rows[i].trigger), rows[i].name);
    }
}

static void unknown(void **state)
{
    (void)state;
    static const char *const words[] = {"", "Push", "push ", "repo-push", "unknown", "REF_CHANGE"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(trigger_parse(text_of(words[i])), TRIGGER_UNKNOWN);
    assert_int_equal(trigger_parse(TEXT_NONE), TRIGGER_UNKNOWN);
    assert_null(trigger_name(TRIGGER_UNKNOWN));
    assert_null(trigger_name((enum trigger)0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"names of triggers", triggers, 0, 0, 0},
        {"hook contract: an unknown trigger is data, not an error", unknown, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("trigger", tests, NULL, NULL);
}
