/* stdin of a pre-receive hook: any bytes. What is taken must be what was given. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/ref.h"
#include "push/updates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

/* The changes, written again, are the bytes that were read. */
static void check(struct text bytes, const struct updates *updates)
{
    size_t at = 0;
    for (size_t i = 0; i < updates->count; i++) {
        const struct change *c = &updates->changes[i];
        REQUIRE(c->id_size == 40 || c->id_size == 64);
        REQUIRE(c->id_size == updates->changes[0].id_size);
        REQUIRE(c->old_id == bytes.at + at && c->new_id == c->old_id + c->id_size + 1);
        REQUIRE(c->ref.at == c->new_id + c->id_size + 1);
        REQUIRE(object_id_valid(change_old(c)) && object_id_valid(change_new(c)));
        REQUIRE(!object_id_zero(change_old(c)) || !object_id_zero(change_new(c)));
        REQUIRE(ref_name_valid(c->ref));
        at = (size_t)(c->ref.at - bytes.at) + c->ref.size;
        REQUIRE(at < bytes.size && bytes.at[at] == '\n');
        at++;
        for (size_t k = 0; k < i && i < 50; k++)
            REQUIRE(!text_equal(updates->changes[k].ref, c->ref));
    }
    REQUIRE(at == bytes.size && updates->count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct updates_limits limits = {1000, 2000, 1 << 20, 0};
    const struct text bytes = {(const char *)data, size};
    struct arena arena;
    struct updates updates;
    struct error err = {STATUS_OK, ""};
    arena_init(&arena, 4 << 20);
    if (!updates_parse(bytes, &limits, &arena, &updates, &err))
        check(bytes, &updates);
    else
        for (const char *c = err.text; *c; c++) /* goes to the pusher's terminal */
            REQUIRE(*c >= ' ' && *c < 0x7f);
    arena_free(&arena);
    return 0;
}
