#include "record/report_link.h"

static bool base_usable(struct text url)
{
    struct text rest;
    if (text_starts(url, TEXT("https://")))
        rest = text_skip(url, 8);
    else if (text_starts(url, TEXT("http://")))
        rest = text_skip(url, 7);
    else
        return false;
    for (size_t i = 0; i < rest.size; i++)
        if (rest.at[i] <= ' ' || rest.at[i] > '~' || rest.at[i] == '?' || rest.at[i] == '#' ||
            rest.at[i] == '"' || rest.at[i] == '<' || rest.at[i] == '>')
            return false;
    return rest.size && rest.at[0] != '/';
}

/* RFC 3986 2.3: all but unreserved characters are encoded. */
static void encode(struct buffer *out, struct text t, bool keep_slash, bool lower)
{
    for (size_t i = 0; i < t.size; i++) {
        char c = lower ? ascii_lower(t.at[i]) : t.at[i];
        char letter = ascii_lower(c);
        if ((letter >= 'a' && letter <= 'z') || ascii_digit(c) || c == '-' || c == '.' ||
            c == '_' || c == '~' || (c == '/' && keep_slash))
            buffer_add(out, &c, 1);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

bool link_pull_request(struct buffer *out, struct text base_url, struct text project_key,
                       struct text slug, struct text target_ref)
{
    base_url = text_without_slashes(base_url);
    bool personal = project_key.size > 1 && project_key.at[0] == '~';
    if (!base_usable(base_url) || !project_key.size || !slug.size || !target_ref.size)
        return false;
    struct buffer link;
    buffer_init(&link, LINK_SIZE_MAX);
    buffer_text(&link, base_url);
    buffer_string(&link, personal ? "/users/" : "/projects/");
    /* The key of a personal project is "~" and the owner's slug, which is lower case in links. */
    encode(&link, personal ? text_skip(project_key, 1) : project_key, false, personal);
    buffer_string(&link, "/repos/");
    encode(&link, slug, false, false);
    buffer_string(&link, "/pull-requests?create&targetBranch=");
    encode(&link, target_ref, true, false);
    bool made = !link.failed;
    if (made)
        buffer_text(out, buffer_view(&link));
    buffer_free(&link);
    return made;
}
