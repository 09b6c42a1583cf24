#include "base/emergency.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define EMERGENCY_STACK_SIZE (16 * 1024)

sigjmp_buf emergency_point;
volatile int emergency_armed;
static volatile sig_atomic_t emergency_exit = 2;
static const char *volatile emergency_contact = "";

static void emergency_write(const char *text)
{
    size_t left = strlen(text);
    while (left) {
        ssize_t wrote = write(STDERR_FILENO, text, left);
        if (wrote <= 0)
            return;
        text += wrote;
        left -= (size_t)wrote;
    }
}

static const char *emergency_reason(int number)
{
    switch (number) {
    case SIGALRM:
    case SIGXCPU:
        return "  it took too long\n";
    case SIGBUS:
        return "  a file could not be read to its end (disk error?)\n";
    case SIGTERM:
    case SIGINT:
    case SIGHUP:
    case SIGQUIT:
        return "  it was interrupted\n";
    default:
        return "  refgate itself failed\n";
    }
}

static void emergency_handle(int number)
{
    if (number == SIGBUS && emergency_armed) {
        emergency_armed = 0;
        siglongjmp(emergency_point, 1);
    }
    emergency_write(emergency_exit ? "refgate: push rejected: could not be checked\n\n"
                                   : "refgate: not enforced: this push could not be checked\n\n");
    emergency_write(emergency_reason(number));
    emergency_write(emergency_contact);
    _exit(emergency_exit);
}

static void emergency_open_standard(void)
{
    /* Somebody who starts the hook with a closed descriptor would have the next file that is opened
     * read as stdin or written as stderr. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
            _exit(2);
}

void emergency_install(void)
{
    static char stack[EMERGENCY_STACK_SIZE] __attribute__((aligned(16)));
    static const int numbers[] = {
        SIGBUS,  SIGALRM, SIGXCPU, SIGTERM, SIGINT, SIGHUP, SIGQUIT,
#ifndef __SANITIZE_ADDRESS__ /* there, the sanitizer's own report is wanted */
        SIGSEGV, SIGABRT, SIGFPE,  SIGILL,  SIGSYS,
#endif
    };
    emergency_open_standard();
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = emergency_handle, .sa_flags = SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    sigset_t nothing;
    sigemptyset(&nothing);
    sigprocmask(SIG_SETMASK, &nothing, NULL);
}

void emergency_set_exit(int code, const char *contact_line)
{
    emergency_contact = contact_line;
    emergency_exit = code;
}

void emergency_watchdog(int64_t ms)
{
    const struct itimerval timer = {
        .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000},
    };
    setitimer(ITIMER_REAL, &timer, NULL);
}
