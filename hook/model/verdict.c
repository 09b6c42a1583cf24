#include "model/verdict.h"

#include "base/table.h"

static const struct name_value verdicts[] = {
    {"accept", VERDICT_ACCEPT},
    {"note", VERDICT_NOTE},
    {"annotate", VERDICT_ANNOTATE},
    {"require-approval", VERDICT_REQUIRE_APPROVAL},
    {"reject", VERDICT_REJECT},
};

static enum verdict verdict_checked(enum verdict v)
{
    return table_name(verdicts, TABLE_COUNT(verdicts), (int)v) ? v : VERDICT_REJECT;
}

enum verdict verdict_stronger(enum verdict a, enum verdict b)
{
    a = verdict_checked(a);
    b = verdict_checked(b);
    return a > b ? a : b;
}

enum verdict verdict_weaker(enum verdict a, enum verdict b)
{
    a = verdict_checked(a);
    b = verdict_checked(b);
    return a < b ? a : b;
}

bool verdict_accepts(enum verdict v)
{
    return v == VERDICT_ACCEPT || v == VERDICT_NOTE || v == VERDICT_ANNOTATE;
}

const char *verdict_name(enum verdict v)
{
    return table_name(verdicts, TABLE_COUNT(verdicts), (int)verdict_checked(v));
}

bool verdict_parse(struct text t, enum verdict *out)
{
    int value;
    if (!table_value(verdicts, TABLE_COUNT(verdicts), t, false, &value))
        return false;
    *out = (enum verdict)value;
    return true;
}
