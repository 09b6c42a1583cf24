#include "snapshot/format.h"

#include <stdio.h>

#include "snapshot/layout.h"

const struct format_range format_known = {LAYOUT_FORMAT_OLDEST, LAYOUT_FORMAT};

const char *format_range_text(struct format_range range, char out[FORMAT_RANGE_SIZE])
{
    if (range.oldest == range.newest)
        snprintf(out, FORMAT_RANGE_SIZE, "format %u", (unsigned)range.newest);
    else
        snprintf(out, FORMAT_RANGE_SIZE, "formats %u to %u", (unsigned)range.oldest,
                 (unsigned)range.newest);
    return out;
}

/* Both sentences fit into one field of a line for syslog, and say first what is wrong. */
enum status format_check(uint32_t format, struct format_range range, struct error *err)
{
    char known[FORMAT_RANGE_SIZE];
    if (format_within(format, range))
        return STATUS_OK;
    format_range_text(range, known);
    if (format > range.newest)
        return error_set(
            err, STATUS_UNSUPPORTED,
            "the snapshot has format %u, and refgate %s on this node reads %s: upgrade "
            "refgate-hook here first, or let sync write the older one "
            "(--snapshot-format %u, or [snapshot] format = %u)",
            (unsigned)format, REFGATE_VERSION, known, (unsigned)range.newest,
            (unsigned)range.newest);
    return error_set(
        err, STATUS_UNSUPPORTED,
        "the snapshot has format %u, and refgate %s on this node reads %s: run refgate "
        "sync of this version",
        (unsigned)format, REFGATE_VERSION, known);
}

enum status format_choose(uint64_t wanted, struct format_range range, const char *who,
                          uint32_t *out, struct error *err)
{
    char known[FORMAT_RANGE_SIZE];
    if (wanted && (wanted < range.oldest || wanted > range.newest))
        return error_set(err, STATUS_USAGE, "%s asks for format %llu, and refgate %s writes %s",
                         who, (unsigned long long)wanted, REFGATE_VERSION,
                         format_range_text(range, known));
    *out = wanted ? (uint32_t)wanted : range.newest;
    return STATUS_OK;
}
