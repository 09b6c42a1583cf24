/*
 * A directory of answers: recording.json, a line "%%", and lines of answers. It is opened, asked for each
 * answer that it has, crawled, and resumed as the journal of a crawl that was interrupted.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bitbucket/crawl.h"
#include "bitbucket/journal.h"
#include "bitbucket/recording.h"
#include "fuzz/support.h"

#define BASE "https://bitbucket.example.com"

static void shown(enum status status, const struct error *err)
{
    fuzz_require_sentence(status, err);
    fuzz_tell_number(status); /* the sentence may quote the file: command_trouble() escapes it */
}

static void get_each(struct recording *recording, struct text answers)
{
    struct text line;
    struct response response;
    struct error err = {STATUS_OK, ""};
    for (int i = 0; i < 50 && text_next_field(&answers, '\n', &line); i++) {
        const struct text start = TEXT("{\"url\":\"");
        char url[512];
        const char *end = NULL;
        if (text_starts(line, start)) {
            line = text_skip(line, start.size);
            end = line.size ? memchr(line.at, '"', line.size) : NULL;
        }
        if (!end || (size_t)(end - line.at) >= sizeof url)
            continue;
        memcpy(url, line.at, (size_t)(end - line.at));
        url[end - line.at] = '\0';
        const struct question question = {ENDPOINT_USERS, url, i % 2 ? LOOK_SECOND : LOOK_FIRST};
        enum status status = recording_get(recording, &question, &response, &err);
        shown(status, &err);
        if (status == STATUS_OK) {
            REQUIRE(response.status >= 200 && response.status < 500);
            REQUIRE(!response.location || !strncmp(response.location, "/rest/", 6));
            recording_release(&response);
        }
    }
}

static void crawl(struct recording *recording)
{
    struct builder *b;
    struct crawl_result result;
    struct error err = {STATUS_OK, ""};
    const struct crawl_options options = {.allow_partial = true};
    const struct answer_source source = recording_source(recording);
    REQUIRE(!builder_new_checking(NULL, &b, NULL));
    shown(crawl_run(&source, b, NULL, &options, &result, &err), &err);
    builder_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct text meta = input_section(&in), answers = input_bytes(&in, in.left);
    char path[PATH_MAX];
    struct recording *recording = NULL;
    struct journal *journal = NULL;
    struct error err = {STATUS_OK, ""};
    snprintf(path, sizeof path, "%s/recording", fuzz_directory());
    (void)mkdir(path, 0700);
    fuzz_write("recording/recording.json", meta);
    fuzz_write("recording/answers.jsonl", answers);
    enum status status = recording_open(path, &recording, &err);
    shown(status, &err);
    if (status == STATUS_OK) {
        fuzz_tell_number(recording_answers(recording));
        get_each(recording, answers);
        crawl(recording);
        recording_close(recording);
    }
    status = journal_resume(path, TEXT(BASE), &journal, &err);
    shown(status, &err);
    if (status == STATUS_OK) {
        REQUIRE(journal_size(journal) <= answers.size);
        journal_close(journal);
    }
    return 0;
}
