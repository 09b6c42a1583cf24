/*
 * diff_places.c - projects and repositories by their ids, the instance, and the access keys.
 */
#include "base/clock.h"
#include "snapshot/differ.h"
#include "snapshot/names.h"

/* ------------------------------------------------------------------ what both kinds have */

static struct text or_none(struct text t)
{
    return t.size ? t : TEXT("none");
}

static struct text branch_text(bool set, bool is_default, struct text name)
{
    return !set ? TEXT("none") : is_default ? TEXT("default branch") : name;
}

static struct text model_text(struct differ *d, const struct branch_model *model)
{
    if (!model->configured)
        return TEXT("none");
    struct text development = branch_text(model->development_set, model->development_default,
                                          model->development);
    struct text production = branch_text(model->production_set, model->production_default,
                                         model->production);
    struct text text = differ_printf(d, "development %.*s, production %.*s", TEXT_ARG(development),
                                     TEXT_ARG(production));
    for (size_t i = 0; i < model->category_count; i++)
        if (model->category[i].enabled)
            text = differ_printf(d, "%.*s, %.*s %.*s", TEXT_ARG(text),
                                 TEXT_ARG(model->category[i].id),
                                 TEXT_ARG(model->category[i].prefix));
    return text;
}

static bool same_models(const struct branch_model *a, const struct branch_model *b)
{
    bool same = a->configured == b->configured && a->development_set == b->development_set &&
                a->production_set == b->production_set &&
                a->development_default == b->development_default &&
                a->production_default == b->production_default &&
                text_equal(a->development, b->development) &&
                text_equal(a->production, b->production) && a->category_count == b->category_count;
    for (size_t i = 0; i < a->category_count && same; i++)
        same = a->category[i].enabled == b->category[i].enabled &&
               text_equal(a->category[i].id, b->category[i].id) &&
               text_equal(a->category[i].prefix, b->category[i].prefix);
    return same;
}

static void compare_models(struct differ *d, const struct place_record *before,
                           const struct place_record *after)
{
    if (same_models(&before->model, &after->model) ||
        (before->incomplete | after->incomplete) & INCOMPLETE_MODEL)
        return;
    differ_add(d, (struct diff_change){.kind = DIFF_BRANCH_MODEL_CHANGED,
                                       .before = model_text(d, &before->model),
                                       .after = model_text(d, &after->model)});
}

static void compare_places(struct differ *d, const struct place_record *before,
                           const struct place_record *after, enum grant_scope scope)
{
    const struct diff_places places = {before, after, scope};
    diff_grants(d, &places);
    compare_models(d, before, after);
    diff_restrictions(d, before, after);
    diff_unread(d, before->incomplete, after->incomplete);
}

static void compare_public(struct differ *d, bool before, bool after)
{
    if (before != after)
        differ_add(d, (struct diff_change){.kind = after ? DIFF_MADE_PUBLIC : DIFF_MADE_PRIVATE});
}

void diff_global(struct differ *d, struct text key, struct text body)
{
    struct layout_key same;
    struct text other;
    struct place_record before, after;
    layout_key_name(&same, "global", TEXT(""), true);
    bool there = differ_find(d, NEW, &same, &other);
    if (!there || !decode_global(body, &before) || !decode_global(other, &after)) {
        differ_damaged(d, key); /* each snapshot has one */
        return;
    }
    const struct diff_places places = {&before, &after, GRANT_GLOBAL};
    differ_at(d, "instance", TEXT_NONE, TEXT_NONE, false);
    diff_grants(d, &places);
    diff_unread(d, before.incomplete, after.incomplete);
}

/* ------------------------------------------------------------------ projects */

/* By its id, wherever it is now. */
static bool find_project(struct differ *d, int side, uint64_t id, struct text *body,
                         struct project_record *out)
{
    struct layout_key key;
    struct text name;
    layout_key_id(&key, "project-id/", id);
    if (!differ_find(d, side, &key, body))
        return false;
    if (decode_text(*body, &name)) {
        layout_key_name(&key, "project/", name, true);
        if (differ_find(d, side, &key, body) && decode_project(*body, out))
            return true;
    }
    differ_damaged(d, (struct text){key.bytes, key.size});
    return false;
}

static void compare_projects(struct differ *d, const struct project_record *before,
                             const struct project_record *after)
{
    const struct diff_places places = {&before->place, &after->place, GRANT_PROJECT};
    if (!text_equal(before->key, after->key))
        differ_add(d, (struct diff_change){.kind = DIFF_PROJECT_RENAMED,
                                           .before = before->key,
                                           .after = after->key});
    if (before->owner_id != after->owner_id)
        differ_add(d, (struct diff_change){.kind = DIFF_PROJECT_OWNER_CHANGED,
                                           .before = or_none(before->owner_name),
                                           .after = or_none(after->owner_name)});
    compare_public(d, before->flags & PROJECT_PUBLIC, after->flags & PROJECT_PUBLIC);
    diff_default_permission(d, before->default_permission, after->default_permission, &places);
    compare_places(d, &before->place, &after->place, GRANT_PROJECT);
}

void diff_project(struct differ *d, struct text key, struct text body)
{
    struct project_record before, after;
    struct text other;
    if (!decode_project(body, &before)) {
        differ_damaged(d, key);
        return;
    }
    bool there = find_project(d, NEW, before.id, &other, &after);
    if (there && d->same_groups && text_equal(body, other) && !before.place.incomplete)
        return;
    differ_at(d, "project ", there ? after.key : before.key, TEXT_NONE, false);
    if (d->muted)
        return;
    if (there)
        compare_projects(d, &before, &after);
    else
        differ_add(d, (struct diff_change){.kind = DIFF_PROJECT_DELETED});
}

void diff_project_new(struct differ *d, struct text key, struct text body)
{
    struct project_record after;
    struct layout_key by_id;
    struct text other;
    if (!decode_project(body, &after))
        differ_damaged(d, key);
    layout_key_id(&by_id, "project-id/", after.id);
    if (d->status != STATUS_OK || differ_find(d, OLD, &by_id, &other))
        return;
    const struct diff_places places = {NULL, &after.place, GRANT_PROJECT};
    differ_at(d, "project ", after.key, TEXT_NONE, false);
    differ_add(d, (struct diff_change){.kind = DIFF_PROJECT_CREATED});
    differ_at(d, "project ", after.key, TEXT_NONE, true);
    compare_public(d, false, after.flags & PROJECT_PUBLIC);
    diff_default_permission(d, PERMISSION_NONE, after.default_permission, &places);
    diff_grants(d, &places);
    diff_unread(d, 0, after.place.incomplete);
}

/* ------------------------------------------------------------------ repositories */

static bool find_repository(struct differ *d, int side, uint64_t id, struct text *body,
                            struct repository_record *out)
{
    struct layout_key key;
    struct text project, slug;
    layout_key_id(&key, "repo-id/", id);
    if (!differ_find(d, side, &key, body))
        return false;
    if (decode_texts(*body, &project, &slug)) {
        layout_key_pair(&key, "repo/", project, slug);
        if (differ_find(d, side, &key, body) && decode_repository(*body, out))
            return true;
    }
    differ_damaged(d, (struct text){key.bytes, key.size});
    return false;
}

static void compare_names(struct differ *d, const struct repository_record *before,
                          const struct repository_record *after)
{
    if (text_equal(before->key, after->key) && text_equal(before->slug, after->slug))
        return;
    /* A project that was renamed takes its repositories with it. */
    struct text body, other;
    struct layout_key key;
    uint64_t was = 0, is = 1;
    layout_key_name(&key, "project/", before->key, true);
    if (differ_find(d, OLD, &key, &body))
        was = layout_load64((const unsigned char *)body.at);
    layout_key_name(&key, "project/", after->key, true);
    if (differ_find(d, NEW, &key, &other))
        is = layout_load64((const unsigned char *)other.at);
    if (was == is && text_equal(before->slug, after->slug))
        return; /* said of the project */
    differ_add(
        d,
        (struct diff_change){
            .kind = was == is ? DIFF_REPOSITORY_RENAMED : DIFF_REPOSITORY_MOVED,
            .before = differ_printf(d, "%.*s/%.*s", TEXT_ARG(before->key), TEXT_ARG(before->slug)),
            .after = differ_printf(d, "%.*s/%.*s", TEXT_ARG(after->key), TEXT_ARG(after->slug))});
}

static struct text default_branch(const struct repository_record *repository)
{
    return repository->flags & REPOSITORY_BRANCH_KNOWN ? repository->default_branch
                                                       : TEXT("not known");
}

static struct text origin_text(struct differ *d, int side, uint64_t id)
{
    return id ? names_repository(d->side[side].snapshot, id, d->arena) : TEXT("none");
}

static void compare_repositories(struct differ *d, const struct repository_record *before,
                                 const struct repository_record *after)
{
    compare_names(d, before, after);
    compare_public(d, before->flags & REPOSITORY_PUBLIC, after->flags & REPOSITORY_PUBLIC);
    if ((before->flags ^ after->flags) & REPOSITORY_ARCHIVED)
        differ_add(d, (struct diff_change){.kind = after->flags & REPOSITORY_ARCHIVED
                                                       ? DIFF_ARCHIVED
                                                       : DIFF_UNARCHIVED});
    if (!text_equal(default_branch(before), default_branch(after)))
        differ_add(d, (struct diff_change){.kind = DIFF_DEFAULT_BRANCH_CHANGED,
                                           .before = default_branch(before),
                                           .after = default_branch(after)});
    if (before->origin_id != after->origin_id)
        differ_add(d, (struct diff_change){.kind = DIFF_FORK_ORIGIN_CHANGED,
                                           .before = origin_text(d, OLD, before->origin_id),
                                           .after = origin_text(d, NEW, after->origin_id)});
    compare_places(d, &before->place, &after->place, GRANT_REPOSITORY);
}

void diff_repository(struct differ *d, struct text key, struct text body)
{
    struct repository_record before, after;
    struct text other;
    if (!decode_repository(body, &before)) {
        differ_damaged(d, key);
        return;
    }
    bool there = find_repository(d, NEW, before.id, &other, &after);
    if (there && d->same_groups && text_equal(body, other) && !before.place.incomplete)
        return;
    differ_at(d, "", there ? after.key : before.key, there ? after.slug : before.slug, false);
    if (d->muted)
        return;
    if (there)
        compare_repositories(d, &before, &after);
    else
        differ_add(d, (struct diff_change){.kind = DIFF_REPOSITORY_DELETED});
}

void diff_repository_new(struct differ *d, struct text key, struct text body)
{
    struct repository_record after;
    struct layout_key by_id;
    struct text other;
    if (!decode_repository(body, &after))
        differ_damaged(d, key);
    layout_key_id(&by_id, "repo-id/", after.id);
    if (d->status != STATUS_OK || differ_find(d, OLD, &by_id, &other))
        return;
    const struct diff_places places = {NULL, &after.place, GRANT_REPOSITORY};
    differ_at(d, "", after.key, after.slug, false);
    differ_add(d, (struct diff_change){.kind = DIFF_REPOSITORY_CREATED});
    differ_at(d, "", after.key, after.slug, true);
    compare_public(d, false, after.flags & REPOSITORY_PUBLIC);
    diff_grants(d, &places);
    diff_unread(d, 0, after.place.incomplete);
}

/* ------------------------------------------------------------------ access keys */

#define NEVER INT64_MAX

static bool expiry_of(const struct key_record *key, int64_t *ms)
{
    *ms = key->flags & KEY_EXPIRES ? key->expires_ms : NEVER;
    return key->flags & KEY_EXPIRY_KNOWN;
}

static struct text time_text(struct differ *d, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (ms == NEVER)
        return TEXT("never");
    clock_format(ms, true, text);
    return differ_printf(d, "%s", text);
}

static void compare_expiry(struct differ *d, const struct key_record *before,
                           const struct key_record *after, struct text subject)
{
    int64_t was, is;
    if (!expiry_of(before, &was) || !expiry_of(after, &is) || was == is)
        return;
    differ_add(d, (struct diff_change){.kind = is > was ? DIFF_KEY_EXPIRY_EXTENDED
                                                        : DIFF_KEY_EXPIRY_SHORTENED,
                                       .subject = subject,
                                       .before = time_text(d, was),
                                       .after = time_text(d, is)});
}

/* What it is granted, and whether it is there at all, is said of the places. */
void diff_access_key(struct differ *d, struct text key, struct text body)
{
    struct key_record before, after;
    struct layout_key same = {0};
    struct text other, digits = text_skip(key, TEXT("key/").size);
    uint64_t id;
    if (!text_parse_u64(digits, UINT64_MAX, true, &id) || !decode_key(body, &before)) {
        differ_damaged(d, key);
        return;
    }
    layout_key_id(&same, "key/", id);
    if (!differ_find(d, NEW, &same, &other) || text_equal(body, other))
        return;
    if (!decode_key(other, &after)) {
        differ_damaged(d, key);
        return;
    }
    struct text subject = differ_key(d, id, after.label);
    differ_at(d, "access key ", digits, TEXT_NONE, false);
    if (!text_equal(before.label, after.label))
        differ_add(d, (struct diff_change){.kind = DIFF_KEY_LABEL_CHANGED,
                                           .subject = digits,
                                           .before = before.label,
                                           .after = after.label});
    if (before.fingerprint.size && after.fingerprint.size &&
        !text_equal(before.fingerprint, after.fingerprint))
        differ_add(d, (struct diff_change){.kind = DIFF_KEY_REPLACED,
                                           .subject = subject,
                                           .before = before.fingerprint,
                                           .after = after.fingerprint});
    compare_expiry(d, &before, &after, subject);
}
