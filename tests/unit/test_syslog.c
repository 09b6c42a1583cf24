/* Messages to the machine's log, received by a socket of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "record/syslog.h"

static char directory[64], path[80];

static int make_directory(void **state)
{
    (void)state;
    /* Not below TMPDIR: the path of a socket has 107 bytes at most. */
    snprintf(directory, sizeof directory, "/tmp/refgate-syslog.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/log", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static int listen_at(int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void forget(int fd)
{
    close(fd);
    unlink(path);
}

static void one_datagram(void **state)
{
    (void)state;
    int fd = listen_at(SOCK_DGRAM);
    struct error err = {STATUS_OK, ""};
    assert_int_equal(syslog_send(path, SYSLOG_NOTICE, TEXT("decision=1 verdict=reject"), &err),
                     STATUS_OK);
    char got[4096], tail[128];
    ssize_t size = recv(fd, got, sizeof got - 1, 0);
    assert_true(size > 0);
    got[size] = '\0';
    /* authpriv is 10: 10 * 8 + 5 */
    assert_memory_equal(got, "<85>", 4);
    snprintf(tail, sizeof tail, " refgate-hook[%ld]: decision=1 verdict=reject", (long)getpid());
    assert_string_equal(got + 4 + 15, tail); /* "Nov 22 04:10:00" */
    assert_true(got[7] == ' ' && got[10] == ' ' && got[13] == ':' && got[16] == ':');
    assert_int_equal(recv(fd, got, sizeof got, 0), -1);
    forget(fd);
}

static void a_stream_socket(void **state)
{
    (void)state;
    int fd = listen_at(SOCK_STREAM);
    assert_int_equal(syslog_send(path, SYSLOG_WARNING, TEXT("hello"), NULL), STATUS_OK);
    int peer = accept(fd, NULL, NULL);
    assert_true(peer >= 0);
    char got[4096];
    ssize_t size = recv(peer, got, sizeof got, 0);
    assert_true(size > 6);
    assert_memory_equal(got, "<84>", 4);
    assert_string_equal(got + size - 6, "hello"); /* with the NUL that ends it */
    close(peer);
    forget(fd);
}

static void nothing_raw(void **state)
{
    (void)state;
    int fd = listen_at(SOCK_DGRAM);
    char message[3000];
    memset(message, '\n', sizeof message);
    memcpy(message, "a\x1b[2J\nfake", 10);
    assert_int_equal(syslog_send(path, SYSLOG_INFO, (struct text){message, sizeof message}, NULL),
                     STATUS_OK);
    char got[8192];
    ssize_t size = recv(fd, got, sizeof got - 1, 0);
    assert_true(size > 0 && size < 1600);
    got[size] = '\0';
    assert_non_null(strstr(got, "a\\x1b[2J\\x0afake\\x0a"));
    assert_null(strchr(got, '\n'));
    assert_null(strchr(got, '\x1b'));
    forget(fd);
}

static void cut_between_code_points(void **state)
{
    (void)state;
    int fd = listen_at(SOCK_DGRAM);
    static char message[1500];
    for (size_t pad = 0; pad < 4; pad++) {
        memset(message, '\n', pad); /* each grows by three bytes */
        for (size_t i = pad; i + 4 <= sizeof message; i += 4)
            memcpy(message + i, "\xf0\x9f\x98\x80", 4);
        struct text text = {message, pad + (sizeof message - pad) / 4 * 4};
        assert_int_equal(syslog_send(path, SYSLOG_INFO, text, NULL), STATUS_OK);
        char got[8192];
        ssize_t size = recv(fd, got, sizeof got, 0);
        assert_true(size > 0);
        assert_true(utf8_valid((struct text){got, (size_t)size}));
    }
    forget(fd);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct error err = {STATUS_OK, ""};
    assert_int_equal(syslog_send(path, SYSLOG_INFO, TEXT("x"), &err), STATUS_NOT_FOUND);
    int fd = listen_at(SOCK_DGRAM);
    close(fd); /* the file stays */
    assert_int_equal(syslog_send(path, SYSLOG_INFO, TEXT("x"), &err), STATUS_IO);
    unlink(path);
}

static void a_full_queue_does_not_wait(void **state)
{
    (void)state;
    int fd = listen_at(SOCK_DGRAM);
    int64_t start = clock_monotonic_us();
    enum status status = STATUS_OK;
    for (int i = 0; i < 100000 && status == STATUS_OK; i++)
        status = syslog_send(path, SYSLOG_INFO, TEXT("x"), NULL);
    assert_int_equal(status, STATUS_IO);
    assert_true(clock_monotonic_us() - start < 30 * INT64_C(1000000));
    forget(fd);
    fd = listen_at(SOCK_STREAM);
    status = STATUS_OK;
    for (int i = 0; i < 100000 && status == STATUS_OK; i++)
        status = syslog_send(path, SYSLOG_INFO, TEXT("x"), NULL);
    assert_int_equal(status, STATUS_IO);
    forget(fd);
}

static void bad_paths(void **state)
{
    (void)state;
    char long_path[200];
    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(syslog_send(long_path, SYSLOG_INFO, TEXT("x"), NULL), STATUS_USAGE);
    assert_int_equal(syslog_send("", SYSLOG_INFO, TEXT("x"), NULL), STATUS_USAGE);
    assert_int_equal(syslog_send(NULL, SYSLOG_INFO, TEXT("x"), NULL), STATUS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"RFC 3164: one datagram with facility authpriv, level and tag", one_datagram, 0, 0, 0},
        {"a socket that is a stream gets the message with its end marked", a_stream_socket, 0, 0,
         0},
        {"control characters are escaped, 1,500 bytes at most", nothing_raw, 0, 0, 0},
        {"long messages are cut between code points", cut_between_code_points, 0, 0, 0},
        {"no socket and nobody behind it are told apart", nobody_listens, 0, 0, 0},
        {"a full queue does not hold the push", a_full_queue_does_not_wait, 0, 0, 0},
        {"paths that no socket can have are refused", bad_paths, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("syslog", tests, make_directory, remove_directory);
}
