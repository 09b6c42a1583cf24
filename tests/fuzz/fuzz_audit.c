/*
 * Any bytes as an audit log: they are verified, shown and appended to without a crash, and what is
 * appended ends the log as a genuine line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/audit_entry.h"
#include "record/audit.h"
#include "record/audit_line.h"
#include "record/audit_read.h"
#include "record/audit_verify.h"

#define CHECK(condition)  \
    do                    \
        if (!(condition)) \
            abort();      \
    while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show_line(struct text line)
{
    static const struct audit_style style = {.verbose = true, .ascii = true};
    json_t *record = entry_parse(line);
    if (!record)
        return;
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    entry_render(record, &style, &out);
    for (size_t i = 0; i < out.size; i++)
        CHECK((unsigned char)out.data[i] >= ' ' || out.data[i] == '\n');
    entry_json(record, line, &style, &out);
    entry_has_ref(record, TEXT("release/*"));
    entry_has_rule(record, TEXT("rule"));
    entry_has_repository(record, TEXT("PRJ/*"));
    buffer_free(&out);
    json_decref(record);
}

static void show_all(const char *path)
{
    struct audit_reader *reader = NULL;
    struct audit_line line;
    CHECK(audit_read_open(path, &reader, NULL) == STATUS_OK);
    while (audit_read_next(reader, &line, NULL) == STATUS_OK)
        show_line(line.text);
    audit_read_close(reader);
}

static bool verify(const char *path, struct audit_findings *found)
{
    struct digest heads[1], dropped[1];
    struct audit_verifier verifier = {.heads = heads, .dropped = dropped};
    struct error err = {STATUS_OK, ""};
    enum status status = audit_verify(&verifier, path, found, &err);
    /* What begins as a compressed file does and is none cannot be read. */
    CHECK(status == STATUS_OK || status == STATUS_FORMAT);
    if (status != STATUS_OK)
        return false;
    CHECK(!found->breaks == (found->listed[0].damage == AUDIT_INTACT));
    CHECK(found->listed[0].line <= found->lines);
    audit_verify_excuse(&verifier, found);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/refgate-fuzz.XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK(write(fd, data, size) == (ssize_t)size);
    close(fd);
    struct audit_findings before, after;
    bool readable = verify(path, &before);
    show_all(path);
    struct digest head;
    CHECK(audit_append(path, TEXT("{\"id\":\"fuzz\"}"), false, INT64_MAX, &head, NULL) ==
          STATUS_OK);
    if (!readable || !verify(path, &after)) {
        unlink(path);
        return 0;
    }
    CHECK(after.has_head && !strcmp(after.head.hex, head.hex));
    CHECK(after.lines == before.lines + 1);
    CHECK(after.breaks <= before.breaks + 1);
    unlink(path);
    return 0;
}
