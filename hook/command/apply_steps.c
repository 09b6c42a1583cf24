#include "command/apply_steps.h"

#include <limits.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/table.h"
#include "command/wrapped.h"

#define SENTENCE_MAX 2048
#define INDENT 18 /* below the sentence */
#define WIDTH 79

static const struct name_value marks[] = {
    {"ok", APPLY_OK},         {"note", APPLY_NOTE}, {"skipped", APPLY_SKIPPED},
    {"forced", APPLY_FORCED}, {"stop", APPLY_STOP}, {"done", APPLY_DONE},
};

static const char *colour_of(enum apply_mark mark)
{
    switch (mark) {
    case APPLY_OK:
    case APPLY_DONE:
        return "\033[32m";
    case APPLY_STOP:
        return "\033[1;31m";
    default:
        return "\033[33m";
    }
}

void apply_say(struct apply_steps *steps, enum apply_mark mark, const char *step,
               const char *format, ...)
{
    va_list args;
    char sentence[SENTENCE_MAX];
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    steps->stopped |= mark == APPLY_STOP;
    steps->changed |= mark == APPLY_DONE;
    const char *name = table_name(marks, TABLE_COUNT(marks), (int)mark);
    struct buffer safe;
    buffer_init(&safe, 16384);
    buffer_escaped(&safe, text_of(sentence), sizeof sentence, false);
    const char *text = safe.data ? safe.data : "";
    if (steps->list) {
        json_array_append_new(
            steps->list, json_pack("{s:s,s:s,s:s}", "step", step, "result", name, "text", text));
    } else {
        bool colour = command_colour(stdout);
        printf("%s%-8s%s%-9s ", colour ? colour_of(mark) : "", name, colour ? "\033[0m" : "", step);
        /* A step is one line for who greps. */
        wrapped_print(text, INDENT, isatty(STDOUT_FILENO) ? WIDTH : UINT_MAX);
        fflush(stdout); /* what stderr says of a later step comes after it, in a log, too */
    }
    buffer_free(&safe);
}
