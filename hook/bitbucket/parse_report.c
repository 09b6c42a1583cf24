/*
 * parse_report.c - what only reports need (rest-api.md 1.3 rows 30, 33, 34, 38, 40-44), as facts.
 *
 * Strict where a fact would be about nothing without the field, tolerant where servers differ: what
 * an older or a newer one does not say is null. Members are chosen one by one, so that nothing gets
 * into the file that nobody thought of.
 */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/parse.h"
#include "bitbucket/redact.h"

#define WEAK_RSA_BITS 2048                      /* below it; NIST SP 800-131A */
#define DATE_MAX (INT64_C(253402300799) * 1000) /* the end of 9999 */
#define EXPIRY_DAYS_MAX 100000
#define COUNT_MAX 1000000
#define URL_SIZE 512

/* ------------------------------------------------------------------ a fact */

struct fact {
    struct parse *p;
    json_t *object;
    bool failed; /* out of memory */
};

static struct fact fact_begin(struct parse *p)
{
    struct fact fact = {p, json_object(), false};
    fact.failed = !fact.object;
    return fact;
}

/* `value` is taken over; NULL: there was no memory for it. */
static void put(struct fact *fact, const char *name, json_t *value)
{
    if (fact->failed)
        json_decref(value);
    else if (!value || json_object_set_new_nocheck(fact->object, name, value))
        fact->failed = true;
}

static json_t *text_json(struct text t) /* absent: null */
{
    return t.at ? json_stringn_nocheck(t.at, t.size) : json_null();
}

static json_t *number_json(bool there, uint64_t number)
{
    return there ? json_integer((json_int_t)number) : json_null();
}

static void fact_end(struct fact *fact, const char *kind)
{
    struct parse *p = fact->p;
    if (parse_good(p) && fact->failed)
        parse_did(p, error_set(p->fields.err, STATUS_MEMORY, "out of memory"));
    if (parse_good(p) && p->feed->facts)
        parse_did(p, facts_add(p->feed->facts, kind, fact->object, p->fields.err));
    else
        json_decref(fact->object);
}

/* ------------------------------------------------------------------ members */

static void put_text(struct fact *fact, const char *name, const json_t *value, const char *path,
                     enum need need)
{
    put(fact, name, text_json(field_text(&fact->p->fields, value, path, need)));
}

static void put_id(struct fact *fact, const json_t *value, const char *path)
{
    put(fact, "id", number_json(true, field_u64(&fact->p->fields, value, path, REQUIRED, NULL)));
}

/* NULL: not there. */
static const json_t *setting(const json_t *settings, const char *name)
{
    const json_t *value = json_object_get(settings, name);
    return value && !json_is_null(value) ? value : NULL;
}

static void put_flag(struct fact *fact, const char *name, const json_t *value, const char *path)
{
    bool is = field_bool(&fact->p->fields, value, path, OPTIONAL, false);
    put(fact, name, setting(value, path) ? json_boolean(is) : json_null());
}

/* NAME as people read it, NAME_ms as Bitbucket says it. */
static void put_moment(struct fact *fact, const char *name, bool there, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE], name_ms[32];
    there = there && ms > 0;
    snprintf(name_ms, sizeof name_ms, "%s_ms", name);
    if (there && ms > DATE_MAX) {
        field_fail(&fact->p->fields, name, "is no date");
        return;
    }
    clock_format(ms, true, text);
    put(fact, name, there ? json_string_nocheck(text) : json_null());
    put(fact, name_ms, number_json(there, (uint64_t)ms));
}

static void put_date(struct fact *fact, const char *name, const json_t *value, const char *path)
{
    bool there;
    uint64_t ms = field_u64(&fact->p->fields, value, path, OPTIONAL, &there);
    put_moment(fact, name, there, (int64_t)ms);
}

/* A list of texts; absent: null. */
static void put_texts(struct fact *fact, const char *name, const json_t *value, const char *path)
{
    struct fields *f = &fact->p->fields;
    const json_t *list = field_array(f, value, path, OPTIONAL);
    json_t *copy = list ? json_array() : json_null();
    for (size_t i = 0; i < json_array_size(list) && copy; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item)) {
            field_fail(f, path, "is not a list of texts");
        } else if (json_array_append_new(copy,
                                         text_json((struct text){json_string_value(item),
                                                                 json_string_length(item)}))) {
            json_decref(copy);
            copy = NULL;
        }
    }
    put(fact, name, copy);
}

static void put_place(struct fact *fact)
{
    const struct target *target = fact->p->target;
    json_t *place = json_object();
    bool failed = json_object_set_new_nocheck(place, "project", text_json(target->project_key));
    if (target->place.scope == GRANT_REPOSITORY)
        failed = json_object_set_new_nocheck(place, "repository", text_json(target->slug)) ||
                 json_object_set_new_nocheck(place, "id", number_json(true, target->place.id)) ||
                 failed;
    if (failed) {
        json_decref(place);
        place = NULL;
    }
    put(fact, "place", place);
}

static void put_user(struct fact *fact)
{
    const struct target *target = fact->p->target;
    put(fact, "user", text_json(target->user));
    put(fact, "user_id", number_json(target->user_id != 0, target->user_id));
}

/* ------------------------------------------------------------------ users' keys, tokens */

/* Bitbucket's warning counts; of what it does not say, DSA and short RSA are weak. */
static json_t *weak(const struct builder_key *key, struct text warning)
{
    bool rsa = text_equal(key->algorithm, TEXT("RSA"));
    if (warning.size || text_equal(key->algorithm, TEXT("DSA")))
        return json_true();
    if (!key->algorithm.size || (rsa && !key->bits))
        return json_null();
    return json_boolean(rsa && key->bits < WEAK_RSA_BITS);
}

void parse_user_ssh_key(struct parse *p, const json_t *value)
{
    struct fact fact = fact_begin(p);
    struct builder_key key;
    struct buffer upper;
    buffer_init(&upper, SIZE_MAX);
    parse_key_itself(p, value, &key, &upper);
    struct text warning = field_text(&p->fields, value, "warning", OPTIONAL);
    put_user(&fact);
    put(&fact, "id", number_json(true, key.id));
    put(&fact, "label", text_json(key.label));
    put(&fact, "algorithm", text_json(key.algorithm));
    put(&fact, "bits", number_json(key.bits != 0, key.bits));
    put(&fact, "fingerprint", text_json(key.fingerprint));
    put_moment(&fact, "created", key.created_known, key.created_ms);
    put_moment(&fact, "last_used", key.used, key.last_used_ms);
    put_moment(&fact, "expires", key.expires, key.expires_ms);
    put(&fact, "warning", text_json(warning));
    put(&fact, "weak", weak(&key, warning));
    fact_end(&fact, "user-ssh-key");
    buffer_free(&upper);
}

/* `expiryDate`, or `expiryDays` after the creation. */
static void put_expiry(struct fact *fact, const json_t *token)
{
    struct fields *f = &fact->p->fields;
    bool dated, lasts, created;
    uint64_t expires = field_u64(f, token, "expiryDate", OPTIONAL, &dated);
    uint64_t days = field_u64(f, token, "expiryDays", OPTIONAL, &lasts);
    uint64_t since = field_u64(f, token, "createdDate", OPTIONAL, &created);
    if (lasts && days > EXPIRY_DAYS_MAX)
        field_fail(f, "expiryDays", "is too large");
    else if (!dated && lasts && days && created && since <= (uint64_t)DATE_MAX)
        expires = since + days * (uint64_t)CLOCK_DAY;
    put_moment(fact, "expires", expires != 0, (int64_t)expires);
}

/* Ids of tokens are texts of digits too long for some readers of JSON: they stay texts. */
static void put_token_id(struct fact *fact, const json_t *token)
{
    char text[24];
    uint64_t id = field_u64(&fact->p->fields, token, "id", REQUIRED, NULL);
    snprintf(text, sizeof text, "%llu", (unsigned long long)id);
    put(fact, "id", json_string_nocheck(text));
}

void parse_token(struct parse *p, const json_t *value)
{
    struct fact fact = fact_begin(p);
    bool of_user = endpoints[p->endpoint].level == LEVEL_USER;
    if (of_user)
        put_user(&fact);
    else
        put_place(&fact);
    put_token_id(&fact, value);
    put_text(&fact, "name", value, "name", OPTIONAL);
    put_texts(&fact, "permissions", value, "permissions");
    put_date(&fact, "created", value, "createdDate");
    put_date(&fact, "last_used", value, "lastAuthenticated");
    put_expiry(&fact, value);
    fact_end(&fact, of_user                                      ? "user-token"
                    : p->target->place.scope == GRANT_REPOSITORY ? "repository-token"
                                                                 : "project-token");
}

/* ------------------------------------------------------------------ webhooks, hooks */

/* Of "https://host:1/[removed]". */
static struct text host_of(struct text url)
{
    size_t at = 0;
    while (at + 3 < url.size && memcmp(url.at + at, "://", 3) != 0)
        at++;
    if (at + 3 >= url.size)
        return TEXT_NONE;
    struct text host = text_skip(url, at + 3);
    size_t end = 0;
    bool literal = host.at[0] == '['; /* an IPv6 address */
    while (end < host.size && host.at[end] != '/' && (literal || host.at[end] != ':')) {
        literal = literal && host.at[end] != ']';
        end++;
    }
    host.size = end;
    return host.size ? host : TEXT_NONE;
}

/* Whether calls are signed: there is a secret. What it is, is not looked at. */
static json_t *is_signed(struct parse *p, const json_t *webhook)
{
    const json_t *configuration = field_object(&p->fields, webhook, "configuration", OPTIONAL);
    const json_t *secret = json_object_get(configuration, "secret");
    return json_boolean(json_is_string(secret) && json_string_length(secret));
}

void parse_webhook(struct parse *p, const json_t *value)
{
    struct fact fact = fact_begin(p);
    char url[URL_SIZE];
    redact_url(field_text(&p->fields, value, "url", REQUIRED), url, sizeof url);
    put_place(&fact);
    put_id(&fact, value, "id");
    put_text(&fact, "name", value, "name", OPTIONAL);
    put_flag(&fact, "active", value, "active");
    put_texts(&fact, "events", value, "events");
    put(&fact, "url", json_string_nocheck(url));
    put(&fact, "host", text_json(host_of(text_of(url))));
    put_flag(&fact, "ssl_verification", value, "sslVerificationRequired");
    put(&fact, "signed", is_signed(p, value));
    put_date(&fact, "created", value, "createdDate");
    put_date(&fact, "updated", value, "updatedDate");
    fact_end(&fact, "webhook");
}

/* Where it was set: PROJECT, REPOSITORY, GLOBAL. Old servers do not say. */
static void put_scope(struct fact *fact, const json_t *value)
{
    const json_t *scope = field_object(&fact->p->fields, value, "scope", OPTIONAL);
    put(fact, "scope",
        scope ? text_json(field_text(&fact->p->fields, scope, "type", OPTIONAL)) : json_null());
}

void parse_hook(struct parse *p, const json_t *value)
{
    struct fact fact = fact_begin(p);
    const json_t *details = field_object(&p->fields, value, "details", REQUIRED);
    put_place(&fact);
    put_text(&fact, "key", details, "key", REQUIRED);
    put_text(&fact, "name", details, "name", OPTIONAL);
    put_text(&fact, "type", details, "type", OPTIONAL);
    put_text(&fact, "version", details, "version", OPTIONAL);
    put(&fact, "enabled", json_boolean(field_bool(&p->fields, value, "enabled", REQUIRED, false)));
    put_flag(&fact, "configured", value, "configured");
    put_scope(&fact, value);
    fact_end(&fact, "hook");
}

void parse_hook_script(struct parse *p, const json_t *value)
{
    struct fact fact = fact_begin(p);
    const json_t *script = field_object(&p->fields, value, "script", REQUIRED);
    put_place(&fact);
    put_id(&fact, script, "id");
    put_text(&fact, "name", script, "name", OPTIONAL);
    put_text(&fact, "type", script, "type", OPTIONAL);
    put_texts(&fact, "triggers", value, "triggerIds");
    put_text(&fact, "plugin", script, "pluginKey", OPTIONAL);
    put_date(&fact, "created", script, "createdDate");
    put_date(&fact, "updated", script, "updatedDate");
    put_scope(&fact, value);
    fact_end(&fact, "hook-script");
}

/* ------------------------------------------------------------------ pull requests, builds */

/* Of {"enabled":true, …}; some servers say `enable`. */
static bool is_enabled(struct fields *f, const json_t *object)
{
    return field_bool(f, object, "enabled", OPTIONAL,
                      field_bool(f, object, "enable", OPTIONAL, true));
}

/* A bare value on older servers, {"enabled":..., "count":"3"} on newer ones (rest-api.md 1.3, row 42). */
static void put_count(struct fact *fact, const char *name, const json_t *settings, const char *path)
{
    struct fields *f = &fact->p->fields;
    const json_t *value = setting(settings, path);
    bool there = value != NULL;
    uint64_t count = 0;
    if (json_is_object(value))
        count = is_enabled(f, value) ? field_u64(f, value, "count", REQUIRED, NULL) : 0;
    else
        count = field_u64(f, settings, path, OPTIONAL, &there);
    if (count > COUNT_MAX)
        field_fail(f, path, "is too large");
    put(fact, name, number_json(there, count));
}

static void put_switch(struct fact *fact, const char *name, const json_t *settings,
                       const char *path)
{
    const json_t *value = setting(settings, path);
    if (json_is_object(value))
        put(fact, name, json_boolean(is_enabled(&fact->p->fields, value)));
    else
        put_flag(fact, name, settings, path);
}

/* Ids of the strategies that are switched on. */
static void put_strategies(struct fact *fact, const json_t *config)
{
    struct fields *f = &fact->p->fields;
    const json_t *list = config ? field_array(f, config, "strategies", OPTIONAL) : NULL;
    json_t *ids = list ? json_array() : json_null();
    for (size_t i = 0; i < json_array_size(list) && ids; i++) {
        const json_t *strategy = json_array_get(list, i);
        struct text id = field_text(f, strategy, "id", REQUIRED);
        if (field_bool(f, strategy, "enabled", OPTIONAL, true) && parse_good(fact->p) &&
            json_array_append_new(ids, text_json(id))) {
            json_decref(ids);
            ids = NULL;
        }
    }
    put(fact, "merge_strategies", ids);
}

void parse_pull_request_settings(struct parse *p, const json_t *value)
{
    struct fact fact = fact_begin(p);
    const json_t *config = field_object(&p->fields, value, "mergeConfig", OPTIONAL);
    const json_t *chosen = config ? field_object(&p->fields, config, "defaultStrategy", OPTIONAL)
                                  : NULL;
    put_place(&fact);
    put_count(&fact, "required_approvers", value, "requiredApprovers");
    put_switch(&fact, "required_all_approvers", value, "requiredAllApprovers");
    put_switch(&fact, "required_all_tasks_complete", value, "requiredAllTasksComplete");
    put_count(&fact, "required_successful_builds", value, "requiredSuccessfulBuilds");
    put_switch(&fact, "needs_work", value, "needsWork");
    put_switch(&fact, "unapprove_on_update", value, "unapproveOnUpdate");
    put_strategies(&fact, config);
    put(&fact, "default_strategy",
        chosen ? text_json(field_text(&p->fields, chosen, "id", OPTIONAL)) : json_null());
    fact_end(&fact, "pull-request-settings");
}

/* {"type":"BRANCH","id":"refs/heads/main"}, or null. */
static void put_matcher(struct fact *fact, const char *name, const json_t *value, const char *path,
                        enum need need)
{
    struct fields *f = &fact->p->fields;
    const json_t *matcher = field_object(f, value, path, need);
    if (!matcher) {
        put(fact, name, json_null());
        return;
    }
    struct text type = field_text(f, matcher, "type.id", REQUIRED);
    struct text id = field_text(f, matcher, "id", REQUIRED);
    json_t *object = json_object();
    if (json_object_set_new_nocheck(object, "type", text_json(type)) ||
        json_object_set_new_nocheck(object, "id", text_json(id))) {
        json_decref(object);
        object = NULL;
    }
    put(fact, name, object);
}

void parse_required_build(struct parse *p, const json_t *value)
{
    struct fact fact = fact_begin(p);
    put_place(&fact);
    put_id(&fact, value, "id");
    put_texts(&fact, "build_keys", value, "buildParentKeys");
    put_matcher(&fact, "matcher", value, "refMatcher", REQUIRED);
    put_matcher(&fact, "exempt_matcher", value, "exemptRefMatcher", OPTIONAL);
    fact_end(&fact, "required-build");
}
