#include "snapshot/layout.h"

#include <inttypes.h>
#include <stdio.h>

#include "snapshot/checksum.h"

static const char *const count_names[LAYOUT_COUNTS] = {
    [COUNT_USERS] = "users",
    [COUNT_GROUPS] = "groups",
    [COUNT_PROJECTS] = "projects",
    [COUNT_REPOSITORIES] = "repositories",
    [COUNT_GRANTS] = "grants",
    [COUNT_RESTRICTIONS] = "restrictions",
    [COUNT_KEYS] = "keys",
    [COUNT_SERVICES] = "services",
    [COUNT_INCOMPLETE_GROUPS] = "incomplete_groups",
    [COUNT_INCOMPLETE_PLACES] = "incomplete_places",
};

const char *layout_count_name(enum layout_count count)
{
    return (size_t)count < LAYOUT_COUNTS ? count_names[count] : "";
}

_Static_assert(LAYOUT_KEY_MAX >= 2 * LAYOUT_TEXT_MAX + 64, "two texts, a prefix and a slash fit");

/* The caller made sure with key_fits() that the pieces fit. */
static void key_add(struct layout_key *key, struct text piece, bool fold)
{
    for (size_t i = 0; i < piece.size; i++)
        key->bytes[key->size + i] = fold ? ascii_lower(piece.at[i]) : piece.at[i];
    key->size += piece.size;
}

static bool key_fits(struct text name)
{
    return name.size <= LAYOUT_TEXT_MAX;
}

void layout_key_name(struct layout_key *key, const char *prefix, struct text name, bool fold)
{
    key->size = 0;
    if (!key_fits(name))
        return;
    key_add(key, text_of(prefix), false);
    key_add(key, name, fold);
}

void layout_key_pair(struct layout_key *key, const char *prefix, struct text a, struct text b)
{
    key->size = 0;
    if (!key_fits(a) || !key_fits(b))
        return;
    key_add(key, text_of(prefix), false);
    key_add(key, a, true);
    key_add(key, TEXT("/"), false);
    key_add(key, b, true);
}

void layout_key_id(struct layout_key *key, const char *prefix, uint64_t id)
{
    int size = snprintf(key->bytes, sizeof key->bytes, "%s%" PRIu64, prefix, id);
    key->size = size > 0 ? (size_t)size : 0;
}

uint32_t layout_crc(struct text key, struct text body)
{
    return checksum_add(checksum_add(CHECKSUM_START, key), body);
}

struct cursor cursor_of(struct text body)
{
    const unsigned char *at = (const unsigned char *)(body.at ? body.at : "");
    return (struct cursor){at, at + body.size, false};
}

int64_t cursor_i64(struct cursor *c)
{
    return (int64_t)cursor_u64(c); /* two's complement: gcc and clang define it so */
}

uint32_t cursor_count(struct cursor *c, size_t item_size)
{
    uint32_t count = cursor_u32(c);
    if (item_size && count > cursor_left(c) / item_size) {
        c->failed = true;
        c->at = c->end;
        return 0;
    }
    return count;
}

bool layout_permission_valid(uint8_t value)
{
    switch ((enum permission)value) {
    case PERMISSION_NONE:
    case PERMISSION_REPO_READ:
    case PERMISSION_REPO_WRITE:
    case PERMISSION_REPO_ADMIN:
    case PERMISSION_PROJECT_READ:
    case PERMISSION_PROJECT_WRITE:
    case PERMISSION_REPO_CREATE:
    case PERMISSION_PROJECT_ADMIN:
    case PERMISSION_LICENSED_USER:
    case PERMISSION_PROJECT_CREATE:
    case PERMISSION_ADMIN:
    case PERMISSION_SYS_ADMIN:
        return true;
    }
    return false;
}

enum permission cursor_permission(struct cursor *c)
{
    uint8_t value = cursor_u8(c);
    if (layout_permission_valid(value))
        return (enum permission)value;
    c->failed = true;
    c->at = c->end;
    return PERMISSION_NONE;
}
