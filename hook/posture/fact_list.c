#include "posture/fact_list.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/glob.h"
#include "base/table.h"

#define FORMAT 1
#define LINE_MAX_BYTES ((ssize_t)1024 * 1024)

static const struct name_value kinds[] = {
    {"user-ssh-key", FACT_USER_SSH_KEY},
    {"user-token", FACT_USER_TOKEN},
    {"project-token", FACT_PROJECT_TOKEN},
    {"repository-token", FACT_REPOSITORY_TOKEN},
    {"webhook", FACT_WEBHOOK},
    {"hook", FACT_HOOK},
    {"hook-script", FACT_HOOK_SCRIPT},
    {"pull-request-settings", FACT_OTHER},
};

struct kept { /* a fact, and what it is the same as: the later of two counts */
    struct fact fact;
    uint64_t identity, at;
};


struct reading {
    struct arena *arena;
    struct fact_list *out;
    struct text hook;  /* pattern */
    struct kept *kept; /* malloc'ed */
    size_t count, room;
    bool begun, ended;
};

/* ------------------------------------------------------------------ members */

static struct text text_of_member(struct reading *r, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return TEXT_NONE;
    return arena_text(r->arena, (struct text){json_string_value(value), json_string_length(value)});
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name)); /* 0: null or not there */
}

static struct text id_of(struct reading *r, const json_t *object)
{
    const json_t *id = json_object_get(object, "id");
    if (json_is_string(id))
        return text_of_member(r, object, "id");
    return json_is_integer(id)
               ? text_of(arena_printf(r->arena, "%lld", (long long)json_integer_value(id)))
               : text_of_member(r, object, "key");
}

static enum answer answer_of(const json_t *value)
{
    if (!json_is_boolean(value))
        return ANSWER_CANNOT_TELL;
    return json_is_true(value) ? ANSWER_YES : ANSWER_NO;
}

/* "REPO_WRITE, PROJECT_READ"; whatever does not read only may write. */
static void take_permissions(struct reading *r, const json_t *object, struct fact *fact)
{
    const json_t *list = json_object_get(object, "permissions");
    struct buffer all;
    buffer_init(&all, 4096);
    fact->permissions_known = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *level = json_string_value(json_array_get(list, i));
        struct text name = text_of(level ? level : "?");
        buffer_string(&all, i ? ", " : "");
        buffer_text(&all, name);
        if (!text_equal(name, TEXT("REPO_READ")) && !text_equal(name, TEXT("PROJECT_READ")))
            fact->may_write = true;
    }
    fact->may_write = fact->may_write || !fact->permissions_known;
    fact->permissions = arena_text(r->arena, buffer_view(&all));
    buffer_free(&all);
}

static void take_url(struct reading *r, const json_t *object, struct fact *fact)
{
    fact->host = text_of_member(r, object, "host");
    struct text url = text_of_member(r, object, "url");
    fact->scheme = url;
    if (!text_absent(url) && !text_next_field(&url, ':', &fact->scheme))
        fact->scheme = TEXT("");
}

static void take_members(struct reading *r, const json_t *object, struct fact *fact)
{
    const json_t *place = json_object_get(object, "place");
    fact->project = text_of_member(r, place, "project");
    fact->repository = text_of_member(r, place, "repository");
    fact->user = text_of_member(r, object, "user");
    fact->user_id = (uint64_t)number_of(object, "user_id");
    fact->id = id_of(r, object);
    fact->name = text_of_member(r, object, fact->kind == FACT_USER_SSH_KEY ? "label" : "name");
    fact->created_ms = number_of(object, "created_ms");
    fact->used_ms = number_of(object, "last_used_ms");
    fact->expires_ms = number_of(object, "expires_ms");
    fact->weak = answer_of(json_object_get(object, "weak"));
    fact->algorithm = text_of_member(r, object, "algorithm");
    fact->bits = (uint64_t)number_of(object, "bits");
    fact->unverified = json_is_false(json_object_get(object, "ssl_verification"));
    fact->active = fact->kind == FACT_HOOK ? json_is_true(json_object_get(object, "enabled"))
                                           : !json_is_false(json_object_get(object, "active"));
    if (fact->kind == FACT_WEBHOOK)
        take_url(r, object, fact);
    else if (fact->kind <= FACT_REPOSITORY_TOKEN)
        take_permissions(r, object, fact);
}

/* ------------------------------------------------------------------ lines */

static uint64_t identity_of(const struct fact *fact)
{
    char kind[2] = {(char)fact->kind, 0};
    const struct text nul = {"", 1};
    const struct text parts[] = {{kind, 1}, nul,        fact->project, nul,     fact->repository,
                                 nul,       fact->user, nul,           fact->id};
    struct digest digest = digest_of_parts(parts, sizeof parts / sizeof parts[0]);
    uint64_t identity = 0;
    for (size_t i = 0; i < 16; i++) {
        char c = digest.hex[i];
        identity = identity << 4 | (uint64_t)(ascii_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return identity;
}

/* `*` does not cross a slash; of "hooks/refgate-hook" the last part counts, too. */
static bool matches(struct text pattern, struct text name)
{
    struct text part = name, last = name;
    if (text_absent(name))
        return false;
    while (text_next_field(&part, '/', &last))
        ;
    return glob_name_match(pattern, name) || glob_name_match(pattern, last);
}

static bool is_hook(const struct fact *fact)
{
    return fact->kind == FACT_HOOK || fact->kind == FACT_HOOK_SCRIPT;
}

/* Of hooks that are not ours it matters only that their place was read. */
static void forget_other_hooks(const struct reading *r, struct fact *fact)
{
    if (is_hook(fact) && !matches(r->hook, fact->name) && !matches(r->hook, fact->id))
        fact->kind = FACT_OTHER;
    if (fact->kind == FACT_OTHER)
        *fact = (struct fact){
            .kind = FACT_OTHER, .project = fact->project, .repository = fact->repository};
}

static bool same_place(const struct fact *a, const struct fact *b)
{
    return text_equal(a->project, b->project) && text_equal(a->repository, b->repository) &&
           text_absent(a->repository) == text_absent(b->repository);
}

static bool keep(struct reading *r, const struct fact *fact)
{
    const struct fact *last = r->kept && r->count ? &r->kept[r->count - 1].fact : NULL;
    if (last && fact->kind == FACT_OTHER && last->kind == FACT_OTHER && same_place(last, fact))
        return true;
    if (!r->kept || r->count == r->room) {
        size_t more = r->room ? r->room * 2 : 256;
        struct kept *larger = reallocarray(r->kept, more, sizeof *larger);
        if (!larger)
            return false;
        r->kept = larger;
        r->room = more;
    }
    r->kept[r->count] = (struct kept){*fact, identity_of(fact), r->count};
    r->count++;
    return true;
}

static enum status take_frame(struct reading *r, const json_t *object, bool first,
                              struct error *err)
{
    if (!first) {
        r->ended = true;
        r->out->snapshot_digest = text_of_member(r, object, "snapshot");
        return STATUS_OK;
    }
    if (json_integer_value(json_object_get(object, "format")) != FORMAT)
        return error_set(err, STATUS_FORMAT,
                         "the facts have a format that this version cannot read");
    r->begun = true;
    r->out->base_url = text_of_member(r, object, "base_url");
    return STATUS_OK;
}

static enum status take_object(struct reading *r, const json_t *object, struct error *err)
{
    const json_t *word = json_object_get(object, "kind");
    struct text kind = {json_is_string(word) ? json_string_value(word) : "",
                        json_string_length(word)};
    struct fact fact = {.kind = FACT_OTHER};
    int value;
    bool first = text_equal(kind, TEXT("facts"));
    if (first != !r->begun || r->ended)
        return error_set(err, STATUS_FORMAT, "this is not a file of facts (refgate-facts(5))");
    if (first || text_equal(kind, TEXT("end")))
        return take_frame(r, object, first, err);
    if (!table_value(kinds, TABLE_COUNT(kinds), kind, false, &value))
        return STATUS_OK; /* of a later version, or nothing for findings */
    fact.kind = (enum fact_kind)value;
    take_members(r, object, &fact);
    forget_other_hooks(r, &fact);
    return keep(r, &fact) ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
}

static enum status take_line(struct reading *r, struct text line, uint64_t number,
                             struct error *err)
{
    json_error_t problem;
    json_t *object = json_loadb(line.at, line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
                                &problem);
    enum status status = json_is_object(object)
                             ? take_object(r, object, err)
                             : error_set(err, STATUS_FORMAT, "line %llu of the facts is damaged",
                                         (unsigned long long)number);
    json_decref(object);
    return status;
}

static enum status read_lines(struct reading *r, FILE *file, struct error *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    uint64_t number = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (size = getline(&line, &room, file)) > 0) {
        if (size > LINE_MAX_BYTES)
            status = error_set(err, STATUS_LIMIT, "a line of the facts is too long");
        else
            status = take_line(r, (struct text){line, (size_t)size}, ++number, err);
    }
    if (status == STATUS_OK && ferror(file))
        status = error_errno(err, STATUS_IO, errno, "cannot read the facts");
    if (status == STATUS_OK && !r->ended)
        status = error_set(err, STATUS_FORMAT,
                           "the facts are not complete: their last line is missing");
    free(line);
    return status;
}

/* ------------------------------------------------------------------ each once */

static int compare_identity(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    if (x->identity != y->identity)
        return x->identity < y->identity ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int compare_at(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool drop_repeated(struct reading *r)
{
    size_t count = 0;
    if (r->count)
        qsort(r->kept, r->count, sizeof *r->kept, compare_identity);
    for (size_t i = 0; i < r->count; i++)
        if (i + 1 == r->count || r->kept[i].identity != r->kept[i + 1].identity)
            r->kept[count++] = r->kept[i];
    if (count)
        qsort(r->kept, count, sizeof *r->kept, compare_at);
    struct fact *facts = arena_alloc(r->arena, count, sizeof *facts);
    for (size_t i = 0; facts && i < count; i++)
        facts[i] = r->kept[i].fact;
    r->out->facts = facts;
    r->out->count = count;
    return facts != NULL;
}

static enum status open_regular(const char *path, FILE **out, struct error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                           "cannot open the facts");
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return error_set(err, STATUS_IO, "the facts are not a regular file");
    }
    *out = fdopen(fd, "r");
    if (!*out)
        close(fd);
    return *out ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
}

enum status fact_list_read(const char *path, struct text hook, struct arena *arena,
                           struct fact_list *out, struct error *err)
{
    struct reading r = {.arena = arena, .out = out, .hook = hook};
    FILE *file = NULL;
    *out = (struct fact_list){0};
    enum status status = open_regular(path, &file, err);
    if (status == STATUS_OK)
        status = read_lines(&r, file, err);
    if (status == STATUS_OK && !drop_repeated(&r))
        status = error_set(err, STATUS_MEMORY, "out of memory");
    if (file)
        fclose(file);
    free(r.kept);
    return status;
}
