/*
 * Files of approvals: the first byte says an approval, a use or a revocation. What is read can stand, and
 * is the same when it is written and read again.
 */
#include "fuzz/support.h"
#include "record/approval_file.h"

#define MEMORY ((size_t)8 * 1024 * 1024)

static void same_list(struct text_list a, struct text_list b)
{
    REQUIRE(a.count == b.count);
    for (size_t i = 0; i < a.count; i++)
        REQUIRE(text_equal(a.items[i], b.items[i]));
}

static void approval(struct text bytes, struct arena *arena, struct error *err)
{
    struct approval one, other;
    struct buffer out;
    enum status status = approval_file_read(bytes, arena, &one, err);
    fuzz_require_sentence(status, err);
    fuzz_tell_number(status);
    if (status != STATUS_OK)
        return;
    REQUIRE(!approval_problem(&one) && one.state == APPROVAL_OPEN && one.used == 0);
    REQUIRE(one.not_after_ms > one.not_before_ms);
    int64_t from = one.created_ms > one.not_before_ms ? one.created_ms : one.not_before_ms;
    REQUIRE(one.not_after_ms - from <= APPROVAL_TIME_MAX);
    REQUIRE(one.uses >= 1 && one.uses <= APPROVAL_USES_MAX);
    REQUIRE(one.repositories.count && one.refs.count && one.users.count && one.kinds);
    buffer_init(&out, SIZE_MAX);
    REQUIRE(!approval_file_write(&one, &out, err));
    REQUIRE(!approval_file_read(buffer_view(&out), arena, &other, err));
    same_list(one.repositories, other.repositories);
    same_list(one.refs, other.refs);
    same_list(one.users, other.users);
    same_list(one.new_ids, other.new_ids);
    REQUIRE(one.kinds == other.kinds && one.uses == other.uses);
    REQUIRE(one.not_before_ms / 1000 == other.not_before_ms / 1000);
    REQUIRE(one.not_after_ms / 1000 == other.not_after_ms / 1000);
    REQUIRE(text_equal(one.reason, other.reason) && text_equal(one.id, other.id));
    REQUIRE(one.approver.uid == other.approver.uid);
    fuzz_tell_text(buffer_view(&out));
    buffer_free(&out);
}

static void use(struct text bytes, struct arena *arena, struct error *err)
{
    struct approval_use one, other;
    struct buffer out;
    enum status status = approval_use_read(bytes, arena, &one, err);
    fuzz_require_sentence(status, err);
    if (status != STATUS_OK)
        return;
    buffer_init(&out, SIZE_MAX);
    REQUIRE(!approval_use_write(&one, &out, err));
    REQUIRE(!approval_use_read(buffer_view(&out), arena, &other, err));
    REQUIRE(!strcmp(one.push.hex, other.push.hex) && text_equal(one.pusher, other.pusher));
    buffer_free(&out);
}

static void revocation(struct text bytes, struct arena *arena, struct error *err)
{
    struct approval_revocation one, other;
    struct buffer out;
    enum status status = approval_revocation_read(bytes, arena, &one, err);
    fuzz_require_sentence(status, err);
    if (status != STATUS_OK)
        return;
    buffer_init(&out, SIZE_MAX);
    REQUIRE(!approval_revocation_write(&one, &out, err));
    REQUIRE(!approval_revocation_read(buffer_view(&out), arena, &other, err));
    REQUIRE(one.by.uid == other.by.uid && text_equal(one.reason, other.reason));
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct text, struct arena *, struct error *) = {approval, use,
                                                                                 revocation};
    struct input in = {data, size};
    struct error err = {STATUS_OK, ""};
    struct arena arena;
    unsigned kind = input_byte(&in);
    arena_init(&arena, MEMORY);
    kinds[kind % 3](input_bytes(&in, in.left), &arena, &err);
    arena_free(&arena);
    return 0;
}
