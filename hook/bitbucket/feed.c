#include "bitbucket/feed.h"

#include <stdio.h>
#include <string.h>

#include "bitbucket/parse.h"

#define NOT_AN_OBJECT "is not a JSON object (a login page? a proxy's error?)"
#define START_MAX ((uint64_t)INT32_MAX) /* Bitbucket's page start is a Java int */

typedef void value_parser(struct parse *p, const json_t *value);

/* What to do with the answer, or with each value of a page. */
static value_parser *const parsers[ENDPOINTS] = {
    [ENDPOINT_PROPERTIES] = parse_properties,
    [ENDPOINT_USERS] = parse_user,
    [ENDPOINT_USERS_PLAIN] = parse_user,
    [ENDPOINT_GLOBAL_USERS] = parse_user_grant,
    [ENDPOINT_GLOBAL_GROUPS] = parse_group_grant,
    [ENDPOINT_GROUPS] = parse_group,
    [ENDPOINT_GROUPS_PLAIN] = parse_group,
    [ENDPOINT_PROJECTS] = parse_project,
    [ENDPOINT_REPOSITORIES] = parse_repository,
    [ENDPOINT_MEMBERS] = parse_member,
    [ENDPOINT_PROJECT_USERS] = parse_user_grant,
    [ENDPOINT_PROJECT_GROUPS] = parse_group_grant,
    [ENDPOINT_DEFAULT_ADMIN] = parse_permitted,
    [ENDPOINT_DEFAULT_CREATE] = parse_permitted,
    [ENDPOINT_DEFAULT_WRITE] = parse_permitted,
    [ENDPOINT_DEFAULT_READ] = parse_permitted,
    [ENDPOINT_PROJECT_RESTRICTIONS] = parse_restriction,
    [ENDPOINT_PROJECT_MODEL] = parse_model,
    [ENDPOINT_PROJECT_KEYS] = parse_key,
    [ENDPOINT_REPOSITORY_USERS] = parse_user_grant,
    [ENDPOINT_REPOSITORY_GROUPS] = parse_group_grant,
    [ENDPOINT_REPOSITORY_RESTRICTIONS] = parse_restriction,
    [ENDPOINT_REPOSITORY_MODEL] = parse_model,
    [ENDPOINT_DEFAULT_BRANCH] = parse_default_branch,
    [ENDPOINT_DEFAULT_BRANCH_OLD] = parse_default_branch,
    [ENDPOINT_REPOSITORY_KEYS] = parse_key,
    [ENDPOINT_PROJECT] = parse_project,
    [ENDPOINT_REPOSITORY] = parse_repository,
    [ENDPOINT_PROJECT_REPOSITORIES] = parse_repository,
    [ENDPOINT_PROJECT_REPOSITORIES_OLD] = parse_repository,
    [ENDPOINT_GROUPS_OF_USER] = parse_group_of_user,
    [ENDPOINT_USER_SSH_KEYS] = parse_user_ssh_key,
    [ENDPOINT_USER_TOKENS] = parse_token,
    [ENDPOINT_PROJECT_TOKENS] = parse_token,
    [ENDPOINT_PROJECT_WEBHOOKS] = parse_webhook,
    [ENDPOINT_PROJECT_HOOKS] = parse_hook,
    [ENDPOINT_PROJECT_HOOK_SCRIPTS] = parse_hook_script,
    [ENDPOINT_PROJECT_PULL_REQUESTS] = parse_pull_request_settings,
    [ENDPOINT_REPOSITORY_TOKENS] = parse_token,
    [ENDPOINT_REPOSITORY_WEBHOOKS] = parse_webhook,
    [ENDPOINT_REPOSITORY_HOOKS] = parse_hook,
    [ENDPOINT_REPOSITORY_HOOK_SCRIPTS] = parse_hook_script,
    [ENDPOINT_REPOSITORY_PULL_REQUESTS] = parse_pull_request_settings,
    [ENDPOINT_REQUIRED_BUILDS] = parse_required_build,
};

/* The next page is where nextPageStart says, never start + size (rest-api.md 1.2). */
static void read_next(struct parse *p, const json_t *body, uint64_t start)
{
    bool there;
    if (field_bool(&p->fields, body, "isLastPage", REQUIRED, true))
        return;
    uint64_t next = field_u64(&p->fields, body, "nextPageStart", REQUIRED, &there);
    if (there && (next <= start || next > START_MAX))
        field_fail(&p->fields, "nextPageStart", "does not lead on");
    p->result.more = true;
    p->result.next = next;
}

/* Is it the page that was asked for? A proxy that mixes up two answers would give its list a hole. */
static void check_start(struct parse *p, const json_t *body, uint64_t start)
{
    bool there;
    uint64_t given = field_u64(&p->fields, body, "start", OPTIONAL, &there);
    if (there && given != start)
        field_fail(&p->fields, "start", "is that of another page");
}

static void parse_page(struct parse *p, const json_t *body, uint64_t start, value_parser *parser)
{
    json_t *values = field_array(&p->fields, body, "values", REQUIRED);
    check_start(p, body, start);
    read_next(p, body, start);
    p->fields.in_page = true;
    for (size_t i = 0; i < json_array_size(values) && p->fields.status == STATUS_OK; i++) {
        p->fields.index = i;
        parser(p, json_array_get(values, i));
    }
}

enum status feed_answer(struct feed *feed, enum endpoint_id id, const struct target *target,
                        const char *url, uint64_t start, const json_t *body,
                        struct feed_result *result, struct error *err)
{
    struct parse p = {
        .feed = feed,
        .endpoint = id,
        .target = target,
        .fields = {.where = url, .err = err},
    };
    if (!json_is_object(body))
        field_fail(&p.fields, "", NOT_AN_OBJECT);
    else if (endpoints[id].flags & ENDPOINT_PAGED)
        parse_page(&p, body, start, parsers[id]);
    else
        parsers[id](&p, body);
    if (p.fields.status == STATUS_OK)
        *result = p.result;
    return p.fields.status;
}

enum status feed_peek(enum endpoint_id id, const char *url, uint64_t start, const json_t *body,
                      struct feed_result *result, struct error *err)
{
    struct parse p = {.endpoint = id, .fields = {.where = url, .err = err}};
    if (!json_is_object(body))
        field_fail(&p.fields, "", NOT_AN_OBJECT);
    else if (endpoints[id].flags & ENDPOINT_PAGED)
        read_next(&p, body, start);
    else if (parsers[id] == parse_permitted)
        p.result.permitted = field_bool(&p.fields, body, "permitted", REQUIRED, false);
    if (p.fields.status == STATUS_OK)
        *result = p.result;
    return p.fields.status;
}

bool feed_is_resource_error(const json_t *body)
{
    return json_is_array(json_object_get(body, "errors")) ||
           json_object_get(body, "exceptionName") != NULL;
}

struct text feed_error_message(const json_t *body)
{
    const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
    const json_t *message = json_object_get(first ? first : body, "message");
    if (!json_is_string(message))
        return TEXT("");
    return (struct text){json_string_value(message), json_string_length(message)};
}
