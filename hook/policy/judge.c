#include "policy/judge.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"

enum answer judge_answer(struct judge *j, enum status status)
{
    switch (status) {
    case STATUS_OK:
        return ANSWER_YES;
    case STATUS_NOT_FOUND:
        return ANSWER_NO;
    case STATUS_MEMORY:
        j->out_of_memory = true;
        return ANSWER_CANNOT_TELL;
    default:
        if (!j->damaged)
            j->damage = j->detail;
        j->damaged = true;
        return ANSWER_CANNOT_TELL;
    }
}

bool judge_late(struct judge *j)
{
    if (j->push->late && *j->push->late)
        j->late = true;
    return j->late;
}

void *judge_alloc(struct judge *j, size_t count, size_t size)
{
    void *piece = arena_alloc(j->arena, count, size);
    if (!piece)
        j->out_of_memory = true;
    return piece;
}

const char *judge_printf(struct judge *j, const char *format, ...)
{
    char small[512];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (size < 0)
        return "";
    size_t length = (size_t)size < sizeof small ? (size_t)size : sizeof small - 1;
    struct text copy = arena_text(j->arena, (struct text){small, length});
    if (!copy.at)
        j->out_of_memory = true;
    return copy.at ? copy.at : "";
}

const char *judge_escaped(struct judge *j, struct text t, size_t most)
{
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    buffer_escaped(&safe, t, most, true);
    struct text copy = safe.failed ? TEXT_NONE : arena_text(j->arena, buffer_view(&safe));
    buffer_free(&safe);
    if (!copy.at)
        j->out_of_memory = true;
    return copy.at ? copy.at : "";
}

void judge_trace(struct judge *j, enum trace_stage stage, size_t change, enum answer applies,
                 enum verdict verdict, const char *subject, const char *source, const char *format,
                 ...)
{
    if (!j->trace)
        return;
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    const struct trace_entry entry = {
        .stage = stage,
        .change = change,
        .applies = applies,
        .verdict = verdict,
        .subject = text_of(subject),
        .source = text_of(source),
        .why = text_of(why),
    };
    j->trace->entry(j->trace->self, &entry);
}
