/*
 * doctor_registration.c - does Bitbucket run the hook, on all that changes a ref, and can nobody but
 * who should take it away? Places of which the same is to be said share a line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "bitbucket/hook_registry.h"
#include "bitbucket/properties.h"
#include "command/connection.h"
#include "command/doctor.h"

#define PROGRAM "refgate-hook"
#define ADDON_PLUGIN "external-hooks" /* the add-on makes a hook script of its settings */
#define PLACES_MOST 50                /* that are looked at when none is named */
#define SCRIPTS_MOST 64
#define NAMES_MOST 8 /* of places in a line */
#define SENTENCE_SIZE 768
#define RECENT (7 * CLOCK_DAY)

#define INSTALL "refgate install hook-script puts it right: refgate-install(8)"

/* Of a hook script, whatever place it runs in. */
struct script {
    uint64_t id, version;
    char name[HOOK_NAME_MAX];
    bool ours;
    bool hollow;       /* its text could be read, and does not name the program */
    bool other_config; /* its text names a configuration that is not the one looked at */
};

struct finding { /* one line */
    enum doctor_mark mark;
    const char *advice;
    char sentence[SENTENCE_SIZE];
    struct buffer places;
    size_t place_count;
};

struct registration {
    struct doctor *d;
    struct client *client;
    bool named; /* the places were named: a place without the hook is a failure */
    struct hook_place place;
    char label[HOOK_NAME_MAX * 2];
    struct script scripts[SCRIPTS_MOST];
    size_t script_count;
    struct finding *findings;
    size_t finding_count, finding_room;
    bool failed; /* out of memory */
};

/* ------------------------------------------------------------------ lines */

static struct finding *find_finding(struct registration *r, enum doctor_mark mark,
                                    const char *advice, const char *sentence)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        struct finding *f = &r->findings[i];
        if (f->mark == mark && f->advice == advice && !strcmp(f->sentence, sentence))
            return f;
    }
    if (r->finding_count == r->finding_room) {
        size_t room = r->finding_room ? 2 * r->finding_room : 16;
        struct finding *more = reallocarray(r->findings, room, sizeof *more);
        if (!more)
            return NULL;
        r->findings = more;
        r->finding_room = room;
    }
    struct finding *f = &r->findings[r->finding_count++];
    *f = (struct finding){.mark = mark, .advice = advice};
    snprintf(f->sentence, sizeof f->sentence, "%s", sentence);
    buffer_init(&f->places, SIZE_MAX);
    return f;
}

/* Of the place that is being looked at. */
static void note(struct registration *r, enum doctor_mark mark, const char *advice,
                 const char *format, ...) PRINTF_LIKE(4, 5);
static void note(struct registration *r, enum doctor_mark mark, const char *advice,
                 const char *format, ...)
{
    char sentence[SENTENCE_SIZE];
    va_list list;
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    struct finding *f = find_finding(r, mark, advice, sentence);
    if (!f) {
        r->failed = true;
        return;
    }
    if (f->place_count++ < NAMES_MOST)
        buffer_printf(&f->places, "%s%s", f->place_count > 1 ? ", " : "", r->label);
}

static void say_findings(struct registration *r)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        struct finding *f = &r->findings[i];
        char more[48] = "";
        if (f->place_count > NAMES_MOST)
            snprintf(more, sizeof more, " and %zu more", f->place_count - NAMES_MOST);
        doctor_say(r->d, f->mark, "registration", f->advice, "%s%s: %s",
                   f->places.data ? f->places.data : "", more, f->sentence);
        buffer_free(&f->places);
    }
    free(r->findings);
    if (r->failed)
        doctor_say(r->d, DOCTOR_FAIL, "registration", "free some memory and try again",
                   "out of memory");
}

/* ------------------------------------------------------------------ hook scripts */

/* What the script's text says, if the account may read it; else its name decides. */
static void read_content(struct registration *r, struct script *script)
{
    struct error err;
    char *content = NULL;
    size_t size = 0;
    const char *config = r->d->config.path;
    if (hook_script_content(r->client, script->id, &content, &size, &err) != STATUS_OK)
        return;
    bool runs = memmem(content, size, PROGRAM, strlen(PROGRAM)) != NULL;
    script->ours = script->ours || runs;
    script->hollow = !runs && !argument(r->d->args, "name"); /* one that is named is believed */
    script->other_config = runs && memmem(content, size, "--config", strlen("--config")) &&
                           !memmem(content, size, config, strlen(config));
    free(content);
}

static const struct script *find_script(struct registration *r, const struct hook_script *script)
{
    static struct script one;
    const char *name = argument(r->d->args, "name");
    for (size_t i = 0; i < r->script_count; i++)
        if (r->scripts[i].id == script->id)
            return &r->scripts[i];
    struct script *found = r->script_count < SCRIPTS_MOST ? &r->scripts[r->script_count++] : &one;
    *found = (struct script){.id = script->id, .version = script->version};
    snprintf(found->name, sizeof found->name, "%s", script->name);
    found->ours = !strcmp(script->name, name ? name : "refgate");
    read_content(r, found);
    if (strstr(script->plugin, ADDON_PLUGIN))
        found->ours = false;
    return found;
}

static void judge_triggers(struct registration *r, const struct hook_script_use *use)
{
    unsigned missing = HOOK_TRIGGERS_ALL & ~use->triggers;
    char names[HOOK_NAME_MAX];
    hook_triggers_format(missing, names, sizeof names);
    if (missing)
        note(r, DOCTOR_FAIL, INSTALL, "hook script %s does not run on %s%s", use->script.name,
             names, missing & 1U << TRIGGER_PULL_REQUEST_MERGE ? ": merges are not covered" : "");
}

static void judge_use(struct registration *r, const struct hook_script_use *use,
                      const struct script *script)
{
    const char *name = use->script.name;
    if (script->other_config)
        note(r, DOCTOR_WARN, "give doctor the configuration that the script names: --config",
             "hook script %s reads another configuration than %s", name, r->d->config.path);
    judge_triggers(r, use);
    if (use->scope == HOOK_REPOSITORY)
        note(
            r, DOCTOR_WARN, "register it for the project: refgate install hook-script KEY",
            "hook script %s runs in the repository's own scope: who administers the repository can "
            "remove it",
            name);
    else
        note(r, DOCTOR_OK, NULL, "hook script %s (%" PRIu64 ") runs%s", name, use->script.id,
             use->scope == HOOK_PROJECT ? "; who administers the project can remove it" : "");
}

/* How many of them run the hook before a push is accepted. */
static size_t judge_scripts(struct registration *r, const struct hook_script_use *uses,
                            size_t count)
{
    size_t active = 0;
    for (size_t i = 0; i < count; i++) {
        const struct script *script = find_script(r, &uses[i].script);
        if (!script->ours)
            continue;
        if (!uses[i].script.pre) {
            note(r, DOCTOR_FAIL, "remove it, and register one of type PRE",
                 "hook script %s is of type POST: it runs after the push, and rejects nothing",
                 uses[i].script.name);
            continue;
        }
        if (script->hollow) {
            note(r, DOCTOR_FAIL, INSTALL,
                 "hook script %s does not start " PROGRAM ": somebody has changed it",
                 uses[i].script.name);
            continue;
        }
        active++;
        judge_use(r, &uses[i], script);
    }
    return active;
}

/* ------------------------------------------------------------------ the add-on */

static bool runs_hook(const struct addon_hook *hook)
{
    return hook->enabled && strstr(hook->exe, PROGRAM);
}

/* As judge_scripts(). Failures other than that there is none are told of. */
static size_t judge_addon(struct registration *r)
{
    static struct addon_hook hook, merge; /* large */
    struct error err = {STATUS_OK, ""};
    enum status status = addon_hook_get(r->client, ADDON_PRE_RECEIVE, r->place, &hook, &err);
    if (status == STATUS_UNSUPPORTED || status == STATUS_NOT_FOUND)
        return 0;
    if (status != STATUS_OK) {
        note(r, DOCTOR_WARN, "sign in as who administers it",
             "cannot tell whether External Hooks runs it: %s", err.text);
        return 0;
    }
    if (!runs_hook(&hook))
        return 0;
    status = addon_hook_get(r->client, ADDON_MERGE_CHECK, r->place, &merge, &err);
    if (status != STATUS_OK || !runs_hook(&merge))
        note(r, status == STATUS_OK || status == STATUS_UNSUPPORTED ? DOCTOR_FAIL : DOCTOR_WARN,
             "switch on its merge check, too: refgate install external-hooks",
             "External Hooks runs %s, but not as merge check: merges are not covered", hook.exe);
    else if (hook.scope == HOOK_REPOSITORY)
        note(r, DOCTOR_WARN, "register it for the project: refgate install external-hooks KEY",
             "External Hooks runs %s by the repository's own settings: who administers the "
             "repository can switch it off",
             hook.exe);
    else
        note(r, DOCTOR_OK, NULL, "External Hooks runs %s, also as merge check", hook.exe);
    return 1;
}

/* ------------------------------------------------------------------ a place */

static void tell_failure(struct registration *r, enum status status, const struct error *err)
{
    if (status == STATUS_NOT_FOUND)
        note(r, DOCTOR_FAIL, "see --project and --repo", "there is no such place: %s", err->text);
    else if (status == STATUS_TRUST)
        note(r, DOCTOR_WARN, "sign in as who administers it", "cannot tell: %s", err->text);
    else
        note(r, DOCTOR_FAIL, "run doctor again", "cannot tell: %s", err->text);
}

static void look_at(struct registration *r, struct hook_place place)
{
    struct error err = {STATUS_OK, ""};
    struct hook_script_use *uses = NULL;
    size_t count = 0;
    r->place = place;
    snprintf(r->label, sizeof r->label, "%s%s%s", place.project, place.slug ? "/" : "",
             place.slug ? place.slug : "");
    enum status status = hook_scripts_of(r->client, place, &uses, &count, &err);
    if (status != STATUS_OK && status != STATUS_UNSUPPORTED) {
        tell_failure(r, status, &err);
        return;
    }
    size_t active = status == STATUS_OK ? judge_scripts(r, uses, count) : 0;
    free(uses);
    active += judge_addon(r);
    if (!active)
        note(r, r->named ? DOCTOR_FAIL : DOCTOR_WARN,
             "refgate install hook-script KEY registers it: refgate-install(8)",
             "the hook does not run%s",
             status == STATUS_OK ? "" : ", and this Bitbucket knows no hook scripts");
    if (active > 1)
        note(r, DOCTOR_WARN, "keep one of them", "the hook runs %zu times for each push", active);
}

/* ------------------------------------------------------------------ which places */

static void look_at_named(struct registration *r)
{
    const char *value;
    for (size_t i = 0; (value = argument_nth(r->d->args, "project", i)); i++)
        look_at(r, (struct hook_place){value, NULL});
    for (size_t i = 0; (value = argument_nth(r->d->args, "repo", i)); i++) {
        const char *slash = strchr(value, '/'); /* doctor_setup() has seen to it */
        char *key = strndup(value, (size_t)(slash - value));
        if (key)
            look_at(r, (struct hook_place){key, slash + 1});
        else
            r->failed = true;
        free(key);
    }
}

static void look_at_projects(struct registration *r)
{
    struct error err = {STATUS_OK, ""};
    char **keys = NULL;
    size_t count = 0;
    if (hook_projects(r->client, &keys, &count, &err) != STATUS_OK) {
        doctor_say(r->d, DOCTOR_FAIL, "registration", "run doctor again", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < count && i < PLACES_MOST; i++)
        look_at(r, (struct hook_place){keys[i], NULL});
    for (size_t i = 0; i < count; i++)
        free(keys[i]);
    free(keys);
    if (!count)
        doctor_say(r->d, DOCTOR_WARN, "registration", "sign in as who administers them",
                   "the account sees no project");
    if (count > PLACES_MOST)
        doctor_say(r->d, DOCTOR_SKIP, "registration", "name others with --project",
                   "looked at %d of %zu projects", PLACES_MOST, count);
}

/* ------------------------------------------------------------------ hook scripts as a whole */

/* Atlassian, "Using hook scripts": off by default from 8.18 on. */
static void check_feature(struct doctor *d)
{
    struct error why = {STATUS_OK, ""};
    const char *home = argument(d->args, "home");
    static const char advice[] = "write " PROPERTIES_FEATURE
                                 "=true into shared/bitbucket.properties "
                                 "in Bitbucket's home, and restart Bitbucket";
    int64_t age = clock_now_ms() - d->decided_ms;
    bool recent = d->decided_ms && age < RECENT;
    char ago[64];
    clock_format_duration(age > 0 ? age : 0, ago, sizeof ago);
    if (doctor_version_is(d, 8, 18) == ANSWER_NO || (!home && !*d->version))
        return;
    enum answer on = home ? properties_feature_hook_scripts(home, &why) : ANSWER_CANNOT_TELL;
    if (on == ANSWER_YES)
        doctor_say(d, DOCTOR_OK, "feature flag", NULL, "%s", why.text);
    else if (recent)
        doctor_say(d, DOCTOR_OK, "feature flag", NULL, "hooks run: a push was decided %s ago", ago);
    else if (on == ANSWER_NO && *d->version)
        doctor_say(d, DOCTOR_FAIL, "feature flag", advice,
                   "hook scripts are off, unless Bitbucket's environment switches them on: %s",
                   why.text);
    else
        doctor_say(d, DOCTOR_WARN, "feature flag", home ? advice : "give --home",
                   "cannot tell whether hook scripts are on%s%s", home ? ": " : "",
                   home ? why.text : "");
}

/* Bitbucket's own copy of a script, without which it rejects pushes (hook-contract.md). */
static void check_stored(struct registration *r)
{
    const char *home = argument(r->d->args, "home");
    char directory[PATH_MAX], path[PATH_MAX + 64];
    struct stat st;
    bool any = false;
    for (size_t i = 0; i < r->script_count; i++)
        any = any || r->scripts[i].ours;
    if (!home || !any)
        return;
    snprintf(directory, sizeof directory, "%s/shared/config/hook-scripts", home);
    if (stat(directory, &st)) {
        doctor_say(r->d, DOCTOR_WARN, "stored script", "is --home the home of this Bitbucket?",
                   "cannot look for the scripts that Bitbucket keeps: %s: %s", directory,
                   strerror(errno));
        return;
    }
    for (size_t i = 0; i < r->script_count; i++) {
        const struct script *script = &r->scripts[i];
        snprintf(path, sizeof path, "%s/%" PRIu64 "/%" PRIu64, directory, script->id,
                 script->version);
        if (!script->ours)
            continue;
        if (!stat(path, &st))
            doctor_say(r->d, DOCTOR_OK, "stored script", NULL, "%s is there", path);
        else if (errno == ENOENT || errno == ENOTDIR)
            doctor_say(
                r->d, DOCTOR_FAIL, "stored script",
                "make the script anew: refgate install hook-script --uninstall, then install it again",
                "%s does not exist: Bitbucket rejects pushes without it", path);
        else
            doctor_say(r->d, DOCTOR_WARN, "stored script", "run doctor as root", "%s: %s", path,
                       strerror(errno));
    }
}

void doctor_registration(struct doctor *d, struct client *client)
{
    static struct registration registration; /* large */
    struct registration *r = &registration;
    *r = (struct registration){.d = d, .client = client};
    r->named = argument(d->args, "project") || argument(d->args, "repo");
    check_feature(d);
    if (!client) {
        doctor_say(d, DOCTOR_SKIP, "registration", NULL, "%s",
                   *d->version || connection_url(d->args) ? "nobody is signed in"
                                                          : "Bitbucket is not asked without --url");
        return;
    }
    if (r->named)
        look_at_named(r);
    else
        look_at_projects(r);
    say_findings(r);
    check_stored(r);
}
