/* What the facts of `refgate sync --with-reports` say: tokens and SSH keys of users, webhooks, hooks
 * (posture/tokens.c, webhooks.c, hooks.c), and files that are not what they should be (fact_list.c). */
#include "support/posture_case.h"

#define TOKEN POSTURE_TOKEN_WITHOUT_EXPIRY
#define WEAK POSTURE_USER_KEY_WEAK
#define STALE POSTURE_USER_KEY_STALE
#define EXTERNAL POSTURE_WEBHOOK_EXTERNAL
#define OWNER POSTURE_WEBHOOK_WITHOUT_OWNER
#define HOOK POSTURE_HOOK_INACTIVE

#define APP "\"place\":{\"project\":\"PRJ\",\"repository\":\"app\",\"id\":84}"
#define PRJ "\"place\":{\"project\":\"PRJ\"}"

static void add_fact(const char *kind, const char *members)
{
    buffer_printf(&facts, "{\"kind\":\"%s\",%s}\n", kind, members);
}

/* ------------------------------------------------------------------ tokens, SSH keys */

static void test_tokens(void **state)
{
    (void)state;
    add_user(40, "gone", false);
    add_fact("repository-token",
             APP ",\"id\":\"1\",\"name\":\"ci\",\"permissions\":[\"REPO_WRITE\"],"
                 "\"created_ms\":1000,\"expires_ms\":null");
    add_fact("project-token",
             PRJ ",\"id\":\"2\",\"name\":\"bot\",\"permissions\":[\"PROJECT_READ\"],"
                 "\"created_ms\":1000");
    add_fact("user-token", "\"user\":\"u10\",\"user_id\":10,\"id\":\"3\",\"name\":\"laptop\","
                           "\"permissions\":[\"REPO_ADMIN\"],\"created_ms\":1000,"
                           "\"last_used_ms\":86400000");
    add_fact("user-token", "\"user\":\"gone\",\"user_id\":40,\"id\":\"4\",\"name\":\"x\","
                           "\"permissions\":[\"REPO_ADMIN\"],\"created_ms\":1000");
    add_fact("user-token", "\"user\":\"u11\",\"id\":\"5\",\"name\":\"x\",\"created_ms\":1000,"
                           "\"expires_ms\":2000");
    add_fact("user-token",
             "\"user\":\"u11\",\"id\":\"6\",\"name\":\"old server\",\"created_ms\":null");
    inquire();
    assert_int_equal(count_of(TOKEN), 3);
    assert_says(TOKEN, "PRJ/app", "token ci never expires");
    assert_int_equal(found(TOKEN, "PRJ/app")->severity, SEVERITY_MEDIUM);
    assert_true(has_evidence(found(TOKEN, "PRJ/app"), "token 1: REPO_WRITE"));
    assert_says(TOKEN, "project PRJ", "(which only reads)");
    assert_int_equal(found(TOKEN, "project PRJ")->severity, SEVERITY_LOW);
    assert_found(TOKEN, "user u10");
    assert_true(has_evidence(found(TOKEN, "user u10"), "created 1970-01-01, last used 1970-01-02"));
    assert_true(has_note("of 1 tokens it is not known whether they expire"));
    assert_int_equal(posture.writer_count, 5);
    assert_int_equal(posture.writers[2].count, 1); /* repository tokens */
    assert_int_equal(posture.writers[3].count, 0); /* of the project: it only reads */
}

/* A list that changed while it was read: the later line counts. */
static void test_later_line_counts(void **state)
{
    (void)state;
    add_fact("repository-token", APP ",\"id\":\"1\",\"name\":\"ci\",\"created_ms\":1000");
    add_fact("repository-token",
             APP ",\"id\":\"1\",\"name\":\"ci\",\"created_ms\":1000,\"expires_ms\":9");
    inquire();
    assert_none(TOKEN);
}

static void add_ssh_key(unsigned id, const char *weak, int created, int used)
{
    char members[400];
    snprintf(members, sizeof members,
             "\"user\":\"u10\",\"user_id\":10,\"id\":%u,\"label\":\"key%u\",\"algorithm\":\"RSA\","
             "\"bits\":1024,\"weak\":%s,\"created_ms\":%lld,\"last_used_ms\":%lld",
             id, id, weak, created ? (long long)DAYS_AGO(created) : 0LL,
             used ? (long long)DAYS_AGO(used) : 0LL);
    add_fact("user-ssh-key", members);
}

static void test_ssh_keys(void **state)
{
    (void)state;
    add_ssh_key(1, "true", 10, 1);
    inquire();
    assert_says(WEAK, "user u10", "SSH key key1 is weak: RSA, 1024 bits");
    assert_none(STALE);

    posture_again(state);
    add_ssh_key(1, "false", 400, 91); /* stale */
    add_ssh_key(2, "null", 91, 0);    /* never used */
    add_ssh_key(3, "false", 89, 0);   /* too young */
    add_ssh_key(4, "false", 0, 200);  /* the server does not say since when it tells */
    add_ssh_key(5, "false", 400, 89);
    inquire();
    assert_none(WEAK);
    assert_int_equal(count_of(STALE), 2);
    assert_false(not_looked(STALE));
}

/* ------------------------------------------------------------------ webhooks */

static void add_webhook(const char *place, const char *scheme, const char *host, const char *more)
{
    char members[500];
    snprintf(members, sizeof members,
             "%s,\"id\":7,\"name\":\"w\",\"url\":\"%s://%s/[removed]\",\"host\":\"%s\"%s", place,
             scheme, host, host, more);
    add_fact("webhook", members);
}

/* The instance is bitbucket.example.com. */
static void test_hosts(void **state)
{
    static const struct {
        const char *host;
        bool outside;
    } rows[] = {
        {"ci.example.com", false},
        {"EXAMPLE.com", false},
        {"ci.example.org", true},
        {"notexample.com", true},
        {"jenkins", false},
        {"localhost", false},
        {"127.0.0.1", false},
        {"10.1.2.3", false},
        {"172.31.0.1", false},
        {"172.32.0.1", true},
        {"192.168.3.4", false},
        {"8.8.8.8", true},
        {"134744072", true}, /* 8.8.8.8 as a number: without a dot, and no name */
        {"0x08080808", true},
        {"2130706433", false}, /* 127.0.0.1 */
        {"[::1]", false},
        {"[fd00::1]", false},
        {"[2001:db8::1]", true},
        {"hooks.partner.net", false},
        {"a.hooks.partner.net", false},
        {"partner.net", true},
        {"example.com.evil.org", true},
    };
    static const struct text inside[] = {TEXT("*hooks.partner.net")};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        inquiry.inside = (struct text_list){inside, 1};
        add_webhook(APP, "https", rows[i].host, "");
        inquire();
        if (!count_of(EXTERNAL) != !rows[i].outside)
            fail_msg("%s", rows[i].host);
    }
}

static void test_webhook_details(void **state)
{
    (void)state;
    add_webhook(APP, "http", "evil.org", "");
    add_webhook(PRJ, "https", "evil.org", ",\"ssl_verification\":false");
    inquire();
    assert_says(EXTERNAL, "PRJ/app", "webhook w reports to evil.org, without encryption");
    assert_int_equal(found(EXTERNAL, "PRJ/app")->severity, SEVERITY_HIGH);
    assert_true(
        has_evidence(found(EXTERNAL, "project PRJ"), "does not verify the receiver's certificate"));

    posture_again(state);
    add_webhook(APP, "https", "evil.org", ",\"active\":false");
    inquire();
    assert_none(EXTERNAL);
    assert_none(OWNER);

    posture_again(state);
    add_webhook(APP, "https", "evil.org", "");
    inquire();
    assert_int_equal(found(EXTERNAL, "PRJ/app")->severity, SEVERITY_MEDIUM);
}

static void test_webhook_owner(void **state)
{
    (void)state;
    add_user(40, "gone", false);
    grant_user(app, 40, PERMISSION_REPO_ADMIN);
    grant_user(app, 10, PERMISSION_REPO_WRITE);
    add_webhook(APP, "https", "ci.example.com", "");
    inquire();
    assert_found(OWNER, "PRJ/app"); /* the instance's administrators do not count */

    posture_again(state);
    grant_user(prj, 10, PERMISSION_PROJECT_ADMIN);
    add_webhook(APP, "https", "ci.example.com", "");
    inquire();
    assert_none(OWNER);

    posture_again(state); /* nobody knows */
    GOOD(builder_incomplete(b, prj, INCOMPLETE_GRANTS, &error));
    add_webhook(APP, "https", "ci.example.com", "");
    inquire();
    assert_none(OWNER);
}

/* ------------------------------------------------------------------ hooks */

#define OTHER "\"key\":\"com.example:x\",\"name\":\"Reject force push\",\"enabled\":true"
#define OURS(enabled) "\"key\":\"com.example:h\",\"name\":\"refgate\",\"enabled\":" #enabled

static void test_hooks(void **state)
{
    static const struct {
        const char *of_project, *of_app;
        bool inactive;
    } rows[] = {
        {PRJ "," OURS(true), APP "," OTHER, false},
        {PRJ "," OURS(true), APP "," OURS(false), true}, /* the repository's own counts */
        {PRJ "," OURS(false), APP "," OURS(true), false},
        {PRJ "," OURS(false), APP "," OTHER, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        posture_again(state);
        add_fact("hook", rows[i].of_project);
        add_fact("hook", rows[i].of_app);
        inquire();
        if (!count_of(HOOK) != !rows[i].inactive)
            fail_msg("%zu: %zu", i, count_of(HOOK));
        assert_false(not_looked(HOOK));
    }
}

static void test_hook_scripts(void **state)
{
    (void)state;
    add_repository(85, 2, "lib");
    add_fact("hook-script", APP ",\"id\":3,\"name\":\"hooks/refgate-hook\"");
    add_fact("hook", "\"place\":{\"project\":\"PRJ\",\"repository\":\"lib\",\"id\":85}," OTHER);
    inquire();
    assert_not_found(HOOK, "PRJ/app");
    assert_says(HOOK, "PRJ/lib", "no hook called *refgate* is switched on");
}

/* Where a push was recorded it is active; where nothing could be read nobody can tell. */
static void test_hook_elsewhere(void **state)
{
    (void)state;
    add_repository(85, 2, "lib");
    add_repository(86, 2, "docs");
    add_fact("hook", APP "," OURS(true));
    add_fact("hook", "\"place\":{\"project\":\"PRJ\",\"repository\":\"lib\",\"id\":85}," OTHER);
    add_push("lib", "u10", "refs/heads/main", 3);
    inquire();
    assert_none(HOOK);
    assert_true(has_note("the hooks of 1 repositories could not be read"));
    assert_true(has_note("PRJ/docs"));
}

static void test_no_such_hook(void **state)
{
    (void)state;
    inquiry.hook = TEXT("*gatekeeper*");
    add_fact("hook", APP "," OURS(true));
    inquire();
    assert_none(HOOK);
    assert_true(not_looked(HOOK));
    assert_true(has_note("no hook and no hook script is called *gatekeeper*"));
}

/* ------------------------------------------------------------------ the file */

static void test_no_facts(void **state)
{
    static const enum posture_kind_row kinds[] = {TOKEN, WEAK, STALE, EXTERNAL, OWNER, HOOK};
    (void)state;
    inquiry.facts_path = "/no/such/file";
    inquire();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        assert_true(not_looked(kinds[i]));
    assert_true(has_note("there is no file of facts"));
}

/* Named by --facts it must be there, and be what it is called. */
static void test_bad_facts(void **state)
{
    static const struct {
        const char *content;
        enum status status;
    } rows[] = {
        {NULL, STATUS_NOT_FOUND},
        {"", STATUS_FORMAT},
        {"{}\n", STATUS_FORMAT},
        {"not json\n", STATUS_FORMAT},
        {"[1]\n", STATUS_FORMAT},
        {"{\"kind\":\"facts\",\"format\":2}\n", STATUS_FORMAT},
        {"{\"kind\":\"facts\",\"format\":1}\n", STATUS_FORMAT}, /* no last line */
        {"{\"kind\":\"facts\",\"format\":1}\n{\"kind\":\"hook\"}\n{\"kind\":3}\n"
         "{\"kind\":\"end\",\"snapshot\":\"x\"}\n",
         STATUS_FORMAT}, /* of another instance */
        {"{\"kind\":\"end\",\"snapshot\":\"x\"}\n", STATUS_FORMAT},
    };
    (void)state;
    inquire();
    inquiry.facts_path = kept_path("bad").at;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].content)
            GOOD(file_replace(inquiry.facts_path, text_of(rows[i].content), 0600, &error));
        inquiry.facts_must = true;
        if (posture_inquire(&inquiry, &found_arena, &posture, &error) != rows[i].status)
            fail_msg("%zu: %s", i, error.text);
        inquiry.facts_must = false;
        GOOD(posture_inquire(&inquiry, &found_arena, &posture, &error));
        assert_true(not_looked(TOKEN));
    }
}

/* Facts of every kind with members missing or of another type: no crash, no finding. */
static void test_odd_facts(void **state)
{
    static const char *const kinds[] = {
        "user-ssh-key", "user-token",       "project-token",         "webhook",        "hook",
        "hook-script",  "repository-token", "pull-request-settings", "from-the-future"};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        add_fact(kinds[i], "\"x\":1");
        add_fact(kinds[i], "\"place\":3,\"user\":[],\"id\":{},\"name\":1,\"url\":7,\"host\":{},"
                           "\"created_ms\":\"x\",\"permissions\":[1,null]");
        add_fact(kinds[i],
                 "\"place\":{\"project\":\"\",\"repository\":\"a/b\"},\"name\":\"\\u0000\"");
    }
    inquire();
    assert_none(TOKEN);
    assert_none(WEAK);
    assert_none(OWNER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_tokens),       CASE(test_later_line_counts), CASE(test_ssh_keys),
        CASE(test_hosts),        CASE(test_webhook_details),   CASE(test_webhook_owner),
        CASE(test_hooks),        CASE(test_hook_scripts),      CASE(test_hook_elsewhere),
        CASE(test_no_such_hook), CASE(test_no_facts),          CASE(test_bad_facts),
        CASE(test_odd_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
