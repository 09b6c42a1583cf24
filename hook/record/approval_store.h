/*
 * approval_store.h - the directory of approvals that all nodes share.
 *
 *     ID.approval    the approval, written whole by rename
 *     ID.use.N       the N-th use of it, N from 1: who took it
 *     ID.revoked     who revoked it
 *
 * A use is taken by link(2) from a temporary file, which succeeds for one process only, on NFS too: an
 * approval of M uses never has more than M such files, whatever runs at the same time. (An answer of
 * link(2) that NFS lost is found by looking whether the name is our file now.) Nothing is ever changed
 * in place.
 *
 * The directory has the trust checks of the configuration (semantics.md 8). A file that does not is
 * listed as such, and counts for nothing.
 */
#ifndef REFGATE_RECORD_APPROVAL_STORE_H
#define REFGATE_RECORD_APPROVAL_STORE_H

#include <sys/types.h>

#include "base/file.h"
#include "record/approval_file.h"
#include "record/approval_name.h"

/* Of all three kinds; a hook refuses more altogether. The tool can still remove some. */
#define APPROVAL_STORE_FILES_MAX 10000
#define APPROVAL_STORE_FILES_TOOL 200000

struct approval_store {
    const char *directory; /* of who opened it; must outlive the store */
    int fd;                /* -1: not open */
    struct arena *arena;
    bool any_hook; /* trusts the directory's owner: for the tool, which is not the hook */
    uid_t owner;   /* of the directory */
    /* No hook lives longer than this: what is held since before then is held by nobody. */
    int64_t alive_ms;
    struct approval *approvals; /* by id, so by age */
    size_t count;
    struct text *orphans; /* names of uses and revocations without an approval, of leftovers */
    size_t orphan_count;
};

/* Reads all of it. `any_hook`: files of the directory's owner are trusted, too, as the hook that
 * runs as that user will trust them. STATUS_NOT_FOUND, STATUS_TRUST, STATUS_IO of the directory;
 * STATUS_LIMIT: too many files; STATUS_DEADLINE; STATUS_MEMORY. In any case the caller calls
 * approval_store_close(). */
enum status approval_store_open(const char *directory, bool any_hook, int64_t deadline_us,
                                struct arena *arena, struct approval_store *out,
                                struct error *err) MUST_CHECK;
void approval_store_close(struct approval_store *store);

/* A use that was taken. Until it is settled it may be given back: then its file has a second name, the
 * temporary one, by which other runs of the same push know to wait. */
struct approval_hold {
    struct text id; /* of the approval */
    uint64_t number;
    bool again;                         /* another run of the same push took it */
    char temporary[APPROVAL_NAME_SIZE]; /* empty: nothing is held */
};

/* Takes a use for a push, or finds that it took one less than ten minutes ago (hold->again). `use`: who
 * takes it; its push is the digest of approval_use_digest(). The approval's state says what came of
 * it: OPEN (*hold has the use), USED_UP, REVOKED, or UNREADABLE. Where another run of the same push holds
 * one, waits for what becomes of it. Fails with STATUS_IO (its state is UNREADABLE then),
 * STATUS_DEADLINE or STATUS_MEMORY. */
enum status approval_store_take(const struct approval_store *store, struct approval *approval,
                                const struct approval_use *use, int64_t deadline_us,
                                struct approval_hold *hold, struct error *err) MUST_CHECK;
/* Did the same push take a use less than ten minutes ago, or is it about to? */
bool approval_store_again(const struct approval_store *store, const struct approval *approval,
                          const struct approval_use *use, int64_t deadline_us);
/* The push was let in (`keep`), or it was not: gives its use back. `directory`: store->fd. */
void approval_store_settle(int directory, const struct approval_hold *hold, bool keep);
/* What makes a push the same as another: repository, pusher, and all that git said. */
struct digest approval_use_digest(const struct approval_use *use, const struct digest *input);

/* For the tool. STATUS_BUSY: there is one of that id already (or it is revoked already); STATUS_IO. */
enum status approval_store_add(const struct approval_store *store, const struct approval *approval,
                               struct error *err) MUST_CHECK;
enum status approval_store_revoke(const struct approval_store *store,
                                  const struct approval *approval,
                                  const struct approval_revocation *revocation,
                                  struct error *err) MUST_CHECK;
/* STATUS_NOT_FOUND if there is no such use (or revocation). */
enum status approval_store_use(const struct approval_store *store, const struct approval *approval,
                               uint64_t number, struct approval_use *out,
                               struct error *err) MUST_CHECK;
enum status approval_store_revocation(const struct approval_store *store,
                                      const struct approval *approval,
                                      struct approval_revocation *out,
                                      struct error *err) MUST_CHECK;
/* Removes an approval with all that belongs to it. */
enum status approval_store_remove(const struct approval_store *store,
                                  const struct approval *approval, struct error *err) MUST_CHECK;
/* Removes uses and revocations of approvals that are gone, and what crashed processes left behind more
 * than an hour ago. Gives how many. */
size_t approval_store_sweep(const struct approval_store *store, int64_t now_ms);

#endif
