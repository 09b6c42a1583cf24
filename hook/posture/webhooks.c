/*
 * webhooks.c - webhooks that report to somebody outside, and those that nobody is in charge of.
 *
 * Inside is what shares the instance's domain (bitbucket.example.com: example.com and below), a name
 * without a dot, loopback and private addresses, and what --inside names. Bitbucket keeps no owner of
 * a webhook: in charge is who administers the place that it reports from.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/glob.h"
#include "posture/fact_list.h"
#include "posture/visit.h"

#define HOST_MOST 255

/* ------------------------------------------------------------------ hosts */

static struct text host_of_url(struct text url)
{
    struct text host, rest = url;
    for (size_t i = 0; i + 2 < url.size; i++)
        if (!memcmp(url.at + i, "://", 3)) {
            rest = text_skip(url, i + 3);
            break;
        }
    if (!text_next_field(&rest, '/', &host))
        return TEXT("");
    struct text name = host;
    if (host.size && host.at[0] != '[')
        (void)text_next_field(&host, ':', &name);
    return name;
}

static bool without_dots(struct text host)
{
    return !memchr(host.at ? host.at : "", '.', host.size) &&
           !memchr(host.at ? host.at : "", ':', host.size);
}

/* An address as four bytes; false for a name. Also as one number (0x08080808), which has no dot and is
 * no name inside for that. */
static bool address_of(struct text host, unsigned char address[4])
{
    char text[HOST_MOST + 1];
    struct in_addr parsed;
    if (host.size > HOST_MOST || !host.size)
        return false;
    memcpy(text, host.at, host.size);
    text[host.size] = '\0';
    if (!inet_aton(text, &parsed))
        return false;
    memcpy(address, &parsed.s_addr, 4);
    return true;
}

static bool is_private(struct text host)
{
    unsigned char a[4];
    static const char *const names[] = {"[::1]", "localhost"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_equal_fold(host, text_of(names[i])))
            return true;
    /* RFC 4193 and 4291: unique local, link-local */
    if (host.size > 3 && host.at[0] == '[' &&
        (text_starts(host, TEXT("[fd")) || text_starts(host, TEXT("[fc")) ||
         text_starts(host, TEXT("[fe80"))))
        return true;
    if (!address_of(host, a))
        return false;
    return a[0] == 127 || a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
           (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254);
}

/* The last `labels` labels of a name; all of it if there are no more. */
static struct text last_labels(struct text host, size_t labels)
{
    size_t at = host.size;
    while (at && labels) {
        at--;
        if (host.at[at] == '.' && !--labels)
            return text_skip(host, at + 1);
    }
    return host;
}

/* Second-level domains under which everybody registers: example.co.uk is one owner's, co.uk nobody's.
 * Not all that there are: --inside names what this gets wrong. */
static bool is_registry(struct text suffix)
{
    static const char *const seconds[] = {"ac", "co", "com", "edu", "gov", "net", "or", "org"};
    struct text second, rest = suffix;
    if (!text_next_field(&rest, '.', &second) || rest.size != 2)
        return false;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
        if (text_equal_fold(second, text_of(seconds[i])))
            return true;
    return false;
}

/* bitbucket.example.com gives example.com, git.example.co.uk example.co.uk, example.com itself. */
static struct text domain_of(struct text host)
{
    unsigned char address[4];
    if (address_of(host, address) || without_dots(host) || host.at[0] == '[')
        return host;
    struct text two = last_labels(host, 2);
    return is_registry(two) ? last_labels(host, 3) : two;
}

static bool in_domain(struct text host, struct text domain)
{
    if (!domain.size || host.size < domain.size)
        return false;
    struct text end = text_skip(host, host.size - domain.size);
    return text_equal_fold(end, domain) &&
           (host.size == domain.size || host.at[host.size - domain.size - 1] == '.');
}

static bool is_inside(const struct finder *f, struct text host)
{
    struct text base = host_of_url(snapshot_meta_record(f->inventory.snapshot)->meta.base_url);
    unsigned char address[4];
    if ((without_dots(host) && !address_of(host, address)) || is_private(host) ||
        text_equal_fold(host, base) || (base.size && in_domain(host, domain_of(base))))
        return true;
    for (size_t i = 0; i < f->inquiry->inside.count; i++)
        if (glob_name_match(f->inquiry->inside.items[i], host))
            return true;
    return false;
}

/* ------------------------------------------------------------------ findings */

static struct text where_of(struct finder *f, const struct fact *fact)
{
    return text_absent(fact->repository)
               ? visit_text(f, "project %.*s", TEXT_ARG(fact->project))
               : visit_text(f, "%.*s/%.*s", TEXT_ARG(fact->project), TEXT_ARG(fact->repository));
}

static void add_evidence(struct finder *f, const struct fact *fact)
{
    finder_subject(f, "webhook/%.*s", TEXT_ARG(fact->id));
    finder_evidence(f, "webhook %.*s", TEXT_ARG(fact->id));
    finder_evidence(f, "host %.*s (%.*s)", TEXT_ARG(fact->host), TEXT_ARG(fact->scheme));
    if (fact->unverified)
        finder_evidence(f, "does not verify the receiver's certificate");
}

static void check_host(struct finder *f, const struct fact *fact)
{
    if (!fact->host.size || is_inside(f, fact->host) ||
        !finder_open(f, POSTURE_WEBHOOK_EXTERNAL, where_of(f, fact)))
        return;
    bool plain = text_equal_fold(fact->scheme, TEXT("http"));
    if (plain || fact->unverified)
        finder_severity(f, SEVERITY_HIGH);
    finder_what(f, "webhook %.*s reports to %.*s%s", TEXT_ARG(fact->name), TEXT_ARG(fact->host),
                plain ? ", without encryption" : "");
    add_evidence(f, fact);
    finder_close(f);
}

/* Who administers the place, without the administrators of the instance; false: not known. */
static bool administrators_of(const struct finder *f, const struct fact *fact,
                              const struct reach *everywhere, struct reach rows[2], uint32_t *count)
{
    const struct inventory *inventory = &f->inventory;
    uint32_t at = inventory_project_by_name(inventory, fact->project);
    struct project_record project;
    struct repository_record repository;
    const struct reach *reach = &rows[0];
    if (at == INVENTORY_NONE || !decode_project(inventory->projects[at].body, &project))
        return false;
    reach_project(inventory, &project, everywhere, &rows[0]);
    if (!text_absent(fact->repository)) {
        at = inventory_repository_by_name(inventory, fact->project, fact->repository);
        if (at == INVENTORY_NONE ||
            !decode_repository(inventory->repositories[at].body, &repository))
            return false;
        reach_repository(inventory, &repository.place, &rows[0], &rows[1]);
        reach = &rows[1];
    }
    *count = reach_count(reach->admin, reach->words);
    return !reach->open;
}

static void check_owner(struct finder *f, const struct fact *fact, const struct reach *everywhere,
                        struct reach rows[2])
{
    uint32_t count;
    if (!administrators_of(f, fact, everywhere, rows, &count) || count ||
        !finder_open(f, POSTURE_WEBHOOK_WITHOUT_OWNER, where_of(f, fact)))
        return;
    finder_what(f, "webhook %.*s: no active user administers this place but those of the instance",
                TEXT_ARG(fact->name));
    add_evidence(f, fact);
    finder_close(f);
}

void webhooks_find(struct finder *f, const struct reach *everywhere)
{
    struct reach rows[2];
    if (!reach_make(&f->inventory, f->arena, &rows[0]) ||
        !reach_make(&f->inventory, f->arena, &rows[1])) {
        f->failed = true;
        return;
    }
    for (size_t i = 0; i < f->facts->count && !f->failed; i++) {
        const struct fact *fact = &f->facts->facts[i];
        if (fact->kind != FACT_WEBHOOK || !fact->active)
            continue;
        check_host(f, fact);
        check_owner(f, fact, everywhere, rows);
    }
}
