/*
 * install_state.c - what was there before refgate, so that --uninstall can bring it back: install.json.
 *
 * Names of hook scripts, settings and files are keys, what was there before is the value (null: nothing
 * was). Programs and texts are base64: JSON holds no bytes.
 */
#include "command/install.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "command/sync_lock.h"

#define STATE_FORMAT 1
#define STATE_MAX ((size_t)256 * 1024 * 1024)

/* Whoever can write it could have the hook replaced by a program of their own: it must be trusted. The
 * account of the sync, whose directory it may be in, must not have written it either. */
static enum status read_state(struct install *in, struct buffer *out, struct error *err)
{
    const struct file_owners owners = {in->policy.owners, in->policy.owner_count};
    struct stat st;
    int fd = -1;
    enum status status = file_open_trusted(in->state.path, &owners, &fd, &st, err);
    if (status != STATUS_OK)
        return status;
    if (st.st_uid != 0 && st.st_uid != geteuid())
        status = error_set(err, STATUS_TRUST,
                           "%s belongs to uid %ju, who could have any program brought back: chown "
                           "root, if it is as it should be",
                           in->state.path, (uintmax_t)st.st_uid);
    else
        status = file_read_all(fd, STATE_MAX, out, err);
    close(fd);
    return status;
}

static enum status parse(struct install *in, struct text bytes, struct error *err)
{
    json_error_t problem;
    json_t *root = json_loadb(bytes.at, bytes.size, JSON_REJECT_DUPLICATES, &problem);
    json_int_t format = json_integer_value(json_object_get(root, "format"));
    if (format == STATE_FORMAT) {
        in->state.root = root;
        in->state.found = true;
        return STATUS_OK;
    }
    bool json = root != NULL;
    json_decref(root);
    return json ? error_set(err, STATUS_FORMAT, "%s is of another version of refgate",
                            in->state.path)
                : error_set(err, STATUS_FORMAT,
                            "%s is damaged (line %d): move it away, and what was "
                            "there before refgate is forgotten",
                            in->state.path, problem.line);
}

enum status install_state_open(struct install *in, const char *path, struct error *err)
{
    struct buffer bytes;
    int size = snprintf(in->state.path, sizeof in->state.path, "%s", path);
    if (size < 0 || (size_t)size >= sizeof in->state.path)
        return error_set(err, STATUS_LIMIT, "the path of the state file is too long");
    if (!in->dry_run &&
        sync_lock_take(path, clock_now_ms(), &in->state.lock, &in->state.problem) == STATUS_BUSY)
        return error_set(err, STATUS_BUSY, "another `refgate install` is at work (%s.lock)", path);
    buffer_init(&bytes, STATE_MAX);
    enum status status = read_state(in, &bytes, err);
    if (status == STATUS_OK) {
        status = parse(in, buffer_view(&bytes), err);
    } else if (status == STATUS_NOT_FOUND) {
        in->state.root = json_pack("{s:i}", "format", STATE_FORMAT);
        status = in->state.root ? STATUS_OK : error_set(err, STATUS_MEMORY, "out of memory");
    }
    buffer_free(&bytes);
    return status;
}

enum status install_state_save(struct install *in, struct error *err)
{
    char *text = json_dumps(in->state.root, JSON_INDENT(1) | JSON_SORT_KEYS);
    enum status status = text ? file_replace(in->state.path, text_of(text), 0600, err)
                              : error_set(err, STATUS_MEMORY, "out of memory");
    free(text);
    return status;
}

void install_state_close(struct install_state *state)
{
    json_decref(state->root);
    state->root = NULL;
    if (state->lock >= 0)
        close(state->lock);
    state->lock = -1;
}

json_t *install_state_at(struct install *in, bool make, const char *const *keys)
{
    json_t *at = in->state.root;
    for (; *keys && at; keys++) {
        json_t *next = json_object_get(at, *keys);
        if (!json_is_object(next)) {
            next = make ? json_object() : NULL;
            if (next && json_object_set_new(at, *keys, next))
                next = NULL;
        }
        at = next;
    }
    return at;
}

json_t *install_state_bytes(struct text bytes)
{
    char *digits = malloc(BASE64_SIZE(bytes.size));
    json_t *out = NULL;
    if (digits)
        out = json_stringn(digits, base64_encode(digits, bytes.at, bytes.size));
    free(digits);
    return out;
}

static int digit_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* RFC 4648, section 4, as base64.h writes it. */
enum status install_state_text(const json_t *value, struct arena *arena, struct text *out,
                               struct error *err)
{
    struct text in = {json_string_value(value), json_string_length(value)};
    size_t size = 0, padding = 0;
    while (padding < 2 && in.size && in.at[in.size - 1] == '=') {
        in.size--;
        padding++;
    }
    char *bytes = arena_alloc(arena, in.size + 4, 1);
    if (!bytes)
        return error_set(err, STATUS_MEMORY, "out of memory");
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < in.size; i++) {
        int digit = digit_value(in.at[i]);
        if (digit < 0)
            return error_set(err, STATUS_FORMAT, "the state file has a text that is not base64");
        held = (held << 6 | (unsigned)digit) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[size++] = (char)(held >> bits & 0xff);
        }
    }
    if (!in.at || (in.size + padding) % 4)
        return error_set(err, STATUS_FORMAT, "the state file has a text that is not base64");
    *out = (struct text){bytes, size};
    return STATUS_OK;
}
