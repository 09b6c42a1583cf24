#include "model/permission.h"

#include <stddef.h>

#include "base/table.h"

static const struct name_value permissions[] = {
    {"REPO_READ", PERMISSION_REPO_READ},
    {"REPO_WRITE", PERMISSION_REPO_WRITE},
    {"REPO_ADMIN", PERMISSION_REPO_ADMIN},
    {"PROJECT_READ", PERMISSION_PROJECT_READ},
    {"PROJECT_WRITE", PERMISSION_PROJECT_WRITE},
    {"REPO_CREATE", PERMISSION_REPO_CREATE},
    {"PROJECT_ADMIN", PERMISSION_PROJECT_ADMIN},
    {"LICENSED_USER", PERMISSION_LICENSED_USER},
    {"PROJECT_CREATE", PERMISSION_PROJECT_CREATE},
    {"ADMIN", PERMISSION_ADMIN},
    {"SYS_ADMIN", PERMISSION_SYS_ADMIN},
};

/* What a grant is worth on a repository (semantics.md 3). What is not listed is worth nothing:
 * LICENSED_USER and PROJECT_CREATE speak of the instance, not of a repository in it. */
static const struct {
    enum permission granted, on_repository;
} implied[] = {
    {PERMISSION_REPO_READ, PERMISSION_REPO_READ},
    {PERMISSION_REPO_WRITE, PERMISSION_REPO_WRITE},
    {PERMISSION_REPO_ADMIN, PERMISSION_REPO_ADMIN},
    {PERMISSION_PROJECT_READ, PERMISSION_REPO_READ},
    {PERMISSION_PROJECT_WRITE, PERMISSION_REPO_WRITE},
    {PERMISSION_REPO_CREATE, PERMISSION_REPO_WRITE},
    {PERMISSION_PROJECT_ADMIN, PERMISSION_REPO_ADMIN},
    {PERMISSION_ADMIN, PERMISSION_REPO_ADMIN},
    {PERMISSION_SYS_ADMIN, PERMISSION_REPO_ADMIN},
};

const char *permission_name(enum permission p)
{
    const char *name = table_name(permissions, TABLE_COUNT(permissions), (int)p);
    return name ? name : "NONE";
}

bool permission_parse(struct text t, enum permission *out)
{
    int value;
    if (!table_value(permissions, TABLE_COUNT(permissions), t, false, &value))
        return false;
    *out = (enum permission)value;
    return true;
}

enum permission permission_on_repository(enum permission p)
{
    for (size_t i = 0; i < TABLE_COUNT(implied); i++)
        if (implied[i].granted == p)
            return implied[i].on_repository;
    return PERMISSION_NONE;
}

enum permission permission_higher(enum permission a, enum permission b)
{
    /* On one scale the numbers are an order: NONE < READ < WRITE < ADMIN. */
    a = permission_on_repository(a);
    b = permission_on_repository(b);
    return a > b ? a : b;
}
