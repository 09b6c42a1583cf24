/*
 * sandbox.h - the hook takes rights away from itself, before it reads what a pusher wrote.
 *
 *   Landlock   nothing is written, made, removed, renamed or executed, except where its own files go;
 *              no TCP; no signal to, and no abstract socket of, processes outside
 *   seccomp    the system calls of sandbox_filter.h, no others: no network, no new program or process
 *
 * Reading stays what the file system allows: repositories and their alternates can be anywhere. For
 * good: neither can be taken back, and nothing that this process starts could escape it.
 *
 * As much as the kernel offers: Landlock since Linux 5.13 (some of it later), seccomp since 3.17. Under
 * a sanitizer there is no seccomp, in a build that measures coverage nothing.
 */
#ifndef REFGATE_BASE_SANDBOX_H
#define REFGATE_BASE_SANDBOX_H

#include <stdint.h>

#include "base/error.h"
#include "base/sandbox_filter.h"
#include "base/text.h"

struct sandbox_needs {
    const char *log;       /* a file that is written, or made, in a directory; NULL: none */
    const char *directory; /* files are made, linked and removed in there; NULL: none */
    bool syslog;           /* sockets of this machine (AF_UNIX) */
};

/* STATUS_OK: both parts are in force. STATUS_UNSUPPORTED: a part is not offered here. STATUS_IO: a part
 * was refused. The other part is in force all the same; *err says which is not, and why. A directory
 * that cannot be opened is not written to. */
enum status sandbox_enter(const struct sandbox_needs *needs, struct error *err) MUST_CHECK;

#define SANDBOX_TEXT_SIZE 256
/* What this build and this kernel offer, changing nothing: "landlock (ABI 7), seccomp", "seccomp (no
 * landlock: why)", "none: why". The result is `out`. */
const char *sandbox_offer(char out[SANDBOX_TEXT_SIZE]);
/* Is that both parts? */
bool sandbox_is_full(struct text offer);

/* What Landlock of a version (1, 2, …) knows of what is refused; for files, TCP, and scopes. */
struct sandbox_rights {
    uint64_t files, network, scopes;
};
struct sandbox_rights sandbox_rights_of(int version);

#endif
