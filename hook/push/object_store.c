#include "push/object_store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <git2.h>
#include <git2/sys/alloc.h>
#include <git2/sys/errors.h>
#include <git2/sys/odb_backend.h>

#include "base/emergency.h"

#define MEMORY_PROBE ((size_t)64 * 1024) /* more than zlib needs to unpack something */

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

/* libgit2 1.9.0 does not look at each allocation's result: where there is a guard, none comes back
 * empty. What libgit2 held then is never used again (git_history.c). Nor does it look at the time: a
 * pusher can have it unpack a hundred deltas of the largest size for one commit. */
static void *store_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    emergency_time();
    void *memory = malloc(size ? size : 1);
    if (!memory)
        emergency_memory();
    return memory;
}

static void *store_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    emergency_time();
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        emergency_memory();
    return memory;
}

/* Before libgit2 is started: it allocates then, too. */
static bool set_allocator(void)
{
    static git_allocator allocator;
    static bool set;
    if (set)
        return true;
    if (git_stdalloc_init_allocator(&allocator))
        return false;
    allocator.gmalloc = store_malloc;
    allocator.grealloc = store_realloc;
    set = !git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
    return set;
}

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

/* zlib and libc have no memory either, and what libgit2 makes of that is an object that is damaged, or
 * not there. */
static bool is_exhausted(void)
{
    void *volatile probe = malloc(MEMORY_PROBE);
    bool none = !probe;
    free(probe);
    return none;
}

/* What failed last: was it for lack of memory? A pusher chooses how much is needed, so that is not
 * a repository that cannot be read. */
static enum status memory_or(enum status otherwise)
{
    const git_error *last = git_error_last();
    bool memory = last && last->klass == GIT_ERROR_NOMEMORY;
    return memory || is_exhausted() ? STATUS_MEMORY : otherwise;
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
    int starts = set_allocator() ? git_libgit2_init() : -1;
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
    return error == GIT_ENOTFOUND && !is_exhausted() ? STATUS_NOT_FOUND : memory_or(STATUS_FORMAT);
}

/* libgit2 1.9.0 copies what it has inflated to find a loose object's header (64 bytes) into memory
 * of the size that the header names (its issue 7177). packaging/libgit2 mends that; for a libgit2 that
 * somebody else has built, one that says that it is smaller is looked at as a stream first. What is packed
 * has no stream. */
#define SMALL_SIZE 64

static enum status small_is_sound(git_odb *odb, const git_oid *oid, size_t size)
{
    git_odb_stream *stream;
    git_object_t type;
    char bytes[2 * SMALL_SIZE];
    size_t said = 0, total = 0;
    int got = 0;
    if (git_odb_open_rstream(&stream, &said, &type, odb, oid))
        return STATUS_OK; /* not a loose one, or git_odb_read() says what is wrong with it */
    while (total < sizeof(bytes) &&
           (got = git_odb_stream_read(stream, bytes + total, sizeof(bytes) - total)) > 0)
        total += (size_t)got;
    git_odb_stream_free(stream);
    return got < 0 || total != size || said != size ? STATUS_FORMAT : STATUS_OK;
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
        if (size < SMALL_SIZE && small_is_sound(odb, &oid, size))
            return STATUS_FORMAT;
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

/* libgit2 says no, too, where it could not look: then it has left word of that. */
static enum status holds(git_odb *odb, const struct object_id *id, bool *there)
{
    git_oid oid = to_oid(id);
    git_error_clear();
    *there = git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
    const git_error *last = *there ? NULL : git_error_last();
    return last && last->klass == GIT_ERROR_OS ? STATUS_IO : memory_or(STATUS_OK);
}

bool object_store_has_quarantine(const struct object_store *store)
{
    return store->location->quarantine != NULL;
}

/* libgit2 takes a directory that is not there for an empty one; here that would say that nothing came
 * with the push. */
static bool is_directory(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

enum status object_store_is_incoming(struct object_store *store, const struct object_id *id,
                                     bool *incoming)
{
    const char *quarantine = store->location->quarantine;
    if (!store->incoming && quarantine && !is_directory(quarantine))
        return STATUS_IO;
    if (!store->incoming && quarantine && git_odb_open(&store->incoming, quarantine))
        return memory_or(STATUS_IO);
    *incoming = false;
    return quarantine ? holds(store->incoming, id, incoming) : STATUS_OK;
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
    return holds(store->held, id, held);
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
        return memory_or(STATUS_IO);
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
    return error && error != GIT_ITEROVER ? memory_or(STATUS_IO) : STATUS_OK;
}
