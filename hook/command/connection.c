#include "command/connection.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "bitbucket/credentials.h"

const char *connection_url(const struct arguments *args)
{
    const char *given = argument(args, "url");
    const char *url = given ? given : getenv("REFGATE_URL");
    return url && *url ? url : NULL;
}

const char *connection_url_problem(struct text url)
{
    struct text rest = url;
    for (size_t i = 0; i + 3 <= url.size; i++)
        if (!memcmp(url.at + i, "://", 3)) {
            rest = text_skip(url, i + 3);
            break;
        }
    for (size_t i = 0; i < rest.size; i++)
        if (rest.at[i] == '@')
            return "has a user or a password in it, which every user of this machine can read";
    for (size_t i = 0; i < url.size; i++)
        if ((unsigned char)url.at[i] <= ' ' || url.at[i] == '\x7f')
            return "has a blank or a control character in it";
    for (size_t i = 0; i < rest.size; i++)
        if (rest.at[i] == '?' || rest.at[i] == '#')
            return "has more than a host and a path: leave out what follows ? or #";
    return rest.size ? NULL : "is empty";
}

static enum status check_url(const char *url, const char *name, struct error *err)
{
    const char *problem = url ? connection_url_problem(text_of(url)) : NULL;
    return problem ? error_set(err, STATUS_USAGE, "the URL of %s %s", name, problem) : STATUS_OK;
}

enum status connection_check(const struct arguments *args, struct error *err)
{
    const char *descriptor = argument(args, "auth-fd");
    uint64_t number = 0;
    if (descriptor && argument(args, "auth-file"))
        return error_set(err, STATUS_USAGE, "--auth-file and --auth-fd contradict each other: one of "
                                            "them is enough");
    if (descriptor && !text_parse_u64(text_of(descriptor), INT_MAX, false, &number))
        return error_set(err, STATUS_USAGE, "--auth-fd takes the number of an open descriptor");
    if (descriptor && (number == STDOUT_FILENO || number == STDERR_FILENO))
        return error_set(err, STATUS_USAGE, "--auth-fd %d is where refgate writes to", (int)number);
    if (argument(args, "client-key") && !argument(args, "client-cert"))
        return error_set(err, STATUS_USAGE, "--client-key needs --client-cert");
    enum status status = check_url(connection_url(args),
                                   argument(args, "url") ? "--url" : "REFGATE_URL", err);
    return status == STATUS_OK ? check_url(argument(args, "proxy"), "--proxy", err) : status;
}

static enum status read_credentials(const struct arguments *args, struct credentials *out,
                                    struct error *err)
{
    const char *file = argument(args, "auth-file"), *descriptor = argument(args, "auth-fd");
    uint64_t number = 0;
    if (file)
        return credentials_read_file(file, out, err);
    if (descriptor && text_parse_u64(text_of(descriptor), INT_MAX, false, &number))
        return credentials_read_fd((int)number, out, err);
    enum status status = credentials_read_environment(out, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND,
                         "no credentials: give --auth-file, --auth-fd, or REFGATE_TOKEN or "
                         "REFGATE_USER and REFGATE_PASSWORD in the environment");
    return status;
}

enum status connection_open(const struct arguments *args, const struct client_options *tuning,
                            const volatile sig_atomic_t *cancel, struct client **out,
                            struct error *err)
{
    struct credentials credentials = {.token = ""};
    struct client_options options = tuning ? *tuning : (struct client_options){.slots = 1};
    options.base_url = connection_url(args);
    options.credentials = &credentials;
    options.allow_http = argument_flag(args, "allow-http");
    options.cacert = argument(args, "cacert");
    options.client_cert = argument(args, "client-cert");
    options.client_key = argument(args, "client-key");
    options.proxy = argument(args, "proxy");
    options.cancel = cancel;
    if (!options.base_url)
        return error_set(err, STATUS_USAGE, "which Bitbucket? Give --url, or set REFGATE_URL");
    credentials_protect_process();
    enum status status = connection_check(args, err);
    if (status == STATUS_OK)
        status = read_credentials(args, &credentials, err);
    if (status == STATUS_OK)
        status = client_new(&options, out, err);
    credentials_wipe(&credentials);
    return status;
}
