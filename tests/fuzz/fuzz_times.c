/*
 * Small texts: times, durations, ids, UTF-8, base64, version numbers of formats. The first byte says
 * which. What is read and written again means the same.
 */
#include <string.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "base/utf8.h"
#include "fuzz/support.h"
#include "model/ref.h"
#include "record/approval_name.h"

static void time_of(struct text t)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t ms, again;
    if (!clock_parse(t, &ms))
        return;
    fuzz_tell_number((uint64_t)ms);
    clock_format(ms, false, text);
    REQUIRE(!strcmp(text, "invalid") || (clock_parse(text_of(text), &again) && again == ms));
}

static void duration(struct text t)
{
    char text[64];
    int64_t ms;
    if (!clock_parse_duration(t, &ms))
        return;
    REQUIRE(ms >= 0);
    clock_format_duration(ms, text, sizeof text);
    REQUIRE(memchr(text, '\0', sizeof text));
    fuzz_tell_text(text_of(text));
}

/* Any zone, any time: known or not, and never out of range. */
static void local(struct text t)
{
    char zone[64];
    int64_t ms = 0;
    if (t.size < sizeof ms)
        return;
    memcpy(&ms, t.at, sizeof ms);
    t = text_skip(t, sizeof ms);
    size_t size = t.size < sizeof zone ? t.size : sizeof zone - 1;
    memcpy(zone, t.at, size);
    zone[size] = '\0';
    struct local_time now = clock_local(ms, zone);
    if (!now.known)
        return;
    REQUIRE(now.month >= 1 && now.month <= 12 && now.day >= 1 && now.day <= 31);
    REQUIRE(now.weekday >= 0 && now.weekday <= 6);
    REQUIRE(now.minute_of_day >= 0 && now.minute_of_day < 1440);
}

static void ids(struct text t)
{
    struct approval_name_parts parts = approval_name_parse(t);
    fuzz_require_inside(parts.id, t);
    REQUIRE(!parts.id.size || ulid_valid(parts.id));
    if (parts.kind != APPROVAL_NONE) { /* there is one way to write a name */
        struct approval_name name = approval_name_of(parts.id, parts.kind, parts.number);
        REQUIRE(text_equal(text_of(name.text), t));
    }
    REQUIRE(!object_id_valid(t) || t.size == 40 || t.size == 64);
    if (ref_name_valid(t)) {
        REQUIRE(text_starts(t, TEXT("refs/")) && t.at[t.size - 1] != '/');
        fuzz_require_plain(t, false, false);
    }
}

static void escaped(struct text t)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    buffer_escaped(&out, t, 200, false);
    fuzz_require_plain(buffer_view(&out), false, false);
    struct text view = buffer_view(&out);
    for (size_t at = 0; at < view.size;) { /* what comes out is UTF-8 */
        uint32_t point;
        size_t width = utf8_next(view.at + at, view.size - at, &point);
        REQUIRE(width > 0);
        at += width;
    }
    out.size = 0;
    buffer_escaped(&out, t, 200, true);
    fuzz_require_plain(buffer_view(&out), false, true);
    fuzz_tell_text(buffer_view(&out));
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct text) = {time_of, duration, local, ids, escaped};
    struct input in = {data, size};
    unsigned kind = input_byte(&in);
    kinds[kind % 5](input_bytes(&in, in.left));
    return 0;
}
