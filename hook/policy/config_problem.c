#include "policy/config_problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_MAX 640
#define QUOTED_MAX 60
#define GUESS_WORD_MAX 40

void config_problems_init(struct config_problems *problems, struct arena *arena)
{
    problems->arena = arena;
    problems->count = problems->kept = 0;
    problems->out_of_memory = false;
}

void config_problem(struct config_problems *problems, unsigned line, const char *format, ...)
{
    problems->count++;
    if (problems->kept == CONFIG_ERRORS_MAX)
        return;
    char sentence[SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    struct text copy = size < 0 ? TEXT_NONE : arena_text(problems->arena, text_of(sentence));
    if (text_absent(copy)) {
        problems->out_of_memory = true;
        return;
    }
    /* Nearly always the last line so far. */
    size_t at = problems->kept;
    while (at && problems->item[at - 1].line > line) {
        problems->item[at] = problems->item[at - 1];
        at--;
    }
    problems->item[at].line = line;
    problems->item[at].sentence = copy.at;
    problems->kept++;
}

const char *config_quoted(struct config_problems *problems, struct text t)
{
    struct buffer safe;
    buffer_init(&safe, SENTENCE_MAX);
    buffer_string(&safe, "\"");
    buffer_escaped(&safe, t, QUOTED_MAX, false);
    buffer_string(&safe, "\"");
    struct text copy = safe.failed ? TEXT_NONE : arena_text(problems->arena, buffer_view(&safe));
    buffer_free(&safe);
    if (text_absent(copy)) {
        problems->out_of_memory = true;
        return "\"...\"";
    }
    return copy.at;
}

void config_problems_print(const struct config_problems *problems, struct text file_name,
                           struct config_errors *errors)
{
    for (size_t i = 0; i < problems->kept; i++) {
        buffer_escaped(&errors->lines, file_name, 255, false);
        if (problems->item[i].line)
            buffer_printf(&errors->lines, ":%u", problems->item[i].line);
        buffer_printf(&errors->lines, ": %s\n", problems->item[i].sentence);
    }
    if (problems->count > problems->kept) {
        buffer_escaped(&errors->lines, file_name, 255, false);
        buffer_printf(&errors->lines, ": %zu more problems are not listed\n",
                      problems->count - problems->kept);
    }
    errors->count += problems->count;
}

void config_errors_init(struct config_errors *errors)
{
    buffer_init(&errors->lines, (size_t)1024 * 1024);
    errors->count = 0;
}

void config_errors_free(struct config_errors *errors)
{
    buffer_free(&errors->lines);
    errors->count = 0;
}

/* Levenshtein's distance without ASCII case; both at most GUESS_WORD_MAX bytes. */
static size_t word_distance(struct text a, struct text b)
{
    size_t row[GUESS_WORD_MAX + 1];
    for (size_t j = 0; j <= b.size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            size_t change = diagonal + (ascii_lower(a.at[i - 1]) != ascii_lower(b.at[j - 1]));
            size_t shorter = row[j] + 1, longer = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < shorter ? change : shorter;
            if (longer < row[j])
                row[j] = longer;
        }
    }
    return row[b.size];
}

struct config_guess config_guess_start(struct text word)
{
    /* A guess is worth saying when about a third of the word is right at worst. */
    return (struct config_guess){.word = word, .distance = word.size < 4 ? 2 : 3 + word.size / 6};
}

void config_guess_try(struct config_guess *guess, const char *candidate)
{
    struct text known = text_of(candidate);
    if (!guess->word.size || guess->word.size > GUESS_WORD_MAX || known.size > GUESS_WORD_MAX)
        return;
    bool begins = guess->word.size >= 3 && guess->word.size < known.size &&
                  text_equal_fold(guess->word, (struct text){candidate, guess->word.size});
    size_t distance = begins ? 1 : word_distance(guess->word, known);
    if (distance < guess->distance && distance < known.size) {
        guess->distance = distance;
        guess->best = candidate;
    }
}

const char *config_guess_hint(const struct config_guess *guess, struct config_problems *problems)
{
    if (!guess->best)
        return "";
    char *hint = arena_printf(problems->arena, " (did you mean %s?)", guess->best);
    if (!hint)
        problems->out_of_memory = true;
    return hint ? hint : "";
}
