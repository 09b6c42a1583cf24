/*
 * JSON that a recording would keep: nothing that redact_json() changes is missed by redact_needed(), which
 * decides whether it is called; once is enough; and a URL keeps neither user nor path.
 */
#include <jansson.h>
#include <string.h>

#include "bitbucket/redact.h"
#include "fuzz/support.h"

static void check_url(struct text url)
{
    char clean[64], again[64];
    redact_url(url, clean, sizeof clean);
    struct text t = text_of(clean);
    REQUIRE(t.size < sizeof clean);
    fuzz_tell_text(t);
    if (t.size + 1 == sizeof clean || text_equal(t, TEXT(REDACTED)))
        return; /* cut */
    redact_url(t, again, sizeof again);
    REQUIRE(text_equal(text_of(again), t));
    REQUIRE(!memchr(t.at, '@', t.size) && !memchr(t.at, '?', t.size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text bytes = {(const char *)data, size};
    bool needed = redact_needed(bytes.size ? bytes : TEXT(""));
    fuzz_tell_number(needed);
    if (bytes.size)
        check_url(bytes);
    json_t *body = bytes.size ? json_loadb(bytes.at, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!body)
        return 0;
    json_t *before = json_deep_copy(body);
    REQUIRE(before && redact_json(body));
    REQUIRE(needed || json_equal(before, body));
    json_t *once = json_deep_copy(body);
    REQUIRE(once && redact_json(body) && json_equal(once, body));
    json_decref(once);
    json_decref(before);
    json_decref(body);
    return 0;
}
