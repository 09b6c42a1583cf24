#include "snapshot/builder.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/format.h"
#include "snapshot/publish.h"
#include "snapshot/reader.h"
#include "snapshot/rows.h"
#include "snapshot/verify.h"

enum status builder_cancelled(const struct builder *b, struct error *err)
{
    if (b->cancel && *b->cancel)
        return error_set(err, STATUS_DEADLINE, "interrupted; nothing was changed");
    return STATUS_OK;
}

enum status builder_new(const volatile sig_atomic_t *cancel, struct builder **out,
                        struct error *err)
{
    struct builder *b = calloc(1, sizeof *b);
    if (!b)
        return error_set(err, STATUS_MEMORY, "out of memory");
    b->cancel = cancel;
    pool_init(&b->pool);
    buffer_init(&b->blobs, SIZE_MAX / 2);
    b->users.size = sizeof(struct user_row);
    b->groups.size = sizeof(struct group_row);
    b->members.size = sizeof(struct member_row);
    b->projects.size = sizeof(struct project_row);
    b->repositories.size = sizeof(struct repository_row);
    b->user_grants.size = b->group_grants.size = b->key_grants.size = sizeof(struct grant_row);
    b->levels.size = sizeof(struct level_row);
    b->branches.size = sizeof(struct branch_row);
    b->models.size = b->restrictions.size = sizeof(struct blob_row);
    b->keys.size = sizeof(struct key_row);
    b->services.size = sizeof(struct service_row);
    b->notes.size = sizeof(uint32_t);
    b->marks.size = sizeof(struct mark_row);
    b->parts.size = sizeof(struct part_row);
    b->anew.size = sizeof(struct anew_row);
    b->gone_projects.size = b->gone_repositories.size = sizeof(uint64_t);
    *out = b;
    return STATUS_OK;
}

enum status builder_new_checking(const volatile sig_atomic_t *cancel, struct builder **out,
                                 struct error *err)
{
    enum status status = builder_new(cancel, out, err);
    if (status == STATUS_OK)
        (*out)->checking = true;
    return status;
}

void builder_free(struct builder *b)
{
    if (!b)
        return;
    struct rows *all[] = {
        &b->users,  &b->groups,   &b->members,       &b->projects,          &b->repositories,
        &b->levels, &b->branches, &b->models,        &b->restrictions,      &b->user_grants,
        &b->keys,   &b->services, &b->notes,         &b->group_grants,      &b->key_grants,
        &b->marks,  &b->parts,    &b->gone_projects, &b->gone_repositories, &b->anew,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]->at);
    free(b->listed.slots);
    pool_free(&b->pool);
    buffer_free(&b->blobs);
    free(b);
}

/* What was written, read by the code that the hook will read it with. */
static enum status read_back(int fd, const struct builder_gate *gate,
                             struct builder_summary *summary, struct error *err)
{
    struct stat st;
    struct snapshot *snapshot;
    int copy = dup(fd);
    if (copy < 0 || fstat(fd, &st) < 0) {
        if (copy >= 0)
            close(copy);
        return error_set(err, STATUS_IO, "cannot read the new snapshot back");
    }
    enum status status = snapshot_open_fd(copy, (uint64_t)st.st_size, 0, SNAPSHOT_MAPPED, &snapshot,
                                          err);
    if (status != STATUS_OK)
        return error_prefix(err, "the new snapshot was not written correctly");
    status = snapshot_verify(snapshot, NULL, NULL, err);
    if (status != STATUS_OK)
        error_prefix(err, "the new snapshot was not written correctly");
    summary->size = (uint64_t)st.st_size;
    if (status == STATUS_OK && gate)
        status = gate->check(gate->self, snapshot, summary, err);
    snapshot_close(snapshot);
    return status;
}

/* What was reloaded must be of the instance, and is as old as it was. */
static enum status check_header(const struct builder *b, const struct builder_header *header,
                                struct error *err)
{
    if (b->checking)
        return error_set(err, STATUS_USAGE, "a builder that only checks has nothing to write");
    if (b->broken)
        return error_set(err, STATUS_USAGE, "the old snapshot was not read completely");
    uint32_t format;
    enum status status = format_choose(header->format, format_known, "the builder", &format, err);
    if (status != STATUS_OK)
        return status;
    if (!b->reloaded)
        return STATUS_OK;
    struct text old = pool_text(&b->pool, b->reloaded_url);
    if (!text_equal(old, builder_clean_url(header->base_url)))
        return error_set(err, STATUS_USAGE,
                         "the old snapshot is of another instance: a part cannot be put into it");
    if (header->started_ms > b->reloaded_started_ms)
        return error_set(err, STATUS_USAGE, "a part does not make the rest of a snapshot newer");
    return STATUS_OK;
}

enum status builder_finish(struct builder *b, const struct builder_header *header, const char *path,
                           uint64_t max_size, const struct builder_gate *gate,
                           struct builder_summary *summary, struct error *err)
{
    struct publication publication;
    struct builder_summary result = {0};
    enum status status = check_header(b, header, err);
    if (status == STATUS_OK)
        status = join_rows(b, err);
    if (status != STATUS_OK)
        return status;
    status = publication_begin(&publication, path, err);
    if (status == STATUS_OK)
        status = write_records(b, header, publication.fd, max_size, &result, err);
    if (status == STATUS_OK)
        status = read_back(publication.fd, gate, &result, err);
    if (status == STATUS_OK)
        status = builder_cancelled(b, err);
    if (status == STATUS_OK)
        status = publication_commit(&publication, err);
    publication_end(&publication);
    if (status == STATUS_OK)
        *summary = result;
    return status;
}
