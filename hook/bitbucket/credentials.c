#include "bitbucket/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "base/utf8.h"

#define CREDENTIALS_FILE_MAX ((size_t)16 * 1024)

enum item { ITEM_TOKEN, ITEM_USER, ITEM_PASSWORD, ITEMS };
static const struct name_value items[] = {
    {"token", ITEM_TOKEN},
    {"user", ITEM_USER},
    {"password", ITEM_PASSWORD},
};
static const char *const variables[ITEMS] = {"REFGATE_TOKEN", "REFGATE_USER", "REFGATE_PASSWORD"};

static char *item_of(struct credentials *c, enum item item)
{
    return item == ITEM_TOKEN ? c->token : item == ITEM_USER ? c->user : c->password;
}

/* What may go into a header: a token as it is, user and password as Basic authentication has them
 * (RFC 7617: no colon in the name, no control characters). NULL: fine. */
static const char *unfit(enum item item, struct text value)
{
    if (!value.size)
        return "is empty";
    if (value.size >= CREDENTIAL_MAX)
        return "is too long";
    if (!utf8_valid(value))
        return "is not UTF-8";
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c < 0x20 || c == 0x7f)
            return "holds a control character (a file made on Windows?)";
        if (item == ITEM_TOKEN && (c == ' ' || c > 0x7e))
            return "holds what no token holds";
        if (item == ITEM_USER && c == ':')
            return "holds a colon, which Basic authentication cannot have in a name";
    }
    return NULL;
}

static enum status check_whole(const struct credentials *c, struct error *err)
{
    if (c->user[0] && !c->password[0])
        return error_set(err, STATUS_FORMAT, "a user is set without a password");
    if (c->password[0] && !c->user[0])
        return error_set(err, STATUS_FORMAT, "a password is set without a user");
    if (!c->token[0] && !c->user[0])
        return error_set(err, STATUS_FORMAT, "neither a token nor a user with a password is set");
    return STATUS_OK;
}

/* Messages name the line and what was expected, never what is there: it may be the secret. */
static enum status read_line(struct credentials *c, struct text line, unsigned number,
                             struct error *err)
{
    struct text rest = text_trim(line), key;
    int item;
    if (!rest.size || rest.at[0] == '#')
        return STATUS_OK;
    text_next_field(&rest, '=', &key);
    if (text_absent(rest) || !table_value(items, ITEMS, text_trim(key), false, &item))
        return error_set(err, STATUS_FORMAT,
                         "line %u is none of \"token = ...\", \"user = ...\", \"password = ...\"",
                         number);
    struct text value = text_trim(rest);
    const char *why = unfit((enum item)item, value);
    if (why)
        return error_set(err, STATUS_FORMAT, "line %u: the %s %s", number, items[item].name, why);
    char *to = item_of(c, (enum item)item);
    if (to[0])
        return error_set(err, STATUS_FORMAT, "line %u: a second %s", number, items[item].name);
    memcpy(to, value.at, value.size);
    to[value.size] = '\0';
    return STATUS_OK;
}

static enum status read_text(struct text content, struct credentials *out, struct error *err)
{
    struct credentials found = {.token = ""};
    struct text line;
    unsigned number = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && text_next_field(&content, '\n', &line))
        status = read_line(&found, line, ++number, err);
    if (status == STATUS_OK)
        status = check_whole(&found, err);
    if (status == STATUS_OK)
        *out = found;
    credentials_wipe(&found);
    return status;
}

/* Into memory that can be wiped: a buffer that grows would leave copies behind. */
enum status credentials_read_fd(int fd, struct credentials *out, struct error *err)
{
    char bytes[CREDENTIALS_FILE_MAX + 1];
    size_t size = 0;
    enum status status = STATUS_OK;
    while (size < sizeof bytes) {
        ssize_t got = read(fd, bytes + size, sizeof bytes - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot read the credentials");
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    if (status == STATUS_OK && size > CREDENTIALS_FILE_MAX)
        status = error_set(err, STATUS_FORMAT, "more than %zu bytes: these are no credentials",
                           CREDENTIALS_FILE_MAX);
    if (status == STATUS_OK)
        status = read_text((struct text){bytes, size}, out, err);
    explicit_bzero(bytes, sizeof bytes);
    return status;
}

enum status credentials_read_file(const char *path, struct credentials *out, struct error *err)
{
    int fd = -1;
    struct stat st;
    enum status status = file_open_trusted(path, NULL, &fd, &st, err);
    if (status != STATUS_OK)
        return status;
    if (st.st_mode & S_IRWXO)
        status = error_set(err, STATUS_TRUST,
                           "%s can be read by everybody (mode %04o): chmod o-rwx %s", path,
                           (unsigned)(st.st_mode & 07777), path);
    else if ((status = credentials_read_fd(fd, out, err)) != STATUS_OK)
        status = error_prefix(err, "%s", path);
    close(fd);
    return status;
}

/* The bytes are wiped where they lie, too: /proc/PID/environ shows that memory. */
static enum status take_variable(struct credentials *c, enum item item, struct error *err)
{
    char *value = getenv(variables[item]);
    if (!value)
        return STATUS_OK;
    struct text t = text_of(value);
    const char *why = t.size ? unfit(item, t) : NULL;
    if (!why)
        memcpy(item_of(c, item), value, t.size + 1);
    explicit_bzero(value, t.size);
    unsetenv(variables[item]);
    return why ? error_set(err, STATUS_FORMAT, "%s %s", variables[item], why) : STATUS_OK;
}

enum status credentials_read_environment(struct credentials *out, struct error *err)
{
    struct credentials found = {.token = ""};
    enum status status = STATUS_OK;
    for (enum item item = 0; item < ITEMS; item++) { /* all of them, whatever one is like */
        enum status one = take_variable(&found, item, status == STATUS_OK ? err : NULL);
        if (status == STATUS_OK)
            status = one;
    }
    if (status == STATUS_OK && !found.token[0] && !found.user[0] && !found.password[0])
        status = error_set(err, STATUS_NOT_FOUND, "%s is not set, nor are %s and %s",
                           variables[ITEM_TOKEN], variables[ITEM_USER], variables[ITEM_PASSWORD]);
    if (status == STATUS_OK && (status = check_whole(&found, err)) != STATUS_OK)
        status = error_prefix(err, "REFGATE_* in the environment");
    if (status == STATUS_OK)
        *out = found;
    credentials_wipe(&found);
    return status;
}

void credentials_wipe(struct credentials *credentials)
{
    explicit_bzero(credentials, sizeof *credentials);
}

void credentials_protect_process(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
