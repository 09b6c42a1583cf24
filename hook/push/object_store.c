#include "push/object_store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <git2.h>
#include <git2/sys/odb_backend.h>

struct object_store {
    const struct location *location;
    git_repository *repository; /* checked to be of a format that we can read; its refs */
    /* NULL until asked for: */
    git_odb *everything; /* repository, its alternates, quarantine */
    git_odb *incoming;   /* the quarantine alone */
    git_odb *held;       /* repository and alternates */
    bool tried;          /* to open the repository; how that ended: */
    enum status status;
    const char *why;
};

static git_oid to_oid(const struct object_id *id)
{
    git_oid oid = {{0}};
    _Static_assert(sizeof(oid.id) == sizeof(id->bytes), "libgit2 is built for SHA-1");
    memcpy(oid.id, id->bytes, sizeof(oid.id));
    return oid;
}

/* ------------------------------------------------------------------ opening */

/* Settings of the whole library. None can fail in a way that matters but for lack of memory, and
 * then opening fails too. */
static void set_options(void)
{
    static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                                 GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
    /* Harmless to a reader: one forbids deleting objects, the other adds a file of settings. */
    const char *extensions[] = {"preciousobjects", "worktreeconfig"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
    /* Bitbucket chose the repository; in containers its owner is often another user. */
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
                     sizeof(extensions) / sizeof(extensions[0]));
    /* git has hashed what arrived, and a walk reads each object once. */
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
}

/* What failed last: was it for lack of memory? A pusher chooses how much is needed, so that is not
 * a repository that cannot be read. */
static enum status memory_or(enum status otherwise)
{
    const git_error *last = git_error_last();
    return last && last->klass == GIT_ERROR_NOMEMORY ? STATUS_MEMORY : otherwise;
}

/* libgit2's own words may name paths of this server; these do not. */
static const char *open_problem(void)
{
    const git_error *error = git_error_last();
    const char *message = error && error->message ? error->message : "";
    if (strstr(message, "unsupported extension"))
        return "the repository uses a git extension that refgate cannot read (reftable, partial "
               "clone, ...)";
    if (strstr(message, "object format"))
        return "the repository does not use SHA-1";
    return "the repository cannot be opened";
}

/* The repository's objects/; info/alternates is followed by libgit2. */
static enum status add_objects_of(git_odb *odb, const struct location *location)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof(path), "%s/objects", location->repository);
    if (size < 0 || (size_t)size >= sizeof(path) || git_odb_add_disk_alternate(odb, path))
        return memory_or(STATUS_IO);
    /* Bitbucket may name alternates in the environment that info/alternates does not. libgit2 skips
     * directories that it has (the same inode) or cannot find. */
    for (size_t i = 0; i < location->alternate_count; i++)
        if (git_odb_add_disk_alternate(odb, location->alternates[i]))
            return memory_or(STATUS_IO);
    return STATUS_OK;
}

static enum status open_repository(struct object_store *store, const char **why)
{
    const struct location *location = store->location;
    if (!location->repository) {
        *why = "the repository's objects are not on this host";
        return STATUS_UNSUPPORTED;
    }
    /* NO_DOTGIT: this directory, not one in it; without FROM_ENV nothing is taken from GIT_*. */
    unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE |
                     GIT_REPOSITORY_OPEN_NO_DOTGIT;
    if (git_repository_open_ext(&store->repository, location->repository, flags, NULL)) {
        *why = open_problem();
        return memory_or(STATUS_UNSUPPORTED);
    }
    *why = "the repository's objects cannot be opened";
    if (git_odb_new(&store->everything))
        return memory_or(STATUS_IO);
    enum status status = add_objects_of(store->everything, location);
    if (status)
        return status;
    if (location->quarantine && git_odb_add_disk_alternate(store->everything, location->quarantine))
        return memory_or(STATUS_IO);
    return STATUS_OK;
}

enum status object_store_open(struct object_store *store, const char **why)
{
    if (!store->tried) {
        store->tried = true;
        store->status = open_repository(store, &store->why);
    }
    if (store->status)
        *why = store->why;
    return store->status;
}

enum status object_store_new(const struct location *location, struct object_store **out)
{
    /* Never shut down: after eight shutdowns in a process libgit2 1.9.0 does not start again
     * (measured), and `refgate check --batch` asks more often. Starting what runs only counts. */
    int starts = git_libgit2_init();
    struct object_store *store = starts < 0 ? NULL : calloc(1, sizeof(*store));
    if (!store)
        return STATUS_MEMORY;
    set_options();
    store->location = location;
    *out = store;
    return STATUS_OK;
}

void object_store_free(struct object_store *store)
{
    if (!store)
        return;
    git_odb_free(store->held);
    git_odb_free(store->incoming);
    git_odb_free(store->everything);
    git_repository_free(store->repository);
    free(store);
}

/* ------------------------------------------------------------------ reading */

static enum status read_problem(int error)
{
    return error == GIT_ENOTFOUND ? STATUS_NOT_FOUND : memory_or(STATUS_FORMAT);
}

static enum status read_from(git_odb *odb, const struct object_id *id, struct stored_object *out)
{
    git_oid oid = to_oid(id);
    size_t size;
    git_object_t type;
    /* The header first: a pusher may send a commit of gigabytes that compresses well. */
    int error = git_odb_read_header(&size, &type, odb, &oid);
    if (error)
        return read_problem(error);
    struct stored_object object = {OBJECT_OTHER, TEXT(""), NULL};
    if (type == GIT_OBJECT_COMMIT || type == GIT_OBJECT_TAG) {
        git_odb_object *handle;
        if (size > OBJECT_SIZE_MAX)
            return STATUS_LIMIT;
        error = git_odb_read(&handle, odb, &oid);
        if (error)
            return read_problem(error);
        object.type = type == GIT_OBJECT_COMMIT ? OBJECT_COMMIT : OBJECT_TAG;
        object.bytes = (struct text){git_odb_object_data(handle), git_odb_object_size(handle)};
        object.handle = handle;
    }
    *out = object;
    return STATUS_OK;
}

enum status object_store_read(struct object_store *store, const struct object_id *id,
                              bool incoming_only, struct stored_object *out)
{
    bool incoming;
    if (!incoming_only)
        return read_from(store->everything, id, out);
    /* Asked first, since libgit2 looks through the directories again before it says no. */
    enum status status = object_store_is_incoming(store, id, &incoming);
    if (status)
        return status;
    return incoming ? read_from(store->incoming, id, out) : STATUS_NOT_FOUND;
}

void stored_object_release(struct stored_object *object)
{
    git_odb_object_free(object->handle);
    object->handle = NULL;
}

/* ------------------------------------------------------------------ where an object is */

static bool holds(git_odb *odb, const struct object_id *id)
{
    git_oid oid = to_oid(id);
    return git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

bool object_store_has_quarantine(const struct object_store *store)
{
    return store->location->quarantine != NULL;
}

enum status object_store_is_incoming(struct object_store *store, const struct object_id *id,
                                     bool *incoming)
{
    const char *quarantine = store->location->quarantine;
    if (!store->incoming && quarantine && git_odb_open(&store->incoming, quarantine))
        return memory_or(STATUS_IO);
    *incoming = quarantine && holds(store->incoming, id);
    return STATUS_OK;
}

enum status object_store_is_held(struct object_store *store, const struct object_id *id, bool *held)
{
    if (!store->held) {
        if (git_odb_new(&store->held))
            return memory_or(STATUS_IO);
        enum status status = add_objects_of(store->held, store->location);
        if (status)
            return status;
    }
    *held = holds(store->held, id);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ refs */

enum status object_store_ref(struct object_store *store, struct text name, struct object_id *id)
{
    char copy[1024]; /* libgit2 takes no longer names */
    git_reference *ref;
    if (name.size >= sizeof(copy))
        return STATUS_NOT_FOUND;
    memcpy(copy, name.at, name.size);
    copy[name.size] = '\0';
    if (git_reference_lookup(&ref, store->repository, copy))
        return STATUS_NOT_FOUND;
    const git_oid *oid = git_reference_target(ref);
    if (oid)
        memcpy(id->bytes, oid->id, sizeof(id->bytes));
    git_reference_free(ref);
    return oid ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status object_store_refs(struct object_store *store,
                              bool (*each)(void *context, struct text name,
                                           const struct object_id *id),
                              void *context)
{
    git_reference_iterator *iterator;
    git_reference *ref;
    if (git_reference_iterator_new(&iterator, store->repository))
        return STATUS_IO;
    int error = 0;
    for (bool more = true; more && !(error = git_reference_next(&ref, iterator));) {
        const git_oid *oid = git_reference_target(ref); /* NULL for a symbolic one */
        if (oid) {
            struct object_id id;
            memcpy(id.bytes, oid->id, sizeof(id.bytes));
            more = each(context, text_of(git_reference_name(ref)), &id);
        }
        git_reference_free(ref);
    }
    git_reference_iterator_free(iterator);
    return error && error != GIT_ITEROVER ? STATUS_IO : STATUS_OK;
}
