#include "bitbucket/gate.h"

#include <inttypes.h>

/* Which counts are looked at, and from how many lost ones on. Service users come from the
 * administrator's own file and marks of what was not read are better fewer. */
static const struct {
    enum layout_count count;
    uint64_t few;
} watched[] = {
    {COUNT_USERS, GATE_FEW},    {COUNT_GROUPS, GATE_FEW},       {COUNT_PROJECTS, GATE_FEW},
    {COUNT_REPOSITORIES, 1},    {COUNT_GRANTS, 1},              {COUNT_RESTRICTIONS, GATE_FEW},
    {COUNT_KEYS, GATE_FEW},
};

/* floor(value * percent / 100), whatever the value. */
static uint64_t part_of(uint64_t value, unsigned percent)
{
    return value / 100 * percent + value % 100 * percent / 100;
}

bool gate_shrink(const uint64_t old_counts[LAYOUT_COUNTS],
                 const uint64_t new_counts[LAYOUT_COUNTS], unsigned percent, struct buffer *lines)
{
    bool fit = true;
    if (percent > 100)
        percent = 100;
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        uint64_t before = old_counts[watched[i].count], now = new_counts[watched[i].count];
        uint64_t lost = now < before ? before - now : 0;
        if (lost < watched[i].few || lost <= part_of(before, percent))
            continue;
        buffer_printf(lines, "%s: %" PRIu64 " before, %" PRIu64 " now (%.1f%% fewer)\n",
                      layout_count_name(watched[i].count), before, now,
                      100.0 * (double)lost / (double)before);
        fit = false;
    }
    return fit;
}
