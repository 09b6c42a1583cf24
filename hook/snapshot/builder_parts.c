/*
 * builder_parts.c - the record of what was read anew after the rest.
 */
#include <stdlib.h>

#include "snapshot/writing.h"

struct named_part {
    struct text key, slug; /* slug: "" for a project */
    int64_t started_ms;
};

static int by_name(const void *a, const void *c)
{
    const struct named_part *x = a, *y = c;
    int order = text_compare_fold(x->key, y->key);
    return order ? order : text_compare_fold(x->slug, y->slug);
}

/* The join has seen to it that the place is there. */
static bool name_part(const struct writing *w, const struct part_row *part, struct named_part *out)
{
    const struct builder *b = w->b;
    const struct repository_row *repository =
        part->scope == GRANT_REPOSITORY ? rows_find(&b->repositories, part->place) : NULL;
    const struct project_row *project =
        rows_find(&b->projects, repository ? repository->project : part->place);
    if (!project || (part->scope == GRANT_REPOSITORY && !repository))
        return false;
    *out = (struct named_part){.key = writing_text(w, project->key),
                               .slug = repository ? writing_text(w, repository->slug) : TEXT(""),
                               .started_ms = part->started_ms};
    return true;
}

void writing_parts(struct writing *w, int64_t started_ms)
{
    struct builder *b = w->b;
    struct named_part *parts = malloc((b->parts.count + 1) * sizeof *parts);
    size_t count = 0;
    if (!parts) {
        writing_fail(w, error_set(w->err, STATUS_MEMORY, "out of memory"));
        return;
    }
    for (size_t i = 0; i < b->parts.count; i++) {
        const struct part_row *part = ROW(struct part_row, b->parts, i);
        /* What is as old as the rest is no part of its own. */
        count += part->started_ms > started_ms && name_part(w, part, &parts[count]);
    }
    qsort(parts, count, sizeof *parts, by_name);
    struct buffer *out = writing_begin(w);
    put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        put_text(out, parts[i].key);
        put_text(out, parts[i].slug);
        put_i64(out, parts[i].started_ms);
    }
    layout_key_name(&w->key, "parts", TEXT(""), false);
    if (count)
        writing_record(w);
    free(parts);
}
