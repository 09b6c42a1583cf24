#include "record/syslog.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"

#define FACILITY_AUTHPRIV 10 /* RFC 5424, table 1 */
#define MESSAGE_MOST 1500    /* bytes of message; datagrams to syslogd are cut at 2 KiB or more */

/* RFC 3164 as local senders write it: "<PRI>Nov 22 04:10:00 TAG[PID]: MESSAGE", no host name. The
 * time is UTC; journald and rsyslog put their own in its place. */
static void format_message(enum syslog_level level, struct text message, struct buffer *out)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char now[CLOCK_TEXT_SIZE] = ""; /* gmtime_r(3) would read the machine's zone files first */
    clock_format(clock_now_ms(), true, now);
    int month = (now[5] - '0') * 10 + now[6] - '0';
    buffer_printf(out, "<%d>%s %c%c %.8s refgate-hook[%ld]: ", FACILITY_AUTHPRIV * 8 + (int)level,
                  months[month >= 1 && month <= 12 ? month - 1 : 0], now[8] == '0' ? ' ' : now[8],
                  now[9], now + 11, (long)getpid());
    size_t head = out->size;
    buffer_escaped(out, message, MESSAGE_MOST, false);
    /* Escapes are longer than what they stand for. All of it is valid UTF-8: cut between code
     * points. */
    size_t most = head + MESSAGE_MOST;
    if (!out->failed && out->size > most) {
        while (most && ((unsigned char)out->data[most] & 0xc0) == 0x80)
            most--;
        out->size = most;
        out->data[most] = '\0';
    }
}

/* 0 or errno. Never waits. A stream wants the message's end marked (as glibc's syslog does). */
static int send_to(const struct sockaddr_un *address, socklen_t size, int type, struct text line)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int failed = 0;
    size_t bytes = line.size + (type == SOCK_STREAM ? 1 : 0); /* with the NUL */
    if (connect(fd, (const struct sockaddr *)address, size)) {
        failed = errno;
    } else {
        ssize_t sent = send(fd, line.at, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        failed = sent < 0 ? errno : (size_t)sent < bytes ? EAGAIN : 0;
    }
    close(fd);
    return failed;
}

enum status syslog_send(const char *path, enum syslog_level level, struct text message,
                        struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    if (!length || length >= sizeof address.sun_path)
        return error_set(err, STATUS_USAGE, "the path of the syslog socket is empty or too long");
    memcpy(address.sun_path, path, length + 1);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);

    struct buffer line;
    buffer_init(&line, 32 * 1024);
    format_message(level, message, &line);
    if (line.failed) {
        buffer_free(&line);
        return error_set(err, STATUS_MEMORY, "out of memory while writing to syslog");
    }
    int failed = send_to(&address, size, SOCK_DGRAM, buffer_view(&line));
    if (failed == EPROTOTYPE)
        failed = send_to(&address, size, SOCK_STREAM, buffer_view(&line));
    buffer_free(&line);
    if (failed == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "there is no syslog socket");
    if (failed)
        return error_errno(err, STATUS_IO, failed, "syslog did not take the message");
    return STATUS_OK;
}
