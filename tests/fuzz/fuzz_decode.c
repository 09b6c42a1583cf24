/*
 * Bodies of snapshot records: the first byte says which kind, the rest is the body. What is decoded
 * lies inside the body, and whatever looks for an item finds what is there. (Whether items make sense is
 * for the view to look at, when it is asked for them.)
 */
#include "fuzz/support.h"
#include "snapshot/decode.h"

#define ITEMS_MAX 300

static struct text whole;

static void inside(struct text part)
{
    fuzz_require_inside(part, whole);
    fuzz_tell_text(part);
}

static void check_restrictions(const struct place_record *place)
{
    struct cursor at = place->restrictions;
    struct restriction restriction;
    struct arena arena;
    uint32_t count = 0;
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    while (count < place->restriction_count && place_next_restriction(&at, &restriction)) {
        struct exemptions exempt;
        bool memory = false;
        inside(restriction.matcher_id);
        struct text bytes = {restriction.exemptions, restriction.exemptions_size};
        fuzz_require_inside(bytes, whole);
        if (count++ < ITEMS_MAX && decode_exemptions(bytes, &arena, &exempt, &memory)) {
            for (size_t i = 0; i < exempt.user_count; i++)
                inside(exempt.users[i].name);
            for (size_t i = 0; i < exempt.group_count; i++)
                inside(exempt.groups[i].name);
            fuzz_tell_number(exempt.access_key_count);
        }
    }
    arena_free(&arena);
}

static void check_place(const struct place_record *place)
{
    struct cursor keys = place->keys;
    struct repository_key key;
    bool ascending = true;
    uint64_t before = 0;
    for (uint32_t i = 0; i < place->group_count; i++)
        fuzz_tell_number(place_group(place, i).group);
    for (uint32_t i = 0; i < place->user_count; i++) {
        enum permission one, found;
        uint64_t id = place_user(place, i, &one);
        ascending = ascending && (!i || id > before);
        before = id;
        if (ascending && place->user_count < ITEMS_MAX && i + 1 == place->user_count)
            REQUIRE(place_find_user(place, id, &found) && found == one);
    }
    for (uint32_t i = 0; i < place->key_count; i++) {
        if (!place_next_key(&keys, &key))
            break;
        REQUIRE(layout_permission_valid((uint8_t)key.permission));
        inside(key.label);
    }
    REQUIRE(place->model.category_count <= LAYOUT_CATEGORIES_MAX);
    for (size_t i = 0; i < place->model.category_count; i++)
        inside(place->model.category[i].prefix);
    check_restrictions(place);
}

static void meta(struct text body)
{
    struct meta_record out;
    if (!decode_meta(body, &out))
        return;
    REQUIRE(out.note_count <= META_NOTES_MAX);
    inside(out.meta.base_url);
    for (size_t i = 0; i < out.note_count; i++)
        inside(out.notes[i]);
}

static void user(struct text body)
{
    struct user_record out;
    if (!decode_user(body, &out))
        return;
    inside(out.name);
    inside(out.slug);
    inside(out.email);
    fuzz_require_inside((struct text){(const char *)out.groups, 4 * (size_t)out.group_count},
                        whole);
}

static void names(struct text body)
{
    struct group_record group;
    struct text a, b;
    uint8_t flags;
    uint64_t id;
    if (decode_group(body, &group))
        inside(group.name);
    if (decode_group_number(body, &flags, &a))
        inside(a);
    if (decode_text(body, &a))
        inside(a);
    if (decode_texts(body, &a, &b)) {
        inside(a);
        inside(b);
    }
    REQUIRE(decode_id(body, &id) == (body.size == 8));
}

static void members(struct text body)
{
    const unsigned char *ids;
    uint32_t count;
    if (decode_members(body, &ids, &count))
        fuzz_require_inside((struct text){(const char *)ids, 8 * (size_t)count}, whole);
}

static void global(struct text body)
{
    struct place_record out;
    if (decode_global(body, &out))
        check_place(&out);
}

static void project(struct text body)
{
    struct project_record out;
    if (!decode_project(body, &out))
        return;
    inside(out.key);
    inside(out.owner_name);
    REQUIRE(layout_permission_valid((uint8_t)out.default_permission));
    check_place(&out.place);
}

static void repository(struct text body)
{
    struct repository_record out;
    if (!decode_repository(body, &out))
        return;
    inside(out.key);
    inside(out.slug);
    inside(out.default_branch);
    check_place(&out.place);
}

static void key(struct text body)
{
    struct key_record out;
    if (!decode_key(body, &out))
        return;
    inside(out.label);
    inside(out.fingerprint);
    for (uint32_t i = 0; i < out.place_count; i++)
        fuzz_tell_number(decode_key_place(&out, i).id);
}

static void parts(struct text body)
{
    struct cursor at;
    struct part_record part;
    uint32_t count;
    if (!decode_parts(body, &at, &count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        REQUIRE(decode_next_part(&at, &part));
        inside(part.key);
        inside(part.slug);
    }
}

static void exemptions(struct text body)
{
    struct arena arena;
    struct exemptions out;
    bool memory = false;
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    if (decode_exemptions(body, &arena, &out, &memory))
        for (size_t i = 0; i < out.group_count; i++)
            inside(out.groups[i].name);
    REQUIRE(!memory); /* nobody allocates for a count that was made up */
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct text) = {meta,    user,       names, members, global,
                                                 project, repository, key,   parts,   exemptions};
    if (!size)
        return 0;
    whole = (struct text){(const char *)data + 1, size - 1};
    kinds[data[0] % (sizeof kinds / sizeof kinds[0])](whole);
    return 0;
}
