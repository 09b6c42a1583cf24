#include "model/severity.h"

#include "base/table.h"

static const struct name_value names[] = {
    {"info", SEVERITY_INFO}, {"low", SEVERITY_LOW},           {"medium", SEVERITY_MEDIUM},
    {"high", SEVERITY_HIGH}, {"critical", SEVERITY_CRITICAL},
};

const char *severity_name(enum severity severity)
{
    return table_name(names, TABLE_COUNT(names), severity);
}

bool severity_parse(struct text name, enum severity *out)
{
    int value;
    if (!table_value(names, TABLE_COUNT(names), name, false, &value))
        return false;
    *out = (enum severity)value;
    return true;
}
