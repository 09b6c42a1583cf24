/*
 * enrich_credential.c - the credentials that an access log names, and from where each was used.
 */
#include <stdlib.h>

#include "command/enrich.h"

#define SLOTS ((size_t)1 << 16)

static bool name_of(const struct access_line *line, struct text *label, struct buffer *out)
{
    uint64_t id = 0;
    bool ssh = line->protocol == ACCESS_SSH;
    switch (access_line_credential(line, &id, label)) {
    case ACCESS_CREDENTIAL_SSH_KEY:
        buffer_printf(out, "ssh:id:%llu", (unsigned long long)id);
        break;
    case ACCESS_CREDENTIAL_TOKEN:
        buffer_printf(out, "access-token:id:%llu", (unsigned long long)id);
        break;
    case ACCESS_CREDENTIAL_NONE:
        /* An SSH push without a label, and a service user of tokens, name none. */
        if (ssh ? !label->size : text_starts(line->user, TEXT("access-token-user/")))
            return false;
        buffer_string(out, ssh ? "ssh:label:" : "password:");
        buffer_text(out, ssh ? *label : line->user);
        break;
    default:
        return false;
    }
    return !out->failed;
}

static struct text kept(struct enrich *enrich, struct text t)
{
    struct text copy = arena_text(&enrich->arena, t);
    enrich->out_of_memory |= text_absent(copy);
    return text_absent(copy) ? TEXT("") : copy;
}

static struct enrich_credential *find(struct enrich *enrich, struct text name, struct text label,
                                      struct text user)
{
    if (!enrich->credentials)
        enrich->credentials = arena_alloc(&enrich->arena, SLOTS, sizeof(void *));
    if (!enrich->credentials)
        return NULL;
    struct enrich_credential **slot = &enrich->credentials[text_hash(name) % SLOTS];
    for (; *slot; slot = &(*slot)->next)
        if (text_equal((*slot)->name, name))
            return *slot;
    *slot = arena_alloc(&enrich->arena, 1, sizeof **slot);
    if (!*slot)
        return NULL;
    (*slot)->name = kept(enrich, name);
    (*slot)->user = kept(enrich, user);
    if (label.size)
        (*slot)->label = kept(enrich, label);
    enrich->credential_count++;
    return *slot;
}

static void count_place(struct enrich *enrich, struct enrich_place *places, size_t *count,
                        struct text name, bool *more)
{
    for (size_t i = 0; i < *count; i++)
        if (text_equal(places[i].name, name)) {
            places[i].pushes++;
            return;
        }
    if (*count == ENRICH_PLACES_MOST) {
        *more = true;
        return;
    }
    places[(*count)++] = (struct enrich_place){kept(enrich, name), 1};
}

const struct enrich_credential *enrich_credential_use(struct enrich *enrich,
                                                      const struct access_line *line)
{
    struct buffer name;
    struct text label;
    buffer_init(&name, ACCESS_LINE_MAX);
    struct enrich_credential *credential = NULL;
    if (name_of(line, &label, &name)) {
        credential = find(enrich, buffer_view(&name), label, line->user);
        enrich->out_of_memory |= !credential;
    }
    buffer_free(&name);
    if (!credential)
        return NULL;
    credential->pushes++;
    count_place(enrich, credential->addresses, &credential->address_count, line->addresses,
                &credential->more);
    count_place(enrich, credential->agents, &credential->agent_count, line->agent,
                &credential->more);
    return credential;
}

static int by_pushes(const void *a, const void *b)
{
    const struct enrich_credential *x = *(const struct enrich_credential *const *)a,
                                   *y = *(const struct enrich_credential *const *)b;
    if (x->pushes != y->pushes)
        return x->pushes > y->pushes ? -1 : 1;
    return text_compare(x->name, y->name);
}

const struct enrich_credential **enrich_shared(struct enrich *enrich, size_t *count)
{
    const struct enrich_credential **list = arena_alloc(
        &enrich->arena, enrich->credential_count + 1, sizeof(void *));
    *count = 0;
    enrich->out_of_memory |= !list;
    for (size_t i = 0; list && enrich->credentials && i < SLOTS; i++)
        for (const struct enrich_credential *at = enrich->credentials[i]; at; at = at->next)
            if (at->address_count > 1 || at->agent_count > 1)
                list[(*count)++] = at;
    if (list)
        qsort(list, *count, sizeof(void *), by_pushes);
    return list;
}
