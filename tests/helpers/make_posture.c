/*
 * make_posture.c - the HTML report of a made-up posture, on stdout.
 *
 * usage: make_posture typical|hostile|empty|bare|large
 *
 *   typical  what a company of some size sees, with a baseline and a month of audit log
 *   hostile  each text from outside is meant to break the page; the largest numbers there are
 *   empty    an instance without findings: no audit log, no baseline
 *   bare     nothing is known at all: a posture of zeros
 *   large    6,000 findings of one kind, 366 days with a hole, a baseline that knew of others
 *
 * The same argument gives the same bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "posture/html.h"

#define NOW INT64_C(1795320600000) /* 2026-11-22 04:10 UTC */
#define TODAY (NOW - NOW % CLOCK_DAY)
/* TEXT(), but for what is initialised at compile time. */
#define T(literal)                      \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
#define EVIDENCE 6
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { OPEN_DEFAULT, BROAD, WRITE_KEY, STALE_KEY, NO_EXPIRY, OUTSIDE_HOOK, LONELY_ADMIN, KINDS };
static const struct posture_kind kinds[KINDS] = {
    {"unprotected-default-branch", SEVERITY_CRITICAL, "Default branch is not protected",
     "Whoever can write can rewrite or delete what is released from this branch, and nobody has to "
     "look at the change first.",
     "Add a restriction that prevents rewriting and deletion, and one that allows changes by pull "
     "request only."},
    {"write-for-broad-group", SEVERITY_HIGH, "A broad group can write",
     "A grant to a group that nearly everybody is in makes each new account a committer.",
     "Grant write access to the team's group, and read access to the broad one."},
    {"write-key-shared", SEVERITY_HIGH, "One write key opens several repositories",
     "A key that leaks from one build opens all the others, and nobody can tell which of them "
     "pushed.",
     "Give each repository a key of its own; read-only where the build does not push."},
    {"write-key-stale", SEVERITY_MEDIUM, "Write key was not used for a long time",
     "Nobody would notice if it were used by somebody else.",
     "Remove the key, or ask its owner what it is for."},
    {"token-without-expiry", SEVERITY_LOW, "Token never expires",
     "A token that was copied once is good for ever.",
     "Replace it by one that expires, and set a limit for new ones."},
    {"webhook-to-outside", SEVERITY_LOW, "Webhook reports to a host outside",
     "Names of refs and people leave the company with each push.",
     "Ask the owner, or point the webhook to a host of your own."},
    {"admin-by-one-grant", SEVERITY_INFO, "Project has one administrator only",
     "When this person is away, nobody can react.", "Add a second administrator."},
};

static struct text controls[] = {T("soc2:CC6.1"), T("soc2:CC8.1"), T("iso27001:A.8.4"),
                                 T("nist:CM-5")};

/* ---------------------------------------------------------------- typical */

static const struct {
    int kind;
    enum severity severity;
    enum posture_change change;
    const char *id, *where, *what, *evidence[EVIDENCE];
} typical_rows[] = {
    {OPEN_DEFAULT,
     SEVERITY_CRITICAL,
     POSTURE_NEW,
     "5d1f0c9ab7e24410",
     "PAY/settlement",
     "Any of 214 writers can rewrite and delete refs/heads/main: no restriction matches it",
     {"repo/PAY/settlement", "refs/heads/main", "214 writers"}},
    {OPEN_DEFAULT,
     SEVERITY_CRITICAL,
     POSTURE_SAME,
     "9fe1d5520a3bc871",
     "PAY/ledger",
     "Any of 38 writers can delete refs/heads/release: only rewriting is prevented",
     {"repo/PAY/ledger#9", "refs/heads/release"}},
    {OPEN_DEFAULT,
     SEVERITY_MEDIUM,
     POSTURE_SAME,
     "04bb21c5ae9d7731",
     "DOCS/handbook",
     "Any of 6 writers can rewrite refs/heads/master",
     {"repo/DOCS/handbook"}},
    {BROAD,
     SEVERITY_HIGH,
     POSTURE_SAME,
     "77ab00e1d2c3f4a5",
     "project OPS",
     "Group all-employees (3,481 active members) may write to all 52 repositories",
     {"project/OPS/group/all-employees", "PROJECT_WRITE"}},
    {BROAD,
     SEVERITY_HIGH,
     POSTURE_NEW,
     "c01dc0ffee112233",
     "WEB/storefront",
     "Default permission of the project lets every licensed user write",
     {"project/WEB", "default permission PROJECT_WRITE", "4,120 licensed users"}},
    {WRITE_KEY,
     SEVERITY_HIGH,
     POSTURE_SAME,
     "8112aa90ff03de56",
     "access key 158",
     "\"ci-deploy\" may write to 17 repositories of 4 projects",
     {"key/158", "PAY/settlement", "PAY/ledger", "WEB/storefront",
      "ssh-rsa 2048, SHA256:7vT0eS8mKjWb9Q5x2cLr1yZ4oPnUaHdFgEiBkXwMvNs"}},
    {STALE_KEY,
     SEVERITY_MEDIUM,
     POSTURE_SAME,
     "3141592653589793",
     "OPS/terraform",
     "\"jenkins-old\" may write and was last used 689 days ago",
     {"key/41", "last used 2025-01-02"}},
    {STALE_KEY,
     SEVERITY_MEDIUM,
     POSTURE_SAME,
     "2718281828459045",
     "OPS/ansible",
     "\"backup\" may write and was never used since 2023-04-11",
     {"key/77", "created 2023-04-11"}},
    {NO_EXPIRY,
     SEVERITY_LOW,
     POSTURE_SAME,
     "1618033988749894",
     "user svc-sonar",
     "Token \"sonar\" may write and has no expiry",
     {"token/9001"}},
    {OUTSIDE_HOOK,
     SEVERITY_LOW,
     POSTURE_NEW,
     "1414213562373095",
     "WEB/storefront",
     "Webhook \"chat\" reports pushes to hooks.chat.example.net",
     {"repo/WEB/storefront/webhook/12"}},
    {LONELY_ADMIN,
     SEVERITY_INFO,
     POSTURE_SAME,
     "1732050807568877",
     "project DOCS",
     "Only mmueller can administer it, by one direct grant",
     {"project/DOCS/user/mmueller"}},
    {STALE_KEY,
     SEVERITY_MEDIUM,
     POSTURE_GONE,
     "5772156649015328",
     "WEB/legacy",
     "\"deploy\" may write and was last used 812 days ago",
     {NULL}},
};

static struct text evidence[COUNT(typical_rows)][EVIDENCE];
static struct posture_finding typical_findings[COUNT(typical_rows)];

static void make_typical_findings(void)
{
    for (size_t i = 0; i < COUNT(typical_rows); i++) {
        size_t count = 0;
        for (; count < EVIDENCE && typical_rows[i].evidence[count]; count++)
            evidence[i][count] = text_of(typical_rows[i].evidence[count]);
        typical_findings[i] = (struct posture_finding){.kind = &kinds[typical_rows[i].kind],
                                                       .severity = typical_rows[i].severity,
                                                       .change = typical_rows[i].change,
                                                       .id = text_of(typical_rows[i].id),
                                                       .where = text_of(typical_rows[i].where),
                                                       .what = text_of(typical_rows[i].what),
                                                       .evidence = {evidence[i], count},
                                                       .controls = {controls, COUNT(controls)}};
    }
}

static const struct posture_count writers[] = {{T("people"), 4120},
                                               {T("access keys"), 356},
                                               {T("personal tokens"), 211},
                                               {T("project tokens"), 12},
                                               {T("repository tokens"), 3}};
static const struct posture_count by_credential[] = {
    {T("user-ssh-key"), 10204}, {T("access-key"), 4410}, {T("user-token"), 2931},
    {T("web"), 1203},           {T("unknown"), 118},     {T("project-token"), 7}};

static struct posture_day days[400];

/* A working week: few pushes on Saturday and Sunday. The hole is 5 days long. */
static size_t make_days(size_t count, size_t hole)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t i7 = i % 7, noise = i * 7919 % 97;
        if (hole && i >= hole && i < hole + 5)
            continue;
        days[made++] = (struct posture_day){
            .day_ms = TODAY - (int64_t)(count - i) * CLOCK_DAY,
            .accepted = i7 >= 5 ? noise / 3 : 600 + 5 * noise,
            .annotated = i7 >= 5 ? 0 : 10 + noise / 4,
            .rejected = i7 >= 5 ? noise % 3 : 18 + noise / 2,
            .failed = i % 13 == 4 ? 3 : 0,
        };
    }
    return made;
}

static struct text typical_notes[] = {
    T("Webhooks of 3 projects could not be read: the account of the sync may not administer "
      "them (LAB, OLD, TMP)"),
    T("Read access that nobody uses cannot be told: a push hook does not see reads")};

static struct text not_looked_at[] = {T("webhook-external"), T("token-without-expiry")};

static const struct posture base = {
    .now_ms = NOW,
    .version = "1.2.0",
    .base_url = T("https://bitbucket.example.com"),
    .bitbucket_version = T("9.4.2"),
    .snapshot_digest = T("8e1f2d09c4b7a6553f00d1e2c3b4a5968778695a4b3c2d1e0f1029384756afbe"),
    .snapshot_started_ms = NOW - 12 * CLOCK_MINUTE,
    .users = 4213,
    .groups = 311,
    .projects = 187,
    .repositories = 2904,
    .keys = 356,
    .restrictions = 8120,
};

static struct posture make_typical(void)
{
    struct posture p = base;
    make_typical_findings();
    p.findings = typical_findings;
    p.finding_count = COUNT(typical_findings);
    p.compared = true;
    p.baseline_ms = NOW - 7 * CLOCK_DAY;
    p.audit_read = true;
    p.window_from_ms = TODAY - 30 * CLOCK_DAY;
    p.window_to_ms = TODAY;
    p.decisions = 18873;
    p.days = days;
    p.day_count = make_days(30, 0);
    p.writers = writers;
    p.writer_count = COUNT(writers);
    p.by_credential = by_credential;
    p.by_credential_count = COUNT(by_credential);
    p.notes = (struct text_list){typical_notes, COUNT(typical_notes)};
    p.not_looked_at = (struct text_list){not_looked_at, COUNT(not_looked_at)};
    return p;
}

/* ---------------------------------------------------------------- hostile */

/* One a way to break out of text, attribute, style sheet or line; the last is made long. */
static struct text hostile[] = {
    T("<script>document.title='owned'</script>"),
    T("<img src=\"http://evil.example/x.png\" onerror=\"document.title='owned'\">"),
    T("</style></title></textarea></svg><iframe src=http://evil.example/></iframe>"),
    T("\" onmouseover=\"document.title='owned'\" x='"),
    T("'><svg onload=document.title='owned'>"),
    T("]]><!-- --><?php echo 1 ?><style>*{display:none}</style>"),
    T("&lt;b&gt; &amp; &#60;b&#62; &nbsp;"),
    T("admin\xe2\x80\xae"
      "gpj.exe\xe2\x80\xac and \xe2\x81\xa6isolate"),
    T("zero\xe2\x80\x8bwidth\xef\xbb\xbf soft\xc2\xadhyphen tag\xf3\xa0\x81\x81"),
    T("control\x01\x07\x1b[31mred\x7f\xc2\x9b\r\n\ttab"),
    T("invalid \xff\xc0\xaf\xed\xa0\x80 UTF-8, cut \xe2\x82"),
    T("nul\0after, backslash \\x41 \\u{202e}"),
    T("\xd7\xa2\xd7\x91\xd7\xa8\xd7\x99\xd7\xaa \xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a 12/34"),
    T("Z\xcc\xa7\xcc\x91\xcd\x97\xcc\xb7\xcc\xa1\xcd\x8c\xcc\x9e"
      "algo, \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"),
    T("{{7*7}} ${7*7} <%= 7*7 %> javascript:alert(1) url(http://evil.example/)"),
    T(""),
};
static char very_long[100000];

static struct posture_finding many[8000];
static struct posture_count hostile_counts[COUNT(hostile)];

static void make_hostile_findings(void)
{
    static struct text_list all = {hostile, COUNT(hostile)};
    for (size_t i = 0; i < COUNT(hostile); i++) {
        many[i] = (struct posture_finding){.kind = &kinds[i % 2 ? OPEN_DEFAULT : BROAD],
                                           .severity = SEVERITY_CRITICAL,
                                           .change = i == 3 ? POSTURE_GONE : POSTURE_NEW,
                                           .id = hostile[i],
                                           .where = hostile[i],
                                           .what = hostile[i],
                                           .evidence = all,
                                           .controls = all};
        hostile_counts[i] = (struct posture_count){hostile[i], UINT64_MAX >> i};
    }
    many[COUNT(hostile)] = (struct posture_finding){.severity = SEVERITY_INFO};
}

static struct posture make_hostile(void)
{
    struct posture p = make_typical();
    memset(very_long, 'w', sizeof very_long);
    memcpy(very_long, "<b>", 3);
    hostile[COUNT(hostile) - 1] = (struct text){very_long, sizeof very_long};
    make_hostile_findings();
    p.version = "<b>9</b>";
    p.base_url = TEXT("https://bitbucket.example.com/\"><script>document.title='owned'</script>");
    p.bitbucket_version = p.snapshot_digest = hostile[2];
    p.users = p.groups = p.projects = p.repositories = p.keys = p.restrictions = UINT64_MAX;
    p.decisions = UINT64_MAX;
    p.findings = many;
    p.finding_count = COUNT(hostile) + 1;
    p.notes = p.not_looked_at = (struct text_list){hostile, COUNT(hostile)};
    p.by_credential = p.writers = hostile_counts;
    p.by_credential_count = p.writer_count = COUNT(hostile_counts);
    days[3] = (struct posture_day){days[3].day_ms, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    p.baseline_ms = INT64_MAX;
    p.window_from_ms = INT64_MIN;
    return p;
}

/* ---------------------------------------------------------------- empty, bare, large */

static struct posture make_empty(void)
{
    struct posture p = base;
    p.writers = writers;
    p.writer_count = 1;
    return p;
}

static struct posture make_bare(void)
{
    return (struct posture){0};
}

static struct posture make_large(void)
{
    struct posture p = make_typical();
    static char names[COUNT(many)][32];
    for (size_t i = 0; i < COUNT(many); i++) {
        snprintf(names[i], sizeof names[i], "PRJ%03zu/repository-%04zu", i % 400, i);
        many[i] = typical_findings[i < 6000 ? 6 : COUNT(typical_findings) - 1];
        many[i].where = text_of(names[i]);
    }
    p.findings = many;
    p.finding_count = COUNT(many);
    p.day_count = make_days(366, 200);
    return p;
}

/* What whoever fills a posture counts. */
static void count(struct posture *p)
{
    for (size_t i = 0; i < p->finding_count; i++) {
        p->gone_count += p->findings[i].change == POSTURE_GONE;
        p->new_count += p->findings[i].change == POSTURE_NEW;
        p->by_severity[p->findings[i].severity] += p->findings[i].change != POSTURE_GONE;
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        struct posture (*make)(void);
    } postures[] = {{"typical", make_typical},
                    {"hostile", make_hostile},
                    {"empty", make_empty},
                    {"bare", make_bare},
                    {"large", make_large}};
    for (size_t i = 0; argc == 2 && i < COUNT(postures); i++) {
        if (strcmp(argv[1], postures[i].name) != 0)
            continue;
        struct posture p = postures[i].make();
        struct buffer out;
        count(&p);
        buffer_init(&out, SIZE_MAX);
        posture_html(&p, &out);
        bool bad = out.failed || fwrite(out.data, 1, out.size, stdout) != out.size ||
                   fflush(stdout);
        buffer_free(&out);
        return bad ? 2 : 0;
    }
    fprintf(stderr, "usage: make_posture typical|hostile|empty|bare|large\n");
    return 2;
}
