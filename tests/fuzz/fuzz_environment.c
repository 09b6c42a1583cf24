/*
 * The environment of the hook: "NAME=VALUE" with a NUL after each, as in /proc/PID/environ. The first
 * byte: 1 native, 2 with the variable of a wrapper. What is taken is what was given, and holds all
 * that the rest relies on; what is refused leaves the push as it was.
 */
#include <string.h>

#include "fuzz/support.h"
#include "model/ref.h"
#include "push/environment.h"

#define WRAPPER "REFGATE_CREDENTIAL"
#define MEMORY ((size_t)1024 * 1024)

static const char *lookup(void *self, const char *name)
{
    struct text all = *(struct text *)self, one;
    const char *end = all.at + all.size;
    size_t size = strlen(name);
    while (text_next_field(&all, '\0', &one))
        if (one.size > size && !memcmp(one.at, name, size) && one.at[size] == '=' &&
            one.at + one.size < end) /* what is not ended by a NUL is no string */
            return one.at + size + 1;
    return NULL;
}

static void check_key(struct text key)
{
    REQUIRE(key.size && key.size <= 1024 && !memchr(key.at, '/', key.size));
    fuzz_require_plain(key, false, false);
}

static void check_push(const struct environment *env, const struct push *push)
{
    REQUIRE(push->merge || !push->native || push->trigger == TRIGGER_UNKNOWN);
    if (push->native) {
        REQUIRE(text_absent(push->project_key) && text_absent(push->repository_slug));
        REQUIRE(text_absent(push->user_name) && !push->dry_run && !push->merge);
        return;
    }
    check_key(push->project_key);
    check_key(push->repository_slug);
    REQUIRE(push->user_name.at == env->get(env->self, "BB_USER_NAME") && push->user_name.size);
    fuzz_require_plain(push->user_name, false, false);
    fuzz_require_plain(push->base_url, false, false);
    fuzz_require_plain(push->user_permission, false, false);
    fuzz_require_plain(push->trigger_text, false, false);
    fuzz_require_plain(push->pull_request_id, false, false);
    REQUIRE(!push->base_url.size || push->base_url.at[push->base_url.size - 1] != '/');
    REQUIRE(text_absent(push->user_email) ||
            (push->user_email.size && !text_equal(push->user_email, TEXT("null"))));
    /* semantics 4.1: a push by its own trigger is never judged in the merge column. */
    REQUIRE(!push->merge || push->trigger != TRIGGER_PUSH);
    REQUIRE(push->trigger != TRIGGER_PULL_REQUEST_MERGE || push->merge);
    fuzz_tell_text(push->project_key);
    fuzz_tell_text(push->user_email);
    fuzz_tell_number((uint64_t)push->trigger * 4 + push->merge * 2 + push->dry_run);
}

static void check_change(const struct environment *env)
{
    struct arena arena;
    struct change change;
    struct error err = {STATUS_OK, ""};
    arena_init(&arena, MEMORY);
    enum status status = environment_dry_run_change(env, &arena, &change, &err);
    fuzz_require_sentence(status, &err);
    if (status == STATUS_OK) {
        REQUIRE(ref_name_valid(change.ref));
        REQUIRE(object_id_valid(change_old(&change)) && object_id_valid(change_new(&change)));
        REQUIRE(!object_id_zero(change_old(&change)) && !object_id_zero(change_new(&change)));
        REQUIRE(text_equal(change_old(&change), text_of(env->get(env->self, "BB_TO_HASH"))));
        fuzz_tell_text(change.ref);
    } else {
        fuzz_require_plain(text_of(err.text), false, true); /* goes to the pusher */
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned how = input_byte(&in);
    struct text all = input_bytes(&in, in.left);
    struct push push, before;
    memset(&push, 0x5a, sizeof push);
    before = push;
    const struct environment env = {lookup, &all};
    struct error err = {STATUS_OK, ""};
    enum status status = environment_read(&env, how & 1, how & 2 ? WRAPPER : NULL, &push, &err);
    fuzz_require_sentence(status, &err);
    fuzz_tell_number(status);
    if (status != STATUS_OK) {
        REQUIRE(status == STATUS_FORMAT && !memcmp(&push, &before, sizeof push));
        fuzz_require_plain(text_of(err.text), false, true);
        return 0;
    }
    check_push(&env, &push);
    REQUIRE(!(how & 2) || push.credential_value.at == env.get(env.self, WRAPPER));
    REQUIRE((how & 2) || text_absent(push.credential_value));
    if (push.dry_run)
        check_change(&env);
    return 0;
}
