/*
 * credentials.h - how refgate signs in to Bitbucket: a token, a user with a password, or both, since
 * tokens are refused on administrative endpoints (Atlassian, "How to use OAuth2 tokens for
 * administrative endpoints", BSERV-10482).
 *
 * From a file, a descriptor or the environment, never from an argument. Never in a message.
 */
#ifndef REFGATE_BITBUCKET_CREDENTIALS_H
#define REFGATE_BITBUCKET_CREDENTIALS_H

#include <stdbool.h>

#include "base/error.h"

#define CREDENTIAL_MAX 1024 /* bytes of a token, a name, a password */

struct credentials {
    char token[CREDENTIAL_MAX];    /* "": none */
    char user[CREDENTIAL_MAX];     /* "": none */
    char password[CREDENTIAL_MAX];
};

/* Lines "token = …", "user = …", "password = …", each at most once; values are taken as they are, but
 * for blanks at both ends (a password may hold # ; = and blanks). # begins a comment line. The file
 * must be ours or root's, at most 16 KiB; its group may read it, others may not. A user without a
 * password is an error, and a password without a user, and none of all.
 * STATUS_TRUST, STATUS_FORMAT (names the line, never its value), STATUS_NOT_FOUND, STATUS_IO. */
enum status credentials_read_file(const char *path, struct credentials *out,
                                  struct error *err) MUST_CHECK;
/* The same from an open descriptor (a pipe). */
enum status credentials_read_fd(int fd, struct credentials *out, struct error *err) MUST_CHECK;
/* REFGATE_TOKEN, REFGATE_USER, REFGATE_PASSWORD; STATUS_NOT_FOUND if none is set. Wipes them from
 * the environment of this process, also if they are no good. */
enum status credentials_read_environment(struct credentials *out, struct error *err) MUST_CHECK;
void credentials_wipe(struct credentials *credentials);
/* No core file, no ptrace by others: for a process that knows a secret. */
void credentials_protect_process(void);

#endif
