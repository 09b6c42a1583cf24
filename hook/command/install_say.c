/* install_say.c - what `refgate install` prints: a line a finding and a step, or one JSON object. */
#include "command/install.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/buffer.h"
#include "command/wrapped.h"

#define TEXT_SIZE 6144
#define MARK_COLUMN 6
#define ABOUT_COLUMN 16
#define INDENT (MARK_COLUMN + 1 + ABOUT_COLUMN + 1)
#define WIDTH 96

static const struct {
    const char *text, *json, *colour;
} marks[] = {
    [INSTALL_OK] = {"ok", "ok", "\033[32m"},
    [INSTALL_NOTE] = {"note", "note", "\033[36m"},
    [INSTALL_WARN] = {"WARN", "warn", "\033[1;33m"},
    [INSTALL_PLAN] = {"plan", "to-do", "\033[36m"},
    [INSTALL_SAME] = {"same", "as-wanted", "\033[2m"},
    [INSTALL_DONE] = {"done", "done", "\033[32m"},
    [INSTALL_LEFT] = {"left", "not-tried", "\033[33m"},
    [INSTALL_FAIL] = {"FAIL", "failed", "\033[1;31m"},
};

static void print_line(const struct install *in, enum install_mark mark, const char *about,
                       const char *text, const char *advice)
{
    /* A line is one line for who greps. */
    unsigned width = isatty(STDOUT_FILENO) ? WIDTH : UINT_MAX;
    const char *name = mark == INSTALL_PLAN && in->dry_run ? "would" : marks[mark].text;
    printf("%s%-*s%s %-*s ", in->colour ? marks[mark].colour : "", MARK_COLUMN, name,
           in->colour ? "\033[0m" : "", ABOUT_COLUMN, about);
    wrapped_print(text, INDENT, width);
    if (advice) {
        printf("%*sdo: ", INDENT, "");
        wrapped_print(advice, INDENT, width);
    }
    fflush(stdout); /* what stderr says later comes after it, in a log, too */
}

static const char *escaped(struct buffer *out, const char *text)
{
    buffer_init(out, SIZE_MAX);
    buffer_escaped(out, text_of(text), SIZE_MAX, false);
    return out->data ? out->data : "";
}

void install_say(struct install *in, enum install_mark mark, const char *about, const char *advice,
                 const char *format, ...)
{
    char text[TEXT_SIZE];
    struct buffer safe, safe_about, safe_advice;
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    const char *is = escaped(&safe, text), *of = escaped(&safe_about, about);
    const char *todo = escaped(&safe_advice, advice ? advice : "");
    in->warnings += mark == INSTALL_WARN;
    if (in->json)
        json_array_append_new(in->lines, json_pack("{s:s, s:s, s:s, s:s?}", "about", of, "status",
                                                   marks[mark].json, "text", is, "advice",
                                                   advice ? todo : NULL));
    else
        print_line(in, mark, of, is, advice ? todo : NULL);
    buffer_free(&safe);
    buffer_free(&safe_about);
    buffer_free(&safe_advice);
}

void install_say_step(struct install *in, enum install_mark mark, const struct install_step *step,
                      const char *text)
{
    struct buffer safe, safe_about;
    const char *is = escaped(&safe, text), *about = escaped(&safe_about, step->about);
    if (!in->json)
        print_line(in, mark, about, is, NULL);
    buffer_free(&safe);
    buffer_free(&safe_about);
}

static json_t *step_object(const struct install_step *step)
{
    struct buffer about, text, problem;
    const char *failed = step->result == INSTALL_FAIL ? step->problem.text : NULL;
    json_t *out = json_pack("{s:s, s:s, s:s, s:s?}", "about", escaped(&about, step->about),
                            "result", marks[step->result].json, "text",
                            escaped(&text, step->todo ? step->todo
                                           : step->is ? step->is
                                                      : ""),
                            "problem", failed ? escaped(&problem, failed) : NULL);
    buffer_free(&about);
    buffer_free(&text);
    if (failed)
        buffer_free(&problem);
    return out;
}

bool install_dump(struct install *in, const char *result, size_t changed)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < in->step_count; i++)
        json_array_append_new(steps, step_object(&in->steps[i]));
    bool whole = json_array_size(steps) == in->step_count;
    json_t *out = json_pack("{s:s, s:b, s:b, s:s, s:I, s:I, s:O, s:o}", "way", in->way, "uninstall",
                            in->uninstall, "dry_run", in->dry_run, "result", result, "changed",
                            (json_int_t)changed, "warnings", (json_int_t)in->warnings, "lines",
                            in->lines, "steps", steps);
    bool good = whole && out && json_dumpf(out, stdout, command_json_flags(JSON_COMPACT)) == 0;
    putchar('\n');
    json_decref(out);
    return good;
}
