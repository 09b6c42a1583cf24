#include "model/credential.h"

#include "base/table.h"

static const struct name_value classes[] = {
    {"unknown", CREDENTIAL_UNKNOWN},
    {"web", CREDENTIAL_WEB},
    {"user", CREDENTIAL_USER},
    {"user-ssh-key", CREDENTIAL_USER_SSH_KEY},
    {"user-token", CREDENTIAL_USER_TOKEN},
    {"user-password", CREDENTIAL_USER_PASSWORD},
    {"access-key", CREDENTIAL_ACCESS_KEY},
    {"repository-token", CREDENTIAL_REPOSITORY_TOKEN},
    {"project-token", CREDENTIAL_PROJECT_TOKEN},
};
_Static_assert(TABLE_COUNT(classes) == CREDENTIAL_CLASSES, "each class has its name");

static const struct name_value confidences[] = {
    {"none", CONFIDENCE_NONE},
    {"observed", CONFIDENCE_OBSERVED},
    {"derived", CONFIDENCE_DERIVED},
    {"certain", CONFIDENCE_CERTAIN},
};

bool credential_class_parse(struct text name, enum credential_class *out)
{
    int value;
    if (!table_value(classes, TABLE_COUNT(classes), name, false, &value))
        return false;
    *out = (enum credential_class)value;
    return true;
}

bool credential_class_set(struct text name, unsigned *bits)
{
    enum credential_class class;
    if (!credential_class_parse(name, &class))
        return false;
    unsigned set = 1u << class;
    if (class == CREDENTIAL_USER)
        set |= 1u << CREDENTIAL_USER_SSH_KEY | 1u << CREDENTIAL_USER_TOKEN |
               1u << CREDENTIAL_USER_PASSWORD;
    *bits = set;
    return true;
}

const char *credential_class_name(enum credential_class c)
{
    const char *name = table_name(classes, TABLE_COUNT(classes), (int)c);
    return name ? name : "unknown";
}

const char *confidence_name(enum confidence c)
{
    const char *name = table_name(confidences, TABLE_COUNT(confidences), (int)c);
    return name ? name : "none";
}

bool confidence_parse(struct text name, enum confidence *out)
{
    int value;
    if (!table_value(confidences, TABLE_COUNT(confidences), name, false, &value))
        return false;
    *out = (enum confidence)value;
    return true;
}
