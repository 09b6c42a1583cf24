/*
 * fake_crawl.h - a crawl of a fake Bitbucket into a snapshot, and a look at it.
 */
#ifndef REFGATE_TESTS_UNIT_FAKE_CRAWL_H
#define REFGATE_TESTS_UNIT_FAKE_CRAWL_H

#include "fake_bitbucket.h"

#include <limits.h>

#include "bitbucket/crawl.h"
#include "unit/scratch.h"
#include "unit/small_snapshot.h"
#include "snapshot/reader.h"

struct crawled {
    enum status status;
    struct error error;
    struct crawl_result result;
    struct builder_summary summary;
    struct snapshot *snapshot; /* NULL if the crawl failed */
    struct arena arena;
    struct view view;
};

static inline void crawl_close(struct crawled *x)
{
    snapshot_close(x->snapshot);
    if (x->snapshot)
        arena_free(&x->arena);
    x->snapshot = NULL;
}

static inline void crawl_fake(struct crawled *x, struct fake *f, size_t slots, uint64_t seed,
                              const struct crawl_options *options, struct facts *facts,
                              const char *path)
{
    static const struct crawl_options nothing;
    const struct answer_source source = fake_source(f, slots, seed);
    struct builder *b;
    *x = (struct crawled){0};
    assert_int_equal(builder_new(NULL, &b, &x->error), STATUS_OK);
    x->status = crawl_run(&source, b, facts, options ? options : &nothing, &x->result, &x->error);
    if (x->status == STATUS_OK) {
        assert_int_equal(f->under_way, 0);
        const struct builder_header header = {.base_url = TEXT("https://x.example.com"),
                                              .bitbucket_version = text_of(x->result.version),
                                              .started_ms = SMALL_NOW,
                                              .generated_ms = SMALL_NOW};
        x->status = builder_finish(b, &header, path, 0, NULL, &x->summary, &x->error);
    }
    builder_free(b);
    if (x->status != STATUS_OK)
        return;
    arena_init(&x->arena, 1 << 22);
    if (snapshot_open_mode(path, NULL, 0, SNAPSHOT_MAPPED, &x->snapshot, &x->error) != STATUS_OK)
        fail_msg("%s", x->error.text);
    x->view = snapshot_view(x->snapshot, &x->arena);
}

/* It worked, with one slot. */
static inline void crawl_good(struct crawled *x, struct fake *f, const struct crawl_options *options,
                              const char *path)
{
    crawl_fake(x, f, 1, 1, options, NULL, path);
    if (x->status != STATUS_OK)
        fail_msg("%s", x->error.text);
}

/* It fails so, and says so, whatever the order of the answers. */
static inline void crawl_bad(struct fake *f, const struct crawl_options *options, const char *path,
                             enum status status, const char *words)
{
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct crawled x;
        crawl_fake(&x, f, seed % 2 ? 16 : 1, seed, options, NULL, path);
        if (x.status != status || !strstr(x.error.text, words))
            fail_msg("seed %d: status %d, \"%s\" instead of %d, \"%s\"", (int)seed, (int)x.status,
                     x.error.text, (int)status, words);
    }
}

/* In any order of answers, and again from a recording of one crawl, read in any order: the same
 * snapshot. Gives the digest. */
static inline struct digest crawl_any_order(struct fake *f, const struct crawl_options *options,
                                            const char *path)
{
    struct crawled x;
    crawl_good(&x, f, options, path);
    const struct digest want = x.summary.digest;
    const uint64_t moved = x.result.moved, gone = x.result.gone, appeared = x.result.appeared;
    crawl_close(&x);
    for (uint64_t seed = 1; seed <= 12; seed++) {
        static const size_t slots[] = {1, 2, 5, 16};
        struct fake journal = {.recording = true};
        f->journal = &journal;
        crawl_fake(&x, f, slots[seed % 4], seed, options, NULL, path);
        f->journal = NULL;
        for (int again = 0; again < 3; again++) {
            if (x.status != STATUS_OK)
                fail_msg("seed %d, replay %d: %s", (int)seed, again, x.error.text);
            if (strcmp(x.summary.digest.hex, want.hex))
                fail_msg("seed %d, replay %d: another digest", (int)seed, again);
            assert_int_equal(x.result.moved, moved);
            assert_int_equal(x.result.gone, gone);
            assert_int_equal(x.result.appeared, appeared);
            crawl_close(&x);
            if (again < 2)
                crawl_fake(&x, &journal, slots[(seed + 1 + (size_t)again) % 4], seed * 7, options,
                           NULL, path);
        }
        fake_free(&journal);
    }
    return want;
}

static inline bool crawl_has_repository(const struct crawled *x, const char *key, const char *slug,
                                        struct snapshot_repository *out)
{
    return x->view.repository(x->view.self, text_of(key), text_of(slug), out, NULL) == STATUS_OK;
}

static inline enum permission crawl_user_grant(const struct crawled *x, enum grant_scope scope,
                                               const char *key, const char *slug, const char *user)
{
    enum permission permission = PERMISSION_NONE;
    if (x->view.user_grant(x->view.self, scope, text_of(key), text_of(slug), text_of(user),
                           &permission, NULL) != STATUS_OK)
        return PERMISSION_NONE;
    return permission;
}

static inline bool crawl_noted(const struct crawled *x, const char *words)
{
    const struct meta_record *meta = snapshot_meta_record(x->snapshot);
    char note[600];
    for (size_t i = 0; i < meta->note_count; i++) {
        snprintf(note, sizeof note, "%.*s", TEXT_ARG(meta->notes[i]));
        if (strstr(note, words))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ one world for each case */

static char top[PATH_MAX];
static struct fake fake;
static struct crawled x;

static inline const char *out(void)
{
    return scratch_path(top, "out.cdb");
}

static inline int set_up(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    fake_world(&fake);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    crawl_close(&x);
    fake_free(&fake);
    scratch_remove(top);
    return 0;
}

#endif
