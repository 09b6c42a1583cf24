/*
 * enrich_print.c - what the join found, as text, JSON and CSV.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/table.h"
#include "command/csv.h"
#include "command/enrich.h"
#include "record/record_json.h"

#define NAME_MOST ((size_t)300)
#define ROWS_MOST 20 /* of addresses, agents and stray pushes, in text */

static const struct name_value confidence_names[] = {{"none", ENRICH_NONE},
                                                     {"ambiguous", ENRICH_AMBIGUOUS},
                                                     {"agreed", ENRICH_AGREED},
                                                     {"certain", ENRICH_CERTAIN}};

/* What may be said of a decision: nothing that only some of the requests have that fit. */
struct told {
    enum enrich_confidence confidence;
    const char *word;
    const struct enrich_credential *credential;
    struct text address, agent, protocol; /* absent: not known */
};

static struct told told_of(const struct enrich_decision *decision)
{
    struct told told = {.confidence = enrich_confidence(decision)};
    told.word = table_name(confidence_names, TABLE_COUNT(confidence_names), told.confidence);
    if (told.confidence < ENRICH_AGREED)
        return told;
    const struct enrich_request *first = decision->fits->request;
    told.credential = first->credential;
    told.address = first->address;
    told.agent = first->agent;
    told.protocol = first->ssh ? TEXT("ssh") : TEXT("http");
    for (const struct enrich_fit *fit = decision->fits; fit; fit = fit->next) {
        if (!text_equal(fit->request->address, told.address))
            told.address = TEXT_NONE;
        if (!text_equal(fit->request->agent, told.agent))
            told.agent = TEXT_NONE;
    }
    return told;
}

static struct text credential_name(const struct enrich_credential *credential)
{
    return credential ? credential->name : TEXT_NONE;
}

/* "2026-11-22 04:10:00", on the server's wall clock. */
static void format_wall(int64_t ms, char out[CLOCK_TEXT_SIZE])
{
    clock_format(ms, true, out);
    if (out[10] == 'T') {
        out[10] = ' ';
        out[19] = '\0';
    }
}

/* ------------------------------------------------------------------ text */

static void print_name(struct text name, FILE *out)
{
    command_escaped(out, text_absent(name) ? TEXT("-") : name, NAME_MOST);
}

static void print_quoted(struct text name, FILE *out)
{
    fputs(name.size ? "  \"" : "  -", out);
    if (name.size)
        print_name(name, out);
    fputs(name.size ? "\"" : "", out);
}

static void print_decision(const struct enrich_decision *decision, FILE *out)
{
    const struct told told = told_of(decision);
    print_name(decision->time, out);
    fputs("  ", out);
    print_name(decision->id, out);
    fputs("  ", out);
    print_name(decision->project, out);
    fputs("/", out);
    print_name(decision->slug, out);
    fputs("  ", out);
    print_name(decision->user, out);
    fputs("  ", out);
    print_name(credential_name(told.credential), out);
    fputs("  ", out);
    print_name(told.address, out);
    print_quoted(told.agent, out);
    fprintf(out, "  %s", told.word);
    if (told.confidence == ENRICH_AMBIGUOUS || told.confidence == ENRICH_AGREED)
        fprintf(out, " (%zu request%s)", decision->fit_count, decision->fit_count == 1 ? "" : "s");
    fputs("\n", out);
}

static void print_places(const char *what, const struct enrich_place *places, size_t count,
                         FILE *out)
{
    for (size_t i = 0; i < count && i < ROWS_MOST; i++) {
        fprintf(out, "%12" PRIu64 "  %s ", places[i].pushes, what);
        print_name(places[i].name.size ? places[i].name : TEXT("(none)"), out);
        fputs("\n", out);
    }
    if (count > ROWS_MOST)
        fprintf(out, "%12s  and %zu more\n", "...", count - ROWS_MOST);
}

static void print_shared(struct enrich *enrich, FILE *out)
{
    size_t count;
    const struct enrich_credential **shared = enrich_shared(enrich, &count);
    if (count)
        fputs("\ncredentials used from more than one address or by more than one agent\n", out);
    for (size_t i = 0; i < count; i++) {
        fputs("  ", out);
        print_name(shared[i]->name, out);
        if (shared[i]->label.size)
            print_quoted(shared[i]->label, out);
        fputs(" of ", out);
        print_name(shared[i]->user, out);
        fprintf(out, ": %" PRIu64 " pushes%s\n", shared[i]->pushes,
                shared[i]->more ? "; more addresses or agents than are listed" : "");
        print_places("from", shared[i]->addresses, shared[i]->address_count, out);
        print_places("by", shared[i]->agents, shared[i]->agent_count, out);
    }
}

static void print_strays(const struct enrich *enrich, FILE *out)
{
    if (enrich->stray_count)
        fprintf(out,
                "\n%" PRIu64 " push%s without a decision: the hook did not run, or its audit log "
                "was not given\n",
                enrich->stray_count, enrich->stray_count == 1 ? "" : "es");
    for (uint64_t i = 0; i < enrich->stray_count && i < ROWS_MOST; i++) {
        const struct enrich_request *request = &enrich->strays[i];
        char time[CLOCK_TEXT_SIZE];
        format_wall(request->end_ms, time);
        fprintf(out, "  %s  ", time);
        print_name(request->repository, out);
        fputs("  ", out);
        print_name(request->user, out);
        fputs("  ", out);
        print_name(credential_name(request->credential), out);
        fputs("  ", out);
        print_name(request->address, out);
        fputs("\n", out);
    }
    if (enrich->stray_count > ROWS_MOST)
        fprintf(out, "  ... and %" PRIu64 " more\n", enrich->stray_count - ROWS_MOST);
}

static void count_confidences(const struct enrich *enrich, uint64_t counts[ENRICH_CERTAIN + 1])
{
    for (size_t i = 0; i < enrich->decision_count; i++)
        counts[enrich_confidence(&enrich->decisions[i])]++;
}

void enrich_print_text(struct enrich *enrich, FILE *out)
{
    uint64_t counts[ENRICH_CERTAIN + 1] = {0};
    count_confidences(enrich, counts);
    for (size_t i = 0; i < enrich->decision_count; i++)
        print_decision(&enrich->decisions[i], out);
    fprintf(out,
            "%s%zu decision%s: %" PRIu64 " certain, %" PRIu64 " agreed, %" PRIu64
            " ambiguous, %" PRIu64 " without a request; %" PRIu64 " not of a git client\n",
            enrich->decision_count ? "\n" : "", enrich->decision_count,
            enrich->decision_count == 1 ? "" : "s", counts[ENRICH_CERTAIN], counts[ENRICH_AGREED],
            counts[ENRICH_AMBIGUOUS], counts[ENRICH_NONE], enrich->not_joined);
    fprintf(out,
            "%" PRIu64 " line%s: %" PRIu64 " push%s, %" PRIu64 " of them outside of that time\n",
            enrich->lines, enrich->lines == 1 ? "" : "s", enrich->requests,
            enrich->requests == 1 ? "" : "es", enrich->outside);
    print_shared(enrich, out);
    print_strays(enrich, out);
}

/* ------------------------------------------------------------------ JSON */

static json_t *text_json(struct text t)
{
    return json_text(t, NAME_MOST, NULL);
}

static json_t *decision_json(const struct enrich_decision *decision)
{
    const struct told told = told_of(decision);
    const struct enrich_credential *credential = told.credential;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:I}",
                     "id", text_json(decision->id), "time", text_json(decision->time), "host",
                     text_json(decision->host), "project", text_json(decision->project),
                     "repository", text_json(decision->slug), "user", text_json(decision->user),
                     "verdict", text_json(decision->verdict), "class", text_json(decision->class),
                     "credential", text_json(credential_name(credential)), "label",
                     text_json(credential ? credential->label : TEXT_NONE), "protocol",
                     text_json(told.protocol), "address", text_json(told.address), "agent",
                     text_json(told.agent), "confidence", told.word, "requests",
                     (json_int_t)decision->fit_count);
}

static json_t *places_json(const struct enrich_place *places, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_pack("{s:o, s:I}", "name", text_json(places[i].name),
                                               "pushes", (json_int_t)places[i].pushes));
    return array;
}

static json_t *shared_json(const struct enrich_credential *credential)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:b}", "credential",
                     text_json(credential->name), "label", text_json(credential->label), "user",
                     text_json(credential->user), "pushes", (json_int_t)credential->pushes,
                     "addresses", places_json(credential->addresses, credential->address_count),
                     "agents", places_json(credential->agents, credential->agent_count), "more",
                     (int)credential->more);
}

static json_t *stray_json(const struct enrich_request *request)
{
    char time[CLOCK_TEXT_SIZE];
    format_wall(request->end_ms, time);
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "server_time", time, "repository",
                     text_json(request->repository), "user", text_json(request->user), "credential",
                     text_json(credential_name(request->credential)), "address",
                     text_json(request->address), "agent", text_json(request->agent), "request",
                     text_json(request->request_id));
}

static json_t *summary_json(const struct enrich *enrich)
{
    uint64_t counts[ENRICH_CERTAIN + 1] = {0};
    count_confidences(enrich, counts);
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "decisions",
        (json_int_t)enrich->decision_count, "certain", (json_int_t)counts[ENRICH_CERTAIN], "agreed",
        (json_int_t)counts[ENRICH_AGREED], "ambiguous", (json_int_t)counts[ENRICH_AMBIGUOUS],
        "none", (json_int_t)counts[ENRICH_NONE], "not_of_a_git_client",
        (json_int_t)enrich->not_joined, "lines", (json_int_t)enrich->lines, "pushes",
        (json_int_t)enrich->requests, "outside", (json_int_t)enrich->outside, "without_decision",
        (json_int_t)enrich->stray_count);
}

bool enrich_print_json(struct enrich *enrich, FILE *out)
{
    json_t *decisions = json_array(), *shared = json_array(), *strays = json_array();
    size_t count;
    const struct enrich_credential **list = enrich_shared(enrich, &count);
    bool good = list != NULL;
    for (size_t i = 0; i < enrich->decision_count; i++)
        good &= !json_array_append_new(decisions, decision_json(&enrich->decisions[i]));
    for (size_t i = 0; list && i < count; i++)
        good &= !json_array_append_new(shared, shared_json(list[i]));
    for (uint64_t i = 0; i < enrich->stray_count && i < ENRICH_STRAY_MOST; i++)
        good &= !json_array_append_new(strays, stray_json(&enrich->strays[i]));
    json_t *whole = json_pack("{s:o, s:o, s:o, s:o}", "decisions", decisions, "shared_credentials",
                              shared, "pushes_without_decision", strays, "summary",
                              summary_json(enrich));
    good = good && whole && !json_dumpf(whole, out, command_json_flags(JSON_INDENT(2)));
    fputs("\n", out);
    json_decref(whole);
    return good;
}

/* ------------------------------------------------------------------ CSV */

bool enrich_print_csv(struct enrich *enrich, FILE *out)
{
    static const struct text header[] = {
        TEXT("time"),     TEXT("decision"), TEXT("host"),  TEXT("project"),    TEXT("repository"),
        TEXT("user"),     TEXT("verdict"),  TEXT("class"), TEXT("credential"), TEXT("label"),
        TEXT("protocol"), TEXT("address"),  TEXT("agent"), TEXT("confidence"), TEXT("requests")};
    struct buffer row;
    buffer_init(&row, SIZE_MAX);
    csv_row(&row, header, TABLE_COUNT(header));
    bool good = true;
    for (size_t i = 0; good && i < enrich->decision_count; i++) {
        const struct enrich_decision *d = &enrich->decisions[i];
        const struct told told = told_of(d);
        char requests[24];
        snprintf(requests, sizeof requests, "%zu", d->fit_count);
        const struct text cells[] = {d->time,
                                     d->id,
                                     d->host,
                                     d->project,
                                     d->slug,
                                     d->user,
                                     d->verdict,
                                     d->class,
                                     credential_name(told.credential),
                                     told.credential ? told.credential->label : TEXT_NONE,
                                     told.protocol,
                                     told.address,
                                     told.agent,
                                     text_of(told.word),
                                     text_of(requests)};
        csv_row(&row, cells, TABLE_COUNT(cells));
        good = !row.failed && fwrite(row.data, 1, row.size, out) == row.size;
        row.size = 0;
    }
    if (good && row.size)
        good = fwrite(row.data, 1, row.size, out) == row.size;
    buffer_free(&row);
    return good;
}
