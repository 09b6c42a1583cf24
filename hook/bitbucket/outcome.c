#include "bitbucket/outcome.h"

#include "policy/view.h"

/* 404 without errors[], or no answer at all: not by this route. */
static enum outcome no_route(const struct outcome_facts *f, bool real)
{
    unsigned flags = endpoints[f->endpoint].flags;
    if (f->more_routes)
        return OUTCOME_NEXT;
    if (!real && !f->route_seen_missing)
        return OUTCOME_UNRECORDED;
    /* In the middle of a list a route cannot be missing: something is wrong with the server. */
    return (flags & ENDPOINT_OLD_LACKS) && f->first_page ? OUTCOME_LACKS : OUTCOME_NO_ROUTE;
}

enum outcome outcome_of(const struct outcome_facts *f)
{
    unsigned flags = endpoints[f->endpoint].flags;
    if (f->missing)
        return no_route(f, false);
    switch (f->status) {
    case 200:
        return OUTCOME_HAVE;
    case 204:
        return flags & ENDPOINT_204_NONE ? OUTCOME_NONE : OUTCOME_UNUSABLE;
    case 307:
        return OUTCOME_MOVED;
    case 400:
        return (flags & ENDPOINT_400_LACKS) && f->first_page ? OUTCOME_LACKS : OUTCOME_UNUSABLE;
    case 401:
    case 403:
        return OUTCOME_REFUSED;
    case 404:
        if (!f->resource_error)
            return no_route(f, true);
        return flags & ENDPOINT_404_NONE ? OUTCOME_NONE : OUTCOME_ABSENT;
    default:
        return OUTCOME_UNUSABLE;
    }
}

bool outcome_route(enum endpoint_id wanted, const struct outcome_known *known, size_t n,
                   struct outcome_route *out)
{
    enum endpoint_id fallback = endpoints[wanted].fallback;
    if (n >= (fallback == ENDPOINTS ? 2U : 4U))
        return false;
    bool instead = fallback != ENDPOINTS && (n >= 2) != known->fallback_first;
    bool number_first = instead ? known->fallback_number_first : known->number_first;
    out->endpoint = instead ? fallback : wanted;
    out->number = number_first != (n % 2 == 1);
    return true;
}

/* ------------------------------------------------------------------ Location */

static int hex_value(char c)
{
    char lower = ascii_lower(c);
    if (ascii_digit(c))
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* One segment of a path. Keys and slugs have no controls, slashes or dots alone. */
static bool decode(struct text segment, struct buffer *out)
{
    out->size = 0;
    for (size_t i = 0; i < segment.size; i++) {
        char c = segment.at[i];
        if (c == '%') {
            int high = i + 2 < segment.size ? hex_value(segment.at[i + 1]) : -1;
            int low = i + 2 < segment.size ? hex_value(segment.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if ((unsigned char)c <= 0x20 || c == 0x7f || c == '/')
            return false;
        buffer_add(out, &c, 1);
    }
    struct text t = buffer_view(out);
    return t.size && !out->failed && !text_equal(t, TEXT(".")) && !text_equal(t, TEXT(".."));
}

bool outcome_location(struct text location, struct buffer *key, struct buffer *slug)
{
    struct text path, segment;
    bool in_key = false, in_slug = false, have_key = false;
    if (!text_starts(location, TEXT("/rest/")) || !text_next_field(&location, '?', &path))
        return false;
    while (text_next_field(&path, '/', &segment)) {
        if (in_key) {
            have_key = decode(segment, key);
            if (!have_key || !slug)
                return have_key;
        } else if (in_slug) {
            return decode(segment, slug);
        }
        in_slug = have_key && !in_key && text_equal(segment, TEXT("repos"));
        in_key = !have_key && text_equal(segment, TEXT("projects"));
    }
    return false;
}

/* ------------------------------------------------------------------ what is what */

bool outcome_is_default_probe(enum endpoint_id id)
{
    return id >= ENDPOINT_DEFAULT_ADMIN && id <= ENDPOINT_DEFAULT_READ;
}

unsigned outcome_incomplete(enum endpoint_id id)
{
    switch (id) {
    case ENDPOINT_GLOBAL_USERS:
    case ENDPOINT_GLOBAL_GROUPS:
    case ENDPOINT_PROJECT_USERS:
    case ENDPOINT_PROJECT_GROUPS:
    case ENDPOINT_DEFAULT_ADMIN:
    case ENDPOINT_DEFAULT_CREATE:
    case ENDPOINT_DEFAULT_WRITE:
    case ENDPOINT_DEFAULT_READ:
    case ENDPOINT_REPOSITORY_USERS:
    case ENDPOINT_REPOSITORY_GROUPS:
        return INCOMPLETE_GRANTS;
    case ENDPOINT_PROJECT_RESTRICTIONS:
    case ENDPOINT_REPOSITORY_RESTRICTIONS:
        return INCOMPLETE_RESTRICTIONS;
    case ENDPOINT_PROJECT_MODEL:
    case ENDPOINT_REPOSITORY_MODEL:
        return INCOMPLETE_MODEL;
    case ENDPOINT_PROJECT_KEYS:
    case ENDPOINT_REPOSITORY_KEYS:
        return INCOMPLETE_KEYS;
    default: /* an unknown default branch says "cannot tell" by itself (semantics.md 4.3) */
        return 0;
    }
}
