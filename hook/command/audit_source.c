#include "command/audit_source.h"

#include "command/audit_entry.h"
#include "record/audit_line.h"
#include "record/audit_series.h"

#define COMPLAINTS_MAX 100

static bool open_file(struct audit_source *source, const char *path, struct audit_reader **out)
{
    struct error err = {STATUS_OK, ""};
    if (audit_read_open(path, out, &err) == STATUS_OK)
        return true;
    command_trouble(source->args, "%s: %s", path, err.text);
    source->trouble = true;
    return false;
}

bool audit_source_open(struct audit_source *source)
{
    /* The log first: a rotation while the older files are read must not take lines out of it. */
    return source->log || open_file(source, source->paths[source->count - 1], &source->log);
}

/* Ids are letters and digits: a line without these bytes is not the one, and need not be parsed. */
static bool may_be_wanted(const struct audit_source *source, struct text line)
{
    struct text id = source->filter ? source->filter->id : TEXT_NONE;
    return !id.size || memmem(line.at, line.size, id.at, id.size);
}

/* A file that is no log at all must not fill the terminal. */
static void complain(struct audit_source *source, uint64_t number)
{
    if (source->complaints < COMPLAINTS_MAX)
        command_trouble(source->args,
                        "%s:%llu is not a decision, left out (see: refgate audit verify)",
                        source->path, (unsigned long long)number);
    else if (source->complaints == COMPLAINTS_MAX)
        command_trouble(source->args, "more lines are not decisions, left out without a word");
    else
        return;
    source->complaints++;
}

static void take_line(struct audit_source *source, const struct audit_line *line)
{
    struct text hash;
    source->before = source->head;
    if (audit_line_hash(line->text, &hash))
        memcpy(source->head.hex, hash.at, hash.size);
    if (!may_be_wanted(source, line->text) || entry_is_rotation(line->text))
        return;
    source->line = line->text;
    source->number = line->number;
    source->record = line->too_long ? NULL : entry_parse(line->text);
    if (!source->record)
        complain(source, line->number);
    source->time = entry_text(source->record, "time", NULL).at;
}

const json_t *audit_source_read(struct audit_source *source)
{
    json_decref(source->record);
    source->record = NULL;
    while (!source->record) {
        struct audit_line line;
        struct error err = {STATUS_OK, ""};
        enum status status = audit_read_next(source->reader, &line, &err);
        if (status == STATUS_OK)
            take_line(source, &line);
        else if (status == STATUS_NOT_FOUND)
            break;
        else {
            command_trouble(source->args, "%s: %s", source->path, err.text);
            source->trouble = true;
            break;
        }
    }
    return source->record;
}

/* A rotated file whose name says that it ended too early has nothing that is wanted. */
static bool is_passed_over(const struct audit_source *source, const char *path)
{
    int64_t rotated_ms;
    return source->filter && audit_series_time(text_of(path), &rotated_ms) &&
           !audit_filter_reaches(source->filter, rotated_ms);
}

static bool next_file(struct audit_source *source)
{
    while (source->next + 1 < source->count && is_passed_over(source, source->paths[source->next]))
        source->next++;
    if (source->next == source->count)
        return false;
    audit_read_close(source->reader);
    source->reader = NULL;
    source->path = source->paths[source->next++];
    if (source->next < source->count)
        return open_file(source, source->path, &source->reader);
    source->reader = source->log;
    source->log = NULL;
    return true;
}

void audit_source_next(struct audit_source *source)
{
    if (!source->reader && !next_file(source))
        return;
    while (!audit_source_read(source) && !source->trouble && next_file(source))
        ;
}

void audit_source_close(struct audit_source *source)
{
    json_decref(source->record);
    audit_read_close(source->reader);
    audit_read_close(source->log);
    source->record = NULL;
    source->reader = source->log = NULL;
}
