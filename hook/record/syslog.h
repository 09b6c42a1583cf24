/*
 * syslog.h - one datagram to the machine's log socket (RFC 3164 form), never waiting for it: a full
 * journal must not hold a push.
 */
#ifndef REFGATE_RECORD_SYSLOG_H
#define REFGATE_RECORD_SYSLOG_H

#include "base/error.h"
#include "base/text.h"

enum syslog_level { SYSLOG_WARNING = 4, SYSLOG_NOTICE = 5, SYSLOG_INFO = 6 };

#define SYSLOG_SOCKET_DEFAULT "/dev/log"

/* Facility authpriv, tag "refgate-hook", to the socket at `path` ([audit] syslog-socket).
 * `message` is escaped and cut to 1,500 bytes here. STATUS_IO when nobody listens or the queue is
 * full; STATUS_NOT_FOUND when there is no such socket. */
enum status syslog_send(const char *path, enum syslog_level level, struct text message,
                        struct error *err);

#endif
