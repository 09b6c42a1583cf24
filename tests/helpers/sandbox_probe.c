/*
 * sandbox_probe.c - is the sandbox of base/sandbox.h armed? Enters it with what the hook hands over, then
 * tries what must be refused and what must not.
 *
 * usage: sandbox_probe [--off] DIRECTORY | --list | --listen dgram|stream PATH
 *
 * DIRECTORY/log is where the log goes, DIRECTORY/approvals that of approvals; DIRECTORY/elsewhere has
 * a file `file` and is nobody's.
 * One line each: "ok NAME", "skip NAME" (this kernel's Landlock is too old, or there is no seccomp), or
 * "WRONG NAME: what happened". --off enters nothing: then each line about something to refuse that is
 * not wrong is one that would never say anything. --list prints the filter's calls.
 * --listen is a syslog: it prints "ready", then what each message says, until it is killed.
 *
 * Exit code 0 if nothing is wrong, 1 otherwise, 2 for trouble.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "record/audit.h"
#include "record/syslog.h"

/* The same numbers on all machines. */
#define CALL_IO_URING 425
#define CALL_CLONE3 435
#define CALL_OPENAT2 437

static char top[PATH_MAX], path_text[PATH_MAX + 64];
static int tcp = -1, log_fd = -1; /* opened before */
static struct sockaddr_in listener;
static struct sockaddr_un abstract;
static char executable[4096 * 2] __attribute__((aligned(4096)));

static const char *at(const char *name)
{
    snprintf(path_text, sizeof path_text, "%s/%s", top, name);
    return path_text;
}

/* ------------------------------------------------------------------ attempts: 0 or errno */

static int result(long got)
{
    return got < 0 ? errno : 0;
}
static int opened(const char *name, int flags)
{
    int fd = open(at(name), flags | O_CLOEXEC, 0600);
    int failed = result(fd);
    if (fd >= 0)
        close(fd);
    return failed;
}
static int linked(const char *from, const char *to)
{
    char old[sizeof path_text];
    snprintf(old, sizeof old, "%s", at(from));
    return result(linkat(AT_FDCWD, old, AT_FDCWD, at(to), 0));
}

/* Refused by Landlock, also by what the filter lets through. */
static int write_elsewhere(void)
{
    return opened("elsewhere/file", O_WRONLY);
}
static int append_elsewhere(void)
{
    return opened("elsewhere/file", O_RDWR | O_APPEND);
}
static int truncate_elsewhere(void)
{
    return opened("elsewhere/file", O_RDONLY | O_TRUNC);
}
static int loosen_elsewhere(void)
{
    int fd = open(at("elsewhere/file"), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == EPERM ? EIO : errno; /* not what is asked */
    int failed = result(fchmod(fd, 0666));
    close(fd);
    return failed;
}
static int make_set_user_id(void)
{
    int fd = open(at("log/program"), O_WRONLY | O_CREAT | O_CLOEXEC, 04755);
    int failed = result(fd);
    if (fd < 0)
        return failed;
    close(fd);
    unlink(at("log/program"));
    return 0;
}
static int create_elsewhere(void)
{
    return opened("elsewhere/new", O_RDONLY | O_CREAT);
}
static int create_unnamed(void)
{
    return opened("elsewhere", O_WRONLY | O_TMPFILE);
}
static int unlink_elsewhere(void)
{
    return result(unlinkat(AT_FDCWD, at("elsewhere/file"), 0));
}
static int unlink_log(void)
{
    return result(unlinkat(AT_FDCWD, at("log/audit"), 0));
}
static int link_out(void)
{
    return linked("approvals/kept", "elsewhere/new");
}
static int link_in(void)
{
    return linked("elsewhere/file", "approvals/new");
}
static int write_link(void)
{
    return opened("approvals/link", O_WRONLY);
}
static int connect_tcp(void)
{
    return result(connect(tcp, (const struct sockaddr *)&listener, sizeof listener));
}
static int connect_abstract(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = fd < 0 ? errno
                        : result(connect(fd, (const struct sockaddr *)&abstract,
                                         offsetof(struct sockaddr_un, sun_path) + 20));
    close(fd);
    return failed;
}
static int signal_parent(void)
{
    return result(kill(getppid(), 0));
}

/* Refused by the filter. */
static int execute(void)
{
    /* A text file: an exec that is let through comes back with ENOEXEC. */
    char *const none[] = {NULL};
    return result(execve(at("elsewhere/script"), none, none));
}
static int new_process(void)
{
    pid_t child = fork();
    if (!child)
        _exit(0);
    int failed = result(child);
    if (child > 0)
        waitpid(child, NULL, 0);
    return failed;
}
static int listen_call(void)
{
    return result(listen(tcp, 1));
}
static int signal_thread(void)
{
    return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}
static int trace(void)
{
    return result(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}
static int map_code(void)
{
    void *got = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return got == MAP_FAILED ? errno : 0;
}
static int make_code(void)
{
    return result(mprotect(executable, 4096, PROT_READ | PROT_EXEC));
}
static int own_descriptor(void)
{
    return result(fcntl(log_fd, F_SETOWN, getppid()));
}
static int rename_log(void)
{
    char old[sizeof path_text];
    snprintf(old, sizeof old, "%s", at("log/audit"));
    return result(rename(old, at("log/other")));
}
static int make_directory(void)
{
    return result(mkdir(at("log/directory"), 0700));
}
static int make_link(void)
{
    return result(symlink("/etc", at("approvals/sym")));
}
static int make_fifo(void)
{
    return result(mkfifo(at("approvals/fifo"), 0600));
}

/* Not refused. */
static int read_file(void)
{
    return opened("elsewhere/file", O_RDONLY);
}
static int read_directory(void)
{
    DIR *stream = opendir(at("elsewhere"));
    int failed = stream && readdir(stream) ? 0 : errno;
    if (stream)
        closedir(stream);
    return failed;
}
static int append_log(void)
{
    struct digest head;
    struct error err = {STATUS_OK, ""};
    char log[sizeof path_text];
    snprintf(log, sizeof log, "%s", at("log/audit"));
    return audit_append(log, TEXT("{\"a\":1}"), true, clock_monotonic_us() + CLOCK_SECOND * 1000,
                        &head, &err) == STATUS_OK
               ? 0
               : EIO;
}
static int take_back_log(void)
{
    int fd = open(at("log/audit"), O_RDWR | O_APPEND | O_CLOEXEC);
    int failed = fd < 0 ? errno : result(ftruncate(fd, 5));
    close(fd);
    return failed;
}
static int use_approval(void)
{
    int fd = open(at("approvals/new"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fchmod(fd, 0644) || fsync(fd))
        return errno;
    close(fd);
    int failed = linked("approvals/new", "approvals/newer");
    if (failed)
        return failed;
    return result(unlinkat(AT_FDCWD, at("approvals/new"), 0)) +
           result(unlinkat(AT_FDCWD, at("approvals/newer"), 0));
}
static int speak_to_syslog(void)
{
    struct error err = {STATUS_OK, ""};
    char socket_path[sizeof path_text];
    snprintf(socket_path, sizeof socket_path, "%s", at("syslog"));
    return syslog_send(socket_path, SYSLOG_INFO, TEXT("probe"), &err) == STATUS_OK ? 0 : EIO;
}
static int much_memory(void)
{
    char *large = malloc((size_t)64 << 20), *more = large ? realloc(large, (size_t)96 << 20) : NULL;
    free(more ? more : large);
    return more ? 0 : ENOMEM;
}
static int compare_bytes(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}
static int sort_much(void)
{
    static char bytes[1 << 16];
    qsort(bytes, sizeof bytes, 1, compare_bytes);
    return 0;
}
static int local_time(void)
{
    return clock_local(clock_now_ms(), "UTC").known ? 0 : ENOENT;
}
static int sleep_a_little(void)
{
    return result(usleep(100));
}

static sigjmp_buf point;
static void jump(int number)
{
    (void)number;
    siglongjmp(point, 1);
}
/* As after a disk error under a mapped file: out of a handler on another stack. */
static int jump_out(void)
{
    if (!sigsetjmp(point, 1))
        raise(SIGBUS);
    return 0;
}

/* ------------------------------------------------------------------ the table */

struct attempt {
    const char *name;
    int (*try)(void);
    int filter;   /* what the filter says; 0: it lets it through */
    int landlock; /* the version that refuses it; 0: none */
    long number;  /* without a function: this call, harmless if it is let through */
    long arguments[3];
};

#define BAD(title, function, by_filter, by_landlock)                                       \
    {                                                                                      \
        .name = title, .try = (function), .filter = (by_filter), .landlock = (by_landlock) \
    }
#define CALL(title, by_filter, call, ...)                                                    \
    {                                                                                        \
        .name = title, .filter = (by_filter), .number = (call), .arguments = { __VA_ARGS__ } \
    }
#define GOOD(title, function)            \
    {                                    \
        .name = title, .try = (function) \
    }
static const struct attempt attempts[] = {
    BAD("open for writing elsewhere", write_elsewhere, 0, 1),
    BAD("open for appending elsewhere", append_elsewhere, 0, 1),
    BAD("truncate elsewhere", truncate_elsewhere, EPERM, 3),
    BAD("loosen a mode elsewhere", loosen_elsewhere, EPERM, 0),
    BAD("make a set-user-ID program beside the log", make_set_user_id, EPERM, 0),
    BAD("create elsewhere", create_elsewhere, 0, 1),
    BAD("create a file without a name", create_unnamed, 0, 1),
    BAD("unlink elsewhere", unlink_elsewhere, 0, 1),
    BAD("unlink the log", unlink_log, 0, 1),
    BAD("link out of the approvals", link_out, 0, 1),
    BAD("link into the approvals", link_in, 0, 1),
    BAD("write through a symbolic link", write_link, 0, 1),
    BAD("connect by TCP", connect_tcp, 0, 4),
    BAD("connect to an abstract socket", connect_abstract, 0, 6),
    BAD("signal the parent", signal_parent, EPERM, 6),
    BAD("signal a thread of the parent", signal_thread, EPERM, 6),
    BAD("execute", execute, EPERM, 1),
    BAD("a new process", new_process, EPERM, 0),
    CALL("clone3", ENOSYS, CALL_CLONE3, 0, 0, 0),
    CALL("openat2", ENOSYS, CALL_OPENAT2, -1, 0, 0),
    CALL("io_uring", ENOSYS, CALL_IO_URING, 0, 0, 0),
    CALL("a socket for IPv4", EPERM, SYS_socket, AF_INET, SOCK_STREAM, 0),
    CALL("a socket for UDP", EPERM, SYS_socket, AF_INET, SOCK_DGRAM, 0),
    CALL("a socket for IPv6", EPERM, SYS_socket, AF_INET6, SOCK_STREAM, 0),
    CALL("a socket for netlink", EPERM, SYS_socket, AF_NETLINK, SOCK_RAW, 0),
    BAD("listen", listen_call, EPERM, 0),
    BAD("trace the parent", trace, EPERM, 1),
    CALL("read memory of the parent", EPERM, SYS_process_vm_readv, 1, 0, 0),
    BAD("map memory for code", map_code, EPERM, 0),
    BAD("make memory code", make_code, EPERM, 0),
    CALL("chmod", EPERM, SYS_fchmodat, AT_FDCWD, 0, 0600),
    CALL("chown", EPERM, SYS_fchownat, AT_FDCWD, 0, 0),
    CALL("setuid", EPERM, SYS_setreuid, -1, -1, 0),
    CALL("prctl", EPERM, SYS_prctl, PR_SET_DUMPABLE, 7, 0),
    CALL("another filter", EPERM, SYS_seccomp, 1, 0, 0),
    CALL("mount", EPERM, SYS_mount, 0, 0, 0),
    CALL("unshare", EPERM, SYS_unshare, 0, 0, 0),
    CALL("chroot", EPERM, SYS_chroot, 0, 0, 0),
    CALL("rlimits", EPERM, SYS_prlimit64, 0, RLIMIT_NOFILE, 0),
    CALL("a file in memory", EPERM, SYS_memfd_create, 0, 0, 0),
    CALL("ioctl", EPERM, SYS_ioctl, 0, 0x5401, 0),
    BAD("signals of a descriptor to the parent", own_descriptor, EPERM, 0),
    BAD("rename the log", rename_log, EPERM, 1),
    BAD("make a directory beside the log", make_directory, EPERM, 1),
    BAD("make a symbolic link beside the approvals", make_link, EPERM, 1),
    BAD("make a FIFO beside the approvals", make_fifo, EPERM, 1),
#ifdef __x86_64__
    CALL("a call of x32", ENOSYS, 0x40000000 | SYS_getpid, 0, 0, 0),
#endif
    GOOD("read a file", read_file),
    GOOD("read a directory", read_directory),
    GOOD("append to the log, sync it", append_log),
    GOOD("take back a part of the log", take_back_log),
    GOOD("take a use of an approval", use_approval),
    GOOD("speak to syslog", speak_to_syslog),
    GOOD("allocate much", much_memory),
    GOOD("sort much", sort_much),
    GOOD("ask for the local time", local_time),
    GOOD("sleep", sleep_a_little),
    GOOD("jump out of a signal's handler", jump_out),
};

static bool is_refusal(int failed)
{
    return failed == EPERM || failed == EACCES || failed == EXDEV;
}

static bool judge(const struct attempt *attempt, int version, bool filter)
{
    bool refused = attempt->filter || attempt->landlock;
    bool can = (filter && attempt->filter) || (attempt->landlock && version >= attempt->landlock);
    if (refused && !can) {
        printf("skip %s\n", attempt->name);
        return true;
    }
    const long *with = attempt->arguments;
    int failed = attempt->try ? attempt->try()
                              : result(syscall(attempt->number, with[0], with[1], with[2]));
    bool good = !refused                    ? !failed
                : filter && attempt->filter ? failed == attempt->filter
                                            : is_refusal(failed);
    if (good)
        printf("ok %s\n", attempt->name);
    else
        printf("WRONG %s: %s\n", attempt->name, failed ? strerror(failed) : "it succeeded");
    fflush(stdout);
    return good;
}

/* ------------------------------------------------------------------ the whole */

static int prepare(void)
{
    static char stack[64 * 1024];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = jump, .sa_flags = SA_ONSTACK};
    socklen_t size = sizeof listener;
    listener.sin_family = AF_INET;
    listener.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    abstract.sun_family = AF_UNIX;
    snprintf(abstract.sun_path + 1, 19, "refgate-%07d", getpid() % 10000000);
    int tcp_server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int abstract_server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    log_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return sigaltstack(&alternate, NULL) || sigaction(SIGBUS, &action, NULL) ||
           bind(tcp_server, (const struct sockaddr *)&listener, sizeof listener) ||
           listen(tcp_server, 1) || getsockname(tcp_server, (struct sockaddr *)&listener, &size) ||
           bind(abstract_server, (const struct sockaddr *)&abstract,
                offsetof(struct sockaddr_un, sun_path) + 20) ||
           listen(abstract_server, 1);
}

static int bound(const char *name, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s", name) >=
            (int)sizeof address.sun_path ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) ||
        (type == SOCK_STREAM && listen(fd, 8)))
        return -1;
    return fd;
}

static int listen_to(const char *kind, const char *name)
{
    bool stream = !strcmp(kind, "stream");
    int fd = bound(name, stream ? SOCK_STREAM : SOCK_DGRAM);
    if (fd < 0)
        return 2;
    puts("ready");
    for (;;) {
        char message[4096];
        fflush(stdout);
        int from = stream ? accept(fd, NULL, NULL) : fd;
        ssize_t got = recv(from, message, sizeof message, 0);
        if (got < 0)
            return 2;
        printf("%.*s\n", (int)strnlen(message, (size_t)got), message);
        if (stream)
            close(from);
    }
}

static int enter_and_try(bool off)
{
    char log[sizeof path_text], approvals[sizeof path_text], offer[SANDBOX_TEXT_SIZE];
    snprintf(log, sizeof log, "%s", at("log/audit"));
    snprintf(approvals, sizeof approvals, "%s", at("approvals"));
    const struct sandbox_needs needs = {log, approvals, true};
    struct error err = {STATUS_OK, ""};
    int version = 0, wrong = 0;
    bool filter = strstr(sandbox_offer(offer), "seccomp") && !strstr(offer, "no seccomp");
    const char *abi = strstr(offer, "(ABI ");
    if (abi)
        version = (int)strtol(abi + 5, NULL, 10);
    enum status status = off ? STATUS_OK : sandbox_enter(&needs, &err);
    if (status != (filter && version > 0 ? STATUS_OK : off ? STATUS_OK : STATUS_UNSUPPORTED)) {
        printf("WRONG entering: %s\n", err.text);
        wrong = 1;
    }
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        wrong |= !judge(&attempts[i], version, filter);
    return wrong;
}

int main(int argc, char **argv)
{
#define NAME(name, x86_64, arm64, verdict, wanted_by) #name "\n"
    if (argc == 2 && !strcmp(argv[1], "--list"))
        return fputs(SANDBOX_CALLS(NAME), stdout) < 0 ? 2 : 0;
    if (argc == 4 && !strcmp(argv[1], "--listen"))
        return listen_to(argv[2], argv[3]);
    bool off = argc == 3 && !strcmp(argv[1], "--off");
    if ((argc != 2 && !off) || !realpath(argv[argc - 1], top) || prepare() ||
        bound(at("syslog"), SOCK_DGRAM) < 0) {
        fprintf(stderr, "sandbox_probe: %s\n", errno ? strerror(errno) : "usage");
        return 2;
    }
    fflush(stdout);
    /* A child: what it tries to reach is outside. */
    pid_t child = fork();
    if (!child)
        _exit(enter_and_try(off));
    int code;
    if (child < 0 || waitpid(child, &code, 0) != child)
        return 2;
    if (WIFSIGNALED(code))
        printf("WRONG: ended by signal %d\n", WTERMSIG(code));
    return WIFEXITED(code) ? WEXITSTATUS(code) : 1;
}
