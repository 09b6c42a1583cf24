/*
 * The findings, grouped by kind: why, what to do and the controls stand once, the places in a table.
 */
#include <stdlib.h>

#include "posture/html_part.h"

/* A baseline may name a kind that this version does not know. */
static const struct posture_kind unknown_kind = {
    .name = "unknown-kind",
    .severity = SEVERITY_INFO,
    .title = "Findings of a kind that this version of refgate does not know",
    .why = "Another version of refgate wrote them.",
    .action = "Compare with a baseline that was made by the same version.",
};

static const struct posture_kind *kind_of(const struct posture_finding *finding)
{
    return finding->kind ? finding->kind : &unknown_kind;
}

/* ---------------------------------------------------------------- groups */

static struct html_group *group_of(struct html_groups *groups, const struct posture_kind *kind)
{
    for (size_t i = 0; i < groups->count; i++)
        if (groups->items[i].kind == kind)
            return &groups->items[i];
    return NULL;
}

static struct html_group *group_add(struct html_groups *groups, const struct posture_kind *kind)
{
    void *items = reallocarray(groups->items, groups->count + 1, sizeof *groups->items);
    if (!items)
        return NULL;
    groups->items = items;
    groups->items[groups->count] = (struct html_group){.kind = kind};
    return &groups->items[groups->count++];
}

bool html_groups_make(const struct posture *posture, struct html_groups *out)
{
    struct html_groups groups = {0};
    for (size_t i = 0; i < posture->finding_count; i++) {
        const struct posture_finding *finding = &posture->findings[i];
        if (finding->change == POSTURE_GONE)
            continue;
        struct html_group *group = group_of(&groups, kind_of(finding));
        if (!group)
            group = group_add(&groups, kind_of(finding));
        if (!group) {
            free(groups.items);
            return false;
        }
        group->count++;
        group->new_count += finding->change == POSTURE_NEW;
        if (finding->severity > group->worst)
            group->worst = finding->severity;
    }
    *out = groups;
    return true;
}

/* The next finding of the group at or after `at`; NULL. */
static const struct posture_finding *next_of(const struct posture *posture,
                                             const struct html_group *group, size_t *at)
{
    while (*at < posture->finding_count) {
        const struct posture_finding *finding = &posture->findings[(*at)++];
        if (finding->change != POSTURE_GONE && kind_of(finding) == group->kind)
            return finding;
    }
    return NULL;
}

/* ---------------------------------------------------------------- one kind */

struct control_set {
    struct text items[HTML_CONTROLS_MAX];
    size_t count;
};

static void control_put(struct control_set *set, struct text control)
{
    for (size_t i = 0; i < set->count; i++)
        if (text_equal(set->items[i], control))
            return;
    if (set->count < HTML_CONTROLS_MAX)
        set->items[set->count++] = control;
}

static void add_controls(struct buffer *out, const struct posture *posture,
                         const struct html_group *group)
{
    struct control_set set = {.count = 0};
    const struct text *before = NULL;
    const struct posture_finding *finding;
    for (size_t at = 0; (finding = next_of(posture, group, &at));) {
        /* Nearly always the findings of a kind share one list. */
        if (finding->controls.items != before)
            for (size_t i = 0; i < finding->controls.count; i++)
                control_put(&set, finding->controls.items[i]);
        before = finding->controls.items;
    }
    if (!set.count)
        return;
    buffer_string(out, "<dt>Controls</dt><dd><ul class=\"controls\">");
    for (size_t i = 0; i < set.count; i++) {
        buffer_string(out, "<li><code>");
        html_text(out, set.items[i], HTML_NAME_MAX);
        buffer_string(out, "</code></li>");
    }
    buffer_string(out, "</ul></dd>\n");
}

/* Our own sentences; `what stands between such quotes` is typed as it is. */
static void add_prose(struct buffer *out, const char *prose)
{
    struct text rest = text_of(prose), part;
    for (bool code = false; text_next_field(&rest, '`', &part); code = !code) {
        buffer_string(out, code ? "<code>" : "");
        html_plain(out, part, SIZE_MAX);
        buffer_string(out, code ? "</code>" : "");
    }
}

static void add_advice(struct buffer *out, const struct posture *posture,
                       const struct html_group *group)
{
    buffer_string(out, "<dl class=\"advice\">\n<dt>Why it matters</dt><dd>");
    add_prose(out, group->kind->why);
    buffer_string(out, "</dd>\n<dt>What to do</dt><dd>");
    add_prose(out, group->kind->action);
    buffer_string(out, "</dd>\n");
    add_controls(out, posture, group);
    buffer_string(out, "</dl>\n");
}

/* How the JSON and the next baseline call it. */
static void add_id(struct buffer *out, const struct posture_finding *finding)
{
    buffer_string(out, "<li class=\"id\">");
    html_text(out, finding->id, HTML_NAME_MAX);
    buffer_string(out, "</li>");
}

static void add_evidence(struct buffer *out, const struct posture_finding *finding)
{
    const struct text_list *evidence = &finding->evidence;
    size_t shown = evidence->count < HTML_LIST_MAX ? evidence->count : HTML_LIST_MAX;
    buffer_string(out, "<td><ul class=\"evidence\">");
    for (size_t i = 0; i < shown; i++) {
        buffer_string(out, "<li>");
        html_text(out, evidence->items[i], HTML_NAME_MAX);
        buffer_string(out, "</li>");
    }
    if (evidence->count > shown)
        buffer_printf(out, "<li>and %zu more</li>", evidence->count - shown);
    add_id(out, finding);
    buffer_string(out, "</ul></td></tr>\n");
}

/* Severity, place and sentence: what a finding and one that is gone have in common. */
static void add_row_begin(struct buffer *out, const struct posture_finding *finding)
{
    buffer_string(out, "<tr><td>");
    html_severity(out, finding->severity);
    if (finding->change == POSTURE_NEW)
        buffer_string(out, "<br><span class=\"new\">New</span>");
    buffer_string(out, "</td><th scope=\"row\">");
    html_text(out, finding->where, HTML_NAME_MAX);
    buffer_string(out, "</th><td>");
    html_text(out, finding->what, HTML_SENTENCE_MAX);
    buffer_string(out, "</td>");
}

static void add_places_begin(struct buffer *out, const char *last)
{
    buffer_printf(out,
                  "</caption>\n<colgroup><col class=\"c-sev\"><col class=\"c-where\"><col>"
                  "<col class=\"c-last\"></colgroup>\n<thead><tr>"
                  "<th scope=\"col\">Severity</th><th scope=\"col\">Where</th>"
                  "<th scope=\"col\">What</th><th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
                  last);
}

static void add_summary(struct buffer *out, const struct html_group *group)
{
    buffer_printf(out, "<details class=\"kind\" id=\"kind-%s\" open>\n<summary><h3>",
                  group->kind->name);
    html_plain(out, text_of(group->kind->title), SIZE_MAX);
    buffer_string(out, "</h3> ");
    html_severity(out, group->worst);
    buffer_string(out, " <span class=\"soft\">");
    html_count(out, group->count, "place", "places");
    if (group->new_count) {
        buffer_string(out, ", ");
        html_number(out, group->new_count);
        buffer_string(out, " new");
    }
    buffer_string(out, "</span></summary>\n");
}

static size_t add_group(struct buffer *out, const struct posture *posture,
                        const struct html_group *group, size_t most)
{
    size_t shown = 0;
    const struct posture_finding *finding;
    add_summary(out, group);
    add_advice(out, posture, group);
    buffer_string(out, "<table class=\"places\">\n<caption>");
    html_plain(out, text_of(group->kind->title), SIZE_MAX);
    buffer_string(out, ": ");
    html_count(out, group->count, "place", "places, worst first");
    add_places_begin(out, "Evidence, id");
    for (size_t at = 0; shown < most && (finding = next_of(posture, group, &at)); shown++) {
        add_row_begin(out, finding);
        add_evidence(out, finding);
    }
    html_table_end(out);
    html_more(out, group->count - shown);
    buffer_string(out, "</details>\n");
    return shown;
}

/* ---------------------------------------------------------------- sections */

static void add_overview(struct buffer *out, const struct posture *posture,
                         const struct html_groups *groups)
{
    static const char *const columns[] = {"Worst", "Kind of finding", "#Places", "#New", NULL};
    static const char *const plain[] = {"Worst", "Kind of finding", "#Places", NULL};
    html_table_begin(out, "numbers overview", "Kinds of findings, worst first",
                     posture->compared ? columns : plain);
    for (size_t i = 0; i < groups->count; i++) {
        const struct html_group *group = &groups->items[i];
        buffer_string(out, "<tr><td>");
        html_severity(out, group->worst);
        buffer_printf(out, "</td><th scope=\"row\"><a href=\"#kind-%s\">", group->kind->name);
        html_plain(out, text_of(group->kind->title), SIZE_MAX);
        buffer_string(out, "</a></th>");
        html_number_cell(out, group->count);
        if (posture->compared)
            html_number_cell(out, group->new_count);
        buffer_string(out, "</tr>\n");
    }
    html_table_end(out);
}

void html_findings(struct buffer *out, const struct posture *posture,
                   const struct html_groups *groups)
{
    size_t shown = 0;
    buffer_string(out, "<section aria-labelledby=\"findings\">\n"
                       "<h2 id=\"findings\">Findings</h2>\n");
    if (!groups->count)
        buffer_string(out, "<p>No findings.</p>\n");
    else
        add_overview(out, posture, groups);
    for (size_t i = 0; i < groups->count; i++)
        shown += add_group(out, posture, &groups->items[i],
                           shown < HTML_ROWS_TOTAL_MAX ? HTML_ROWS_MAX : HTML_ROWS_LATER_MAX);
    buffer_string(out, "</section>\n");
}

void html_gone(struct buffer *out, const struct posture *posture)
{
    size_t shown = 0, gone = 0;
    buffer_string(out, "<section aria-labelledby=\"gone\">\n"
                       "<h2 id=\"gone\">Gone since the baseline</h2>\n");
    for (size_t i = 0; i < posture->finding_count; i++) {
        const struct posture_finding *finding = &posture->findings[i];
        if (finding->change != POSTURE_GONE || gone++ >= HTML_ROWS_MAX)
            continue;
        if (!shown++) {
            buffer_string(out, "<table class=\"places\">\n<caption>Findings that only the baseline "
                               "has, worst first");
            add_places_begin(out, "Kind, id");
        }
        add_row_begin(out, finding);
        buffer_string(out, "<td><ul class=\"evidence\"><li>");
        html_plain(out, text_of(kind_of(finding)->title), SIZE_MAX);
        buffer_string(out, "</li>");
        add_id(out, finding);
        buffer_string(out, "</ul></td></tr>\n");
    }
    if (shown)
        html_table_end(out);
    else
        buffer_string(out, "<p>Nothing is gone.</p>\n");
    html_more(out, gone - shown);
    buffer_string(out, "</section>\n");
}
