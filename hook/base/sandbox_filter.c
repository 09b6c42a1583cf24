#include "base/sandbox_filter.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct call {
    int16_t x86_64, arm64;
    uint8_t verdict, wanted_by;
};

#define ROW(name, x86_64, arm64, verdict, wanted_by) {x86_64, arm64, verdict, wanted_by},
static const struct call calls[] = {SANDBOX_CALLS(ROW)};
#undef ROW
#define CALL_COUNT (sizeof calls / sizeof calls[0])

/* Each call can begin a span of numbers with one verdict, and end it. */
#define SPANS_MAX (2 * CALL_COUNT + 2)

#define DATA(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(test, value, yes, no) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (yes), (no))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define ALLOW RETURN(SECCOMP_RET_ALLOW)
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))

/* Every argument that is looked at is an int to the kernel: the lower half, which both machines have
 * first. */
enum { ENDING_SIZE = 7 };
/* Only with these is there a mode, and libc leaves in its place whatever was there. */
#define MAKES (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))
#define SPECIAL_MODES 07000
static const struct sock_filter endings[SANDBOX_VERDICTS][ENDING_SIZE] = {
    [SANDBOX_ALLOW] = {ALLOW},
    [SANDBOX_DENY] = {REFUSE(EPERM)},
    [SANDBOX_UNKNOWN] = {REFUSE(ENOSYS)},
    [SANDBOX_UNIX] = {DATA(args[0]), IF(BPF_JEQ, AF_UNIX, 0, 1), ALLOW, REFUSE(EPERM)},
    [SANDBOX_DATA] = {DATA(args[2]), IF(BPF_JSET, PROT_EXEC, 1, 0), ALLOW, REFUSE(EPERM)},
    [SANDBOX_FCNTL] = {DATA(args[1]), IF(BPF_JGT, F_GETFL, 0, 1),
                       IF(BPF_JEQ, F_DUPFD_CLOEXEC, 0, 1), ALLOW, REFUSE(EPERM)},
    [SANDBOX_SELF] = {DATA(args[0]), IF(BPF_JEQ, 0, 0, 1), ALLOW, REFUSE(EPERM)},
    [SANDBOX_OPEN] = {DATA(args[1]), IF(BPF_JSET, O_TRUNC, 4, 0), IF(BPF_JSET, MAKES, 0, 2),
                      DATA(args[2]), IF(BPF_JSET, SPECIAL_MODES, 1, 0), ALLOW, REFUSE(EPERM)},
    [SANDBOX_OPENAT] = {DATA(args[2]), IF(BPF_JSET, O_TRUNC, 4, 0), IF(BPF_JSET, MAKES, 0, 2),
                        DATA(args[3]), IF(BPF_JSET, SPECIAL_MODES, 1, 0), ALLOW, REFUSE(EPERM)},
    [SANDBOX_MODE] = {DATA(args[1]), IF(BPF_JEQ, SANDBOX_FILE_MODE, 0, 1), ALLOW, REFUSE(EPERM)},
};
static const uint8_t ending_sizes[SANDBOX_VERDICTS] = {
    [SANDBOX_ALLOW] = 1,  [SANDBOX_DENY] = 1,  [SANDBOX_UNKNOWN] = 1, [SANDBOX_UNIX] = 4,
    [SANDBOX_DATA] = 4,   [SANDBOX_FCNTL] = 5, [SANDBOX_SELF] = 4,    [SANDBOX_OPEN] = 7,
    [SANDBOX_OPENAT] = 7, [SANDBOX_MODE] = 4,
};
static_assert(O_TRUNC == 01000 && MAKES == 020000100, "the same on both machines");
static_assert(F_DUPFD == 0 && F_GETFD == 1 && F_SETFD == 2 && F_GETFL == 3, "one comparison");

enum { HEAD_SIZE = 4, SELF_PLACE = 1 };

/* Numbers from `from` up to where the next span begins. */
struct span {
    uint16_t from;
    uint8_t verdict;
};

static void judge_numbers(uint32_t machine, unsigned wanted, uint8_t verdicts[SANDBOX_CALLS_END])
{
    memset(verdicts, SANDBOX_DENY, SANDBOX_NEW_CALLS);
    memset(verdicts + SANDBOX_NEW_CALLS, SANDBOX_UNKNOWN, SANDBOX_CALLS_END - SANDBOX_NEW_CALLS);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        int number = machine == AUDIT_ARCH_X86_64 ? calls[i].x86_64 : calls[i].arm64;
        if (number != SANDBOX_NO_CALL && (calls[i].wanted_by & ~wanted) == 0)
            verdicts[number] = calls[i].verdict;
    }
}

static size_t find_spans(const uint8_t verdicts[SANDBOX_CALLS_END], struct span spans[SPANS_MAX])
{
    size_t count = 0;
    for (unsigned number = 0; number < SANDBOX_CALLS_END; number++)
        if (!number || verdicts[number] != verdicts[number - 1])
            spans[count++] = (struct span){(uint16_t)number, verdicts[number]};
    return count;
}

struct tree {
    const struct span *spans;
    uint8_t place[SANDBOX_VERDICTS]; /* where the endings are */
    struct {
        uint8_t low, high; /* spans that a node divides: at least two */
    } nodes[SPANS_MAX];
    size_t count;
};

/* Where spans low…high - 1 are told apart: at an ending, or at a new node. */
static size_t branch(struct tree *tree, size_t low, size_t high)
{
    if (high - low == 1)
        return tree->place[tree->spans[low].verdict];
    tree->nodes[tree->count].low = (uint8_t)low;
    tree->nodes[tree->count].high = (uint8_t)high;
    return HEAD_SIZE + tree->count++;
}

/* A tree over n spans has n - 1 nodes, whatever its form: it is known where the endings will be. */
static void write_tree(struct tree *tree, size_t spans, struct sock_filter *code)
{
    (void)branch(tree, 0, spans);
    for (size_t i = 0; i < tree->count; i++) {
        size_t low = tree->nodes[i].low, high = tree->nodes[i].high, middle = (low + high) / 2;
        size_t next = HEAD_SIZE + i + 1;
        size_t no = branch(tree, low, middle) - next, yes = branch(tree, middle, high) - next;
        code[HEAD_SIZE + i] = (struct sock_filter)IF(BPF_JGE, tree->spans[middle].from,
                                                     (uint8_t)yes, (uint8_t)no);
    }
}

bool sandbox_filter_build(uint32_t machine, unsigned wanted, uint32_t process,
                          struct sandbox_filter *out)
{
    static_assert(SPANS_MAX <= UINT8_MAX, "a node holds them");
    static_assert(HEAD_SIZE + SPANS_MAX + SANDBOX_VERDICTS * ENDING_SIZE <= SANDBOX_FILTER_MAX,
                  "each jump reaches");
    uint8_t verdicts[SANDBOX_CALLS_END];
    struct span spans[SPANS_MAX];
    struct tree tree = {.spans = spans};
    if (machine != AUDIT_ARCH_X86_64 && machine != AUDIT_ARCH_AARCH64)
        return false;
    judge_numbers(machine, wanted, verdicts);
    size_t count = find_spans(verdicts, spans);

    const struct sock_filter head[HEAD_SIZE] = {
        DATA(arch),
        IF(BPF_JEQ, machine, 1, 0),
        REFUSE(EPERM),
        DATA(nr),
    };
    memcpy(out->code, head, sizeof head);
    size_t end = HEAD_SIZE + count - 1;
    for (size_t i = 0; i < SANDBOX_VERDICTS; i++) {
        tree.place[i] = (uint8_t)end;
        memcpy(out->code + end, endings[i], ending_sizes[i] * sizeof endings[i][0]);
        end += ending_sizes[i];
    }
    out->code[tree.place[SANDBOX_SELF] + SELF_PLACE].k = process;
    out->size = (unsigned short)end;
    write_tree(&tree, count, out->code);
    return true;
}
