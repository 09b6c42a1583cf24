/* install_server.c - the Bitbucket that is to run the hook: its version, and the places in it. */
#include "command/install.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bitbucket/properties.h"
#include "bitbucket/survey.h"
#include "command/connection.h"

#define ATTEMPTS 3
#define CONNECT_TIMEOUT (10 * CLOCK_SECOND)
#define ANSWER_TIMEOUT (60 * CLOCK_SECOND)

/* ---------------------------------------------------------------- version and feature flag */

/* "8.18.1" is at least 8.18. CANNOT_TELL: it is no version that is known. */
static enum answer is_at_least(const char *version, uint64_t major, uint64_t minor)
{
    struct text rest = text_of(version), part;
    uint64_t numbers[2];
    for (size_t i = 0; i < 2; i++)
        if (!text_next_field(&rest, '.', &part) ||
            !text_parse_u64(part, 100000, false, &numbers[i]))
            return ANSWER_CANNOT_TELL;
    bool is = numbers[0] > major || (numbers[0] == major && numbers[1] >= minor);
    return is ? ANSWER_YES : ANSWER_NO;
}

/* Atlassian, "Using hook scripts": off by default from 8.18 on. */
static void check_feature(struct install *in)
{
    static const char advice[] = "write " PROPERTIES_FEATURE
                                 "=true into shared/bitbucket.properties in "
                                 "Bitbucket's home and start Bitbucket again";
    struct error why = {STATUS_OK, ""};
    if (!in->home) {
        install_say(
            in, INSTALL_WARN, "feature flag", advice,
            "could not look whether Bitbucket runs hook scripts: from 8.18 on it does so only "
            "with " PROPERTIES_FEATURE "=true (--home lets refgate look)");
        return;
    }
    enum answer on = properties_feature_hook_scripts(in->home, &why);
    if (on == ANSWER_YES)
        install_say(in, INSTALL_OK, "feature flag", NULL, "%s", why.text);
    else if (on == ANSWER_NO)
        install_say(
            in, INSTALL_WARN, "feature flag", advice,
            "%s: Bitbucket runs NO hook script, and every push passes (unless its environment "
            "switches them on)",
            why.text);
    else
        install_say(in, INSTALL_WARN, "feature flag", advice,
                    "cannot tell whether Bitbucket runs hook scripts: %s", why.text);
}

static void check_version(struct install *in, const char *version)
{
    if (is_at_least(version, 6, 2) == ANSWER_NO) {
        install_say(in, INSTALL_WARN, "version", "use external-hooks, or a newer Bitbucket",
                    "Bitbucket %s has no hook scripts: they came with 6.2", version);
        return;
    }
    install_say(in, INSTALL_OK, "version", NULL, "Bitbucket %s", version);
    if (is_at_least(version, 8, 18) != ANSWER_NO)
        check_feature(in);
}

bool install_connect(struct install *in, bool scripts)
{
    const struct client_options tuning = {.slots = 1,
                                          .attempts = ATTEMPTS,
                                          .connect_timeout_ms = CONNECT_TIMEOUT,
                                          .answer_timeout_ms = ANSWER_TIMEOUT};
    struct error err = {STATUS_OK, ""};
    struct survey survey;
    enum status status = connection_open(in->args, &tuning, NULL, &in->client, &err);
    if (status == STATUS_OK)
        status = survey_server(in->client, &survey, &err);
    if (status != STATUS_OK) {
        command_trouble(in->args, "%s", err.text);
        return false;
    }
    if (scripts && !in->uninstall)
        check_version(in, survey.version);
    else
        install_say(in, INSTALL_OK, "version", NULL, "Bitbucket %s", survey.version);
    return true;
}

/* ---------------------------------------------------------------- places */

const char *install_place_label(struct install *in, struct hook_place place)
{
    const char *label = !place.project ? "everywhere"
                        : place.slug ? arena_printf(&in->arena, "%s/%s", place.project, place.slug)
                                     : arena_printf(&in->arena, "project %s", place.project);
    return label ? label : "";
}

const char *install_place_key(struct install *in, struct hook_place place)
{
    if (!place.project || !place.slug)
        return place.project ? place.project : "";
    const char *key = arena_printf(&in->arena, "%s/%s", place.project, place.slug);
    return key ? key : "";
}

enum hook_scope install_place_scope(struct hook_place place)
{
    return !place.project ? HOOK_GLOBAL : place.slug ? HOOK_REPOSITORY : HOOK_PROJECT;
}

static bool parse_place(struct install *in, char *operand, struct hook_place *out)
{
    char *copy = arena_printf(&in->arena, "%s", operand);
    char *slash = copy ? strchr(copy, '/') : NULL;
    if (!copy) {
        command_trouble(in->args, "out of memory");
        return false;
    }
    *out = (struct hook_place){copy, slash ? slash + 1 : NULL};
    if (slash)
        *slash = '\0';
    if (*copy && (!slash || (slash[1] && !strchr(slash + 1, '/'))))
        return true;
    command_trouble(in->args, "%s is neither a project's KEY nor a repository's KEY/SLUG", operand);
    return false;
}

static bool all_projects(struct install *in)
{
    char **keys = NULL;
    size_t count = 0;
    struct error err = {STATUS_OK, ""};
    if (hook_projects(in->client, &keys, &count, &err) != STATUS_OK) {
        command_trouble(in->args, "%s", err.text);
        return false;
    }
    struct hook_place *places = arena_alloc(&in->arena, count + 1, sizeof *places);
    for (size_t i = 0; i < count; i++) {
        if (places)
            places[i].project = arena_printf(&in->arena, "%s", keys[i]);
        if (places && !places[i].project)
            places = NULL;
        free(keys[i]);
    }
    free(keys);
    if (!places)
        command_trouble(in->args, "out of memory");
    else if (!count)
        command_trouble(in->args, "the account sees no project");
    in->places = places;
    in->place_count = count;
    return places && count;
}

bool install_places(struct install *in)
{
    size_t count = in->args->operand_count;
    if (in->everywhere && count) {
        command_trouble(in->args, "projects and repositories, or all: not both");
        return false;
    }
    if (in->everywhere)
        return all_projects(in);
    in->places = arena_alloc(&in->arena, count + 1, sizeof *in->places);
    if (!in->places) {
        command_trouble(in->args, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!parse_place(in, in->args->operands[i], &in->places[i]))
            return false;
    in->place_count = count;
    return true;
}
