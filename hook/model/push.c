#include "model/push.h"

#include "base/table.h"

/* Atlassian, "Using hook scripts"; `merge` is what Bitbucket uses inside (hook contract). */
static const struct name_value triggers[] = {
    {"push", TRIGGER_PUSH},
    {"branch-create", TRIGGER_BRANCH_CREATE},
    {"branch-delete", TRIGGER_BRANCH_DELETE},
    {"tag-create", TRIGGER_TAG_CREATE},
    {"tag-delete", TRIGGER_TAG_DELETE},
    {"file-edit", TRIGGER_FILE_EDIT},
    {"pull-request-merge", TRIGGER_PULL_REQUEST_MERGE},
    {"merge", TRIGGER_MERGE},
};

const char *trigger_name(enum trigger t)
{
    return table_name(triggers, TABLE_COUNT(triggers), (int)t);
}

enum trigger trigger_parse(struct text t)
{
    int value = TRIGGER_UNKNOWN;
    table_value(triggers, TABLE_COUNT(triggers), t, false, &value);
    return (enum trigger)value;
}
