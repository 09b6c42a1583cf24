#include "faults/fault.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

const char *const fault_class_names[FAULT_CLASSES] = {
    [FAULT_ALLOC] = "alloc",   [FAULT_OPEN] = "open",     [FAULT_READ] = "read",
    [FAULT_STAT] = "stat",     [FAULT_MAP] = "map",       [FAULT_WRITE] = "write",
    [FAULT_NAME] = "name",     [FAULT_SYNC] = "sync",     [FAULT_LOCK] = "lock",
    [FAULT_SOCKET] = "socket", [FAULT_RANDOM] = "random", [FAULT_PROCESS] = "process",
    [FAULT_GIT] = "git",       [FAULT_CLOCK] = "clock"};

static struct fault_seen *seen;
static struct fault_plan plan;
static bool armed;

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t from);

bool fault_prepare(void)
{
    void *shared = __real_mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    seen = shared == MAP_FAILED ? NULL : shared;
    return seen != NULL;
}

void fault_arm(const struct fault_plan *wanted)
{
    plan = wanted ? *wanted : (struct fault_plan){.way = FAULT_NONE};
    memset(seen, 0, sizeof *seen);
    armed = true;
}

void fault_disarm(void)
{
    armed = false;
}

const struct fault_seen *fault_seen(void)
{
    return seen;
}

enum fault_way fault_call(enum fault_class class, const char *function, void *site)
{
    if (!armed)
        return FAULT_NONE;
    uint32_t number = ++seen->calls[class];
    bool hit = plan.way != FAULT_NONE && class == plan.class &&
               (number == plan.first ||
                (plan.every && number > plan.first && (number - plan.first) % plan.every == 0));
    if (!hit)
        return FAULT_NONE;
    if (!seen->injected++) {
        seen->function = function;
        seen->site = site;
    }
    if (plan.way == FAULT_ERROR)
        errno = plan.error;
    return plan.way;
}

bool fault_transfer(enum fault_class class, const char *function, void *site, size_t *size,
                    bool *end)
{
    enum fault_way way = fault_call(class, function, site);
    *end = way == FAULT_END;
    if (way == FAULT_LESS_BY_ONE && *size > 1)
        --*size;
    else if (way == FAULT_ONE_BYTE && *size > 1)
        *size = 1;
    return way == FAULT_ERROR;
}
