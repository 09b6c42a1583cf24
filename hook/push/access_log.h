/*
 * access_log.h - one line of Bitbucket's access log (Atlassian, "How to read the Bitbucket Data
 * Center Log Formats").
 *
 *   addresses | protocol | request id | user | time | action | "referer" "agent" | status |
 *   bytes read | bytes written | labels | duration | session |
 *
 * How many fields there are varies with the version, and clients choose some of what stands in them:
 * addresses (X-Forwarded-For), action, referer, agent, labels of SSH keys. So a line is read from
 * both ends, and exactly one field of it, the fifth, may look like a time: a line that has another
 * line's beginning in it is nobody's. Pure: no I/O, no memory, no clock.
 */
#ifndef REFGATE_PUSH_ACCESS_LOG_H
#define REFGATE_PUSH_ACCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define ACCESS_LINE_MAX ((size_t)16 * 1024) /* longer ones are passed over */
#define ACCESS_PUSH_WORD "receive-pack"     /* in each line that is about a push */

enum access_protocol { ACCESS_SSH = 1, ACCESS_HTTP }; /* https is ACCESS_HTTP */

/* What of a push the request is. */
enum access_action {
    ACCESS_OTHER = 1, /* not of a push */
    ACCESS_ADVERTISE, /* HTTP: the request that opens it, GET .../info/refs */
    ACCESS_RECEIVE,   /* HTTP: POST .../git-receive-pack; SSH: git-receive-pack */
};

/* All texts are parts of the line. */
struct access_line {
    enum access_protocol protocol;
    bool ended;             /* an `o` line: the request is done */
    struct text request_id; /* without the i or o */
    struct text addresses, user;
    int64_t time_ms; /* wall clock of the server, as if it were UTC */
    enum access_action action;
    /* Unless `action` is OTHER: of the repository, as typed (HTTP: still percent-encoded). */
    struct text project, slug;
    /* Of an `o` line whose end could be read (`details`); else absent, and -1. */
    bool details;
    struct text agent, labels; /* agent without quotes, "" for none */
    int status;                /* -1: none */
    int64_t duration_ms;       /* -1: the line does not say */
};

/* false: no line of an access log, or one that pretends to be two. */
bool access_line_parse(struct text line, struct access_line *out);
/* Only the user, as access_line_parse() would give it, of a line that may be none: to pass most lines
 * over cheaply. */
bool access_line_user(struct text line, struct text *user);
/* "2015-03-02 05:54:25,733" as if it were UTC. */
bool access_time_parse(struct text t, int64_t *ms);

/* Is the request about this repository? Names compare without ASCII case; HTTP's are decoded. */
bool access_line_about(const struct access_line *line, struct text project, struct text slug);
/* A name of a path with its %XX decoded; false if it is malformed or does not fit. */
bool access_name_decode(struct text name, char *out, size_t room, struct text *decoded);

/* What the labels of a finished request say of its credential. */
enum access_credential {
    ACCESS_CREDENTIAL_UNKNOWN = 1, /* the labels cannot be read, or say two things */
    ACCESS_CREDENTIAL_NONE,        /* none is named: over HTTP a password, or a session */
    ACCESS_CREDENTIAL_SSH_KEY,     /* ssh:id:N */
    ACCESS_CREDENTIAL_TOKEN,       /* access-token:id:N */
};
/* *label: of an SSH key (chosen by its owner), absent if there is none. */
enum access_credential access_line_credential(const struct access_line *line, uint64_t *id,
                                              struct text *label);
bool access_line_labelled(const struct access_line *line, struct text label);

#endif
