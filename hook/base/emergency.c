#include "base/emergency.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define EMERGENCY_STACK_SIZE (16 * 1024)
#define EMERGENCY_WAIT_MS 500 /* for somebody who does not read what we say */

sigjmp_buf emergency_point;
volatile int emergency_armed;
volatile int emergency_late;
static volatile sig_atomic_t emergency_exit = 2;
static volatile sig_atomic_t emergency_over;
static volatile sig_atomic_t emergency_why;
static sigset_t emergency_mask; /* of normal times */
static const char *volatile emergency_contact = "";

/* Never waits for long: the watchdog is spent, and every signal is blocked. A pipe that can be
 * written to takes PIPE_BUF bytes at once (pipe(7)); O_NONBLOCK would be the launcher's, too. */
static bool emergency_write(const char *text)
{
    size_t left = strlen(text);
    while (left) {
        struct pollfd want = {.fd = STDERR_FILENO, .events = POLLOUT};
        if (poll(&want, 1, EMERGENCY_WAIT_MS) <= 0)
            return false;
        ssize_t wrote = write(STDERR_FILENO, text, left < PIPE_BUF ? left : PIPE_BUF);
        if (wrote <= 0)
            return false;
        text += wrote;
        left -= (size_t)wrote;
    }
    return true;
}

static const char *emergency_reason(int number)
{
    switch (number) {
    case SIGALRM:
        return "  it took too long\n";
    case SIGBUS:
        return "  a file could not be read to its end (disk error?)\n";
    case SIGTERM:
        return "  it was interrupted\n";
    default:
        return "  refgate itself failed\n";
    }
}

static _Noreturn void emergency_return(enum emergency_cause cause)
{
    emergency_armed = 0;
    emergency_why = cause;
    siglongjmp(emergency_point, 1);
}

static void emergency_handle(int number)
{
    if (emergency_over && (number == SIGALRM || number == SIGTERM))
        return;
    if (number == SIGALRM && !emergency_late) {
        emergency_late = 1;
        return;
    }
    if (number == SIGBUS && emergency_armed) {
        sigprocmask(SIG_SETMASK, &emergency_mask, NULL); /* the watchdog is still wanted */
        emergency_return(EMERGENCY_DISK);
    }
    const char *head = emergency_exit ? "refgate: push rejected: could not be checked\n\n"
                                      : "refgate: not enforced: this push could not be checked\n\n";
    if (emergency_write(head) && emergency_write(emergency_reason(number)))
        (void)emergency_write(emergency_contact);
    _exit(emergency_exit);
}

void emergency_memory(void)
{
    if (emergency_armed)
        emergency_return(EMERGENCY_MEMORY);
}

void emergency_time(void)
{
    if (emergency_armed && emergency_late)
        emergency_return(EMERGENCY_TIME);
}

enum emergency_cause emergency_cause(void)
{
    return (enum emergency_cause)emergency_why;
}

static void emergency_open_standard(void)
{
    /* Somebody who starts the hook with a closed descriptor would have the next file that is opened
     * read as stdin or written as stderr. One poll() asks for all three. */
    struct pollfd standard[3] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};
    if (poll(standard, 3, 0) == 0)
        return;
    for (int fd = 0; fd <= 2; fd++)
        if ((standard[fd].revents & POLLNVAL) && open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
            _exit(2);
}

void emergency_install(void)
{
    static char stack[EMERGENCY_STACK_SIZE] __attribute__((aligned(16)));
    static const int handled[] = {
        SIGBUS,  SIGALRM, SIGTERM,
#ifndef __SANITIZE_ADDRESS__ /* there, the sanitizer's own report is wanted */
        SIGSEGV, SIGABRT, SIGFPE,  SIGILL,
#endif
    };
    /* Blocked for good, by one call: a write to a pipe or file that fails says so by its result, and
     * a decision takes milliseconds; SIGTERM ends one that waits. */
    static const int blocked[] = {SIGPIPE, SIGXFSZ, SIGXCPU, SIGINT,
                                  SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2};
    emergency_open_standard();
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = emergency_handle, .sa_flags = SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++)
        sigaction(handled[i], &action, NULL);
    sigemptyset(&emergency_mask);
    for (size_t i = 0; i < sizeof blocked / sizeof blocked[0]; i++)
        sigaddset(&emergency_mask, blocked[i]);
    sigprocmask(SIG_SETMASK, &emergency_mask, NULL); /* and whatever was inherited blocked is not */
}

void emergency_set_exit(int code, const char *contact_line)
{
    emergency_contact = contact_line;
    emergency_exit = code;
}

void emergency_done(void)
{
    emergency_over = 1;
}

void emergency_watchdog(int64_t ms, int64_t grace_ms)
{
    const struct itimerval timer = {
        .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000},
        .it_interval = {.tv_sec = grace_ms / 1000, .tv_usec = grace_ms % 1000 * 1000},
    };
    setitimer(ITIMER_REAL, &timer, NULL);
}
