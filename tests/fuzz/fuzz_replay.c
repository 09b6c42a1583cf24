/*
 * Any JSON as the answer of any endpoint, and any text as a URL. The first byte says which endpoint;
 * what the parsers let through must make a snapshot that verifies.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitbucket/feed.h"
#include "bitbucket/url.h"
#include "snapshot/builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status add_project(void *self, uint64_t id, struct text key, bool personal,
                               struct error *err)
{
    (void)self, (void)id, (void)key, (void)personal, (void)err;
    return STATUS_OK;
}
static enum status add_group(void *self, struct text name, struct error *err)
{
    (void)self, (void)name, (void)err;
    return STATUS_OK;
}
static enum status add_repository(void *self, uint64_t id, struct text key, struct text slug,
                                  struct error *err)
{
    (void)self, (void)id, (void)key, (void)slug, (void)err;
    return STATUS_OK;
}

static void check_url(struct text url)
{
    struct buffer once, twice;
    buffer_init(&once, SIZE_MAX);
    buffer_init(&twice, SIZE_MAX);
    if (url_normalise(&once, TEXT("http://x"), url)) {
        struct text first = buffer_view(&once);
        if (!url_normalise(&twice, TEXT("http://x"), first) ||
            !text_equal(buffer_view(&twice), first))
            abort(); /* a normal form is its own */
    }
    buffer_free(&once);
    buffer_free(&twice);
}

static char path[] = "/tmp/fuzz-replay.XXXXXX";
static void remove_files(void)
{
    char kept[sizeof path + 2];
    snprintf(kept, sizeof kept, "%s.1", path);
    unlink(kept);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    const struct feed_listener listener = {
        .group = add_group, .project = add_project, .repository = add_repository};
    struct builder *b;
    struct error err;
    if (!size)
        return 0;
    if (!made) {
        int fd = mkstemp(path);
        if (fd >= 0)
            close(fd);
        atexit(remove_files);
        made = true;
    }
    check_url((struct text){(const char *)data + 1, size - 1});
    json_t *body = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
    if (!body)
        return 0;
    if (builder_new(NULL, &b, &err) != STATUS_OK)
        abort();
    if (builder_project(b, &(struct builder_project){.id = 1, .key = TEXT("P")}, NULL) ||
        builder_repository(
            b, &(struct builder_repository){.id = 1, .project_id = 1, .slug = TEXT("r")}, NULL))
        abort();
    enum endpoint_id id = (enum endpoint_id)(data[0] % ENDPOINTS);
    struct feed feed = {.builder = b, .listener = &listener};
    const struct target target = {
        .place = {endpoints[id].level == LEVEL_PROJECT ? GRANT_PROJECT : GRANT_REPOSITORY, 1},
        .project_key = TEXT("P"),
        .slug = TEXT("r"),
        .group = TEXT("g"),
    };
    struct feed_result result;
    struct builder_summary summary;
    if (feed_answer(&feed, id, &target, "/rest/x", 0, body, &result, &err) == STATUS_OK) {
        /* builder_finish() reads back what it wrote: its error says "not written correctly" then. */
        enum status status = builder_finish(b,
                                            &(struct builder_header){.base_url = TEXT("http://x")},
                                            path, 0, NULL, &summary, &err);
        if (status != STATUS_OK && strstr(err.text, "not written correctly"))
            abort();
    }
    json_decref(body);
    builder_free(b);
    return 0;
}
