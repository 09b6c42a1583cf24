/* The document: head, contents, summary; the sections are in the other posture/html_*.c. */
#include "posture/html.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/digest.h"
#include "posture/html_part.h"

#define SHA256_SIZE 32

/* ---------------------------------------------------------------- head */

static unsigned char hex_value(char digit)
{
    return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* The style sheet is known by its digest; nothing else may be loaded, run, sent or embedded. */
static void add_policy(struct buffer *out)
{
    struct digest digest = digest_of(text_of(html_style));
    unsigned char bytes[SHA256_SIZE];
    char hash[BASE64_SIZE(SHA256_SIZE)];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(hex_value(digest.hex[2 * i]) << 4 |
                                   hex_value(digest.hex[2 * i + 1]));
    base64_encode(hash, bytes, sizeof bytes);
    buffer_printf(out,
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'sha256-%s'; script-src 'none'; img-src 'none'; form-action 'none'; "
                  "base-uri 'none'\">\n",
                  hash);
}

static struct text instance_of(const struct posture *posture)
{
    return posture->base_url.size ? posture->base_url : TEXT("an unknown instance");
}

static void add_head(struct buffer *out, const struct posture *posture)
{
    buffer_string(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    add_policy(out);
    buffer_string(out, "<meta name=\"referrer\" content=\"no-referrer\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"color-scheme\" content=\"light dark\">\n"
                       "<meta name=\"robots\" content=\"noindex, nofollow\">\n<title>");
    html_plain(out, TEXT("Push posture of "), SIZE_MAX);
    html_plain(out, instance_of(posture), HTML_NAME_MAX);
    buffer_string(out, ", ");
    html_time_plain(out, posture->now_ms);
    buffer_printf(out, "</title>\n<style>%s</style>\n</head>\n", html_style);
}

/* ---------------------------------------------------------------- what this is about */

static void add_term(struct buffer *out, const char *term)
{
    buffer_printf(out, "<div><dt>%s</dt><dd>", term);
}

static void add_number_fact(struct buffer *out, const char *term, uint64_t number)
{
    add_term(out, term);
    html_number(out, number);
    buffer_string(out, "</dd></div>\n");
}

static void add_text_fact(struct buffer *out, const char *term, struct text value)
{
    add_term(out, term);
    if (value.size)
        html_text(out, value, HTML_NAME_MAX);
    else
        buffer_string(out, "unknown");
    buffer_string(out, "</dd></div>\n");
}

static void add_snapshot_fact(struct buffer *out, const struct posture *p)
{
    add_term(out, "Snapshot");
    html_time(out, p->snapshot_started_ms);
    if (p->snapshot_started_ms > 0 && p->now_ms >= p->snapshot_started_ms) {
        buffer_string(out, " <span class=\"soft\">(");
        html_duration(out, p->now_ms - p->snapshot_started_ms);
        buffer_string(out, " old)</span>");
    }
    buffer_string(out, "</dd></div>\n");
}

static void add_facts(struct buffer *out, const struct posture *p)
{
    buffer_string(out, "<dl class=\"facts\">\n");
    add_term(out, "Report made");
    html_time(out, p->now_ms);
    buffer_string(out, "</dd></div>\n");
    add_snapshot_fact(out, p);
    if (p->compared) {
        add_term(out, "Compared with the baseline of");
        html_time(out, p->baseline_ms);
        buffer_string(out, "</dd></div>\n");
    }
    add_text_fact(out, "Bitbucket", p->bitbucket_version);
    buffer_string(out, "</dl>\n<dl class=\"facts counts\">\n");
    add_number_fact(out, "Projects", p->projects);
    add_number_fact(out, "Repositories", p->repositories);
    add_number_fact(out, "Users", p->users);
    add_number_fact(out, "Groups", p->groups);
    add_number_fact(out, "Access keys", p->keys);
    add_number_fact(out, "Branch restrictions", p->restrictions);
    buffer_string(out, "</dl>\n");
}

static void add_header(struct buffer *out, const struct posture *posture)
{
    buffer_string(out, "<header class=\"head\">\n<p class=\"kicker\">refgate report</p>\n"
                       "<h1>Push posture of ");
    html_text(out, instance_of(posture), HTML_NAME_MAX);
    buffer_string(out, "</h1>\n");
    add_facts(out, posture);
    buffer_string(out, "</header>\n");
}

/* ---------------------------------------------------------------- contents */

static void add_contents(struct buffer *out, const struct posture *posture,
                         const struct html_groups *groups)
{
    buffer_string(out, "<nav class=\"contents\" aria-labelledby=\"contents\">\n"
                       "<h2 id=\"contents\">Contents</h2>\n<ul>\n"
                       "<li><a href=\"#summary\">Summary</a></li>\n"
                       "<li><a href=\"#access\">Who can write</a></li>\n"
                       "<li><a href=\"#pushes\">What was pushed</a></li>\n"
                       "<li><a href=\"#findings\">Findings</a>");
    if (groups->count)
        buffer_string(out, "\n<ul>\n");
    for (size_t i = 0; i < groups->count; i++) {
        const struct posture_kind *kind = groups->items[i].kind;
        buffer_printf(out, "<li><a href=\"#kind-%s\">", kind->name);
        html_plain(out, text_of(kind->title), SIZE_MAX);
        buffer_string(out, "</a> <span class=\"n\">");
        html_number(out, groups->items[i].count);
        buffer_string(out, "</span></li>\n");
    }
    buffer_string(out, groups->count ? "</ul></li>\n" : "</li>\n");
    if (posture->compared)
        buffer_string(out, "<li><a href=\"#gone\">Gone since the baseline</a></li>\n");
    buffer_string(out, "</ul>\n</nav>\n");
}

/* ---------------------------------------------------------------- summary */

static uint64_t open_findings(const struct posture *posture)
{
    uint64_t sum = 0;
    for (int severity = SEVERITY_INFO; severity <= SEVERITY_CRITICAL; severity++)
        sum = html_sum(sum, posture->by_severity[severity]);
    return sum;
}

/* "41 findings: 3 critical, 7 high, 31 low." */
static void add_lead(struct buffer *out, const struct posture *p)
{
    const char *before = ": ";
    buffer_string(out, "<p class=\"lead\">");
    if (open_findings(p))
        html_count(out, open_findings(p), "finding", "findings");
    else
        buffer_string(out, "No findings");
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_INFO; severity--) {
        if (!p->by_severity[severity])
            continue;
        buffer_string(out, before);
        html_number(out, p->by_severity[severity]);
        buffer_printf(out, " %s", severity_name((enum severity)severity));
        before = ", ";
    }
    buffer_string(out, ".");
    if (p->filtered)
        buffer_string(out, " Only some kinds or severities were asked for.");
    if (p->compared) {
        buffer_string(out, " Since the baseline of ");
        html_time(out, p->baseline_ms);
        buffer_string(out, ", ");
        html_number(out, p->new_count);
        buffer_string(out, p->new_count == 1 ? " is new and " : " are new and ");
        html_number(out, p->gone_count);
        buffer_string(out, p->gone_count == 1 ? " is gone." : " are gone.");
    }
    if (p->not_looked_at.count) {
        buffer_string(out, " <a href=\"#limits\">");
        html_count(out, p->not_looked_at.count, "kind of finding", "kinds of findings");
        buffer_string(out, "</a> could not be looked for everywhere.");
    }
    buffer_string(out, "</p>\n");
}

static void add_severity_chart(struct buffer *out, const struct posture *posture)
{
    static const char *const fills[SEVERITY_COUNT] = {
        [SEVERITY_INFO] = "fill-info",         [SEVERITY_LOW] = "fill-low",
        [SEVERITY_MEDIUM] = "fill-medium",     [SEVERITY_HIGH] = "fill-high",
        [SEVERITY_CRITICAL] = "fill-critical",
    };
    struct html_bar bars[SEVERITY_COUNT];
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_INFO; severity--)
        bars[SEVERITY_CRITICAL - severity] = (struct html_bar){
            .name = text_of(html_severity_title((enum severity)severity)),
            .fill = fills[severity],
            .count = posture->by_severity[severity],
        };
    buffer_string(out, "<figure><figcaption>Findings by severity</figcaption>\n");
    html_bars(out, "severities", "Findings by severity", "findings", bars, SEVERITY_CRITICAL);
    buffer_string(out, "</figure>\n");
}

/* Items that a function adds, as a list that is not too long. */
static void add_list(struct buffer *out, const struct text_list *list,
                     void (*add)(struct buffer *out, struct text item))
{
    size_t shown = list->count < HTML_COUNTS_MAX ? list->count : HTML_COUNTS_MAX;
    buffer_string(out, "<ul>\n");
    for (size_t i = 0; i < shown; i++) {
        buffer_string(out, "<li>");
        add(out, list->items[i]);
        buffer_string(out, "</li>\n");
    }
    buffer_string(out, "</ul>\n");
    html_more(out, list->count - shown);
}

static void add_note(struct buffer *out, struct text note)
{
    html_text(out, note, HTML_SENTENCE_MAX);
}

static void add_kind(struct buffer *out, struct text name)
{
    const struct posture_kind *kind = posture_kind_find(name);
    if (kind)
        html_plain(out, text_of(kind->title), SIZE_MAX);
    else
        html_text(out, name, HTML_NAME_MAX);
}

static bool limited(const struct posture *posture)
{
    return posture->notes.count || posture->not_looked_at.count;
}

static void add_limits(struct buffer *out, const struct posture *posture)
{
    if (!limited(posture))
        return;
    buffer_string(out, "<div class=\"limits\">\n"
                       "<h3 id=\"limits\">What this report could not look at</h3>\n");
    if (posture->notes.count)
        add_list(out, &posture->notes, add_note);
    if (posture->not_looked_at.count) {
        buffer_string(out, "<p>These kinds of findings could not be looked for, or not everywhere; "
                           "that none was found is no good news:</p>\n");
        add_list(out, &posture->not_looked_at, add_kind);
    }
    buffer_string(out, "</div>\n");
}

static void add_summary(struct buffer *out, const struct posture *posture)
{
    buffer_string(out, "<section aria-labelledby=\"summary\">\n"
                       "<h2 id=\"summary\">Summary</h2>\n");
    add_lead(out, posture);
    buffer_string(out, "<div class=\"pair\">\n");
    if (open_findings(posture))
        add_severity_chart(out, posture);
    buffer_string(out, "<div>\n");
    html_severity_table(out, posture);
    buffer_string(out, "</div>\n</div>\n");
    add_limits(out, posture);
    buffer_string(out, "</section>\n");
}

static void add_footer(struct buffer *out, const struct posture *posture)
{
    buffer_string(out, "<footer class=\"foot\">\n<p>Made by refgate ");
    html_text(out, text_of(posture->version ? posture->version : "(unknown version)"),
              HTML_NAME_MAX);
    buffer_string(out, " from the snapshot with the digest <code>");
    html_text(out, posture->snapshot_digest.size ? posture->snapshot_digest : TEXT("unknown"),
              HTML_NAME_MAX);
    buffer_string(out,
                  "</code>. Times are UTC. This file is complete: it loads nothing, runs no "
                  "script and sends nothing. Characters that cannot be seen, or that change how "
                  "others are shown, are spelled out <span class=\"esc\">\\u{202e}</span>.</p>\n"
                  "</footer>\n");
}

void posture_html(const struct posture *posture, struct buffer *out)
{
    struct html_groups groups;
    if (!html_groups_make(posture, &groups)) {
        out->failed = true;
        return;
    }
    add_head(out, posture);
    buffer_string(out, "<body>\n<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
    add_header(out, posture);
    add_contents(out, posture, &groups);
    buffer_string(out, "<main id=\"main\" tabindex=\"-1\">\n");
    add_summary(out, posture);
    html_access(out, posture);
    html_pushes(out, posture);
    html_findings(out, posture, &groups);
    if (posture->compared)
        html_gone(out, posture);
    buffer_string(out, "</main>\n");
    add_footer(out, posture);
    buffer_string(out, "</body>\n</html>\n");
    free(groups.items);
}
