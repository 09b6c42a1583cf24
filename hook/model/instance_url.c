#include "model/instance_url.h"

#include <stddef.h>
#include <string.h>

struct url {
    struct text scheme, host, port, path;
};

static struct text default_port(struct text scheme)
{
    if (text_equal_fold(scheme, TEXT("https")))
        return TEXT("443");
    return text_equal_fold(scheme, TEXT("http")) ? TEXT("80") : TEXT("");
}

static struct url url_of(struct text t)
{
    struct url url = {.scheme = TEXT(""), .port = TEXT("")};
    for (size_t i = 0; i + 3 <= t.size; i++)
        if (!memcmp(t.at + i, "://", 3)) {
            url.scheme = (struct text){t.at, i};
            t = text_skip(t, i + 3);
            break;
        }
    size_t end = 0;
    while (end < t.size && t.at[end] != '/')
        end++;
    url.host = (struct text){t.at, end};
    url.path = text_without_slashes(text_skip(t, end));
    for (size_t i = end; i > 0 && t.at[i - 1] != ']'; i--) /* not into an IPv6 address */
        if (t.at[i - 1] == ':') {
            url.host.size = i - 1;
            url.port = (struct text){t.at + i, end - i};
            break;
        }
    if (!url.port.size)
        url.port = default_port(url.scheme);
    return url;
}

bool instance_url_same(struct text a, struct text b)
{
    struct url x = url_of(a), y = url_of(b);
    return text_equal_fold(x.scheme, y.scheme) && text_equal_fold(x.host, y.host) &&
           text_equal(x.port, y.port) && text_equal(x.path, y.path);
}
