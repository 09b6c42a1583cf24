/* bitbucket/outcome.h: what an answer means, by a table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>

#include "bitbucket/outcome.h"
#include "policy/view.h"

static void each_answer_means_one_thing(void **state)
{
    enum { ERRORS = 1, MORE = 2, SEEN = 4, LATER = 8, MISSING = 16 };
    static const struct {
        enum endpoint_id endpoint;
        int status;
        unsigned how;
        enum outcome want;
    } rows[] = {
        {ENDPOINT_USERS, 200, 0, OUTCOME_HAVE},
        {ENDPOINT_USERS, 200, MORE | LATER, OUTCOME_HAVE},
        {ENDPOINT_USERS, 204, 0, OUTCOME_UNUSABLE},
        {ENDPOINT_DEFAULT_BRANCH, 204, 0, OUTCOME_NONE},
        {ENDPOINT_DEFAULT_BRANCH_OLD, 204, 0, OUTCOME_NONE},
        {ENDPOINT_REPOSITORY_USERS, 307, 0, OUTCOME_MOVED},
        {ENDPOINT_REPOSITORY_USERS, 301, 0, OUTCOME_UNUSABLE},
        {ENDPOINT_REPOSITORY_USERS, 302, 0, OUTCOME_UNUSABLE},
        {ENDPOINT_REPOSITORY_USERS, 400, 0, OUTCOME_UNUSABLE},
        {ENDPOINT_DEFAULT_CREATE, 400, 0, OUTCOME_LACKS},
        {ENDPOINT_DEFAULT_CREATE, 400, ERRORS, OUTCOME_LACKS},
        {ENDPOINT_DEFAULT_WRITE, 400, ERRORS, OUTCOME_UNUSABLE},
        {ENDPOINT_USERS, 401, 0, OUTCOME_REFUSED},
        {ENDPOINT_USERS, 401, ERRORS, OUTCOME_REFUSED},
        {ENDPOINT_REPOSITORY_KEYS, 403, 0, OUTCOME_REFUSED},
        {ENDPOINT_REPOSITORY_KEYS, 404, ERRORS, OUTCOME_ABSENT},
        {ENDPOINT_REPOSITORY_KEYS, 404, ERRORS | MORE, OUTCOME_ABSENT},
        {ENDPOINT_REPOSITORY_MODEL, 404, ERRORS, OUTCOME_NONE},
        {ENDPOINT_DEFAULT_BRANCH, 404, ERRORS, OUTCOME_ABSENT},
        {ENDPOINT_DEFAULT_BRANCH_OLD, 404, ERRORS, OUTCOME_NONE},
        /* The route is missing. */
        {ENDPOINT_REPOSITORY_KEYS, 404, MORE, OUTCOME_NEXT},
        {ENDPOINT_REPOSITORY_KEYS, 404, 0, OUTCOME_NO_ROUTE},
        {ENDPOINT_PROJECT_KEYS, 404, MORE, OUTCOME_NEXT},
        {ENDPOINT_PROJECT_KEYS, 404, 0, OUTCOME_LACKS},
        {ENDPOINT_PROJECT_KEYS, 404, LATER, OUTCOME_NO_ROUTE},
        {ENDPOINT_REPOSITORY_RESTRICTIONS, 404, SEEN, OUTCOME_NO_ROUTE},
        {ENDPOINT_PROJECT_RESTRICTIONS, 404, SEEN, OUTCOME_LACKS},
        /* The recording has nothing. */
        {ENDPOINT_PROJECT_KEYS, 0, MISSING | MORE, OUTCOME_NEXT},
        {ENDPOINT_PROJECT_KEYS, 0, MISSING, OUTCOME_UNRECORDED},
        {ENDPOINT_PROJECT_KEYS, 0, MISSING | SEEN, OUTCOME_LACKS},
        {ENDPOINT_REPOSITORY_KEYS, 0, MISSING | SEEN, OUTCOME_NO_ROUTE},
        {ENDPOINT_REPOSITORY_KEYS, 0, MISSING | LATER, OUTCOME_UNRECORDED},
        {ENDPOINT_USERS, 0, 0, OUTCOME_UNUSABLE},
        {ENDPOINT_USERS, 429, 0, OUTCOME_UNUSABLE},
        {ENDPOINT_USERS, 500, 0, OUTCOME_UNUSABLE},
        {ENDPOINT_USERS, 503, ERRORS, OUTCOME_UNUSABLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned how = rows[i].how;
        const struct outcome_facts facts = {
            .endpoint = rows[i].endpoint,
            .missing = how & MISSING,
            .status = rows[i].status,
            .resource_error = how & ERRORS,
            .more_routes = how & MORE,
            .route_seen_missing = how & SEEN,
            .first_page = !(how & LATER),
        };
        if (outcome_of(&facts) != rows[i].want)
            fail_msg("row %zu: %s, %d: %d instead of %d", i, endpoints[rows[i].endpoint].name,
                     rows[i].status, (int)outcome_of(&facts), (int)rows[i].want);
    }
}

/* No answer but 200 is ever read, and every endpoint knows what to do with every status. */
static void only_200_is_read(void **state)
{
    (void)state;
    for (size_t id = 0; id < ENDPOINTS; id++)
        for (int status = 0; status < 600; status++)
            for (unsigned how = 0; how < 16; how++) {
                const struct outcome_facts facts = {
                    .endpoint = (enum endpoint_id)id,
                    .status = status,
                    .resource_error = how & 1,
                    .more_routes = how & 2,
                    .route_seen_missing = how & 4,
                    .first_page = how & 8,
                };
                enum outcome outcome = outcome_of(&facts);
                assert_int_equal(outcome == OUTCOME_HAVE, status == 200);
                assert_true(outcome >= OUTCOME_HAVE && outcome <= OUTCOME_UNUSABLE);
                assert_true(outcome != OUTCOME_UNRECORDED);
                /* "Nothing here" needs a flag of the endpoint. */
                if (outcome == OUTCOME_NONE || outcome == OUTCOME_LACKS)
                    assert_true(endpoints[id].flags & (ENDPOINT_OLD_LACKS | ENDPOINT_404_NONE |
                                                       ENDPOINT_204_NONE | ENDPOINT_400_LACKS));
            }
}

static void routes_are_tried_in_order(void **state)
{
    static const struct {
        enum endpoint_id wanted;
        struct outcome_known known;
        const char *want; /* L latest, N number; small letters: of the fallback */
    } rows[] = {
        {ENDPOINT_PROJECTS, {false, false, false}, "LN"},
        {ENDPOINT_PROJECTS, {true, false, false}, "NL"},
        {ENDPOINT_PROJECTS, {false, false, true}, "LN"},
        {ENDPOINT_GROUPS, {false, false, false}, "LNln"},
        {ENDPOINT_GROUPS, {true, false, false}, "NLln"},
        {ENDPOINT_GROUPS, {false, true, false}, "LNnl"},
        {ENDPOINT_GROUPS, {false, false, true}, "lnLN"},
        {ENDPOINT_GROUPS, {true, true, true}, "nlNL"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome_route route;
        size_t n = 0;
        for (; outcome_route(rows[i].wanted, &rows[i].known, n, &route); n++) {
            bool other = route.endpoint != rows[i].wanted;
            char got = other ? (route.number ? 'n' : 'l') : (route.number ? 'N' : 'L');
            assert_true(!other || route.endpoint == endpoints[rows[i].wanted].fallback);
            assert_int_equal(got, rows[i].want[n]);
        }
        assert_int_equal(n, strlen(rows[i].want));
    }
}

static void a_location_names_a_place_or_nothing(void **state)
{
    static const struct {
        const char *location, *key, *slug; /* slug NULL: only a project is wanted; key NULL: no */
    } rows[] = {
        {"/rest/api/latest/projects/NEW/repos/app/permissions/users?start=0", "NEW", "app"},
        {"/rest/api/1.0/projects/NEW/repos/app", "NEW", "app"},
        {"/rest/api/1.0/projects/NEW/repos/app?x=/projects/A/repos/b", "NEW", "app"},
        {"/rest/keys/latest/projects/%7ejdoe/repos/a.b-c/ssh", "~jdoe", "a.b-c"},
        {"/rest/api/1.0/projects/NEW", "NEW", NULL},
        {"/rest/api/1.0/projects/NEW?limit=7", "NEW", NULL},
        {"/rest/api/1.0/projects/repos/repos/repos/x", "repos", "repos"},
        {"/rest/api/1.0/projects/projects/repos/x", "projects", "x"},
        {"/rest/api/1.0/projects/NEW", NULL, "x"},
        {"/rest/api/1.0/projects/NEW/repos", NULL, "x"},
        {"/rest/api/1.0/projects/NEW/repos/", NULL, "x"},
        {"/rest/api/1.0/projects/NEW/webhooks/repos2/x", NULL, "x"},
        {"/rest/api/1.0/projects//repos/x", NULL, "x"},
        {"/rest/api/1.0/projects/A%2FB/repos/x", NULL, "x"},
        {"/rest/api/1.0/projects/A/repos/%2e%2e", NULL, "x"},
        {"/rest/api/1.0/projects/A/repos/.", NULL, "x"},
        {"/rest/api/1.0/projects/A/repos/x%0a", NULL, "x"},
        {"/rest/api/1.0/projects/A/repos/x%00", NULL, "x"},
        {"/rest/api/1.0/projects/A/repos/x%4", NULL, "x"},
        {"/rest/api/1.0/projects/A/repos/x%zz", NULL, "x"},
        {"/projects/A/repos/x", NULL, "x"},
        {"https://evil.example.com/rest/api/1.0/projects/A/repos/x", NULL, "x"},
        {"", NULL, "x"},
        {"/rest/", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer key, slug;
        buffer_init(&key, SIZE_MAX);
        buffer_init(&slug, SIZE_MAX);
        bool good = outcome_location(text_of(rows[i].location), &key, rows[i].slug ? &slug : NULL);
        if (good != (rows[i].key != NULL))
            fail_msg("%s: %d", rows[i].location, good);
        if (good)
            assert_string_equal(key.data, rows[i].key);
        if (good && rows[i].slug)
            assert_string_equal(slug.data, rows[i].slug);
        buffer_free(&key);
        buffer_free(&slug);
    }
}

/* A refusal of anything that decides must leave a mark; the default branch has one of its own. */
static void every_refusal_leaves_a_mark(void **state)
{
    (void)state;
    for (size_t id = 0; id < ENDPOINTS; id++) {
        const struct endpoint *e = &endpoints[id];
        bool place = e->level == LEVEL_PROJECT || e->level == LEVEL_REPOSITORY;
        bool branch = id == ENDPOINT_DEFAULT_BRANCH || id == ENDPOINT_DEFAULT_BRANCH_OLD;
        unsigned what = outcome_incomplete((enum endpoint_id)id);
        if (e->flags & (ENDPOINT_REPORT | ENDPOINT_SINGLE) || branch)
            assert_int_equal(what, 0);
        else if (place)
            assert_int_not_equal(what, 0);
        assert_int_equal(outcome_is_default_probe((enum endpoint_id)id),
                         strstr(e->after, "/all") != NULL);
    }
    assert_int_equal(outcome_incomplete(ENDPOINT_GLOBAL_USERS), INCOMPLETE_GRANTS);
    assert_int_equal(outcome_incomplete(ENDPOINT_GLOBAL_GROUPS), INCOMPLETE_GRANTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_means_one_thing),
        cmocka_unit_test(only_200_is_read),
        cmocka_unit_test(routes_are_tried_in_order),
        cmocka_unit_test(a_location_names_a_place_or_nothing),
        cmocka_unit_test(every_refusal_leaves_a_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
