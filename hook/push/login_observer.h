/*
 * login_observer.h - the resolver access-log (semantics.md 5): what the end of Bitbucket's access log
 * on this node says of the push that is being judged.
 *
 * While the hook runs, the log shows of an SSH push its beginning and not its end, and of a push over
 * HTTP the request that opened it, done, with its labels. At most LOGIN_TAIL_MAX bytes are read, of
 * the log and, if that was begun a moment ago, of the one that was rolled over last.
 *
 * The log's times are wall clock, in a zone that only the server knows. So its newest line is taken
 * to be as old as the file (mtime), and all others are counted from there: neither zone nor daylight
 * saving time matters, and a skew between two clocks cannot come in, as there is one.
 */
#ifndef REFGATE_PUSH_LOGIN_OBSERVER_H
#define REFGATE_PUSH_LOGIN_OBSERVER_H

#include "base/clock.h"
#include "base/error.h"
#include "model/push.h"

#define LOGIN_TAIL_MAX ((size_t)1024 * 1024)
#define LOGIN_HTTP_AGE_MS CLOCK_MINUTE /* of the request that opened the push */
#define LOGIN_SSH_AGE_MS CLOCK_DAY     /* a server that was killed never logs an end */

struct login_observer {
    const char *path;
    struct observer observer;
    struct error *trouble;
};

/* Opens nothing yet. `path`, *out and *trouble must outlive the push; gives what push->observer points
 * to. Why the log could not be read goes to *trouble (for syslog), unless another trouble is there. */
const struct observer *login_observer_init(struct login_observer *out, const char *path,
                                           struct error *trouble);

#endif
