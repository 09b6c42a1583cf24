#include "model/restriction.h"

#include "base/table.h"

static const struct name_value types[] = {
    {"read-only", RESTRICTION_READ_ONLY},
    {"pull-request-only", RESTRICTION_PULL_REQUEST_ONLY},
    {"fast-forward-only", RESTRICTION_FAST_FORWARD_ONLY},
    {"no-deletes", RESTRICTION_NO_DELETES},
    {"no-creates", RESTRICTION_NO_CREATES},
};

/* As Bitbucket's settings page words them (Atlassian, "Using branch permissions"). */
static const struct name_value titles[] = {
    {"Prevent all changes", RESTRICTION_READ_ONLY},
    {"Prevent changes without a pull request", RESTRICTION_PULL_REQUEST_ONLY},
    {"Prevent rewriting history", RESTRICTION_FAST_FORWARD_ONLY},
    {"Prevent deletion", RESTRICTION_NO_DELETES},
    {"Prevent creation", RESTRICTION_NO_CREATES},
};
_Static_assert(TABLE_COUNT(types) == TABLE_COUNT(titles), "each type has its title");

static const struct name_value matchers[] = {
    {"BRANCH", MATCHER_BRANCH},
    {"PATTERN", MATCHER_PATTERN},
    {"MODEL_BRANCH", MATCHER_MODEL_BRANCH},
    {"MODEL_CATEGORY", MATCHER_MODEL_CATEGORY},
    {"ANY_REF", MATCHER_ANY_REF},
    {"DEFAULT_BRANCH", MATCHER_DEFAULT_BRANCH},
};

enum restriction_type restriction_type_parse(struct text t)
{
    int value = RESTRICTION_UNKNOWN;
    table_value(types, TABLE_COUNT(types), t, false, &value);
    return (enum restriction_type)value;
}

const char *restriction_type_name(enum restriction_type t)
{
    return table_name(types, TABLE_COUNT(types), (int)t);
}

const char *restriction_type_title(enum restriction_type t)
{
    const char *title = table_name(titles, TABLE_COUNT(titles), (int)t);
    return title ? title : "a restriction that refgate does not know";
}

enum matcher_type matcher_type_parse(struct text t)
{
    int value = MATCHER_UNKNOWN;
    table_value(matchers, TABLE_COUNT(matchers), t, false, &value);
    return (enum matcher_type)value;
}

const char *matcher_type_name(enum matcher_type t)
{
    return table_name(matchers, TABLE_COUNT(matchers), (int)t);
}
