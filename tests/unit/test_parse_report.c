/*
 * bitbucket/parse_report.c: what only reports need, from answers of servers of all ages (rest-api.md
 * 1.3, 1.7, 1.8) to facts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/feed.h"
#include "support/top.h"

static struct target target_of(enum endpoint_id id)
{
    struct target target = {.project_key = TEXT("PRJ")};
    if (endpoints[id].level == LEVEL_USER) {
        target.user = TEXT("jdoe");
        target.user_slug = TEXT("jdoe");
        target.user_id = 101;
    } else if (endpoints[id].level == LEVEL_PROJECT) {
        target.place = (struct place){GRANT_PROJECT, 7};
    } else {
        target.place = (struct place){GRANT_REPOSITORY, 84};
        target.slug = TEXT("app");
    }
    return target;
}

/* The answer with this value. */
static json_t *answer_of(enum endpoint_id id, const char *value)
{
    char text[8192];
    json_error_t problem;
    bool paged = endpoints[id].flags & ENDPOINT_PAGED;
    snprintf(text, sizeof text, paged ? "{\"isLastPage\":true,\"values\":[%s]}" : "%s", value);
    json_t *body = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    if (!body)
        fail_msg("%s in %s", problem.text, text);
    return body;
}

static enum status feed_it(struct facts *facts, enum endpoint_id id, const char *value,
                           struct error *err)
{
    struct feed feed = {.facts = facts};
    struct target target = target_of(id);
    struct feed_result result;
    json_t *body = answer_of(id, value);
    enum status status = feed_answer(&feed, id, &target, "/rest/x", 0, body, &result, err);
    json_decref(body);
    return status;
}

/* The line between the first and the last. */
static json_t *only_fact(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    char *line = strchr(text, '\n');
    assert_non_null(line);
    char *end = strchr(++line, '\n');
    assert_non_null(end);
    assert_true(strstr(end, "{\"kind\":\"end\",\"facts\":1,") != NULL);
    json_t *fact = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(fact);
    return fact;
}

static json_t *fact_of(enum endpoint_id id, const char *value)
{
    struct error err = {STATUS_OK, ""};
    struct facts *facts;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", scratch_path(top, "facts.jsonl"));
    assert_int_equal(facts_begin(path, TEXT("https://h"), 1, &facts, &err), STATUS_OK);
    if (feed_it(facts, id, value, &err) != STATUS_OK)
        fail_msg("%s: %s", err.text, value);
    assert_int_equal(facts_count(facts), 1);
    assert_int_equal(facts_publish(facts, "d1", &err), STATUS_OK);
    facts_free(facts);
    return only_fact(path);
}

/* Every member of `expected` (JSON, ' for ") is in the fact; "-name" is not. */
static void assert_fact(enum endpoint_id id, const char *value, const char *expected)
{
    static char text[4096];
    json_t *fact = fact_of(id, value);
    snprintf(text, sizeof text, "%s", expected);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_error_t problem;
    json_t *want = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    if (!want)
        fail_msg("%s in %s", problem.text, text);
    const char *name;
    json_t *member;
    json_object_foreach(want, name, member)
    {
        if (!json_equal(json_object_get(fact, name), member)) {
            char *got = json_dumps(fact, JSON_COMPACT);
            fail_msg("%s is not as expected in %s", name, got);
        }
    }
    json_decref(want);
    json_decref(fact);
}

/* ------------------------------------------------------------------ users' SSH keys */

static void ssh_keys(void **state)
{
    (void)state;
    assert_fact(ENDPOINT_USER_SSH_KEYS,
                "{\"id\":1,\"text\":\"ssh-rsa AAAAB3 me@h\",\"label\":\"me@h\",\"algorithmType\":"
                "\"rsa\",\"bitLength\":2048,\"fingerprint\":\"Cbg3\",\"createdDate\":1787787636512,"
                "\"lastAuthenticated\":\"1787788000000\",\"expiryDays\":30,\"warning\":"
                "\"RSA_UNSAFE_MODULUS\"}",
                "{'kind':'user-ssh-key','user':'jdoe','user_id':101,'id':1,'label':'me@h',"
                "'algorithm':'RSA','bits':2048,'fingerprint':'Cbg3',"
                "'created':'2026-08-26T23:40:36Z','created_ms':1787787636512,"
                "'last_used':'2026-08-26T23:46:40Z','last_used_ms':1787788000000,"
                "'expires':'2026-09-25T23:40:36Z','expires_ms':1790379636512,"
                "'warning':'RSA_UNSAFE_MODULUS','weak':true}");
    /* up to 7.x */
    assert_fact(ENDPOINT_USER_SSH_KEYS,
                "{\"id\":2,\"text\":\"ssh-ed25519 AAAAC3\",\"label\":\"x\"}",
                "{'algorithm':'ED25519','bits':256,'created':null,'created_ms':null,"
                "'last_used':null,'expires':null,'warning':null,'weak':false}");
    assert_fact(ENDPOINT_USER_SSH_KEYS, "{\"id\":2,\"text\":\"ssh-rsa AAAAB3\"}",
                "{'algorithm':'RSA','bits':null,'label':null,'weak':null}");
    assert_fact(ENDPOINT_USER_SSH_KEYS,
                "{\"id\":\"2\",\"algorithmType\":\"RSA\",\"bitLength\":1024}",
                "{'id':2,'weak':true}");
    assert_fact(ENDPOINT_USER_SSH_KEYS, "{\"id\":2,\"algorithmType\":\"DSA\"}", "{'weak':true}");
    assert_fact(ENDPOINT_USER_SSH_KEYS, "{\"id\":2}", "{'algorithm':null,'weak':null}");
    /* The public key itself is nobody's business. */
    json_t *fact = fact_of(ENDPOINT_USER_SSH_KEYS, "{\"id\":2,\"text\":\"ssh-rsa AAAAB3\"}");
    assert_null(json_object_get(fact, "text"));
    json_decref(fact);
}

/* ------------------------------------------------------------------ tokens */

static void tokens(void **state)
{
    (void)state;
    static const char token[] =
        "{\"id\":\"252973515069\",\"createdDate\":1618233794469,\"lastAuthenticated\":1618320194469,"
        "\"expiryDate\":1650000000000,\"name\":\"ci\",\"permissions\":[\"PROJECT_READ\","
        "\"REPO_WRITE\"],\"token\":\"S3CR3T\",\"user\":{\"name\":\"other\"}}";
    assert_fact(ENDPOINT_USER_TOKENS, token,
                "{'kind':'user-token','user':'jdoe','user_id':101,'id':'252973515069','name':'ci',"
                "'permissions':['PROJECT_READ','REPO_WRITE'],'created':'2021-04-12T13:23:14Z',"
                "'created_ms':1618233794469,'last_used_ms':1618320194469,"
                "'expires':'2022-04-15T05:20:00Z','expires_ms':1650000000000}");
    assert_fact(ENDPOINT_PROJECT_TOKENS, token,
                "{'kind':'project-token','place':{'project':'PRJ'},'id':'252973515069'}");
    assert_fact(ENDPOINT_REPOSITORY_TOKENS, token,
                "{'kind':'repository-token','place':{'project':'PRJ','repository':'app','id':84}}");
    json_t *fact = fact_of(ENDPOINT_REPOSITORY_TOKENS, token);
    char *text = json_dumps(fact, 0);
    assert_null(strstr(text, "S3CR3T"));
    free(text);
    json_decref(fact);
}

static void tokens_of_other_servers(void **state)
{
    (void)state;
    assert_fact(ENDPOINT_USER_TOKENS, "{\"id\":17}",
                "{'id':'17','name':null,'permissions':null,'created':null,'last_used':null,"
                "'expires':null,'expires_ms':null}");
    assert_fact(ENDPOINT_USER_TOKENS,
                "{\"id\":17,\"createdDate\":\"1600000000000\",\"expiryDays\":1,\"permissions\":[]}",
                "{'created_ms':1600000000000,'expires_ms':1600086400000,'permissions':[]}");
    assert_fact(ENDPOINT_USER_TOKENS, "{\"id\":17,\"expiryDays\":1,\"lastAuthenticated\":null}",
                "{'expires':null,'last_used':null}");
}

/* ------------------------------------------------------------------ webhooks, hooks, scripts */

static void webhooks(void **state)
{
    (void)state;
    static const char webhook[] =
        "{\"id\":10,\"name\":\"ci\",\"createdDate\":1513106011000,\"updatedDate\":1513106011000,"
        "\"events\":[\"repo:refs_changed\",\"repo:modified\"],\"configuration\":{\"secret\":"
        "\"S3CR3T\"},\"credentials\":{\"username\":\"u\",\"password\":\"S3CR3T\"},"
        "\"url\":\"https://u:S3CR3T@hooks.example.com:8443/S3CR3T?t=S3CR3T\",\"active\":true,"
        "\"sslVerificationRequired\":false}";
    assert_fact(ENDPOINT_REPOSITORY_WEBHOOKS, webhook,
                "{'kind':'webhook','place':{'project':'PRJ','repository':'app','id':84},'id':10,"
                "'name':'ci','active':true,'events':['repo:refs_changed','repo:modified'],"
                "'url':'https://hooks.example.com:8443/[removed]','host':'hooks.example.com',"
                "'ssl_verification':false,'signed':true,'created':'2017-12-12T19:13:31Z',"
                "'updated_ms':1513106011000}");
    json_t *fact = fact_of(ENDPOINT_PROJECT_WEBHOOKS, webhook);
    char *text = json_dumps(fact, 0);
    assert_null(strstr(text, "S3CR3T"));
    free(text);
    json_decref(fact);
    assert_fact(ENDPOINT_PROJECT_WEBHOOKS,
                "{\"id\":1,\"url\":\"http://[::1]:80\",\"configuration\":{}}",
                "{'place':{'project':'PRJ'},'url':'http://[::1]:80','host':'[::1]',"
                "'active':null,'events':null,'ssl_verification':null,'signed':false}");
    assert_fact(ENDPOINT_PROJECT_WEBHOOKS, "{\"id\":1,\"url\":\"${unset}\"}",
                "{'url':'[removed]','host':null}");
}

static void hooks(void **state)
{
    (void)state;
    assert_fact(ENDPOINT_REPOSITORY_HOOKS,
                "{\"details\":{\"key\":\"com.example:hook\",\"name\":\"Hook\",\"type\":"
                "\"PRE_RECEIVE\",\"version\":\"5.0.0\",\"configFormKey\":null},\"enabled\":true,"
                "\"configured\":false,\"scope\":{\"type\":\"PROJECT\",\"resourceId\":7}}",
                "{'kind':'hook','key':'com.example:hook','name':'Hook','type':'PRE_RECEIVE',"
                "'version':'5.0.0','enabled':true,'configured':false,'scope':'PROJECT'}");
    assert_fact(ENDPOINT_PROJECT_HOOKS, "{\"details\":{\"key\":\"k\"},\"enabled\":false}",
                "{'place':{'project':'PRJ'},'name':null,'enabled':false,'configured':null,"
                "'scope':null}");
}

static void hook_scripts(void **state)
{
    (void)state;
    assert_fact(ENDPOINT_REPOSITORY_HOOK_SCRIPTS,
                "{\"scope\":{\"type\":\"REPOSITORY\",\"resourceId\":84},\"script\":{\"id\":3,"
                "\"name\":\"gate\",\"type\":\"PRE\",\"pluginKey\":\"com.example\",\"version\":2,"
                "\"createdDate\":1513106011000},\"triggerIds\":[\"push\"]}",
                "{'kind':'hook-script','id':3,'name':'gate','type':'PRE','triggers':['push'],"
                "'plugin':'com.example','created_ms':1513106011000,'updated':null,"
                "'scope':'REPOSITORY'}");
    assert_fact(ENDPOINT_PROJECT_HOOK_SCRIPTS, "{\"script\":{\"id\":3}}",
                "{'name':null,'triggers':null,'scope':null}");
}

/* ------------------------------------------------------------------ pull requests, builds */

static void pull_requests(void **state)
{
    (void)state;
    static const char config[] =
        "\"mergeConfig\":{\"defaultStrategy\":{\"id\":\"no-ff\",\"enabled\":true},\"strategies\":["
        "{\"id\":\"no-ff\",\"enabled\":true},{\"id\":\"ff\",\"enabled\":false},{\"id\":\"squash\","
        "\"enabled\":true}],\"type\":\"REPOSITORY\"}";
    char text[2048];
    snprintf(text, sizeof text,
             "{%s,\"requiredAllApprovers\":false,\"requiredAllTasksComplete\":true,"
             "\"requiredApprovers\":2,\"requiredSuccessfulBuilds\":1,\"unapproveOnUpdate\":true}",
             config);
    assert_fact(ENDPOINT_REPOSITORY_PULL_REQUESTS, text,
                "{'kind':'pull-request-settings','required_approvers':2,"
                "'required_all_approvers':false,'required_all_tasks_complete':true,"
                "'required_successful_builds':1,'needs_work':null,'unapprove_on_update':true,"
                "'merge_strategies':['no-ff','squash'],'default_strategy':'no-ff'}");
    snprintf(text, sizeof text, "{%s}", config);
    assert_fact(ENDPOINT_PROJECT_PULL_REQUESTS, text,
                "{'place':{'project':'PRJ'},'required_approvers':null,'merge_strategies':['no-ff',"
                "'squash']}");
}

static void pull_requests_of_newer_servers(void **state)
{
    (void)state;
    assert_fact(ENDPOINT_REPOSITORY_PULL_REQUESTS,
                "{\"requiredApprovers\":{\"enabled\":true,\"count\":\"3\"},"
                "\"requiredApproversDeprecated\":3,"
                "\"requiredSuccessfulBuilds\":{\"enabled\":false,\"count\":\"3\"},"
                "\"requiredAllTasksComplete\":{\"enable\":true},\"needsWork\":{\"enable\":false},"
                "\"com.atlassian.bitbucket.server.bundled-hooks.requiredApproversMergeHook\":"
                "{\"enable\":true,\"count\":3}}",
                "{'required_approvers':3,'required_successful_builds':0,"
                "'required_all_tasks_complete':true,'needs_work':false,'merge_strategies':null,"
                "'default_strategy':null}");
    assert_fact(ENDPOINT_REPOSITORY_PULL_REQUESTS,
                "{\"requiredApprovers\":{\"enable\":true,\"count\":2},"
                "\"requiredSuccessfulBuilds\":{\"enabled\":false}}",
                "{'required_approvers':2,'required_successful_builds':0}");
}

static void required_builds(void **state)
{
    (void)state;
    assert_fact(ENDPOINT_REQUIRED_BUILDS,
                "{\"id\":5,\"buildParentKeys\":[\"B-1\",\"B-2\"],\"refMatcher\":{\"id\":"
                "\"release/*\",\"displayId\":\"release/*\",\"type\":{\"id\":\"PATTERN\",\"name\":"
                "\"Pattern\"}},\"exemptRefMatcher\":null}",
                "{'kind':'required-build','place':{'project':'PRJ','repository':'app','id':84},"
                "'id':5,'build_keys':['B-1','B-2'],'matcher':{'type':'PATTERN','id':'release/*'},"
                "'exempt_matcher':null}");
}

/* ------------------------------------------------------------------ what cannot be believed */

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum endpoint_id id;
        const char *value, *says;
    } cases[] = {
        {ENDPOINT_USER_SSH_KEYS, "{\"label\":\"x\"}", "values[0].id is missing"},
        {ENDPOINT_USER_SSH_KEYS, "{\"id\":1,\"createdDate\":\"2026-01-01\"}", "createdDate"},
        {ENDPOINT_USER_SSH_KEYS, "{\"id\":1,\"createdDate\":900000000000000000}", "is no date"},
        {ENDPOINT_USER_SSH_KEYS, "{\"id\":1,\"warning\":7}", "warning is not a text"},
        {ENDPOINT_USER_TOKENS, "{\"name\":\"x\"}", "id is missing"},
        {ENDPOINT_USER_TOKENS, "{\"id\":1,\"permissions\":[1]}",
         "permissions is not a list of texts"},
        {ENDPOINT_USER_TOKENS, "{\"id\":1,\"permissions\":\"x\"}", "permissions is not a list"},
        {ENDPOINT_USER_TOKENS, "{\"id\":1,\"expiryDays\":1000000}", "expiryDays is too large"},
        {ENDPOINT_REPOSITORY_WEBHOOKS, "{\"id\":1}", "url is missing"},
        {ENDPOINT_REPOSITORY_WEBHOOKS, "{\"url\":\"http://h\"}", "id is missing"},
        {ENDPOINT_REPOSITORY_WEBHOOKS, "{\"id\":1,\"url\":\"http://h\",\"active\":1}",
         "active is neither"},
        {ENDPOINT_REPOSITORY_HOOKS, "{\"enabled\":true}", "details is missing"},
        {ENDPOINT_REPOSITORY_HOOKS, "{\"details\":{\"key\":\"k\"}}", "enabled is missing"},
        {ENDPOINT_REPOSITORY_HOOK_SCRIPTS, "{\"script\":{}}", "id is missing"},
        {ENDPOINT_REPOSITORY_PULL_REQUESTS, "{\"requiredApprovers\":true}", "requiredApprovers"},
        {ENDPOINT_REPOSITORY_PULL_REQUESTS, "{\"requiredApprovers\":{\"enabled\":true}}",
         "count is missing"},
        {ENDPOINT_REPOSITORY_PULL_REQUESTS, "{\"requiredApprovers\":9999999}", "is too large"},
        {ENDPOINT_REPOSITORY_PULL_REQUESTS, "{\"needsWork\":3}", "needsWork"},
        {ENDPOINT_REPOSITORY_PULL_REQUESTS, "{\"mergeConfig\":[]}", "mergeConfig is not an object"},
        {ENDPOINT_REQUIRED_BUILDS, "{\"id\":1}", "refMatcher is missing"},
        {ENDPOINT_REQUIRED_BUILDS, "[]", "is not in an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {STATUS_OK, ""};
        struct facts *facts;
        assert_int_equal(facts_begin_checking(&facts, &err), STATUS_OK);
        if (feed_it(facts, cases[i].id, cases[i].value, &err) != STATUS_FORMAT)
            fail_msg("taken: %s", cases[i].value);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "/rest/x"))
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].says);
        assert_int_equal(facts_count(facts), 0);
        facts_free(facts);
        /* Without facts an answer is checked all the same. */
        assert_int_equal(feed_it(NULL, cases[i].id, cases[i].value, &err), STATUS_FORMAT);
    }
    assert_int_equal(feed_it(NULL, ENDPOINT_USER_TOKENS, "{\"id\":1}", NULL), STATUS_OK);
}

/* ------------------------------------------------------------------ the manual */

static void all_is_in_the_manual(void **state)
{
    (void)state;
    static char manual[65536];
    static const struct {
        enum endpoint_id id;
        const char *value;
    } each[] = {
        {ENDPOINT_USER_SSH_KEYS, "{\"id\":1}"},
        {ENDPOINT_USER_TOKENS, "{\"id\":1}"},
        {ENDPOINT_PROJECT_TOKENS, "{\"id\":1}"},
        {ENDPOINT_REPOSITORY_TOKENS, "{\"id\":1}"},
        {ENDPOINT_REPOSITORY_WEBHOOKS, "{\"id\":1,\"url\":\"http://h\"}"},
        {ENDPOINT_REPOSITORY_HOOKS, "{\"details\":{\"key\":\"k\"},\"enabled\":true}"},
        {ENDPOINT_REPOSITORY_HOOK_SCRIPTS, "{\"script\":{\"id\":1}}"},
        {ENDPOINT_REPOSITORY_PULL_REQUESTS, "{}"},
        {ENDPOINT_REQUIRED_BUILDS,
         "{\"id\":1,\"refMatcher\":{\"id\":\"x\",\"type\":{\"id\":\"BRANCH\"}}}"},
    };
    FILE *file = fopen("packaging/man/refgate-facts.5", "r");
    assert_non_null(file);
    size_t size = fread(manual, 1, sizeof manual - 1, file);
    fclose(file);
    manual[size] = '\0';
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        json_t *fact = fact_of(each[i].id, each[i].value);
        const char *kind = json_string_value(json_object_get(fact, "kind")), *name;
        char item[80];
        snprintf(item, sizeof item, "\n.It Li %s\n", kind);
        char *begin = strstr(manual, item);
        if (!begin)
            fail_msg("%s is not in refgate-facts(5)", kind);
        begin += strlen(item);
        char *end = strstr(begin, "\n.It ");
        char after = end ? *end : '\0';
        if (end)
            *end = '\0';
        json_t *member;
        json_object_foreach(fact, name, member)
        {
            snprintf(item, sizeof item, " %s", name);
            bool date = strstr(name, "_ms") != NULL; /* described once */
            if (strcmp(name, "kind") != 0 && !date && !strstr(begin, item))
                fail_msg("%s of %s is not in refgate-facts(5)", name, kind);
        }
        if (end)
            *end = after;
        json_decref(fact);
    }
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(ssh_keys),
        IN_SCRATCH(tokens),
        IN_SCRATCH(tokens_of_other_servers),
        IN_SCRATCH(webhooks),
        IN_SCRATCH(hooks),
        IN_SCRATCH(hook_scripts),
        IN_SCRATCH(pull_requests),
        IN_SCRATCH(pull_requests_of_newer_servers),
        IN_SCRATCH(required_builds),
        IN_SCRATCH(what_is_refused),
        IN_SCRATCH(all_is_in_the_manual),
    };
    return cmocka_run_group_tests_name("parse report", tests, NULL, NULL);
}
