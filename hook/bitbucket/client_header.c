#include "bitbucket/client_header.h"

#include <curl/curl.h>

#include "base/clock.h"
#include "base/utf8.h"

static bool keep(char *to, size_t room, struct text value)
{
    bool fits = value.size < room;
    size_t size = fits ? value.size : room - 1;
    memcpy(to, value.at, size);
    to[size] = '\0';
    return fits;
}

static void take_account(struct headers *h, struct text value)
{
    if (h->account[0] && !text_equal(text_of(h->account), value))
        h->account_twice = true;
    else if (!keep(h->account, sizeof h->account, value))
        h->account_twice = true; /* too long for a name: as bad */
}

/* Bitbucket asks for a CAPTCHA after several wrong passwords; until somebody solves it in a browser,
 * the right password is refused, too. */
static bool speaks_of_captcha(struct text name, struct text value)
{
    if (text_equal_fold(name, TEXT("X-Authentication-Denied-Reason")))
        return text_starts(value, TEXT("CAPTCHA"));
    return text_equal_fold(name, TEXT("X-Seraph-LoginReason")) &&
           text_equal_fold(value, TEXT("AUTHENTICATION_DENIED"));
}

static void take(struct headers *h, struct text name, struct text value)
{
    if (text_equal_fold(name, TEXT("Content-Type")))
        (void)keep(h->content_type, sizeof h->content_type, value);
    else if (text_equal_fold(name, TEXT("Location")))
        h->location_long = !keep(h->location, sizeof h->location, value);
    else if (text_equal_fold(name, TEXT("X-AUSERNAME")))
        take_account(h, value);
    else if (text_equal_fold(name, TEXT("Retry-After")))
        (void)keep(h->retry_after, sizeof h->retry_after, value);
    else if (text_equal_fold(name, TEXT("Date")))
        (void)keep(h->date, sizeof h->date, value);
    else if (speaks_of_captcha(name, value))
        h->captcha = true;
}

void headers_line(struct headers *headers, struct text line)
{
    while (line.size && (line.at[line.size - 1] == '\n' || line.at[line.size - 1] == '\r'))
        line.size--;
    size_t bytes = headers->bytes + line.size + 2;
    if (text_starts(line, TEXT("HTTP/"))) {
        *headers = (struct headers){.bytes = bytes};
        return;
    }
    headers->bytes = bytes;
    headers->ended = headers->ended || !line.size;
    struct text name;
    if (headers->ended) /* what follows the body says nothing about it */
        return;
    if (text_next_field(&line, ':', &name) && !text_absent(line))
        take(headers, name, text_trim(line));
}

bool headers_json(const struct headers *headers)
{
    struct text type = text_of(headers->content_type), name;
    text_next_field(&type, ';', &name);
    return text_equal_fold(text_trim(name), TEXT("application/json"));
}

int64_t headers_retry_after_ms(const struct headers *headers, int64_t now_ms)
{
    struct text value = text_of(headers->retry_after);
    uint64_t seconds;
    if (!value.size)
        return -1;
    if (text_parse_u64(value, INT32_MAX, false, &seconds))
        return (int64_t)seconds * CLOCK_SECOND;
    time_t at = curl_getdate(headers->retry_after, NULL);
    if (at < 0)
        return -1;
    int64_t wait = (int64_t)at * CLOCK_SECOND - now_ms;
    return wait > 0 ? wait : 0;
}

int64_t headers_date_ms(const struct headers *headers)
{
    time_t at = headers->date[0] ? curl_getdate(headers->date, NULL) : -1;
    return at > 0 ? (int64_t)at * CLOCK_SECOND : 0;
}

static int hex_value(char c)
{
    char lower = ascii_lower(c);
    if (ascii_digit(c))
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool headers_account(const struct headers *headers, char out[ACCOUNT_MAX])
{
    const char *at = headers->account;
    char name[ACCOUNT_MAX];
    size_t size = 0;
    for (; *at && size < ACCOUNT_MAX - 1; at++) {
        char c = *at == '+' ? ' ' : *at;
        if (c == '%') {
            if (hex_value(at[1]) < 0 || hex_value(at[2]) < 0)
                return false;
            c = (char)(hex_value(at[1]) * 16 + hex_value(at[2]));
            at += 2;
        }
        if ((c >= 0 && c < ' ') || c == 0x7f)
            return false;
        name[size++] = c;
    }
    if (*at || headers->account_twice || !utf8_valid((struct text){name, size}))
        return false;
    name[size] = '\0';
    /* What Atlassian's other products say for nobody. */
    if (!strcmp(name, "anonymous"))
        size = 0;
    memcpy(out, name, size);
    out[size] = '\0';
    return true;
}

bool account_equal(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (ascii_lower(*a == '+' ? ' ' : *a) != ascii_lower(*b == '+' ? ' ' : *b))
            return false;
    return *a == *b;
}
