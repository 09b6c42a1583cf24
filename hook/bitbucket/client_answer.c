#include "bitbucket/client_answer.h"

#include <stdio.h>
#include <stdlib.h>

#define TITLE_MOST 60      /* bytes of a page's title that are shown */
#define MESSAGE_MOST 160   /* of a message of Bitbucket's */
#define PAGE_LOOKED_AT ((size_t)64 * 1024)
#define QUOTED_SIZE 320

enum body_kind {
    BODY_EMPTY = 11,
    BODY_JSON,
    BODY_CUT, /* says that it is JSON, but is not, or not all of it */
    BODY_OTHER,
    BODY_PLAIN /* whatever it is, it was asked for */
};

struct judging {
    const struct answer_facts *in;
    struct answer_found *out;
    struct error *err;
    enum body_kind kind;
    json_t *body;
    json_error_t why_cut;
};

/* ------------------------------------------------------------------ what came instead */

/* The text between <title> and </title>, runs of white space as one blank. */
static struct text page_title(struct text page, char *out, size_t room)
{
    size_t size = 0;
    if (page.size > PAGE_LOOKED_AT)
        page.size = PAGE_LOOKED_AT;
    while (page.size && !text_equal_fold((struct text){page.at, page.size < 6 ? page.size : 6},
                                         TEXT("<title")))
        page = text_skip(page, 1);
    while (page.size && page.at[0] != '>')
        page = text_skip(page, 1);
    if (page.size)
        page = text_skip(page, 1);
    for (size_t i = 0; i < page.size && page.at[i] != '<' && size < room; i++) {
        bool blank = page.at[i] == ' ' || (page.at[i] >= '\t' && page.at[i] <= '\r');
        if (!blank)
            out[size++] = page.at[i];
        else if (size && out[size - 1] != ' ')
            out[size++] = ' ';
    }
    while (size && out[size - 1] == ' ')
        size--;
    return (struct text){out, size};
}

/* "an HTML page titled "Log in"", "a text/plain answer", "an empty answer", into out. */
static void describe(const struct judging *j, char out[QUOTED_SIZE])
{
    char title[512], quoted[QUOTED_SIZE - 40];
    struct text type = text_of(j->in->headers->content_type), name;
    text_next_field(&type, ';', &name);
    name = text_trim(name);
    bool html = text_equal_fold(name, TEXT("text/html")) ||
                text_equal_fold(name, TEXT("application/xhtml+xml"));
    struct text said = html ? page_title(j->in->body, title, sizeof title) : name;
    secrets_quote(quoted, sizeof quoted, j->in->secrets, said, TITLE_MOST);
    if (html && said.size)
        snprintf(out, QUOTED_SIZE, "an HTML page titled \"%s\"", quoted);
    else if (html)
        snprintf(out, QUOTED_SIZE, "an HTML page");
    else if (j->kind == BODY_EMPTY)
        snprintf(out, QUOTED_SIZE, "an empty answer");
    else if (said.size)
        snprintf(out, QUOTED_SIZE, "an answer of type %s", quoted);
    else
        snprintf(out, QUOTED_SIZE, "an answer that does not say what it is");
}

static enum answer_verdict not_bitbucket(struct judging *j)
{
    char what[QUOTED_SIZE];
    describe(j, what);
    error_set(j->err, STATUS_TRUST,
              "%s came instead of Bitbucket's answer (status %d): a login page, a proxy or a single "
              "sign-on is in between", what, j->in->status);
    return ANSWER_BAD;
}

static enum answer_verdict server_trouble(struct judging *j, enum answer_verdict verdict)
{
    char what[QUOTED_SIZE] = "";
    if (j->kind == BODY_OTHER)
        describe(j, what);
    error_set(j->err, STATUS_IO, "the server answered %d%s%s%s", j->in->status,
              what[0] ? " with " : "", what, j->in->status == 407 ? ": the proxy wants a user" : "");
    return verdict;
}

/* ------------------------------------------------------------------ who is signed in */

/* The n-th error of Bitbucket's errors, which some old endpoint gives without the list. */
static const json_t *error_at(const json_t *body, size_t n)
{
    const json_t *errors = json_object_get(body, "errors");
    if (json_is_array(errors))
        return json_array_get(errors, n);
    return n == 0 && json_object_get(body, "message") ? body : NULL;
}

static struct text string_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return TEXT_NONE;
    return (struct text){json_string_value(value), json_string_length(value)};
}

static bool says(const json_t *body, const char *exception)
{
    struct text end = text_of(exception);
    const json_t *error;
    for (size_t n = 0; (error = error_at(body, n)); n++) {
        struct text name = string_of(error, "exceptionName");
        if (name.size >= end.size && text_equal(text_skip(name, name.size - end.size), end))
            return true;
    }
    return false;
}

/* ": " and Bitbucket's own words, or nothing. */
static void quote_message(const struct judging *j, char out[QUOTED_SIZE])
{
    struct text message = string_of(error_at(j->body, 0), "message");
    char quoted[QUOTED_SIZE - 2];
    secrets_quote(quoted, sizeof quoted, j->in->secrets, message, MESSAGE_MOST);
    snprintf(out, QUOTED_SIZE, "%s%s", message.size ? ": " : "", quoted);
}

static enum answer_verdict captcha(struct judging *j)
{
    error_set(j->err, STATUS_TRUST,
              "Bitbucket wants a CAPTCHA to be solved after too many failed sign-ins of this user: "
              "sign in once with a browser, or have an administrator clear it");
    return ANSWER_BAD;
}

static enum answer_verdict refused(struct judging *j)
{
    char said[QUOTED_SIZE];
    quote_message(j, said);
    error_set(j->err, STATUS_TRUST, "Bitbucket refused the credential (status %d)%s", j->in->status,
              said);
    return ANSWER_BAD;
}

static enum answer_verdict nobody(struct judging *j)
{
    if (j->kind != BODY_JSON && j->kind != BODY_EMPTY)
        return not_bitbucket(j);
    error_set(j->err, STATUS_TRUST,
              "Bitbucket answered without signing us in (status %d, no X-AUSERNAME): check the "
              "credential, and whether a proxy removes the Authorization header", j->in->status);
    return ANSWER_BAD;
}

/* Is somebody signed in where somebody must be, and always the same one? */
static bool account_good(struct judging *j, enum answer_verdict *verdict)
{
    const char *account = j->out->account, *before = j->in->account;
    if (!account[0]) {
        *verdict = nobody(j);
        return j->in->anonymous;
    }
    if (!before[0] || account_equal(before, account))
        return true;
    char is[QUOTED_SIZE / 2], was[QUOTED_SIZE / 2];
    secrets_quote(is, sizeof is, j->in->secrets, text_of(account), 64);
    secrets_quote(was, sizeof was, j->in->secrets, text_of(before), 64);
    error_set(j->err, STATUS_TRUST,
              "the answer is for account \"%s\", but this credential is that of \"%s\"", is, was);
    *verdict = ANSWER_BAD;
    return false;
}

/* ------------------------------------------------------------------ by status */

static enum answer_verdict good(struct judging *j)
{
    enum answer_verdict verdict = ANSWER_BAD;
    if (!account_good(j, &verdict))
        return verdict;
    j->out->status = j->in->status;
    j->out->body = j->body;
    j->body = NULL;
    return ANSWER_GOOD;
}

static enum answer_verdict cut(struct judging *j)
{
    char why[QUOTED_SIZE];
    secrets_quote(why, sizeof why, j->in->secrets, text_of(j->why_cut.text), 100);
    error_set(j->err, STATUS_IO, "the answer (status %d, %zu bytes) is no whole JSON: %s",
              j->in->status, j->in->body.size, j->in->body.size ? why : "it is empty");
    return ANSWER_AGAIN;
}

static enum answer_verdict judge_200(struct judging *j)
{
    if (j->kind == BODY_JSON || j->kind == BODY_PLAIN ||
        (j->kind == BODY_EMPTY && j->in->may_be_empty))
        return good(j);
    if (j->kind == BODY_OTHER)
        return not_bitbucket(j);
    return cut(j);
}

/* Not permitted is 401, too (rest-api.md 4.2); then the account is signed in. */
static enum answer_verdict judge_401(struct judging *j)
{
    if (j->in->headers->captcha)
        return captcha(j);
    if (j->kind == BODY_OTHER)
        return not_bitbucket(j);
    if (says(j->body, "NoAccessAuthenticationException")) {
        char said[QUOTED_SIZE];
        quote_message(j, said);
        error_set(j->err, STATUS_TRUST,
                  "the account is not licensed to use Bitbucket (status 401)%s", said);
        return ANSWER_BAD;
    }
    if (!j->out->account[0] || says(j->body, "AuthenticationException") ||
        !says(j->body, ".AuthorisationException"))
        return refused(j);
    return good(j);
}

static enum answer_verdict judge_403(struct judging *j)
{
    if (j->in->headers->captcha)
        return captcha(j);
    if (j->kind == BODY_OTHER || j->kind == BODY_CUT)
        return not_bitbucket(j);
    return j->out->account[0] ? good(j) : refused(j);
}

/* An endpoint that this version lacks: JSON without errors[], XML or HTML, but signed in. */
static enum answer_verdict judge_404(struct judging *j)
{
    if (!j->out->account[0] && j->in->anonymous) {
        char what[QUOTED_SIZE];
        describe(j, what);
        error_set(j->err, STATUS_IO, "no Bitbucket there (status 404, %s): is the context path "
                                     "missing in the URL, or wrong?",
                  j->kind == BODY_JSON ? "JSON" : what);
        return ANSWER_BAD;
    }
    if (j->kind == BODY_CUT && j->out->account[0])
        return cut(j);
    return good(j);
}

/* What was asked for is not valid, exists already (409) or changes nothing (422). */
static enum answer_verdict judge_400(struct judging *j)
{
    if (j->kind == BODY_JSON)
        return good(j);
    return j->out->account[0] ? server_trouble(j, ANSWER_BAD) : not_bitbucket(j);
}

static enum answer_verdict judge_redirect(struct judging *j)
{
    const struct headers *h = j->in->headers;
    struct text location = text_of(h->location), path = TEXT_NONE, host = TEXT_NONE, plain;
    enum redirect where = h->location_long
                              ? REDIRECT_BAD
                              : base_url_redirect(j->in->base, location, &path, &host);
    char quoted[QUOTED_SIZE];
    text_next_field(&location, '?', &plain); /* what follows may be a session */
    secrets_quote(quoted, sizeof quoted, j->in->secrets,
                  where == REDIRECT_ELSEWHERE ? host : plain, 120);
    int status = j->in->status;
    if (where == REDIRECT_INSIDE && (status == 307 || status == 308)) {
        char *copy = strndup(path.at, path.size);
        enum answer_verdict verdict = copy ? good(j) : ANSWER_BAD;
        if (!copy)
            error_set(j->err, STATUS_MEMORY, "out of memory");
        if (verdict != ANSWER_GOOD) {
            free(copy);
            return verdict;
        }
        j->out->status = 307;
        j->out->location = copy;
        return ANSWER_GOOD;
    }
    if (where == REDIRECT_TO_HTTPS)
        error_set(j->err, STATUS_TRUST, "the server wants https: give the URL with https://");
    else if (where == REDIRECT_ELSEWHERE)
        error_set(j->err, STATUS_TRUST,
                  "status %d sends us to another server, \"%s\", which refgate does not follow: "
                  "the credential is for this one", status, quoted);
    else
        error_set(j->err, STATUS_TRUST,
                  "status %d sends us to \"%s\", which is no answer (a login page?)", status, quoted);
    return ANSWER_BAD;
}

static bool worth_again(int status)
{
    return status == 408 || (status >= 500 && status != 501 && status != 505);
}

static enum answer_verdict judge(struct judging *j)
{
    switch (j->in->status) {
    case 200:
    case 201: return judge_200(j);
    case 204: return good(j);
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return judge_redirect(j);
    case 400:
    case 409:
    case 422: return judge_400(j);
    case 401: return judge_401(j);
    case 403: return judge_403(j);
    case 404: return judge_404(j);
    case 429: return server_trouble(j, ANSWER_THROTTLED);
    default: return server_trouble(j, worth_again(j->in->status) ? ANSWER_AGAIN : ANSWER_BAD);
    }
}

static void parse_body(struct judging *j)
{
    struct text body = j->in->status == 204 ? TEXT_NONE : j->in->body;
    if (j->in->plain && j->in->status == 200)
        j->kind = BODY_PLAIN;
    else if (!body.size)
        j->kind = BODY_EMPTY;
    else if (!headers_json(j->in->headers))
        j->kind = BODY_OTHER;
    else if ((j->body = json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES, &j->why_cut)))
        j->kind = BODY_JSON;
    else
        j->kind = BODY_CUT;
}

enum answer_verdict answer_judge(const struct answer_facts *facts, struct answer_found *out,
                                 struct error *err)
{
    struct error unwanted;
    struct judging j = {.in = facts, .out = out, .err = err ? err : &unwanted};
    *out = (struct answer_found){.date_ms = headers_date_ms(facts->headers)};
    out->retry_after_ms = headers_retry_after_ms(facts->headers, facts->now_ms);
    parse_body(&j);
    enum answer_verdict verdict = ANSWER_BAD;
    if (headers_account(facts->headers, out->account))
        verdict = judge(&j);
    else
        error_set(j.err, STATUS_TRUST, "X-AUSERNAME of the answer (status %d) is no name",
                  facts->status);
    json_decref(j.body);
    return verdict;
}
