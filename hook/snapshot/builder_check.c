/*
 * builder_check.c - facts that refer to nothing: what is granted to nobody, or nowhere.
 *
 * Every answer of Bitbucket describes what it names, so this is a mistake of whoever fed the builder,
 * or an instance that changed while it was read: nothing is published then.
 */
#include "snapshot/rows.h"

static enum status missing(const char *what, uint64_t id, const char *of, struct error *err)
{
    return error_set(err, STATUS_FORMAT,
                     "%s names %s %llu, which was not listed: the instance changed while it was "
                     "read, run sync again",
                     of, what, (unsigned long long)id);
}

enum status join_check_place(const struct builder *b, uint8_t scope, uint64_t place,
                             const char *of, struct error *err)
{
    if (scope == GRANT_PROJECT && !rows_find(&b->projects, place))
        return missing("project", place, of, err);
    if (scope == GRANT_REPOSITORY && !rows_find(&b->repositories, place))
        return missing("repository", place, of, err);
    return STATUS_OK;
}

static enum status check_grants(const struct builder *b, const struct rows *grants,
                                const struct rows *who, const char *of, struct error *err)
{
    enum status status = STATUS_OK;
    const struct grant_row *before = NULL;
    for (size_t i = 0; status == STATUS_OK && i < grants->count; i++) {
        const struct grant_row *grant = ROW(struct grant_row, *grants, i);
        if (!before || before->place != grant->place || before->scope != grant->scope)
            status = join_check_place(b, grant->scope, grant->place, of, err);
        if (status == STATUS_OK && who && !rows_find(who, grant->who))
            status = missing(who == &b->users ? "user" : "access key", grant->who, of, err);
        before = grant;
    }
    return status;
}

static enum status check_blobs(const struct builder *b, const struct rows *blobs, const char *of,
                               struct error *err)
{
    enum status status = STATUS_OK;
    const struct blob_row *before = NULL;
    for (size_t i = 0; status == STATUS_OK && i < blobs->count; i++) {
        const struct blob_row *blob = ROW(struct blob_row, *blobs, i);
        if (!before || before->place != blob->place || before->scope != blob->scope)
            status = join_check_place(b, blob->scope, blob->place, of, err);
        before = blob;
    }
    return status;
}

enum status join_check(const struct builder *b, struct error *err)
{
    enum status status = check_grants(b, &b->user_grants, &b->users, "a grant of a user", err);
    if (status == STATUS_OK)
        status = check_grants(b, &b->group_grants, NULL, "a grant of a group", err);
    if (status == STATUS_OK)
        status = check_grants(b, &b->key_grants, &b->keys, "a grant of an access key", err);
    if (status == STATUS_OK)
        status = check_blobs(b, &b->restrictions, "a branch restriction", err);
    if (status == STATUS_OK)
        status = check_blobs(b, &b->models, "a branching model", err);
    for (size_t i = 0; status == STATUS_OK && i < b->members.count; i++) {
        uint64_t user = ROW(struct member_row, b->members, i)->user;
        if (!rows_find(&b->users, user))
            status = missing("user", user, "a list of members", err);
    }
    for (size_t i = 0; status == STATUS_OK && i < b->levels.count; i++)
        status = join_check_place(b, GRANT_PROJECT, ROW(struct level_row, b->levels, i)->project,
                             "a default permission", err);
    for (size_t i = 0; status == STATUS_OK && i < b->branches.count; i++)
        status = join_check_place(b, GRANT_REPOSITORY,
                             ROW(struct branch_row, b->branches, i)->repository,
                             "a default branch", err);
    for (size_t i = 0; status == STATUS_OK && i < b->repositories.count; i++)
        status = join_check_place(b, GRANT_PROJECT,
                             ROW(struct repository_row, b->repositories, i)->project,
                             "a repository", err);
    return status;
}
