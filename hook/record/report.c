#include "record/report.h"

#include <stdio.h>

#include "model/ref.h"
#include "record/report_approval.h"
#include "record/report_lines.h"
#include "record/report_link.h"
#include "record/report_survey.h"

#define BLOCKS_MAX 20   /* refs with their reasons */
#define REASONS_MAX 8   /* of one ref */
#define OK_LISTED_MAX 5 /* refs that nothing is said about */
#define REF_COLUMNS 44  /* "  REF  rewrite 1234567..1234567" is 72 then */
#define LONG_REF_COLUMNS (REPORT_COLUMNS - 2)
#define REF_BYTES_MAX ((size_t)4096)
#define TEXT_BYTES_MAX ((size_t)600)
#define MESSAGE_BYTES_MAX ((size_t)1000)
#define COUNT_LINE_BYTES 200
#define COMMANDS_MAX 5 /* refs with the command that asks for an approval */
#define SHORT_ID 7 /* as git abbreviates */

/* ------------------------------------------------------------------ header */

static void add_header(const struct report *report, struct buffer *out)
{
    static const char *const verbs[] = {
        [STYLE_NOTES] = "refgate: push accepted, please note:",
        [STYLE_MONITOR] = "refgate: monitor mode: this push would be rejected",
        [STYLE_REJECTED] = "refgate: push rejected",
    };
    struct buffer line;
    buffer_init(&line, 1024);
    buffer_string(&line, verbs[report->style]);
    bool unchecked = report->style == STYLE_REJECTED && report->decision->exit_code != 1;
    if (unchecked)
        buffer_string(&line, ": could not be checked");
    size_t rejected = report->count[REF_REJECTED];
    if (report->style != STYLE_NOTES && !report->push_rejected && rejected && report->refs > 1) {
        buffer_string(&line, " (");
        lines_number(&line, rejected);
        buffer_string(&line, " of ");
        lines_number(&line, report->refs);
        buffer_string(&line, " refs)");
    }
    lines_words(out, "", 9, buffer_view(&line), line.size);
    buffer_string(out, "\n");
    buffer_free(&line);
}

/* ------------------------------------------------------------------ reasons */

static void add_source(struct buffer *line, const struct reason *reason)
{
    if (reason->source.line && reason->source.file.size) {
        buffer_string(line, " (");
        buffer_escaped(line, reason->source.file, 100, true);
        buffer_printf(line, ":%u)", reason->source.line);
    }
}

/* "rule: NAME (refgate.conf:41)"; nothing for what is neither a rule nor a restriction. */
static void add_rule(const struct reason *reason, size_t indent, struct buffer *out)
{
    struct buffer line;
    buffer_init(&line, 4096);
    if (reason->type == REASON_RESTRICTION) {
        buffer_string(&line, "branch permission ");
        buffer_escaped(&line, reason->restriction_type, 100, true);
        if (reason->restriction_id)
            buffer_printf(&line, " (restriction %llu)", (unsigned long long)reason->restriction_id);
    } else if (reason->rule.size) {
        if (reason->type == REASON_SERVICE_ACCOUNT)
            buffer_string(&line, "service account ");
        buffer_escaped(&line, reason->rule, 200, true);
        add_source(&line, reason);
    }
    if (line.size) {
        char lead[32];
        snprintf(lead, sizeof lead, "%*srule: ", (int)indent, "");
        lines_words(out, lead, indent + 6, buffer_view(&line), line.size);
    }
    buffer_free(&line);
}

static void add_reason(const struct report *report, const struct reason *reason, size_t indent,
                       struct buffer *out)
{
    const char *what = "";
    if (report->style != STYLE_NOTES && !survey_rejects(report, reason))
        what = "note: ";
    char lead[32];
    snprintf(lead, sizeof lead, "%*s%s", (int)indent, "", what);
    lines_words(out, lead, indent, reason->text, TEXT_BYTES_MAX);
    if (reason->message.size) {
        snprintf(lead, sizeof lead, "%*s", (int)indent, "");
        lines_words(out, lead, indent, reason->message, MESSAGE_BYTES_MAX);
    }
    add_rule(reason, indent, out);
}

static void add_reasons(const struct report *report, const struct reason_link *link, size_t indent,
                        struct buffer *out)
{
    size_t shown = 0, more = 0;
    for (link = survey_next(report, link); link; link = survey_next(report, link->next)) {
        if (shown < REASONS_MAX) {
            add_reason(report, link->reason, indent, out);
            shown++;
        } else {
            more++;
        }
    }
    if (more)
        buffer_printf(out, "%*s... and %zu more reason%s\n", (int)indent, "", more,
                      more == 1 ? "" : "s");
}

/* ------------------------------------------------------------------ what to do now */

static bool is_key_or_token(enum credential_class class)
{
    return class == CREDENTIAL_ACCESS_KEY || class == CREDENTIAL_REPOSITORY_TOKEN ||
           class == CREDENTIAL_PROJECT_TOKEN;
}

/* Is it the kind of credential that this reason is about? */
static bool reason_of_credential(const struct report *report, const struct reason *reason)
{
    if (reason->type == REASON_ACCESS_KEY)
        return true;
    if ((reason->type != REASON_RULE && reason->type != REASON_IDENTITY) || !report->policy)
        return false;
    for (size_t i = 0; i < report->policy->rule_count; i++)
        if (text_equal(report->policy->rules[i].name, reason->rule))
            return report->policy->rules[i].credentials != 0;
    return false;
}

static bool own_credential_helps(const struct report *report, const struct reason_link *link)
{
    if (!is_key_or_token(report->decision->credential.class))
        return false;
    bool all = survey_any_rejects(report, link);
    for (; link; link = link->next)
        if (survey_rejects(report, link->reason))
            all = all && reason_of_credential(report, link->reason);
    return all;
}

/* A pull request changes a branch that exists and stays. */
static bool pull_request_helps(const struct report *report, const struct change *change,
                               const struct change_result *result)
{
    if (!ref_is_branch(change->ref) || result->kind == CHANGE_CREATE ||
        result->kind == CHANGE_DELETE)
        return false;
    for (const struct reason_link *link = result->reasons; link; link = link->next)
        if (survey_rejects(report, link->reason) && link->reason->wants_pull_request)
            return true;
    return false;
}

static void add_pull_request(const struct report *report, const struct change *change,
                             struct buffer *out)
{
    buffer_string(out, "    do:   git push origin HEAD:refs/heads/<your-branch>\n");
    struct buffer link;
    buffer_init(&link, LINK_SIZE_MAX + 1);
    if (link_pull_request(&link, report->push->base_url, report->push->project_key,
                          report->push->repository_slug, change->ref)) {
        buffer_string(out, "          then open a pull request:\n          ");
        buffer_text(out, buffer_view(&link));
        buffer_string(out, "\n");
    } else {
        buffer_string(out, "          then open a pull request into this branch\n");
    }
    buffer_free(&link);
}

static void add_help(const struct report *report, const struct change *change,
                     const struct change_result *result, struct buffer *out)
{
    bool pull_request = pull_request_helps(report, change, result);
    if (pull_request)
        add_pull_request(report, change, out);
    bool own = own_credential_helps(report, result->reasons);
    if (own) {
        bool key = report->decision->credential.class == CREDENTIAL_ACCESS_KEY;
        buffer_string(out, pull_request ? "          or push" : "    do:   push");
        buffer_string(out, key ? " with your own SSH key, not with a deploy key\n"
                               : " with your own key or token, not with a shared token\n");
    }
    if (report->asks && result->verdict == VERDICT_REQUIRE_APPROVAL)
        report_add_approval(report, change, result, pull_request || own, out);
}

/* ------------------------------------------------------------------ refs */

static void escape_ref(struct text ref, struct buffer *out)
{
    buffer_escaped(out, ref, REF_BYTES_MAX, true);
}

static size_t ref_columns(struct text ref)
{
    if (ref.size > REF_COLUMNS) /* escapes are never shorter */
        return ref.size;
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    escape_ref(ref, &name);
    size_t columns = name.size;
    buffer_free(&name);
    return columns;
}

static void add_kind(const struct change *change, const struct change_result *result, bool ok,
                     struct buffer *out)
{
    /* "unknown" is a word for records; the pusher knows that the ref moved. */
    bool unknown = result->kind == CHANGE_UNKNOWN;
    buffer_string(out, unknown ? "update" : change_kind_name(result->kind));
    if (ok) {
        buffer_string(out, "  ok");
    } else if (change->id_size >= SHORT_ID) {
        buffer_string(out, " ");
        if (result->kind != CHANGE_CREATE)
            buffer_add(out, change->old_id, SHORT_ID);
        if (result->kind != CHANGE_CREATE && result->kind != CHANGE_DELETE)
            buffer_string(out, "..");
        if (result->kind != CHANGE_DELETE)
            buffer_add(out, change->new_id, SHORT_ID);
    }
}

static void add_ref_line(const struct report *report, size_t i, bool ok, struct buffer *out)
{
    const struct change *change = &report->push->changes[i];
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    escape_ref(change->ref, &name);
    if (name.failed)
        out->failed = true;
    buffer_string(out, "  ");
    lines_name(out, buffer_view(&name), LONG_REF_COLUMNS);
    if (name.size > REF_COLUMNS)
        buffer_string(out, "\n    "); /* a long name has a line of its own */
    else
        buffer_printf(out, "%*s", (int)(report->width - name.size) + 2, "");
    add_kind(change, &report->decision->changes[i], ok, out);
    buffer_string(out, "\n");
    buffer_free(&name);
}

/* Do two refs have the very same reasons? They are shared between changes (decision.h). */
static bool same_reasons(const struct report *report, const struct reason_link *a,
                         const struct reason_link *b)
{
    a = survey_next(report, a);
    b = survey_next(report, b);
    while (a && b && a->reason == b->reason) {
        a = survey_next(report, a->next);
        b = survey_next(report, b->next);
    }
    return !a && !b;
}

/* `above`: the result shown before this one, or NULL. */
static void add_block(const struct report *report, size_t i, enum ref_class class,
                      const struct change_result *above, struct buffer *out)
{
    const struct change_result *result = &report->decision->changes[i];
    bool ok = class == REF_OK || (class == REF_NOTED && report->style != STYLE_NOTES);
    add_ref_line(report, i, ok, out);
    if (class == REF_OK)
        return;
    if (above && survey_next(report, result->reasons) &&
        same_reasons(report, above->reasons, result->reasons))
        buffer_string(out, "    for the same reasons as above\n");
    else
        add_reasons(report, result->reasons, 4, out);
    if (class == REF_REJECTED)
        add_help(report, &report->push->changes[i], result, out);
}

/* Rejected refs first, then annotated ones, then those that nothing is said about, if they are few
 * and everything before them was shown. */
static size_t choose(const struct report *report, size_t *chosen, size_t room)
{
    size_t count = 0;
    bool all = true;
    static const enum ref_class order[] = {REF_REJECTED, REF_NOTED, REF_OK};
    for (size_t o = 0; o < REF_CLASSES; o++) {
        enum ref_class class = order[o];
        if (class == REF_OK && (!all || report->count[REF_OK] > OK_LISTED_MAX ||
                                report->style == STYLE_NOTES || report->push_rejected))
            break;
        size_t most = class == REF_OK ? room : BLOCKS_MAX;
        for (size_t i = 0; i < report->refs && count < most; i++)
            if (survey_class(report, i) == class)
                chosen[count++] = i;
        all = all && (class == REF_OK || count < BLOCKS_MAX ||
                      report->count[REF_REJECTED] + report->count[REF_NOTED] == count);
    }
    return count;
}

/* "... and 9,980 more refs: 9,975 rejected, 5 ok" */
static void add_rest(const struct report *report, const size_t *rest, struct buffer *out)
{
    static const char *const names[] = {" ok", " with notes", " rejected"};
    static const enum ref_class order[] = {REF_REJECTED, REF_NOTED, REF_OK};
    bool ok_counts = report->style != STYLE_NOTES && !report->push_rejected;
    size_t total = rest[REF_REJECTED] + rest[REF_NOTED] + (ok_counts ? rest[REF_OK] : 0);
    if (!total)
        return;
    struct buffer line;
    buffer_init(&line, COUNT_LINE_BYTES);
    buffer_string(&line, "... and ");
    lines_number(&line, total);
    buffer_string(&line, total == 1 ? " more ref" : " more refs");
    const char *separator = ": ";
    for (size_t o = 0; o < REF_CLASSES; o++) {
        if (!rest[order[o]] || (order[o] == REF_OK && !ok_counts))
            continue;
        buffer_string(&line, separator);
        lines_number(&line, rest[order[o]]);
        buffer_string(&line, names[order[o]]);
        separator = ", ";
    }
    lines_words(out, "  ", 4, buffer_view(&line), line.size);
    buffer_free(&line);
}

/* As many blocks as fit into `most` bytes; what does not is counted. */
static void add_refs(struct report *report, size_t most, struct buffer *out)
{
    size_t chosen[BLOCKS_MAX + OK_LISTED_MAX];
    size_t count = choose(report, chosen, BLOCKS_MAX + OK_LISTED_MAX);
    for (size_t c = 0; c < count; c++) {
        size_t columns = ref_columns(report->push->changes[chosen[c]].ref);
        if (columns <= REF_COLUMNS && columns > report->width)
            report->width = columns;
    }
    size_t rest[REF_CLASSES];
    memcpy(rest, report->count, sizeof rest);
    const struct change_result *above = NULL;
    for (size_t c = 0; c < count; c++) {
        enum ref_class class = survey_class(report, chosen[c]);
        struct buffer block;
        buffer_init(&block, REPORT_BYTES_MAX);
        report->tells_command = c < COMMANDS_MAX;
        add_block(report, chosen[c], class, above, &block);
        bool fits = !block.failed && block.size <= most;
        if (fits) {
            buffer_text(out, buffer_view(&block));
            most -= block.size;
            rest[class]--;
            above = &report->decision->changes[chosen[c]];
        }
        buffer_free(&block);
        if (!fits)
            break;
    }
    add_rest(report, rest, out);
}

/* ------------------------------------------------------------------ last lines */

static void add_explanation(const struct report *report, struct buffer *out)
{
    const struct decision *decision = report->decision;
    if (report->asks && decision->approval)
        report_add_approvals(decision->approval, out);
    if (report->style == STYLE_MONITOR)
        lines_words(out, "", 0, TEXT("It was accepted all the same: refgate only watches here."),
                    SIZE_MAX);
    if (report->style == STYLE_REJECTED && decision->exit_code != 1)
        lines_words(out, "", 0,
                    report->undecided
                        ? TEXT("This is not your fault: a question could not be answered, so the "
                               "push was not let in. Ask below if it stays.")
                        : TEXT("No rule said no: the push could not be checked, so it was not "
                               "let in. Ask below if the reason does not help you."),
                    SIZE_MAX);
}

static void add_footer(const struct report *report, const char *decision_id, struct buffer *out)
{
    buffer_string(out, "\n");
    size_t before = out->size;
    add_explanation(report, out);
    if (out->size > before)
        buffer_string(out, "\n");
    const struct policy *policy = report->policy;
    struct buffer line;
    buffer_init(&line, REPORT_BYTES_MAX);
    buffer_string(&line, "decision ");
    buffer_escaped(&line, text_of(decision_id ? decision_id : "unknown"), 40, true);
    struct text contact = policy && policy->contact.size ? policy->contact
                                                         : TEXT("your Bitbucket administrator");
    bool one_line = line.size + strlen(" - questions: ") + contact.size <= REPORT_COLUMNS;
    if (!one_line) {
        buffer_string(&line, "\n");
        buffer_text(out, buffer_view(&line));
        line.size = 0;
    }
    buffer_string(&line, one_line ? " - questions: " : "questions: ");
    lines_words(out, line.failed ? "" : line.data, 11, contact, TEXT_BYTES_MAX);
    if (policy && policy->link.size)
        lines_words(out, "help: ", 6, policy->link, LINK_SIZE_MAX);
    buffer_free(&line);
}

void report_render(const struct decision *decision, const struct push *push,
                   const struct policy *policy, const char *decision_id, struct buffer *out)
{
    struct report report = survey_report(decision, push, policy);
    if (report.style == STYLE_NONE)
        return;
    struct buffer text, footer;
    buffer_init(&text, REPORT_BYTES_MAX);
    buffer_init(&footer, REPORT_BYTES_MAX / 2);
    add_footer(&report, decision_id, &footer);
    add_header(&report, &text);
    add_reasons(&report, decision->push_reasons, 2, &text);
    if (survey_next(&report, decision->push_reasons) &&
        report.count[REF_REJECTED] + report.count[REF_NOTED])
        buffer_string(&text, "\n");
    size_t taken = text.size + footer.size + COUNT_LINE_BYTES;
    add_refs(&report, taken < REPORT_BYTES_MAX ? REPORT_BYTES_MAX - taken : 0, &text);
    buffer_text(&text, buffer_view(&footer));
    buffer_text(out, buffer_view(&text));
    if (text.failed || footer.failed)
        out->failed = true;
    buffer_free(&text);
    buffer_free(&footer);
}
