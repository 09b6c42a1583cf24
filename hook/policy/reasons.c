/*
 * reasons.c - reasons, and what they add up to (semantics.md 2).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/table.h"
#include "policy/judge.h"

/* "cannot tell …" */
static const struct name_value questions_in_words[] = {
    {"who pushes", QUESTION_PUSHER},
    {"which groups the pusher is in", QUESTION_GROUP},
    {"which repository this is", QUESTION_REPOSITORY},
    {"what kind of credential this is", QUESTION_CREDENTIAL},
    {"what kind of credential this is surely enough", QUESTION_CONFIDENCE},
    {"which access key this is: the sync could not read all keys that are granted here",
     QUESTION_KEYS_UNREAD},
    {"which access key this is", QUESTION_KEY},
    {"what triggered the hook", QUESTION_TRIGGER},
    {"what the local time is", QUESTION_TIME},
    {"whether history is rewritten", QUESTION_KIND},
    {"whose work the new commits are", QUESTION_IDENTITY},
    {"which branch is the default branch", QUESTION_DEFAULT_BRANCH},
    {"what the branching model is: the sync could not read it", QUESTION_MODEL},
    {"which refs it is about", QUESTION_MATCHER},
    {"what this type of restriction means", QUESTION_TYPE},
    {"whether the pusher administers the repository", QUESTION_ADMIN},
    {"whether the pusher is exempt", QUESTION_EXEMPTION},
};

const char *question_words(unsigned questions)
{
    for (size_t i = 0; i < TABLE_COUNT(questions_in_words); i++)
        if (questions & (unsigned)questions_in_words[i].value)
            return questions_in_words[i].name;
    return "whether this applies";
}

struct reason *reason_new(struct judge *j, enum reason_type type, enum verdict verdict,
                          bool definite, const char *format, ...)
{
    char text[REASON_TEXT_MAX + 1];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t length = size < 0 ? 0 : (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
    struct reason *reason = judge_alloc(j, 1, sizeof *reason);
    struct text copy = arena_text(j->arena, (struct text){text, length});
    if (!reason || !copy.at) {
        j->out_of_memory = true;
        return NULL;
    }
    *reason = (struct reason){.type = type, .verdict = verdict, .definite = definite, .text = copy};
    return reason;
}

void reason_prove(struct judge *j, struct reason *reason, const char *format, ...)
{
    char text[JUDGE_NAME_MAX * 12];
    if (!reason)
        return;
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size <= 0 || (size_t)size >= sizeof text)
        return;
    size_t count = reason->proof.count;
    struct text *proof = judge_alloc(j, count + 1, sizeof *proof);
    if (!proof)
        return;
    if (count)
        memcpy(proof, reason->proof.items, count * sizeof *proof);
    proof[count] = text_of(judge_printf(j, "%s", text));
    reason->proof = (struct text_list){proof, count + 1};
}

const char *source_text(struct judge *j, struct source source)
{
    return source.line ? judge_printf(j, "%.*s:%u", TEXT_ARG(source.file), source.line) : "";
}

void reason_from_section(struct judge *j, struct reason *reason, struct text name,
                         struct source source, struct text_list controls)
{
    if (!reason)
        return;
    reason->rule = name;
    reason->source = source;
    reason->controls = controls;
    reason_prove(j, reason, "%s", source_text(j, source));
}

struct reason *reason_undecided(struct judge *j, enum verdict action, unsigned questions,
                                const char *what)
{
    bool history = (questions & (QUESTION_KIND | QUESTION_IDENTITY)) && j->history_why;
    return reason_new(j, REASON_UNDECIDED, verdict_weaker(j->policy->undecided, action), false,
                      "cannot tell %s%s%s%s%s", question_words(questions), history ? ": " : "",
                      history ? j->history_why : "", what ? ": " : "", what ? what : "");
}

/* ------------------------------------------------------------------ findings */

void findings_add(struct judge *j, struct findings *findings, const struct reason *reason,
                  enum verdict could)
{
    if (!reason)
        return;
    if (findings->count == findings->room) {
        size_t room = findings->room ? findings->room * 2 : 16;
        struct finding *items = judge_alloc(j, room, sizeof *items);
        if (!items)
            return;
        if (findings->count)
            memcpy(items, findings->items, findings->count * sizeof *items);
        findings->items = items;
        findings->room = room;
    }
    findings->items[findings->count++] = (struct finding){reason, could};
}

enum verdict findings_certain(const struct findings *findings)
{
    enum verdict certain = VERDICT_ACCEPT;
    for (size_t i = 0; i < findings->count; i++) {
        const struct reason *reason = findings->items[i].reason;
        if (reason->definite && !reason->monitored)
            certain = verdict_stronger(certain, reason->verdict);
    }
    return certain;
}

/* semantics.md 1: a question is undecided only if the verdict depends on it. */
static void drop_settled(struct findings *findings)
{
    enum verdict certain = findings_certain(findings);
    size_t kept = 0;
    for (size_t i = 0; i < findings->count; i++) {
        struct finding finding = findings->items[i];
        if (finding.reason->type != REASON_UNDECIDED ||
            verdict_stronger(finding.could, certain) != certain)
            findings->items[kept++] = finding;
    }
    findings->count = kept;
}

static int order_of_flags(const struct reason *a, const struct reason *b)
{
    if (a->monitored != b->monitored)
        return a->monitored ? 1 : -1;
    if (a->definite != b->definite)
        return a->definite ? -1 : 1;
    return (int)a->type - (int)b->type;
}

/* Strongest first; no two different reasons are equal in order, so that the order of sections and
 * of restrictions does not show. */
static int compare_links(const void *left, const void *right)
{
    const struct reason *a = ((const struct reason_link *)left)->reason;
    const struct reason *b = ((const struct reason_link *)right)->reason;
    if (a->verdict != b->verdict)
        return verdict_stronger(a->verdict, b->verdict) == a->verdict ? -1 : 1;
    int order = order_of_flags(a, b);
    if (!order && a->restriction_id != b->restriction_id)
        order = a->restriction_id < b->restriction_id ? -1 : 1;
    if (!order)
        order = text_compare(a->rule, b->rule);
    if (!order)
        order = text_compare(a->text, b->text);
    return order;
}

/* The list of a change, kept for the next change with the same reasons: a push of 100,000 refs that
 * one rule rejects has one list. */
#define KEPT_LINKS 256
struct kept_links {
    const struct finding *found; /* in the order in which they were found */
    size_t count;
    const struct reason_link *links;
};

static struct kept_links *kept_slot(struct judge *j, const struct findings *findings)
{
    if (!j->kept)
        j->kept = judge_alloc(j, KEPT_LINKS, sizeof *j->kept);
    if (!j->kept)
        return NULL;
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < findings->count; i++)
        hash = (hash ^ (uintptr_t)findings->items[i].reason) * UINT64_C(1099511628211);
    return &j->kept[(hash >> 32) % KEPT_LINKS];
}

static bool is_kept(const struct kept_links *slot, const struct findings *findings)
{
    if (slot->count != findings->count)
        return false;
    for (size_t i = 0; i < findings->count; i++)
        if (slot->found[i].reason != findings->items[i].reason)
            return false;
    return true;
}

static const struct reason_link *link_reasons(struct judge *j, const struct findings *findings)
{
    if (!findings->count)
        return NULL;
    struct kept_links *slot = kept_slot(j, findings);
    if (!slot || is_kept(slot, findings))
        return slot ? slot->links : NULL;
    struct finding *found = judge_alloc(j, findings->count, sizeof *found);
    struct reason_link *links = judge_alloc(j, findings->count, sizeof *links);
    if (!found || !links)
        return NULL;
    memcpy(found, findings->items, findings->count * sizeof *found);
    for (size_t i = 0; i < findings->count; i++)
        links[i].reason = found[i].reason;
    qsort(links, findings->count, sizeof *links, compare_links);
    for (size_t i = 1; i < findings->count; i++)
        links[i - 1].next = &links[i];
    *slot = (struct kept_links){found, findings->count, links};
    return links;
}

enum verdict findings_conclude(struct judge *j, struct findings *findings,
                               const struct reason_link **links)
{
    drop_settled(findings);
    enum verdict verdict = VERDICT_ACCEPT;
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->items[i].reason->monitored)
            verdict = verdict_stronger(verdict, findings->items[i].reason->verdict);
    *links = link_reasons(j, findings);
    return verdict;
}
