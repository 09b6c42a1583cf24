#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_format(struct error *err, enum status code, const char *format, va_list args)
{
    err->code = code;
    if (vsnprintf(err->text, sizeof err->text, format, args) < 0)
        err->text[0] = '\0';
}

/* The names in brackets: error.h may have macros of these names. */
enum status(error_set)(struct error *err, enum status code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        error_format(err, code, format, args);
        va_end(args);
    }
    return code;
}

enum status(error_errno)(struct error *err, enum status code, int saved_errno,
                         const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        error_format(err, code, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(saved_errno));
    }
    return code;
}

enum status error_prefix(struct error *err, const char *format, ...)
{
    if (!err)
        return STATUS_IO; /* nobody wants the sentence; what matters is that it is an error */
    char old[ERROR_TEXT_SIZE];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    error_format(err, err->code, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    return err->code;
}
