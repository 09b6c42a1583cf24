/*
 * doctor_server.c - is Bitbucket there, who are we, and may we read what a sync reads?
 */
#include "command/doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/survey.h"
#include "command/connection.h"
#include "command/sync_run.h"
#include "model/instance_url.h"

#define ATTEMPTS 3
#define CONNECT_TIMEOUT (10 * CLOCK_SECOND)
#define ANSWER_TIMEOUT (60 * CLOCK_SECOND)
#define SKEW_WARN (30 * CLOCK_SECOND)
#define SKEW_FAIL (5 * CLOCK_MINUTE)
#define VERSION_OLDEST 6 /* what the facts are known of (README) */
#define VERSION_NEWEST 10

/* ------------------------------------------------------------------ the server */

static const char *http_name(int version)
{
    switch (version) {
    case 10:
        return "HTTP/1.0";
    case 11:
        return "HTTP/1.1";
    case 20:
        return "HTTP/2";
    default:
        return "HTTP";
    }
}

static void refuse_account(struct doctor *d, const struct error *err)
{
    doctor_say(
        d, DOCTOR_FAIL, "account",
        "check the credentials (they are never tried twice, since Bitbucket locks accounts), "
        "and that no proxy and no single sign-on answers instead",
        "%s", err->text);
}

static bool check_reachable(struct doctor *d, struct client *client)
{
    const struct client_request request = {.url = "/rest/api/latest/application-properties",
                                           .anonymous = true};
    struct client_answer answer;
    struct error err = {STATUS_OK, ""};
    const char *url = client_base_url(client);
    int64_t began = clock_monotonic_us();
    if (client_get(client, &request, &answer, &err) != STATUS_OK) {
        if (err.code == STATUS_TRUST)
            refuse_account(d, &err);
        else
            doctor_say(d, DOCTOR_FAIL, "server",
                       "see whether Bitbucket is up; check --url (with the context path), name "
                       "resolution, proxy, and with --cacert whose certificates are trusted",
                       "%s", err.text);
        return false;
    }
    int64_t took = (clock_monotonic_us() - began) / 1000;
    json_decref(answer.body);
    free(answer.location);
    bool tls = text_starts(text_of(url), TEXT("https:"));
    doctor_say(d, DOCTOR_OK, "server", NULL, "%s answers in %" PRId64 " ms (%s%s)", url, took,
               http_name(client_stats(client)->http_version),
               tls ? ", its certificate is trusted" : ", not encrypted");
    return true;
}

static void check_version(struct doctor *d, const char *version)
{
    struct text rest = text_of(version), first = TEXT_NONE;
    uint64_t major = 0;
    text_next_field(&rest, '.', &first);
    if (!text_parse_u64(first, UINT32_MAX, false, &major))
        doctor_say(d, DOCTOR_WARN, "version", NULL, "Bitbucket %s: not a version that is known",
                   version);
    else if (major < VERSION_OLDEST || major > VERSION_NEWEST)
        doctor_say(d, DOCTOR_WARN, "version", "try sync --self-check before relying on it",
                   "Bitbucket %s is %s than what refgate was made for (%d to %d)", version,
                   major < VERSION_OLDEST ? "older" : "newer", VERSION_OLDEST, VERSION_NEWEST);
    else if (d->whole && doctor_version_is(d, 6, 2) == ANSWER_NO)
        doctor_say(d, DOCTOR_FAIL, "version", "take refgate install external-hooks, or upgrade",
                   "Bitbucket %s has no hook scripts: they came with 6.2", version);
    else
        doctor_say(d, DOCTOR_OK, "version", NULL, "Bitbucket %s", version);
}

enum answer doctor_version_is(const struct doctor *d, uint64_t major, uint64_t minor)
{
    struct text rest = text_of(d->version), first, second;
    uint64_t is_major, is_minor;
    if (!text_next_field(&rest, '.', &first) || !text_next_field(&rest, '.', &second) ||
        !text_parse_u64(first, UINT32_MAX, false, &is_major) ||
        !text_parse_u64(second, UINT32_MAX, false, &is_minor))
        return ANSWER_CANNOT_TELL;
    if (is_major != major)
        return is_major > major ? ANSWER_YES : ANSWER_NO;
    return is_minor >= minor ? ANSWER_YES : ANSWER_NO;
}

static void check_instance(struct doctor *d, struct client *client)
{
    const char *url = client_base_url(client);
    if (!d->base_url)
        return;
    if (instance_url_same(text_of(d->base_url), text_of(url)))
        doctor_say(d, DOCTOR_OK, "instance", NULL, "the snapshot in place is of this instance");
    else
        doctor_say(d, DOCTOR_FAIL, "instance",
                   "give the URL that Bitbucket itself uses (its base URL), or another --output",
                   "the snapshot in place is of %s, not of %s", d->base_url, url);
}

static void check_clock(struct doctor *d, const struct survey *survey)
{
    int64_t skew = survey->skew_ms < 0 ? -survey->skew_ms : survey->skew_ms;
    char text[64];
    clock_format_duration(skew, text, sizeof text);
    const char *side = survey->skew_ms > 0 ? "ahead of" : "behind";
    static const char advice[] = "keep both clocks by NTP: the hook tells a snapshot's age by them";
    if (!survey->skew_known)
        doctor_say(d, DOCTOR_SKIP, "clock", NULL, "the server does not say what time it is");
    else if (skew > SKEW_FAIL)
        doctor_say(d, DOCTOR_FAIL, "clock", advice, "the server's clock is %s %s ours", text, side);
    else if (skew > SKEW_WARN)
        doctor_say(d, DOCTOR_WARN, "clock", advice, "the server's clock is %s %s ours", text, side);
    else
        doctor_say(d, DOCTOR_OK, "clock", NULL, "the server's clock and ours agree");
}

/* ------------------------------------------------------------------ the account */

static void check_account(struct doctor *d, struct client *client)
{
    const char *token = client_account(client, true), *password = client_account(client, false);
    if (*token && text_equal_fold(text_of(token), text_of(password)))
        doctor_say(d, DOCTOR_OK, "account", NULL, "signed in as %s, by token and by password",
                   token);
    else if (*token && *password)
        doctor_say(d, DOCTOR_OK, "account", NULL, "signed in as %s by token, as %s by password",
                   token, password);
    else if (*token)
        doctor_say(d, DOCTOR_WARN, "account",
                   "give user and password too: Bitbucket takes no token on administrative "
                   "endpoints",
                   "signed in as %s, by token only", token);
    else if (*password)
        doctor_say(d, DOCTOR_OK, "account", NULL, "signed in as %s by password", password);
    else
        doctor_say(d, DOCTOR_FAIL, "account", "check the credentials",
                   "the server did not say who signed in");
}

static void check_limits(struct doctor *d, const struct survey *survey)
{
    char took[96] = "";
    uint64_t requests = doctor_requests(d);
    static const char advice[] =
        "exempt the account: Administration, Rate limiting, Exemptions (sync --rate makes it "
        "slower, never faster)";
    if (survey->limited == ANSWER_NO) {
        doctor_say(d, DOCTOR_OK, "rate limit", NULL, "the server does not limit requests");
        return;
    }
    if (survey->limited != ANSWER_YES) {
        doctor_say(d, DOCTOR_WARN, "rate limit", "an account with ADMIN can see the settings",
                   "cannot tell whether the server limits requests");
        return;
    }
    if (survey->exempt == ANSWER_YES) {
        doctor_say(d, DOCTOR_OK, "rate limit", NULL, "the account is exempt");
        return;
    }
    if (requests && survey->fill_per_s > 0) {
        double hours = (double)requests / survey->fill_per_s / 3600;
        snprintf(took, sizeof took, ": a full sync of about %" PRIu64 " requests takes %.1f hours",
                 requests, hours);
    }
    doctor_say(d, DOCTOR_WARN, "rate limit", advice, "%.4g requests a second%s%s",
               survey->fill_per_s,
               survey->exempt == ANSWER_NO ? " for this account, which is not exempt"
                                           : ", and cannot tell whether the account is exempt",
               took);
}

/* ------------------------------------------------------------------ rights */

/* Endpoints of one level that came to the same, in one line. */
struct group {
    enum doctor_mark mark;
    enum endpoint_level level;
    const char *names[ENDPOINTS]; /* each once */
    size_t count;
    char *sentence;
};
struct rights {
    struct doctor *d;
    struct group groups[ENDPOINTS];
    size_t count;
    enum answer admin;
    bool failed; /* out of memory */
};

static struct group *find_group(struct rights *r, enum doctor_mark mark, enum endpoint_level level,
                                const char *sentence)
{
    for (size_t i = 0; i < r->count; i++) {
        struct group *g = &r->groups[i];
        if (g->mark == mark && g->level == level && !strcmp(g->sentence, sentence))
            return g;
    }
    char *copy = strdup(sentence);
    if (!copy || r->count == ENDPOINTS) {
        free(copy);
        r->failed = true;
        return NULL;
    }
    struct group *g = &r->groups[r->count++];
    *g = (struct group){.mark = mark, .level = level, .sentence = copy};
    return g;
}

/* Several endpoints have one name, for people. */
static void add_name(struct group *g, const char *name)
{
    for (size_t i = 0; i < g->count; i++)
        if (!strcmp(g->names[i], name))
            return;
    g->names[g->count++] = name;
}

static enum doctor_mark mark_of(const struct survey_right *right)
{
    const struct endpoint *endpoint = &endpoints[right->endpoint];
    if (right->may == ANSWER_YES)
        return DOCTOR_OK;
    if (right->lacking)
        return endpoint->flags & (ENDPOINT_OLD_LACKS | ENDPOINT_400_LACKS) ? DOCTOR_SKIP
                                                                           : DOCTOR_FAIL;
    /* Not asked: nothing to ask about. Asked, and answered neither yes nor no: sync would stop. */
    return right->may == ANSWER_NO || right->status ? DOCTOR_FAIL : DOCTOR_WARN;
}

static void told(void *self, const struct survey_right *right)
{
    struct rights *r = self;
    const struct endpoint *endpoint = &endpoints[right->endpoint];
    if (right->endpoint == ENDPOINT_GLOBAL_USERS)
        r->admin = right->may;
    if (right->lacking && endpoint->fallback != ENDPOINTS) /* that is asked next, and told of */
        return;
    enum doctor_mark mark = mark_of(right);
    struct group *g = find_group(r, mark, endpoint->level,
                                 mark == DOCTOR_OK ? "" : right->sentence);
    if (g)
        add_name(g, endpoint->name);
}

static const char *advice_for(const struct group *g)
{
    if (g->mark != DOCTOR_FAIL)
        return NULL;
    if (strstr(g->sentence, "needs ADMIN"))
        return "give the account ADMIN (Administration, Global permissions), and let it sign in by "
               "password there: a token is refused; or sync --allow-partial";
    if (strstr(g->sentence, "needs "))
        return "an account with ADMIN may read all of it, if its token was made with that "
               "permission; or sync --allow-partial";
    return "sync would stop there: see whether the server is whole";
}

static const char *level_name(enum endpoint_level level)
{
    static const char *const names[] = {
        [LEVEL_INSTANCE] = "read: instance", [LEVEL_GROUP] = "read: groups",
        [LEVEL_USER] = "read: users",        [LEVEL_PROJECT] = "read: projects",
        [LEVEL_REPOSITORY] = "read: repos",
    };
    return names[level];
}

static void say_group(struct rights *r, const struct group *g)
{
    struct buffer names;
    buffer_init(&names, SIZE_MAX);
    for (size_t i = 0; i < g->count; i++) {
        buffer_string(&names, i ? ", " : "");
        buffer_string(&names, g->names[i]);
    }
    doctor_say(r->d, g->mark, level_name(g->level), advice_for(g), "%s%s%s",
               names.data ? names.data : "", *g->sentence ? ": " : "", g->sentence);
    buffer_free(&names);
}

static void check_rights(struct doctor *d, struct client *client)
{
    static struct rights rights; /* large */
    struct error err = {STATUS_OK, ""};
    struct rights *r = &rights;
    *r = (struct rights){.d = d, .admin = ANSWER_CANNOT_TELL};
    enum status status = survey_rights(client, argument_flag(d->args, "with-reports"), told, r,
                                       &err);
    if (r->admin == ANSWER_YES)
        doctor_say(d, DOCTOR_OK, "administrator", NULL, "the account has ADMIN");
    for (size_t i = 0; i < r->count; i++) {
        say_group(r, &r->groups[i]);
        free(r->groups[i].sentence);
    }
    if (status != STATUS_OK || r->failed)
        doctor_say(d, DOCTOR_FAIL, "rights", "run doctor again: not everything was asked", "%s",
                   status != STATUS_OK ? err.text : "out of memory");
}

/* ------------------------------------------------------------------ all of it */

static bool ask_server(struct doctor *d, struct client *client)
{
    struct survey survey;
    struct error err = {STATUS_OK, ""};
    check_instance(d, client);
    if (!check_reachable(d, client)) {
        doctor_say(d, DOCTOR_SKIP, "rights", NULL, "nobody is signed in");
        return false;
    }
    if (survey_server(client, &survey, &err) != STATUS_OK) {
        if (err.code == STATUS_TRUST)
            refuse_account(d, &err);
        else
            doctor_say(d, DOCTOR_FAIL, "server",
                       "see whether Bitbucket is up and what its log says, then try again", "%s",
                       err.text);
        doctor_say(d, DOCTOR_SKIP, "rights", NULL, "nobody is signed in");
        return false;
    }
    snprintf(d->version, sizeof d->version, "%s", survey.version);
    check_version(d, survey.version);
    check_clock(d, &survey);
    check_account(d, client);
    check_limits(d, &survey);
    check_rights(d, client);
    return true;
}

enum status doctor_connect(struct doctor *d, struct client **out, struct error *err)
{
    const struct client_options tuning = {.slots = 1,
                                          .attempts = ATTEMPTS,
                                          .connect_timeout_ms = CONNECT_TIMEOUT,
                                          .answer_timeout_ms = ANSWER_TIMEOUT};
    return connection_url(d->args) ? connection_open(d->args, &tuning, NULL, out, err) : STATUS_OK;
}

bool doctor_server(struct doctor *d, struct client *client, const struct error *problem)
{
    if (client)
        return ask_server(d, client);
    if (problem)
        doctor_say(d, DOCTOR_FAIL, "credentials", "see refgate-sync(8)", "%s", problem->text);
    else
        doctor_say(d, DOCTOR_SKIP, "server", NULL,
                   "only this machine was looked at: give --url, or set REFGATE_URL");
    return false;
}
