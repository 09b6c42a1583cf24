#include "push/access_log.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/table.h"

#define SEPARATOR " | "
#define SEPARATOR_SIZE (sizeof SEPARATOR - 1)
#define FIELDS_MAX 64 /* 14 are known; an agent may have some of its own */
#define NAME_MAX_SIZE 512
#define TIME_SIZE 23

/* Places from the beginning. */
enum { AT_ADDRESSES, AT_PROTOCOL, AT_REQUEST, AT_USER, AT_TIME, AT_ACTION, AT_AGENT, AT_STATUS };
/* Fields from the status on: without a duration (older), with one, with one more (newer). */
#define TAIL_LEAST 5
#define TAIL_DURATION 6
#define TAIL_MOST 7

struct fields {
    struct text at[FIELDS_MAX];
    size_t count;
};

/* ------------------------------------------------------------------ fields */

/* Cuts the next field; false: it was the last. */
static bool next_field(struct text *rest, struct text *field)
{
    const char *end = rest->size ? memmem(rest->at, rest->size, SEPARATOR, SEPARATOR_SIZE) : NULL;
    *field = (struct text){rest->at, end ? (size_t)(end - rest->at) : rest->size};
    *rest = text_skip(*rest, end ? field->size + SEPARATOR_SIZE : rest->size);
    return end != NULL;
}

bool access_line_user(struct text line, struct text *user)
{
    for (int i = AT_ADDRESSES; i <= AT_USER; i++)
        if (!next_field(&line, user))
            return false;
    return true;
}

/* false: too many. The line ends in " |", which is no field. */
static bool split(struct text line, struct fields *out)
{
    while (line.size && (line.at[line.size - 1] == '\r' || ascii_blank(line.at[line.size - 1])))
        line.size--;
    if (line.size >= 2 && !memcmp(line.at + line.size - 2, " |", 2))
        line.size -= 2;
    out->count = 0;
    while (out->count < FIELDS_MAX)
        if (!next_field(&line, &out->at[out->count++]))
            return true;
    return false;
}

bool access_time_parse(struct text t, int64_t *ms)
{
    char iso[TIME_SIZE + 1];
    if (t.size != TIME_SIZE || t.at[10] != ' ' || t.at[19] != ',')
        return false;
    memcpy(iso, t.at, TIME_SIZE);
    iso[10] = 'T';
    iso[19] = '.';
    iso[TIME_SIZE] = 'Z';
    return clock_parse((struct text){iso, sizeof iso}, ms);
}

/* One time, and in its place. */
static bool has_one_time(const struct fields *fields, int64_t *ms)
{
    int64_t other;
    for (size_t i = 0; i < fields->count; i++)
        if (i != AT_TIME && access_time_parse(text_trim(fields->at[i]), &other))
            return false;
    return access_time_parse(fields->at[AT_TIME], ms);
}

static bool parse_front(const struct fields *fields, struct access_line *out)
{
    static const struct name_value protocols[] = {
        {"ssh", ACCESS_SSH}, {"http", ACCESS_HTTP}, {"https", ACCESS_HTTP}};
    int protocol;
    struct text request = fields->at[AT_REQUEST];
    if (!table_value(protocols, TABLE_COUNT(protocols), fields->at[AT_PROTOCOL], false, &protocol))
        return false;
    if (request.size < 3 || (request.at[0] != 'i' && request.at[0] != 'o'))
        return false;
    if (!has_one_time(fields, &out->time_ms) || !fields->at[AT_USER].size)
        return false;
    out->protocol = (enum access_protocol)protocol;
    out->ended = request.at[0] == 'o';
    out->request_id = text_skip(request, 1);
    out->addresses = fields->at[AT_ADDRESSES];
    out->user = fields->at[AT_USER];
    return true;
}

/* ------------------------------------------------------------------ the action */

/* Cuts the last component of a path off: "/a/b" gives "b" and leaves "/a". */
static bool cut_last(struct text *path, struct text *name)
{
    const char *slash = path->size ? memrchr(path->at, '/', path->size) : NULL;
    size_t before = slash ? (size_t)(slash - path->at) : 0;
    *name = slash ? text_skip(*path, before + 1) : *path;
    path->size = before;
    return name->size > 0;
}

static bool ends_with(struct text t, struct text end)
{
    return t.size >= end.size && !memcmp(t.at + t.size - end.size, end.at, end.size);
}

/* ".../KEY/SLUG.git"; *rest: what stands before. */
static bool cut_repository(struct text path, struct access_line *out, struct text *rest)
{
    if (!cut_last(&path, &out->slug) || !cut_last(&path, &out->project))
        return false;
    if (ends_with(out->slug, TEXT(".git")))
        out->slug.size -= 4;
    *rest = path;
    return out->slug.size > 0;
}

static bool has_parameter(struct text query, struct text parameter)
{
    struct text one;
    while (text_next_field(&query, '&', &one))
        if (text_equal(one, parameter))
            return true;
    return false;
}

/* "GET /context/scm/KEY/SLUG.git/info/refs?service=git-receive-pack HTTP/1.1", in quotes. A blank or
 * a quote cannot be in the target: it would end it. */
static enum access_action http_action(struct text action, struct access_line *out)
{
    struct text method, target, name, path, rest;
    if (action.size < 2 || action.at[0] != '"' || action.at[action.size - 1] != '"')
        return ACCESS_OTHER;
    action = (struct text){action.at + 1, action.size - 2};
    if (!text_next_field(&action, ' ', &method) || !text_next_field(&action, ' ', &target) ||
        memchr(action.at ? action.at : "", ' ', action.size))
        return ACCESS_OTHER;
    if (!text_next_field(&target, '?', &path) || !cut_last(&path, &name))
        return ACCESS_OTHER;
    enum access_action kind = ACCESS_OTHER;
    if (text_equal(method, TEXT("POST")) && text_equal(name, TEXT("git-receive-pack")))
        kind = ACCESS_RECEIVE;
    else if (text_equal(method, TEXT("GET")) && text_equal(name, TEXT("refs")) &&
             cut_last(&path, &name) && text_equal(name, TEXT("info")) &&
             has_parameter(target, TEXT("service=git-receive-pack")))
        kind = ACCESS_ADVERTISE;
    if (kind == ACCESS_OTHER || !cut_repository(path, out, &rest) || !cut_last(&rest, &name) ||
        !text_equal(name, TEXT("scm")))
        return ACCESS_OTHER;
    return kind;
}

/* SSH - git-receive-pack '/KEY/SLUG.git' */
static enum access_action ssh_action(struct text action, struct access_line *out)
{
    static const char *const commands[] = {"SSH - git-receive-pack ", "SSH - git receive-pack "};
    struct text path = TEXT_NONE, rest;
    for (size_t i = 0; i < TABLE_COUNT(commands); i++)
        if (text_starts(action, text_of(commands[i])))
            path = text_skip(action, strlen(commands[i]));
    path = text_trim(path);
    if (path.size >= 2 && (path.at[0] == '\'' || path.at[0] == '"') &&
        path.at[path.size - 1] == path.at[0])
        path = (struct text){path.at + 1, path.size - 2};
    for (size_t i = 0; i < path.size; i++)
        if (path.at[i] == '\'' || path.at[i] == '"' || path.at[i] == ' ' || path.at[i] == '\\')
            return ACCESS_OTHER; /* a command of its own making */
    if (!cut_repository(path, out, &rest))
        return ACCESS_OTHER;
    bool whole = !rest.size || text_equal(rest, TEXT("/scm")) || text_equal(rest, TEXT("scm"));
    return whole ? ACCESS_RECEIVE : ACCESS_OTHER;
}

/* ------------------------------------------------------------------ the end of an `o` line */

static bool parse_number(struct text t, int64_t *out)
{
    uint64_t number;
    if (!text_parse_u64(t, INT64_MAX, false, &number))
        return false;
    *out = (int64_t)number;
    return true;
}

static bool is_count(struct text t) /* or "-" for none */
{
    int64_t number;
    return text_equal(t, TEXT("-")) || parse_number(t, &number);
}

/* Where the status stands, found from the end, as an agent may have separators of its own: status and
 * two counts, with five to seven fields from there on. Were it looked for from the front, an agent
 * could bring a status and labels along. The longest end first: what stands before the right one is
 * the agent, and that is no number. 0: not found. */
static size_t find_status(const struct fields *fields)
{
    for (size_t tail = TAIL_MOST; tail >= TAIL_LEAST; tail--) {
        if (fields->count < AT_STATUS + tail)
            continue;
        size_t at = fields->count - tail;
        if (is_count(fields->at[at]) && is_count(fields->at[at + 1]) &&
            is_count(fields->at[at + 2]) && (tail == TAIL_LEAST || is_count(fields->at[at + 4])))
            return at;
    }
    return 0;
}

/* From the field behind the action to the one before the status: "referer" "agent". */
static struct text agent_between(const struct fields *fields, size_t status)
{
    const char *start = fields->at[AT_AGENT].at;
    const struct text *last = &fields->at[status - 1];
    struct text both = {start, (size_t)(last->at + last->size - start)};
    if (!text_starts(both, TEXT("\"")) || !ends_with(both, TEXT("\"")) || both.size < 2)
        return TEXT("");
    const char *gap = memmem(both.at, both.size, "\" \"", 3); /* SSH has an agent alone */
    size_t skip = gap ? (size_t)(gap - both.at) + 3 : 1;
    return (struct text){both.at + skip, both.size > skip ? both.size - skip - 1 : 0};
}

static void parse_end(const struct fields *fields, struct access_line *out)
{
    int64_t number;
    size_t at = out->ended ? find_status(fields) : 0;
    if (!at)
        return;
    out->details = true;
    out->agent = agent_between(fields, at);
    out->labels = fields->at[at + 3];
    if (parse_number(fields->at[at], &number) && number < 1000)
        out->status = (int)number;
    if (fields->count - at >= TAIL_DURATION && parse_number(fields->at[at + 4], &number))
        out->duration_ms = number;
}

/* ------------------------------------------------------------------ the whole line */

bool access_line_parse(struct text line, struct access_line *out)
{
    READ_INTO struct fields fields; /* there are many lines */
    *out = (struct access_line){.action = ACCESS_OTHER,
                                .agent = TEXT(""),
                                .labels = TEXT(""),
                                .status = -1,
                                .duration_ms = -1};
    if (line.size > ACCESS_LINE_MAX || (line.size && memchr(line.at, '\0', line.size)) ||
        !split(line, &fields) || fields.count <= AT_AGENT || !parse_front(&fields, out))
        return false;
    out->action = out->protocol == ACCESS_SSH ? ssh_action(fields.at[AT_ACTION], out)
                                              : http_action(fields.at[AT_ACTION], out);
    parse_end(&fields, out);
    return true;
}

/* ------------------------------------------------------------------ names */

static int hex_digit(char c)
{
    c = ascii_lower(c);
    return ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool access_name_decode(struct text name, char *out, size_t room, struct text *decoded)
{
    size_t size = 0;
    for (size_t i = 0; i < name.size; i++) {
        if (size == room)
            return false;
        out[size] = name.at[i];
        if (name.at[i] == '%') {
            int high = i + 2 < name.size ? hex_digit(name.at[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(name.at[i + 2]) : -1;
            if (low < 0)
                return false;
            out[size] = (char)(high * 16 + low);
            i += 2;
        }
        size++;
    }
    *decoded = (struct text){out, size};
    return true;
}

static bool same_name(const struct access_line *line, struct text typed, struct text name)
{
    char room[NAME_MAX_SIZE];
    struct text decoded = typed;
    if (line->protocol == ACCESS_HTTP && memchr(typed.at, '%', typed.size) &&
        !access_name_decode(typed, room, sizeof room, &decoded))
        return false;
    return text_equal_fold(decoded, name);
}

bool access_line_about(const struct access_line *line, struct text project, struct text slug)
{
    return line->action != ACCESS_OTHER && project.size && slug.size &&
           same_name(line, line->project, project) && same_name(line, line->slug, slug);
}

/* ------------------------------------------------------------------ labels */

#define SSH_ID "ssh:id:"
#define SSH_LABEL "ssh:label:"
#define TOKEN_ID "access-token:id:"

/* Cuts the next label. The one with an SSH key's own label takes all that follows: its owner may
 * have put anything into it, other labels too. */
static bool next_label(struct text *rest, struct text *label)
{
    while (rest->size && (rest->at[0] == ' ' || rest->at[0] == ','))
        *rest = text_skip(*rest, 1);
    if (!rest->size)
        return false;
    const char *end = text_starts(*rest, TEXT(SSH_LABEL)) ? NULL
                                                          : memmem(rest->at, rest->size, ", ", 2);
    size_t size = end ? (size_t)(end - rest->at) : rest->size;
    *label = (struct text){rest->at, size};
    *rest = text_skip(*rest, size);
    return true;
}

static struct text without_quotes(struct text t)
{
    if (t.size >= 2 && t.at[0] == '\'' && t.at[t.size - 1] == '\'')
        return (struct text){t.at + 1, t.size - 2};
    return t;
}

enum access_credential access_line_credential(const struct access_line *line, uint64_t *id,
                                              struct text *key_label)
{
    bool ssh = line->protocol == ACCESS_SSH;
    struct text prefix = ssh ? TEXT(SSH_ID) : TEXT(TOKEN_ID);
    struct text rest = line->labels, label;
    enum access_credential found = ACCESS_CREDENTIAL_NONE;
    *key_label = TEXT_NONE;
    if (!line->details)
        return ACCESS_CREDENTIAL_UNKNOWN;
    while (next_label(&rest, &label)) {
        uint64_t number;
        if (ssh && text_starts(label, TEXT(SSH_LABEL)))
            *key_label = without_quotes(text_skip(label, sizeof SSH_LABEL - 1));
        if (!text_starts(label, prefix))
            continue;
        if (!text_parse_u64(text_skip(label, prefix.size), UINT64_MAX, false, &number) ||
            (found != ACCESS_CREDENTIAL_NONE && number != *id))
            return ACCESS_CREDENTIAL_UNKNOWN;
        *id = number;
        found = ssh ? ACCESS_CREDENTIAL_SSH_KEY : ACCESS_CREDENTIAL_TOKEN;
    }
    return found;
}

bool access_line_labelled(const struct access_line *line, struct text wanted)
{
    struct text rest = line->labels, label;
    while (next_label(&rest, &label))
        if (text_equal(label, wanted))
            return true;
    return false;
}
