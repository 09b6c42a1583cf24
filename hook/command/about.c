#include "command/about.h"

#include <curl/curl.h>
#include <jansson.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/version.h"
#include "snapshot/format.h"

/* Shared libraries are those of this machine, now: asked, not read from headers. */
static void describe(struct buffer *out)
{
    char formats[FORMAT_RANGE_SIZE];
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    format_range_text(format_known, formats);
    buffer_string(out, version_build);
    buffer_string(out, version_admin_linking);
    buffer_printf(out, "libraries: %s, jansson %s, zlib %s, libcurl %s (%s)\n",
                  version_admin_libraries, jansson_version_str(), zlibVersion(), curl->version,
                  curl->ssl_version ? curl->ssl_version : "without TLS");
    buffer_printf(out, "snapshot: reads %s, writes %s\n", formats, formats);
}

static json_t *range_json(struct format_range range)
{
    return json_pack("{s:I,s:I}", "oldest", (json_int_t)range.oldest, "newest",
                     (json_int_t)range.newest);
}

/* "C library: glibc 2.36" -> "c_library":"glibc 2.36" */
static void add_line(json_t *out, struct text line)
{
    char name[32];
    struct text key;
    if (!text_next_field(&line, ':', &key) || !key.size || key.size >= sizeof name)
        return;
    for (size_t i = 0; i < key.size; i++)
        name[i] = key.at[i] == ' ' ? '_' : ascii_lower(key.at[i]);
    name[key.size] = '\0';
    line = text_trim(line);
    json_object_set_new(out, name, json_stringn(line.at ? line.at : "", line.size));
}

static enum command_exit about_print(bool json)
{
    struct buffer text;
    buffer_init(&text, 65536);
    describe(&text);
    struct text rest = buffer_view(&text), line;
    int bad = text.failed;
    if (!json) {
        bad |= printf("refgate %s\n%s", REFGATE_VERSION, text.data ? text.data : "") < 0;
    } else {
        json_t *out = json_pack("{s:s,s:s}", "program", "refgate", "version", REFGATE_VERSION);
        while (text_next_field(&rest, '\n', &line))
            add_line(out, line);
        json_object_set_new(out, "snapshot",
                            json_pack("{s:o,s:o}", "reads", range_json(format_known), "writes",
                                      range_json(format_known)));
        bad |= json_dumpf(out, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF;
        json_decref(out);
    }
    buffer_free(&text);
    return bad || fflush(stdout) ? EXIT_TROUBLE : EXIT_YES;
}

enum command_exit about_run(int argc, char **argv)
{
    bool json = argc == 2 && !strcmp(argv[1], "json");
    bool text = !argc || (argc == 2 && !strcmp(argv[1], "text"));
    if ((!json && !text) || (argc && strcmp(argv[0], "--format") != 0)) {
        fprintf(stderr,
                "refgate: --version takes --format text or --format json, and nothing else\n");
        return EXIT_TROUBLE;
    }
    return about_print(json);
}
