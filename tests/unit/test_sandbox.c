/* base/sandbox_filter.h: the program for the kernel's filter, run here by a small interpreter for every
 * number, on both machines; base/sandbox.h: Landlock's rights by its version. What the kernel makes of
 * them: tests/push/sandbox.t. semantics 8: no signal, a documented exit code. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/sandbox.h"

#define NUMBERS 600
#define PROCESS 4711u
#define ALL_WANTS (SANDBOX_WANT_SYSLOG | SANDBOX_WANT_APPROVALS)
#define ALLOWED ((uint32_t)SECCOMP_RET_ALLOW)
#define REFUSED ((uint32_t)SECCOMP_RET_ERRNO | EPERM)
#define NO_SUCH ((uint32_t)SECCOMP_RET_ERRNO | ENOSYS)

static const uint32_t machines[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64};

struct row {
    const char *name;
    int number[2];
    enum sandbox_verdict verdict;
    unsigned wanted_by;
};
#define ROW(name, x86_64, arm64, verdict, wanted_by) {#name, {x86_64, arm64}, verdict, wanted_by},
static const struct row rows[] = {SANDBOX_CALLS(ROW)};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

/* ------------------------------------------------------------------ the machine */

/* One step; true: *result is what the program returns. */
static bool step(const struct sandbox_filter *filter, const struct seccomp_data *data, size_t *at,
                 uint32_t *a, uint32_t *result)
{
    assert_in_range(*at, 0, filter->size - 1);
    const struct sock_filter *code = &filter->code[(*at)++];
    switch (code->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        assert_true(code->k % 4 == 0 && code->k <= sizeof *data - 4);
        memcpy(a, (const char *)data + code->k, 4);
        return false;
    case BPF_JMP | BPF_JEQ | BPF_K:
        *at += *a == code->k ? code->jt : code->jf;
        return false;
    case BPF_JMP | BPF_JGE | BPF_K:
        *at += *a >= code->k ? code->jt : code->jf;
        return false;
    case BPF_JMP | BPF_JGT | BPF_K:
        *at += *a > code->k ? code->jt : code->jf;
        return false;
    case BPF_JMP | BPF_JSET | BPF_K:
        *at += *a & code->k ? code->jt : code->jf;
        return false;
    case BPF_RET | BPF_K:
        *result = code->k;
        return true;
    default:
        fail_msg("instruction %zu: code %#x", *at - 1, code->code);
        return true;
    }
}

/* Steps are counted: the kernel runs the program for each number when it takes it. */
static size_t steps_most;
static uint32_t ask(const struct sandbox_filter *filter, const struct seccomp_data *data)
{
    uint32_t a = 0, result = 0;
    size_t at = 0, steps = 1;
    while (!step(filter, data, &at, &a, &result))
        steps++;
    steps_most = steps > steps_most ? steps : steps_most;
    return result;
}

static struct sandbox_filter build(uint32_t machine, unsigned wanted)
{
    struct sandbox_filter filter;
    memset(&filter, 0xee, sizeof filter);
    assert_true(sandbox_filter_build(machine, wanted, PROCESS, &filter));
    assert_in_range(filter.size, 10, SANDBOX_FILTER_MAX);
    return filter;
}

static const struct row *find(size_t machine, int number)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].number[machine] == number)
            return &rows[i];
    return NULL;
}

/* ------------------------------------------------------------------ the list */

static void the_list_is_sound(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++)
        for (size_t i = 0; i < ROW_COUNT; i++) {
            int number = rows[i].number[m];
            if (number == SANDBOX_NO_CALL)
                continue;
            assert_in_range(number, 0, SANDBOX_CALLS_END - 1);
            if (find(m, number) != &rows[i])
                fail_msg("%s and %s have one number", rows[i].name, find(m, number)->name);
        }
}

/* The numbers, by the headers of the machine that this runs on. */
static void numbers_are_this_machines(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int number;
    } known[] = {
        {"openat", SYS_openat},
        {"read", SYS_read},
        {"write", SYS_write},
        {"close", SYS_close},
        {"fstat", SYS_fstat},
        {"newfstatat", SYS_newfstatat},
        {"mmap", SYS_mmap},
        {"mprotect", SYS_mprotect},
        {"munmap", SYS_munmap},
        {"mremap", SYS_mremap},
        {"brk", SYS_brk},
        {"madvise", SYS_madvise},
        {"pread64", SYS_pread64},
        {"lseek", SYS_lseek},
        {"getcwd", SYS_getcwd},
        {"getdents64", SYS_getdents64},
        {"fcntl", SYS_fcntl},
        {"flock", SYS_flock},
        {"ftruncate", SYS_ftruncate},
        {"fdatasync", SYS_fdatasync},
        {"fchmod", SYS_fchmod},
        {"fsync", SYS_fsync},
        {"linkat", SYS_linkat},
        {"unlinkat", SYS_unlinkat},
        {"socket", SYS_socket},
        {"connect", SYS_connect},
        {"sendto", SYS_sendto},
        {"clock_gettime", SYS_clock_gettime},
        {"gettimeofday", SYS_gettimeofday},
        {"nanosleep", SYS_nanosleep},
        {"clock_nanosleep", SYS_clock_nanosleep},
        {"ppoll", SYS_ppoll},
        {"restart_syscall", SYS_restart_syscall},
        {"getpid", SYS_getpid},
        {"gettid", SYS_gettid},
        {"getuid", SYS_getuid},
        {"geteuid", SYS_geteuid},
        {"getgid", SYS_getgid},
        {"getegid", SYS_getegid},
        {"uname", SYS_uname},
        {"getrandom", SYS_getrandom},
        {"futex", SYS_futex},
        {"rt_sigreturn", SYS_rt_sigreturn},
        {"rt_sigprocmask", SYS_rt_sigprocmask},
        {"rt_sigaction", SYS_rt_sigaction},
        {"sigaltstack", SYS_sigaltstack},
        {"tgkill", SYS_tgkill},
        {"exit", SYS_exit},
        {"exit_group", SYS_exit_group},
        {"statx", SYS_statx},
        {"faccessat", SYS_faccessat},
        {"readlinkat", SYS_readlinkat},
        {"readv", SYS_readv},
        {"writev", SYS_writev},
        {"sysinfo", SYS_sysinfo},
#ifdef SYS_faccessat2
        {"faccessat2", SYS_faccessat2},
#endif
#ifdef __x86_64__
        {"open", SYS_open},
        {"stat", SYS_stat},
        {"lstat", SYS_lstat},
        {"access", SYS_access},
        {"readlink", SYS_readlink},
        {"time", SYS_time},
        {"poll", SYS_poll},
#endif
    };
#if defined __x86_64__
    const size_t machine = 0;
#elif defined __aarch64__
    const size_t machine = 1;
#else
    skip();
    const size_t machine = 0;
#endif
    size_t seen = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (!strcmp(rows[i].name, known[k].name)) {
                if (rows[i].number[machine] != known[k].number)
                    fail_msg("%s is %d here", rows[i].name, known[k].number);
                seen++;
            }
    assert_int_equal(seen, sizeof known / sizeof known[0]);
}

/* ------------------------------------------------------------------ the program */

/* Arguments that are allowed where any are, and such that are not. */
static void set_arguments(struct seccomp_data *data, enum sandbox_verdict verdict, bool good)
{
    memset(data->args, 0, sizeof data->args);
    if (verdict == SANDBOX_UNIX)
        data->args[0] = good ? AF_UNIX : AF_INET;
    else if (verdict == SANDBOX_DATA)
        data->args[2] = good ? PROT_READ | PROT_WRITE : PROT_READ | PROT_EXEC;
    else if (verdict == SANDBOX_FCNTL)
        data->args[1] = good ? F_DUPFD_CLOEXEC : F_SETOWN;
    else if (verdict == SANDBOX_SELF)
        data->args[0] = good ? PROCESS : PROCESS + 1;
    else if (verdict == SANDBOX_OPEN)
        data->args[1] = good ? O_RDONLY : O_TRUNC;
    else if (verdict == SANDBOX_OPENAT)
        data->args[2] = good ? O_WRONLY | O_CREAT : O_WRONLY | O_CREAT | O_TRUNC;
    else if (verdict == SANDBOX_MODE)
        data->args[1] = good ? 0644 : 0666;
}

static uint32_t wanted_answer(size_t machine, int number, unsigned wanted, bool good)
{
    const struct row *row = find(machine, number);
    if (!row || (row->wanted_by & ~wanted))
        return number < SANDBOX_NEW_CALLS ? REFUSED : NO_SUCH;
    return row->verdict == SANDBOX_ALLOW || good ? ALLOWED : REFUSED;
}

static void every_number_is_judged_by_the_list(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++)
        for (unsigned wanted = 0; wanted <= ALL_WANTS; wanted++) {
            struct sandbox_filter filter = build(machines[m], wanted);
            for (int number = 0; number < NUMBERS; number++)
                for (int good = 0; good <= 1; good++) {
                    struct seccomp_data data = {.nr = number, .arch = machines[m]};
                    const struct row *row = find(m, number);
                    set_arguments(&data, row ? row->verdict : SANDBOX_ALLOW, good);
                    uint32_t got = ask(&filter, &data);
                    if (got != wanted_answer(m, number, wanted, good))
                        fail_msg("machine %zu, wanted %u, call %d, good %d: %#x", m, wanted, number,
                                 good, got);
                }
        }
    assert_in_range(steps_most, 5, 20); /* a tree, not a chain */
}

static void other_machines_and_x32_are_refused(void **state)
{
    (void)state;
    static const uint32_t others[] = {AUDIT_ARCH_I386,  AUDIT_ARCH_ARM,     AUDIT_ARCH_PPC64LE,
                                      AUDIT_ARCH_S390X, AUDIT_ARCH_RISCV64, 0,
                                      UINT32_MAX};
    for (size_t m = 0; m < 2; m++) {
        struct sandbox_filter filter = build(machines[m], ALL_WANTS);
        for (int number = 0; number < NUMBERS; number++) {
            for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
                const struct seccomp_data data = {.nr = number, .arch = others[i]};
                assert_int_equal(ask(&filter, &data), REFUSED);
            }
            struct seccomp_data data = {.nr = number, .arch = machines[1 - m]};
            assert_int_equal(ask(&filter, &data), REFUSED);
            /* x32: the same architecture, and this bit (linux/unistd.h). */
            data = (struct seccomp_data){.nr = 0x40000000 | number, .arch = machines[m]};
            assert_int_equal(ask(&filter, &data), NO_SUCH);
            data.nr = INT32_MIN | number;
            assert_int_equal(ask(&filter, &data), NO_SUCH);
        }
    }
    struct sandbox_filter filter;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(sandbox_filter_build(others[i], ALL_WANTS, PROCESS, &filter));
}

/* Each value near the one that counts. */
static void arguments_are_looked_at(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct sandbox_filter filter = build(machines[m], ALL_WANTS);
        for (size_t i = 0; i < ROW_COUNT; i++) {
            struct seccomp_data data = {.nr = rows[i].number[m], .arch = machines[m]};
            for (uint32_t value = 0; value < 2048 && rows[i].verdict == SANDBOX_UNIX; value++) {
                data.args[0] = value;
                assert_int_equal(ask(&filter, &data), value == AF_UNIX ? ALLOWED : REFUSED);
            }
            for (uint32_t value = 0; value < 64 && rows[i].verdict == SANDBOX_DATA; value++) {
                data.args[2] = value;
                assert_int_equal(ask(&filter, &data), value & PROT_EXEC ? REFUSED : ALLOWED);
            }
            for (uint32_t value = 0; value < 2048 && rows[i].verdict == SANDBOX_FCNTL; value++) {
                data.args[1] = value;
                bool good = value <= F_GETFL || value == F_DUPFD_CLOEXEC;
                assert_int_equal(ask(&filter, &data), good ? ALLOWED : REFUSED);
            }
            for (uint32_t value = PROCESS - 3; value < PROCESS + 3; value++)
                if (rows[i].verdict == SANDBOX_SELF) {
                    data.args[0] = value;
                    assert_int_equal(ask(&filter, &data), value == PROCESS ? ALLOWED : REFUSED);
                }
        }
    }
}

/* Landlock before version 3 lets O_RDONLY | O_TRUNC through, which empties any file that the user may
 * write; and no version knows of modes: fchmod() on a descriptor for reading would give a repository to
 * everybody, and a program beside the log could be made set-user-ID. */
static void files_are_not_emptied_and_modes_not_loosened(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int argument;
        uint64_t value;
        uint32_t answer, mode;
    } wants[] = {
        {"open", 1, O_RDONLY, ALLOWED, 0},
        {"open", 1, O_RDONLY | O_TRUNC, REFUSED, 0},
        {"open", 1, O_RDWR | O_APPEND | O_CREAT, ALLOWED, 0},
        {"openat", 2, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, ALLOWED, 0},
        {"openat", 2, O_RDONLY | O_TRUNC, REFUSED, 0},
        {"openat", 2, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, ALLOWED, 0},
        {"openat", 2, O_WRONLY | O_CREAT | O_TRUNC, REFUSED, 0},
        {"openat", 2, UINT64_C(0xffffffff00000000) | O_TRUNC, REFUSED, 0},
        {"open", 1, O_WRONLY | O_CREAT, REFUSED, 04755},
        {"open", 1, O_WRONLY, ALLOWED, 04755}, /* it is not looked at */
        {"openat", 2, O_WRONLY | O_CREAT, ALLOWED, 0777},
        {"openat", 2, O_WRONLY | O_CREAT, REFUSED, 04755},
        {"openat", 2, O_WRONLY | O_CREAT, REFUSED, 02755},
        {"openat", 2, O_WRONLY | O_TMPFILE, REFUSED, 06755},
        {"openat", 2, O_RDONLY | O_DIRECTORY, ALLOWED, UINT32_MAX},
        {"fchmod", 1, 0644, ALLOWED, 0},
        {"fchmod", 1, 0666, REFUSED, 0},
        {"fchmod", 1, 0640, REFUSED, 0},
        {"fchmod", 1, 0777, REFUSED, 0},
        {"fchmod", 1, 04755, REFUSED, 0},
    };
    for (size_t m = 0; m < 2; m++) {
        struct sandbox_filter filter = build(machines[m], ALL_WANTS);
        for (size_t i = 0; i < ROW_COUNT; i++)
            for (size_t k = 0; k < sizeof wants / sizeof wants[0]; k++) {
                struct seccomp_data data = {.nr = rows[i].number[m], .arch = machines[m]};
                data.args[wants[k].argument] = wants[k].value;
                data.args[wants[k].argument + 1] = wants[k].mode;
                if (rows[i].number[m] != SANDBOX_NO_CALL && !strcmp(rows[i].name, wants[k].name) &&
                    ask(&filter, &data) != wants[k].answer)
                    fail_msg("machine %zu: %s with %#llx", m, wants[k].name,
                             (unsigned long long)wants[k].value);
            }
    }
}

/* What must never be on the list, whoever adds to it. */
static void dangerous_calls_are_refused(void **state)
{
    (void)state;
    static const int never[][2] = {
        {59, 221},
        /* execve */ {322, 281},
        /* execveat */ {56, 220}, /* clone */
        {57, -1},
        /* fork */ {58, -1},
        /* vfork */ {62, 129}, /* kill */
        {200, 130},
        /* tkill */ {101, 117},
        /* ptrace */ {165, 40}, /* mount */
        {49, 200},
        /* bind */ {50, 201},
        /* listen */ {43, 202}, /* accept */
        {288, 242},
        /* accept4 */ {90, -1},
        /* chmod */ {268, 53}, /* fchmodat */
        {105, 146},
        /* setuid */ {157, 167},
        /* prctl */ {317, 277}, /* seccomp */
        {16, 29},
        /* ioctl */ {298, 241}, /* perf_event_open */
        {321, 280},
        /* bpf */ {319, 279}, /* memfd_create */
        {310, 270},
        /* process_vm_readv */ {311, 271}, /* process_vm_writev */
        {82, -1},
        /* rename */ {264, 38},
        /* renameat */ {316, 276}, /* renameat2 */
        {329, 288},
        /* pkey_mprotect */ {302, 261}, /* prlimit64 */
    };
    for (size_t m = 0; m < 2; m++) {
        struct sandbox_filter filter = build(machines[m], ALL_WANTS);
        for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
            if (never[i][m] >= 0) {
                const struct seccomp_data data = {.nr = never[i][m], .arch = machines[m]};
                assert_int_equal(ask(&filter, &data), REFUSED);
            }
        /* clone3, openat2, pidfd_send_signal, io_uring_setup: the same number everywhere. */
        static const int newer[] = {435, 437, 424, 425};
        for (size_t i = 0; i < sizeof newer / sizeof newer[0]; i++) {
            const struct seccomp_data data = {.nr = newer[i], .arch = machines[m]};
            assert_int_equal(ask(&filter, &data), NO_SUCH);
        }
    }
}

/* ------------------------------------------------------------------ Landlock */

static void rights_grow_with_the_version(void **state)
{
    (void)state;
    static const struct sandbox_rights want[] = {
        {0x1ff3, 0, 0}, {0x3ff3, 0, 0}, {0x7ff3, 0, 0}, {0x7ff3, 3, 0},
        {0xfff3, 3, 0}, {0xfff3, 3, 3}, {0xfff3, 3, 3}, {0xfff3, 3, 3},
    };
    for (int version = 1; version <= 8; version++) {
        struct sandbox_rights got = sandbox_rights_of(version);
        assert_memory_equal(&got, &want[version - 1], sizeof got);
        assert_int_equal(got.files & 0xc, 0); /* files and directories may be read */
    }
}

static void the_offer_is_one_line(void **state)
{
    (void)state;
    char text[SANDBOX_TEXT_SIZE];
    assert_ptr_equal(sandbox_offer(text), text);
    assert_in_range(strlen(text), 7, SANDBOX_TEXT_SIZE - 1);
    assert_null(strchr(text, '\n'));
    print_message("%s\n", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_sound),
        cmocka_unit_test(numbers_are_this_machines),
        cmocka_unit_test(every_number_is_judged_by_the_list),
        cmocka_unit_test(other_machines_and_x32_are_refused),
        cmocka_unit_test(arguments_are_looked_at),
        cmocka_unit_test(files_are_not_emptied_and_modes_not_loosened),
        cmocka_unit_test(dangerous_calls_are_refused),
        cmocka_unit_test(rights_grow_with_the_version),
        cmocka_unit_test(the_offer_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
