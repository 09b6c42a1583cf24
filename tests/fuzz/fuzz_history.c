/*
 * Histories: commits, tags and others with any parents and dates, some missing, some damaged, some in
 * the quarantine, and a change of a ref. What push/git_history.c says of it is compared with a plain
 * reachability over all of them: yes, no and "cannot tell" each only where that is so, and no new commit
 * is left out of what the rules about identities get to see (semantics 4.3).
 */
#include <stdio.h>
#include <string.h>

#include "fuzz/fakes.h"
#include "model/ref.h"
#include "push/git_history.h"

#define PARENTS_MAX 6
#define REF "refs/heads/main"

struct node {
    unsigned
        parents[PARENTS_MAX]; /* lower numbers, or such as nothing has: a hash makes no circles */
    size_t parent_count;
    bool raw; /* its bytes are the input's: its parents are not known here */
};

struct scene {
    struct fake_store store;
    struct node nodes[FAKE_OBJECTS_MAX];
    char texts[FAKE_OBJECTS_MAX][512];
    bool raw, damaged; /* any */
    char old_id[41], new_id[41];
    unsigned old_number, new_number;
    struct change change;
    uint64_t budget;
};

/* ------------------------------------------------------------------ the scene */

static void hex(unsigned number, char out[41])
{
    struct object_id id = fake_id(number);
    object_id_format(&id, out);
    out[40] = '\0';
}

static void write_tag(struct scene *s, unsigned i, struct input *in)
{
    char id[41];
    unsigned back = input_byte(in);
    s->nodes[i].parents[0] = i && back % 8 ? i - 1 - back % i : 200;
    hex(s->nodes[i].parents[0], id);
    int size = snprintf(s->texts[i], sizeof s->texts[i], "object %s\ntype commit\ntag t\n", id);
    s->store.objects[i].bytes = (struct text){s->texts[i], (size_t)size};
}

static void write_commit(struct scene *s, unsigned i, struct input *in)
{
    struct node *node = &s->nodes[i];
    char *text = s->texts[i], id[41];
    size_t room = sizeof s->texts[i];
    int size = snprintf(text, room, "tree %040d\n", 0);
    node->parent_count = input_byte(in) % (PARENTS_MAX + 1);
    for (size_t p = 0; p < node->parent_count; p++) {
        unsigned back = input_byte(in);
        node->parents[p] = back < 250 && i ? i - 1 - back % i : 200 + back % 50;
        hex(node->parents[p], id);
        size += snprintf(text + size, room - (size_t)size, "parent %s\n", id);
    }
    unsigned date = input_u16(in);
    size += snprintf(text + size, room - (size_t)size,
                     "author A <a@x> 1 +0000\ncommitter C <c@x> %lu +0000\n\n", 40000UL * date);
    REQUIRE((size_t)size < room);
    s->store.objects[i].bytes = (struct text){text, (size_t)size};
}

static void make_object(struct scene *s, unsigned i, struct input *in)
{
    static const enum status statuses[] = {STATUS_NOT_FOUND, STATUS_FORMAT, STATUS_LIMIT, STATUS_IO,
                                           STATUS_MEMORY};
    struct fake_object *object = &s->store.objects[i];
    unsigned how = input_byte(in);
    object->type = OBJECT_COMMIT;
    object->incoming = how & 1;
    object->held = how & 2;
    if ((how & 0xf0) == 0x10)
        object->status = statuses[(how >> 2) % 5 % 4];
    if ((how & 0xf0) == 0x20)
        object->type = how & 4 ? OBJECT_OTHER : OBJECT_TAG;
    s->damaged |= object->status && object->status != STATUS_NOT_FOUND;
    if ((how & 0xf0) == 0x30) {
        object->bytes = input_bytes(in, input_byte(in));
        s->nodes[i].raw = s->raw = true;
    } else if (object->type == OBJECT_TAG) {
        write_tag(s, i, in);
    } else {
        write_commit(s, i, in);
    }
}

static void make_scene(struct scene *s, struct input *in)
{
    static const struct text names[] = {TEXT(REF), TEXT("refs/heads/x"), TEXT("refs/tags/t")};
    unsigned how = input_byte(in);
    *s = (struct scene){.budget = how & 2 ? input_byte(in) : 100000};
    s->store.quarantine = how & 1;
    s->store.open = how & 4 && how & 8 && how & 16 ? STATUS_UNSUPPORTED : STATUS_OK;
    s->store.count = 1 + input_byte(in) % (FAKE_OBJECTS_MAX - 1);
    s->store.ref_count = input_byte(in) % 4;
    for (size_t i = 0; i < s->store.ref_count; i++)
        s->store.refs[i] = (struct fake_ref){names[i % 3], input_byte(in) % 70};
    s->old_number = input_byte(in) % 70;
    s->new_number = input_byte(in) % 70;
    hex(s->old_number, s->old_id);
    hex(s->new_number, s->new_id);
    if (how & 32)
        memset(s->old_id, '0', 40);
    s->change = (struct change){.ref = TEXT(REF),
                                .old_id = s->old_id,
                                .new_id = s->new_id,
                                .id_size = 40,
                                .kind = CHANGE_MOVE};
    for (unsigned i = 0; i < s->store.count; i++)
        make_object(s, i, in);
}

/* ------------------------------------------------------------------ the reference */

static bool readable(const struct scene *s, unsigned i)
{
    const struct fake_object *o = i < s->store.count ? &s->store.objects[i] : NULL;
    return o && !o->status && (o->incoming || o->held) && o->type == OBJECT_COMMIT;
}

static bool missing(const struct scene *s, unsigned i)
{
    const struct fake_object *o = i < s->store.count ? &s->store.objects[i] : NULL;
    return !o || o->status == STATUS_NOT_FOUND || (!o->incoming && !o->held) ||
           o->type != OBJECT_COMMIT;
}

/* What `from` reaches, itself included; parents of what cannot be read are not known. */
static void reach(const struct scene *s, unsigned from, bool reached[256])
{
    reached[from] = true;
    for (unsigned i = 256; i-- > 0;) /* parents have lower numbers */
        if (reached[i] && readable(s, i))
            for (size_t p = 0; p < s->nodes[i].parent_count; p++)
                reached[s->nodes[i].parents[p]] = true;
}

/* *open: something on the way from the new commit is missing, so that nobody need be sure. */
static enum answer expected(const struct scene *s, bool *open)
{
    bool from_new[256] = {false}, from_old[256] = {false};
    enum answer answer = ANSWER_NO;
    *open = false;
    reach(s, s->new_number, from_new);
    reach(s, s->old_number, from_old);
    for (unsigned i = 0; i < 256; i++)
        if (from_new[i] && missing(s, i)) {
            *open = true;
            answer = from_old[i] ? answer : ANSWER_CANNOT_TELL; /* an ancestor of the old one */
        }
    return from_new[s->old_number] ? ANSWER_YES : answer;
}

/* ------------------------------------------------------------------ the two questions */

static void check_descends(const struct scene *s, const struct history *history)
{
    enum history_trouble trouble = HISTORY_FINE;
    const char *why = NULL;
    enum answer answer = history->descends(history->self, &s->change, &trouble, &why);
    fuzz_tell_number((uint64_t)answer * 8 + trouble);
    REQUIRE((answer == ANSWER_CANNOT_TELL) == (trouble != HISTORY_FINE));
    REQUIRE(trouble == HISTORY_FINE || (why && *why));
    if (s->raw)
        return;
    bool plain = readable(s, s->old_number) && readable(s, s->new_number) &&
                 !object_id_zero(change_old(&s->change));
    if (!plain || s->store.open)
        return;
    bool open;
    enum answer right = expected(s, &open);
    if (s->damaged)
        REQUIRE(answer == ANSWER_CANNOT_TELL || (answer == ANSWER_YES) == (right == ANSWER_YES));
    else if (trouble == HISTORY_FINE)
        REQUIRE(answer == right);
    else
        REQUIRE(trouble == HISTORY_LIMIT ? s->budget < 100000 : open && right != ANSWER_YES);
}

struct seen {
    bool commit[256];
    size_t count, stop_at;
};

static bool see(void *context, const struct history_commit *commit)
{
    struct seen *seen = context;
    struct object_id id;
    REQUIRE(object_id_parse(commit->id, &id));
    unsigned number = id.bytes[0] - 1U;
    REQUIRE(number < 256 && !seen->commit[number]); /* once for each change */
    seen->commit[number] = true;
    fuzz_tell_number(number);
    return ++seen->count != seen->stop_at;
}

/* What a tag stands for, or the object itself. */
static unsigned peeled(const struct scene *s, unsigned i)
{
    while (i < s->store.count && s->store.objects[i].type == OBJECT_TAG)
        i = s->nodes[i].parents[0];
    return i;
}

/* What a ref or the old id of a change without quarantine says was there before. */
static void reach_refs(const struct scene *s, bool reached[256])
{
    if (!object_id_zero(change_old(&s->change)))
        reach(s, peeled(s, s->old_number), reached);
    for (size_t i = 0; i < s->store.ref_count; i++) {
        const struct fake_ref *ref = &s->store.refs[i];
        if (!text_equal(ref->name, TEXT(REF)) && ref->object != s->new_number)
            reach(s, peeled(s, ref->object), reached);
    }
}

/* New for sure: sent with this push and not held before; without a quarantine, reached by nothing. */
static void check_new(const struct scene *s, const struct seen *seen)
{
    bool from_tip[256] = {false}, before[256] = {false}, fresh[256] = {false};
    reach(s, s->new_number, from_tip);
    if (!s->store.quarantine)
        reach_refs(s, before);
    fresh[s->new_number] = true;
    for (unsigned i = 256; i-- > 0;) {
        const struct fake_object *o = &s->store.objects[i % FAKE_OBJECTS_MAX];
        bool sure = fresh[i] && readable(s, i) &&
                    (s->store.quarantine ? o->incoming && !o->held : !before[i]);
        REQUIRE(!seen->commit[i] || from_tip[i]);
        REQUIRE(!sure || seen->commit[i]);
        for (size_t p = 0; sure && p < s->nodes[i].parent_count; p++)
            fresh[s->nodes[i].parents[p]] = true;
    }
}

static void check_new_commits(const struct scene *s, const struct history *history, size_t stop_at)
{
    struct seen seen = {.stop_at = stop_at};
    const char *why = NULL;
    enum history_trouble trouble = history->new_commits(history->self, &s->change, see, &seen,
                                                        &why);
    fuzz_tell_number(trouble);
    REQUIRE(trouble == HISTORY_FINE || (why && *why));
    if (trouble == HISTORY_FINE && !stop_at && !s->raw && readable(s, s->new_number))
        check_new(s, &seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene s;
    struct input in = {data, size};
    struct git_history *history;
    make_scene(&s, &in);
    const struct location location = {.repository = "/repository",
                                      .quarantine = s.store.quarantine ? "/quarantine" : NULL};
    fake_store = &s.store;
    REQUIRE(!git_history_new(&location, s.budget, 0, &history, NULL));
    const struct history asked = git_history_interface(history);
    check_descends(&s, &asked);
    check_new_commits(&s, &asked, 0);
    check_new_commits(&s, &asked, 2);
    check_descends(&s, &asked); /* from what is known by now */
    /* Spent: each read costs one of the budget. Nothing that was read is held. */
    REQUIRE(s.store.kept == 0);
    git_history_free(history);
    fake_store = NULL;
    return 0;
}
