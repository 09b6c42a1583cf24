/* install_content.c - the two lines of shell that start the hook. */
#include "command/install.h"

#include "base/buffer.h"

#define BEGINNING "#!/bin/sh\nexec "
#define PROGRAM "refgate-hook"

/* In single quotes the shell takes every byte for what it is, but for the quote (POSIX 2.2.2). */
static void add_quoted(struct buffer *out, const char *word)
{
    struct text rest = text_of(word), piece;
    buffer_string(out, "'");
    for (bool first = true; text_next_field(&rest, '\'', &piece); first = false) {
        buffer_string(out, first ? "" : "'\\''");
        buffer_text(out, piece);
    }
    buffer_string(out, "'");
}

struct text install_script_of(struct arena *arena, const char *program, const char *config,
                              bool native)
{
    struct buffer out;
    buffer_init(&out, HOOK_CONTENT_MAX);
    buffer_string(&out, BEGINNING);
    add_quoted(&out, program);
    buffer_string(&out, native ? " --native" : "");
    if (config) {
        buffer_string(&out, " --config ");
        add_quoted(&out, config);
    }
    buffer_string(&out, "\n");
    struct text content = out.failed ? TEXT_NONE : arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return content;
}

bool install_program_ours(const char *path)
{
    const char *slash = strrchr(path, '/');
    return !strcmp(slash ? slash + 1 : path, PROGRAM);
}

static bool skip(struct text *rest, struct text beginning)
{
    if (!text_starts(*rest, beginning))
        return false;
    *rest = text_skip(*rest, beginning.size);
    return true;
}

/* Over a quoted word as add_quoted() writes it; *end: the last bytes of it, without the quote. */
static bool skip_quoted(struct text *rest, struct text *end)
{
    if (!skip(rest, TEXT("'")))
        return false;
    do {
        const char *quote = rest->size ? memchr(rest->at, '\'', rest->size) : NULL;
        if (!quote)
            return false;
        *end = (struct text){rest->at, (size_t)(quote - rest->at)};
        *rest = text_skip(*rest, end->size + 1);
    } while (skip(rest, TEXT("\\''")));
    return true;
}

bool install_script_ours(struct text content)
{
    struct text rest = content, word;
    if (!skip(&rest, TEXT(BEGINNING)) || !skip_quoted(&rest, &word))
        return false;
    const struct text name = TEXT("/" PROGRAM);
    if (word.size < name.size || !text_equal(text_skip(word, word.size - name.size), name))
        return false;
    (void)skip(&rest, TEXT(" --native"));
    if (skip(&rest, TEXT(" --config ")) && !skip_quoted(&rest, &word))
        return false;
    return text_equal(rest, TEXT("\n"));
}
