/*
 * fake_bitbucket.h - an answer source made of a table: URL -> status, body, location. Answers come in
 * a random order (by seed) when several questions are under way.
 *
 * In bodies ' stands for ", so that they can be read. A second look at a list is "URL?look=2" (or
 * "&look=2"). What is not in the table is a route that this server does not have, or, of a recording,
 * a missing answer.
 */
#ifndef REFGATE_TESTS_UNIT_FAKE_BITBUCKET_H
#define REFGATE_TESTS_UNIT_FAKE_BITBUCKET_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "bitbucket/source.h"
#include "bitbucket/url.h"

#define FAKE_SLOTS 64
#define FAKE_USER(name, id) \
    "{'name':'" name "','slug':'" name "','id':" #id ",'active':true,'type':'NORMAL'}"
#define FAKE_PROJECT(key, id) "{'key':'" key "','id':" #id ",'type':'NORMAL','public':false}"
#define FAKE_REPOSITORY(slug, id, project) \
    "{'slug':'" slug "','id':" #id ",'public':false,'project':" project "}"
#define FAKE_GONE "{'errors':[{'message':'No such thing.','exceptionName':'x.NoSuchException'}]}"
#define FAKE_REFUSED \
    "{'errors':[{'message':'You are not permitted','exceptionName':'x.AuthorisationException'}]}"

struct fake_answer {
    char *url; /* normalised */
    int status;
    json_t *body;
    char *location;
    bool once; /* is used up; then the next one with this URL counts */
};

struct fake {
    struct fake_answer *at;
    size_t count, room;
    bool recording;        /* what is not there is missing, not a route that is not there */
    size_t slots;
    uint64_t seed;
    struct fake *journal;  /* every answer that is given is added there; NULL: none */
    size_t fail_after;     /* answers until wait() fails; 0: never */
    struct {
        bool busy;
        char *url;
    } slot[FAKE_SLOTS];
    size_t under_way, most_under_way, answered;
    char **asked; /* every URL, as it was asked */
    size_t asked_count, asked_room;
};

static inline char *fake_normal(const char *url, enum look look)
{
    struct buffer out, with;
    buffer_init(&out, SIZE_MAX);
    buffer_init(&with, SIZE_MAX);
    buffer_printf(&with, "%s%s", url,
                  look == LOOK_SECOND ? (strchr(url, '?') ? "&look=2" : "?look=2") : "");
    if (!url_normalise(&out, TEXT("https://x.example.com"), buffer_view(&with)))
        fail_msg("%s is no URL of the REST API", url);
    buffer_free(&with);
    return out.data;
}

static inline json_t *fake_body(const char *body)
{
    json_error_t why;
    char *copy = strdup(body);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_t *value = json_loads(copy, 0, &why);
    if (!value)
        fail_msg("%s: %s", body, why.text);
    free(copy);
    return value;
}

static inline void fake_forget(struct fake *f, size_t i)
{
    free(f->at[i].url);
    free(f->at[i].location);
    json_decref(f->at[i].body);
    memmove(&f->at[i], &f->at[i + 1], (f->count - i - 1) * sizeof f->at[0]);
    f->count--;
}

/* All answers whose normalised URL is, or with `below` begins with, that of `url`. */
static inline void fake_drop_like(struct fake *f, const char *url, bool below)
{
    char *normal = fake_normal(url, LOOK_FIRST);
    for (size_t i = f->count; i-- > 0;)
        if (below ? !strncmp(f->at[i].url, normal, strlen(normal)) : !strcmp(f->at[i].url, normal))
            fake_forget(f, i);
    free(normal);
}
static inline void fake_drop(struct fake *f, const char *url)
{
    fake_drop_like(f, url, false);
}

static inline void fake_put(struct fake *f, char *normal, int status, json_t *body,
                            const char *location, bool once)
{
    if (f->count == f->room) {
        f->room = f->room ? f->room * 2 : 128;
        f->at = realloc(f->at, f->room * sizeof f->at[0]);
        assert_non_null(f->at);
    }
    size_t i = f->count;
    if (once) /* before those that stay */
        for (i = 0; i < f->count && (f->at[i].once || strcmp(f->at[i].url, normal));)
            i++;
    memmove(&f->at[i + 1], &f->at[i], (f->count - i) * sizeof f->at[0]);
    f->at[i] = (struct fake_answer){normal, status, body, location ? strdup(location) : NULL, once};
    f->count++;
}

/* In place of what was there for the URL. */
static inline void fake_answer(struct fake *f, const char *url, int status, const char *body)
{
    fake_drop(f, url);
    fake_put(f, fake_normal(url, LOOK_FIRST), status, body ? fake_body(body) : NULL, NULL, false);
}
/* The next question only; later ones get what is there already. */
static inline void fake_once(struct fake *f, const char *url, int status, const char *body)
{
    fake_put(f, fake_normal(url, LOOK_FIRST), status, body ? fake_body(body) : NULL, NULL, true);
}
static inline void fake_moved(struct fake *f, const char *url, const char *location)
{
    fake_drop(f, url);
    fake_put(f, fake_normal(url, LOOK_FIRST), 307, NULL, location, false);
}
/* The one page of a list. */
static inline void fake_list(struct fake *f, const char *url, const char *values)
{
    char body[8192];
    snprintf(body, sizeof body, "{'isLastPage':true,'values':[%s]}", values);
    fake_answer(f, url, 200, body);
}
/* A page that is not the last. */
static inline void fake_page(struct fake *f, const char *url, int next, const char *values)
{
    char body[8192];
    snprintf(body, sizeof body, "{'isLastPage':false,'nextPageStart':%d,'values':[%s]}", next,
             values);
    fake_answer(f, url, 200, body);
}

static inline void fake_free(struct fake *f)
{
    while (f->count)
        fake_forget(f, f->count - 1);
    for (size_t i = 0; i < f->asked_count; i++)
        free(f->asked[i]);
    for (size_t i = 0; i < FAKE_SLOTS; i++)
        free(f->slot[i].url);
    free(f->at);
    free(f->asked);
    *f = (struct fake){0};
}

/* How often something was asked for: URLs that contain `part`. */
static inline size_t fake_asked(const struct fake *f, const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < f->asked_count; i++)
        count += strstr(f->asked[i], part) != NULL;
    return count;
}

/* Ready for another crawl. */
static inline void fake_rewind(struct fake *f)
{
    for (size_t i = 0; i < f->asked_count; i++)
        free(f->asked[i]);
    for (size_t i = 0; i < FAKE_SLOTS; i++) {
        free(f->slot[i].url);
        f->slot[i].url = NULL;
        f->slot[i].busy = false;
    }
    f->asked_count = f->under_way = f->most_under_way = f->answered = 0;
}

/* ------------------------------------------------------------------ the source */

static inline uint64_t fake_random(struct fake *f)
{
    f->seed = f->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return f->seed >> 33;
}

static inline enum status fake_ask(void *self, size_t slot, const struct question *question,
                                   struct error *err)
{
    struct fake *f = self;
    (void)err;
    assert_true(slot < f->slots);
    assert_false(f->slot[slot].busy);
    f->slot[slot].busy = true;
    f->slot[slot].url = fake_normal(question->url, question->look);
    f->under_way++;
    if (f->under_way > f->most_under_way)
        f->most_under_way = f->under_way;
    if (f->asked_count == f->asked_room) {
        f->asked_room = f->asked_room ? f->asked_room * 2 : 128;
        f->asked = realloc(f->asked, f->asked_room * sizeof f->asked[0]);
        assert_non_null(f->asked);
    }
    f->asked[f->asked_count] = strdup(question->url);
    assert_non_null(f->asked[f->asked_count]);
    f->asked_count++;
    return STATUS_OK;
}

static inline void fake_find(struct fake *f, char *url, struct response *out)
{
    static const char no_route[] = "{'message':'HTTP 404 Not Found','status-code':404}";
    *out = (struct response){.missing = true};
    for (size_t i = 0; i < f->count && out->missing; i++) {
        if (strcmp(f->at[i].url, url))
            continue;
        *out = (struct response){.status = f->at[i].status, .body = json_incref(f->at[i].body)};
        out->location = f->at[i].location ? strdup(f->at[i].location) : NULL;
        if (f->at[i].once)
            fake_forget(f, i);
    }
    if (out->missing && !f->recording)
        *out = (struct response){.status = 404, .body = fake_body(no_route)};
    if (out->missing || !f->journal)
        return;
    for (size_t i = f->journal->count; i-- > 0;) /* of two answers the later one counts */
        if (!strcmp(f->journal->at[i].url, url))
            fake_forget(f->journal, i);
    fake_put(f->journal, strdup(url), out->status, json_incref(out->body), out->location, false);
}

static inline enum status fake_wait(void *self, size_t *slot, struct response *out,
                                    struct error *err)
{
    struct fake *f = self;
    assert_true(f->under_way > 0);
    if (f->fail_after && f->answered == f->fail_after)
        return error_set(err, STATUS_DEADLINE, "interrupted");
    size_t nth = (size_t)(fake_random(f) % f->under_way), i = 0;
    for (;; i++)
        if (f->slot[i].busy && nth-- == 0)
            break;
    fake_find(f, f->slot[i].url, out);
    free(f->slot[i].url);
    f->slot[i].url = NULL;
    f->slot[i].busy = false;
    f->under_way--;
    f->answered++;
    *slot = i;
    return STATUS_OK;
}

static inline void fake_release(void *self, struct response *response)
{
    (void)self;
    json_decref(response->body);
    free(response->location);
    *response = (struct response){0};
}

static inline struct answer_source fake_source(struct fake *f, size_t slots, uint64_t seed)
{
    fake_rewind(f);
    f->slots = slots;
    f->seed = seed * 2 + 1;
    return (struct answer_source){slots, fake_ask, fake_wait, fake_release, f};
}

/* ------------------------------------------------------------------ a small instance */

static inline void fake_project_answers(struct fake *f, const char *key, const char *users)
{
    static const char *const lists[] = {
        "/rest/api/latest/projects/%s/permissions/groups",
        "/rest/branch-permissions/latest/projects/%s/restrictions",
        "/rest/keys/latest/projects/%s/ssh",
    };
    static const char *const levels[] = {"PROJECT_ADMIN", "REPO_CREATE", "PROJECT_WRITE",
                                         "PROJECT_READ"};
    char url[300];
    for (size_t i = 0; i < 3; i++) {
        snprintf(url, sizeof url, lists[i], key);
        fake_list(f, url, "");
    }
    for (size_t i = 0; i < 4; i++) {
        snprintf(url, sizeof url, "/rest/api/latest/projects/%s/permissions/%s/all", key, levels[i]);
        fake_answer(f, url, 200, "{'permitted':false}");
    }
    snprintf(url, sizeof url, "/rest/branch-utils/latest/projects/%s/branchmodel/configuration", key);
    fake_answer(f, url, 404, FAKE_GONE);
    snprintf(url, sizeof url, "/rest/api/latest/projects/%s/permissions/users", key);
    fake_list(f, url, users);
}

/* `place` is "P/repos/a". */
static inline void fake_repository_answers(struct fake *f, const char *place, const char *users)
{
    static const char *const lists[] = {
        "/rest/api/latest/projects/%s/permissions/groups",
        "/rest/branch-permissions/latest/projects/%s/restrictions",
        "/rest/keys/latest/projects/%s/ssh",
    };
    char url[300];
    for (size_t i = 0; i < 3; i++) {
        snprintf(url, sizeof url, lists[i], place);
        fake_list(f, url, "");
    }
    snprintf(url, sizeof url, "/rest/branch-utils/latest/projects/%s/branchmodel/configuration",
             place);
    fake_answer(f, url, 404, FAKE_GONE);
    snprintf(url, sizeof url, "/rest/api/latest/projects/%s/default-branch", place);
    fake_answer(f, url, 200, "{'id':'refs/heads/main'}");
    snprintf(url, sizeof url, "/rest/api/latest/projects/%s/permissions/users", place);
    fake_list(f, url, users);
}

#define FAKE_P FAKE_PROJECT("P", 10)
#define FAKE_Q FAKE_PROJECT("Q", 11)
#define FAKE_ANN_HOME \
    "{'key':'~ANN','id':12,'type':'PERSONAL','owner':" FAKE_USER("ann", 2) "}"

/* Users root (1), ann (2), bob (3), cid (4); groups devs (ann, bob), ops (cid); projects P (10),
 * Q (11), ~ANN (12); repositories P/a (100), P/b (101), Q/c (102), ~ANN/n (103). devs may write to P,
 * bob administers P/a, which has a restriction that exempts ops, and an access key. */
static inline void fake_world(struct fake *f)
{
    fake_answer(f, "/rest/api/latest/application-properties", 200, "{'version':'9.4.2'}");
    fake_list(f, "/rest/api/latest/admin/users",
              FAKE_USER("root", 1) "," FAKE_USER("ann", 2) "," FAKE_USER("bob", 3) "," FAKE_USER(
                  "cid", 4));
    fake_list(f, "/rest/api/latest/admin/permissions/users",
              "{'user':" FAKE_USER("root", 1) ",'permission':'SYS_ADMIN'}");
    fake_list(f, "/rest/api/latest/admin/permissions/groups",
              "{'group':{'name':'devs'},'permission':'LICENSED_USER'},"
              "{'group':{'name':'ops'},'permission':'LICENSED_USER'}");
    fake_list(f, "/rest/api/latest/admin/groups", "{'name':'devs'},{'name':'ops'}");
    fake_list(f, "/rest/api/latest/admin/groups/more-members?context=devs",
              FAKE_USER("ann", 2) "," FAKE_USER("bob", 3));
    fake_list(f, "/rest/api/latest/admin/groups/more-members?context=ops", FAKE_USER("cid", 4));
    fake_list(f, "/rest/api/latest/projects", FAKE_P "," FAKE_Q);
    fake_page(f, "/rest/api/latest/repos?archived=ALL", 3,
              FAKE_REPOSITORY("a", 100, FAKE_P) "," FAKE_REPOSITORY("b", 101, FAKE_P));
    fake_list(f, "/rest/api/latest/repos?archived=ALL&start=3",
              FAKE_REPOSITORY("c", 102, FAKE_Q) "," FAKE_REPOSITORY("n", 103, FAKE_ANN_HOME));
    /* The second look sees the same. */
    fake_list(f, "/rest/api/latest/admin/users?look=2",
              FAKE_USER("root", 1) "," FAKE_USER("ann", 2) "," FAKE_USER("bob", 3) "," FAKE_USER(
                  "cid", 4));
    fake_list(f, "/rest/api/latest/admin/groups?look=2", "{'name':'devs'},{'name':'ops'}");
    fake_list(f, "/rest/api/latest/projects?look=2", FAKE_P "," FAKE_Q);
    fake_list(f, "/rest/api/latest/repos?archived=ALL&look=2",
              FAKE_REPOSITORY("a", 100, FAKE_P) "," FAKE_REPOSITORY("b", 101, FAKE_P) "," FAKE_REPOSITORY(
                  "c", 102, FAKE_Q) "," FAKE_REPOSITORY("n", 103, FAKE_ANN_HOME));
    fake_project_answers(f, "P", "");
    fake_project_answers(f, "Q", "");
    fake_list(f, "/rest/api/latest/projects/P/permissions/groups",
              "{'group':{'name':'devs'},'permission':'PROJECT_WRITE'}");
    fake_repository_answers(f, "P/repos/a",
                            "{'user':" FAKE_USER("bob", 3) ",'permission':'REPO_ADMIN'}");
    fake_repository_answers(f, "P/repos/b", "");
    fake_repository_answers(f, "Q/repos/c", "");
    fake_repository_answers(f, "~ANN/repos/n", "");
    fake_list(f, "/rest/branch-permissions/latest/projects/P/repos/a/restrictions",
              "{'id':7,'scope':{'type':'REPOSITORY','resourceId':100},'type':'read-only',"
              "'matcher':{'id':'refs/heads/main','type':{'id':'BRANCH'},'active':true},"
              "'users':[],'groups':['ops'],'accessKeys':[]}");
    fake_list(f, "/rest/keys/latest/projects/P/repos/a/ssh",
              "{'key':{'id':50,'label':'ci'},'repository':{'id':100},'permission':'REPO_WRITE'}");
}

#endif
