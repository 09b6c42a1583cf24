/*
 * What a hostile server, proxy or operator may say to the client: headers and body, what the URL of
 * Bitbucket is, where a redirect leads, and a file with credentials. The first byte says which.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bitbucket/client_answer.h"
#include "bitbucket/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN "sekret-token-of-the-fuzzer"

static void must(bool good)
{
    if (!good)
        abort();
}

static void check_path(const char *path)
{
    must(!strncmp(path, "/rest/", 6));
    for (; *path; path++)
        must(*path > ' ' && *path <= '~' && *path != '\\' && *path != '#');
}

/* Lines of headers, an empty one, the body. The first two bytes: status, and what is known before. */
static void answer(struct text in)
{
    static const int statuses[] = {200, 204, 307, 308, 302, 400, 401, 403, 404, 429, 500, 503};
    struct base_url base;
    struct headers headers = {.bytes = 0};
    struct credentials credentials = {.token = TOKEN};
    struct secrets secrets;
    struct answer_found found;
    struct error err = {STATUS_OK, ""};
    struct text line;
    if (in.size < 2)
        return;
    must(base_url_parse("https://bitbucket.example.com/bb", false, &base, NULL) == STATUS_OK);
    must(secrets_make(&credentials, &secrets, NULL) == STATUS_OK);
    struct answer_facts facts = {
        .base = &base,
        .status = statuses[(unsigned char)in.at[0] % (sizeof statuses / sizeof statuses[0])],
        .headers = &headers,
        .anonymous = in.at[1] & 1,
        .account = in.at[1] & 2 ? "admin" : "",
        .secrets = &secrets,
    };
    in = text_skip(in, 2);
    headers_line(&headers, TEXT("HTTP/1.1 200 OK\r\n"));
    while (text_next_field(&in, '\n', &line)) {
        headers_line(&headers, line);
        if (!line.size)
            break;
    }
    facts.body = text_absent(in) ? TEXT("") : in;
    if (answer_judge(&facts, &found, &err) == ANSWER_GOOD) {
        must(found.account[0] || facts.anonymous);
        must(!facts.account[0] || !found.account[0] || account_equal(facts.account, found.account));
        must((found.status == 307) == (found.location != NULL));
        if (found.location)
            check_path(found.location);
    } else {
        must(err.code != STATUS_OK && !found.body && !found.location);
        must(!strstr(err.text, TOKEN));
    }
    json_decref(found.body);
    free(found.location);
}

/* What is accepted is plain, and means the same when it is read again. */
static void url(struct text in)
{
    struct base_url once, twice;
    char *text = strndup(in.at, in.size);
    must(text != NULL);
    if (base_url_parse(text, false, &once, NULL) == STATUS_OK) {
        must(base_url_parse(once.url, false, &twice, NULL) == STATUS_OK);
        must(!strcmp(once.url, twice.url) && once.port == twice.port && once.https == twice.https);
        must(text_equal(once.host, twice.host) && once.host.size);
    }
    free(text);
}

static void redirect(struct text in)
{
    struct base_url base;
    struct text path = TEXT_NONE, host = TEXT_NONE;
    must(base_url_parse("https://h:8443/bb", false, &base, NULL) == STATUS_OK);
    if (base_url_redirect(&base, in, &path, &host) != REDIRECT_INSIDE)
        return;
    char *copy = strndup(path.at, path.size);
    must(copy && strlen(copy) == path.size);
    check_path(copy);
    free(copy);
}

static void credentials(struct text in)
{
    struct credentials c;
    struct secrets secrets;
    int fd = memfd_create("credentials", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, in.at, in.size) == (ssize_t)in.size && !lseek(fd, 0, SEEK_SET));
    if (credentials_read_fd(fd, &c, NULL) == STATUS_OK) {
        must((c.token[0] || c.user[0]) && !c.user[0] == !c.password[0]);
        must(secrets_make(&c, &secrets, NULL) == STATUS_OK); /* fit for a header */
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct text) = {answer, url, redirect, credentials};
    if (size)
        kinds[data[0] % 4]((struct text){(const char *)data + 1, size - 1});
    return 0;
}
