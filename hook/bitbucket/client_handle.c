#include "bitbucket/client_handle.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define CONNECT_TIMEOUT_MS 10000
#define STALL_TIMEOUT_MS 30000
#define ANSWER_TIMEOUT_MS 300000

/* ------------------------------------------------------------------ files and proxy */

static enum status check_file(const char *path, bool secret, struct error *err)
{
    int fd = -1;
    struct stat st;
    enum status status = file_open_trusted(path, NULL, &fd, &st, err);
    if (status != STATUS_OK)
        return status;
    close(fd);
    if (secret && st.st_mode & S_IRWXO)
        return error_set(err, STATUS_TRUST, "%s can be read by everybody (mode %04o): chmod o-rwx %s",
                         path, (unsigned)(st.st_mode & 07777), path);
    return STATUS_OK;
}

static enum status check_cacert(const char *path, bool *directory, struct error *err)
{
    struct stat st;
    int fd = -1;
    *directory = !stat(path, &st) && S_ISDIR(st.st_mode);
    if (!*directory)
        return check_file(path, false, err);
    enum status status = file_open_trusted_directory(path, NULL, &fd, err);
    if (status == STATUS_OK)
        close(fd);
    return status;
}

/* A password in an argument is seen by everybody on the machine; libcurl's variables are not. */
static enum status check_proxy(const char *proxy, struct error *err)
{
    static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    struct text t = text_of(proxy);
    const char *mark = strstr(proxy, "://");
    bool known = !mark;
    for (size_t i = 0; mark && i < sizeof schemes / sizeof schemes[0]; i++)
        known = known || text_equal_fold((struct text){proxy, (size_t)(mark - proxy)},
                                         text_of(schemes[i]));
    if (!known)
        return error_set(err, STATUS_USAGE, "the proxy is neither http://, https:// nor socks");
    if (t.size && memchr(t.at, '@', t.size))
        return error_set(err, STATUS_USAGE, "a proxy with a user belongs into the environment "
                                            "(https_proxy), where others do not see it");
    return STATUS_OK;
}

enum status handle_check(const struct client_options *client, const struct base_url *base,
                         struct handle_options *out, struct error *err)
{
    struct handle_options made = {.client = client, .base = base};
    enum status status = STATUS_OK;
    if (client->client_key && !client->client_cert)
        status = error_set(err, STATUS_USAGE, "a client key without its certificate");
    if (status == STATUS_OK && client->proxy)
        status = check_proxy(client->proxy, err);
    if (status == STATUS_OK && client->cacert)
        status = check_cacert(client->cacert, &made.cacert_is_directory, err);
    if (status == STATUS_OK && client->client_cert) /* may hold the key, too */
        status = check_file(client->client_cert, !client->client_key, err);
    if (status == STATUS_OK && client->client_key)
        status = check_file(client->client_key, true, err);
    if (status == STATUS_OK)
        *out = made;
    return status;
}

/* ------------------------------------------------------------------ options */

static bool set_long(CURL *easy, CURLoption option, long value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool set_string(CURL *easy, CURLoption option, const char *value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool set_behaviour(CURL *easy, const struct handle_options *o)
{
    bool good = set_long(easy, CURLOPT_NOSIGNAL, 1); /* SIGPIPE: the program ignores it */
#if LIBCURL_VERSION_NUM >= 0x075500
    good &= set_string(easy, CURLOPT_PROTOCOLS_STR, o->base->https ? "https" : "http");
#else
    good &= set_long(easy, CURLOPT_PROTOCOLS, o->base->https ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
#endif
    good &= set_long(easy, CURLOPT_FOLLOWLOCATION, 0); /* no credential goes to another host */
    good &= set_long(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    good &= set_long(easy, CURLOPT_HTTP09_ALLOWED, 0);
    good &= set_long(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
    good &= set_long(easy, CURLOPT_PATH_AS_IS, 1); /* a slug named ".." is no way up */
    good &= set_string(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    good &= set_string(easy, CURLOPT_USERAGENT, "refgate/" REFGATE_VERSION);
    good &= set_long(easy, CURLOPT_TCP_KEEPALIVE, 1);
    /* HTTP/2 if the server's TLS offers it, and then one connection for all requests. */
    (void)set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    (void)set_long(easy, CURLOPT_PIPEWAIT, 1);
    return good;
}

static long or_default(int64_t ms, long otherwise)
{
    return ms > 0 && ms < INT32_MAX ? (long)ms : otherwise;
}

static bool set_timeouts(CURL *easy, const struct client_options *c)
{
    long stall = (or_default(c->stall_timeout_ms, STALL_TIMEOUT_MS) + 999) / 1000;
    long connect = or_default(c->connect_timeout_ms, CONNECT_TIMEOUT_MS);
    bool good = set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
    good &= set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1);
    good &= set_long(easy, CURLOPT_LOW_SPEED_TIME, stall);
    good &= set_long(easy, CURLOPT_TIMEOUT_MS, or_default(c->answer_timeout_ms, ANSWER_TIMEOUT_MS));
    return good;
}

/* --cacert stands for all others: also for the directory that libcurl was built with. */
static bool set_cacert(CURL *easy, const struct handle_options *o)
{
    const char *path = o->client->cacert;
    const char *file = o->cacert_is_directory ? NULL : path;
    const char *directory = o->cacert_is_directory ? path : NULL;
    bool good = set_string(easy, CURLOPT_CAINFO, file) && set_string(easy, CURLOPT_CAPATH, directory);
    (void)set_string(easy, CURLOPT_PROXY_CAINFO, file); /* a libcurl without https proxies: fine */
    (void)set_string(easy, CURLOPT_PROXY_CAPATH, directory);
    return good;
}

static bool set_tls(CURL *easy, const struct handle_options *o)
{
    const struct client_options *c = o->client;
    bool good = set_long(easy, CURLOPT_SSL_VERIFYPEER, 1);
    good &= set_long(easy, CURLOPT_SSL_VERIFYHOST, 2);
    good &= set_long(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (c->cacert)
        good &= set_cacert(easy, o);
    if (c->client_cert) {
        good &= set_string(easy, CURLOPT_SSLCERTTYPE, "PEM");
        good &= set_string(easy, CURLOPT_SSLCERT, c->client_cert);
        good &= set_string(easy, CURLOPT_SSLKEY, c->client_key ? c->client_key : c->client_cert);
        good &= set_string(easy, CURLOPT_KEYPASSWD, ""); /* never ask on a terminal */
    }
    return good;
}

/* Always through a tunnel, with headers of its own: the proxy sees no credential of Bitbucket's. */
static bool set_proxy(CURL *easy, const struct handle_options *o)
{
    const struct client_options *c = o->client;
    bool good = set_long(easy, CURLOPT_HTTPPROXYTUNNEL, 1);
    good &= set_long(easy, CURLOPT_HEADEROPT, CURLHEADER_SEPARATE);
    good &= set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    if (c->proxy)
        good &= set_string(easy, CURLOPT_PROXY, c->proxy);
    /* http:// is for this machine only; a proxy of the environment (http_proxy) is another one. */
    else if (!o->base->https && !c->allow_http)
        good &= set_string(easy, CURLOPT_NOPROXY, "*");
    return good;
}

CURL *handle_new(const struct handle_options *options)
{
    CURL *easy = curl_easy_init();
    if (easy && set_behaviour(easy, options) && set_timeouts(easy, options->client) &&
        set_tls(easy, options) && set_proxy(easy, options))
        return easy;
    curl_easy_cleanup(easy);
    return NULL;
}

CURLM *handle_new_multi(size_t slots)
{
    CURLM *multi = curl_multi_init();
    if (!multi)
        return NULL;
    (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)slots);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)slots);
    return multi;
}

static struct curl_slist *append(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = list || line ? curl_slist_append(list, line) : NULL;
    if (!longer)
        handle_free_headers(list);
    return longer;
}

struct curl_slist *handle_headers(const char *scheme, const char *secret)
{
    char line[SECRET_BASIC_MAX + 64];
    snprintf(line, sizeof line, "Authorization: %s %s", scheme, secret);
    struct curl_slist *list = append(NULL, line);
    explicit_bzero(line, sizeof line);
    return list ? append(list, "Accept: application/json") : NULL;
}

struct curl_slist *handle_request_headers(const struct curl_slist *signer,
                                          const struct client_request *request)
{
    bool writes = request->method != CLIENT_GET;
    bool json = writes && request->method != CLIENT_DELETE && !request->part_count;
    const char *const lines[] = {
        signer->data,
        request->plain ? "Accept: */*" : "Accept: application/json",
        writes ? "X-Atlassian-Token: no-check" : NULL, /* else a form is taken for a forged one */
        json ? "Content-Type: application/json" : NULL,
        writes ? "Expect:" : NULL, /* do not wait for leave to send the body */
    };
    struct curl_slist *list = append(NULL, lines[0]);
    for (size_t i = 1; list && i < sizeof lines / sizeof lines[0]; i++)
        if (lines[i])
            list = append(list, lines[i]);
    return list;
}

void handle_free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *at = headers; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(headers);
}

/* ------------------------------------------------------------------ errors */

static bool mentions(const char *said, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(said, words[i]))
            return true;
    return false;
}
#define MENTIONS(said, ...)                                     \
    mentions(said, (const char *const[]){__VA_ARGS__},          \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

enum trouble handle_trouble(CURLcode code, const char *said, long os_errno)
{
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return TROUBLE_NAME;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        /* TLS 1.3: that the server does not want our certificate comes after the handshake. A proxy
         * that refuses a tunnel will do so again, unless it is in trouble itself. */
        if (MENTIONS(said, "alert"))
            return TROUBLE_TLS;
        return MENTIONS(said, "from proxy after CONNECT", "CONNECT tunnel failed") &&
                       !MENTIONS(said, " 50")
                   ? TROUBLE_FINAL
                   : TROUBLE_AGAIN;
    case CURLE_COULDNT_CONNECT:
        return MENTIONS(said, "CONNECT tunnel failed") && !MENTIONS(said, " 50") ? TROUBLE_FINAL
                                                                                  : TROUBLE_AGAIN;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_BAD_CONTENT_ENCODING: /* compressed, and cut */
    case CURLE_PROXY:
    case CURLE_AGAIN: return TROUBLE_AGAIN;
    case CURLE_SSL_CONNECT_ERROR: /* a reset in the handshake, or two that have nothing in common */
        return os_errno || MENTIONS(said, "SSL_ERROR_SYSCALL", "eset by peer", "unexpected eof")
                   ? TROUBLE_AGAIN
                   : TROUBLE_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
#if LIBCURL_VERSION_NUM >= 0x074d00
    case CURLE_SSL_CLIENTCERT:
#endif
        return TROUBLE_TLS;
    case CURLE_OUT_OF_MEMORY: return TROUBLE_MEMORY;
    default: return TROUBLE_FINAL;
    }
}

static const char *tls_hint(CURLcode code, const char *said)
{
    if (MENTIONS(said, "expired"))
        return ": the server's certificate must be renewed, or this machine's clock is wrong";
    if (MENTIONS(said, "not yet valid"))
        return ": this machine's clock is wrong, or the certificate was made too early";
    if (MENTIONS(said, "host name", "hostname", "subject name"))
        return ": the certificate is for another name than the URL has";
    if (MENTIONS(said, "self-signed", "self signed", "issuer"))
        return ": --cacert FILE names the authority that signed it";
    if (MENTIONS(said, "alert", "certificate required"))
        return ": does the server want a client certificate (--client-cert), or another one?";
    if (code == CURLE_SSL_CACERT_BADFILE)
        return ": --cacert names no certificates";
    return "";
}

void handle_explain(CURLcode code, enum trouble trouble, const char *said,
                    const struct secrets *secrets, struct error *err)
{
    char quoted[320];
    secrets_quote(quoted, sizeof quoted, secrets, text_of(said[0] ? said : curl_easy_strerror(code)),
                  200);
    if (trouble == TROUBLE_MEMORY)
        error_set(err, STATUS_MEMORY, "out of memory");
    else if (trouble == TROUBLE_TLS)
        error_set(err, STATUS_IO, "TLS: %s%s", quoted, tls_hint(code, said));
    else
        error_set(err, STATUS_IO, "%s%s",
                  code == CURLE_OPERATION_TIMEDOUT ? "no answer in time: " : "", quoted);
}
