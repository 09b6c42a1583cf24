/*
 * tokens.c - HTTP access tokens that never expire, and SSH keys of users that are weak or not in use:
 * from the facts that `refgate sync --with-reports` keeps.
 */
#include "base/clock.h"
#include "posture/fact_list.h"
#include "posture/visit.h"

/* A place of Bitbucket's, or a user, as findings write it. */
static struct text where_of(struct finder *f, const struct fact *fact, bool proof)
{
    if (!text_absent(fact->repository))
        return visit_text(f, "%s%.*s/%.*s", proof ? "repo/" : "", TEXT_ARG(fact->project),
                          TEXT_ARG(fact->repository));
    if (!text_absent(fact->project))
        return visit_text(f, "project%s%.*s", proof ? "/" : " ", TEXT_ARG(fact->project));
    return visit_text(f, "user%s%.*s", proof ? "/" : " ", TEXT_ARG(fact->user));
}

/* A key or token of somebody who cannot log in opens nothing. */
static bool owner_is_live(const struct finder *f, const struct fact *fact)
{
    if (text_absent(fact->user))
        return true;
    uint32_t user = fact->user_id ? inventory_user_by_id(&f->inventory, fact->user_id)
                                  : inventory_user_by_name(&f->inventory, fact->user);
    return user != INVENTORY_NONE && inventory_user_live(&f->inventory.users[user]);
}

static const char *used_words(struct finder *f, const struct fact *fact)
{
    if (!fact->used_ms)
        return "never used";
    struct text words = visit_text(f, "last used %s", finder_date(f, fact->used_ms));
    return words.at;
}

static void check_token(struct finder *f, const struct fact *fact)
{
    if (!fact->created_ms || fact->expires_ms || !owner_is_live(f, fact) ||
        !finder_open(f, POSTURE_TOKEN_WITHOUT_EXPIRY, where_of(f, fact, false)))
        return;
    if (!fact->may_write)
        finder_severity(f, SEVERITY_LOW);
    finder_subject(f, "token/%.*s", TEXT_ARG(fact->id));
    finder_what(f, "token %.*s%s never expires", TEXT_ARG(fact->name),
                fact->may_write ? "" : " (which only reads)");
    finder_evidence(f, "%.*s", TEXT_ARG(where_of(f, fact, true)));
    finder_evidence(
        f, "token %.*s: %.*s", TEXT_ARG(fact->id),
        TEXT_ARG(fact->permissions.size ? fact->permissions : TEXT("permissions not known")));
    finder_evidence(f, "created %s, %s", finder_date(f, fact->created_ms), used_words(f, fact));
    finder_close(f);
}

static bool open_key(struct finder *f, const struct fact *fact, enum posture_kind_row kind)
{
    if (!finder_open(f, kind, where_of(f, fact, false)))
        return false;
    finder_subject(f, "ssh-key/%.*s", TEXT_ARG(fact->id));
    finder_evidence(f, "%.*s", TEXT_ARG(where_of(f, fact, true)));
    finder_evidence(f, "SSH key %.*s (%.*s)", TEXT_ARG(fact->id), TEXT_ARG(fact->algorithm));
    return true;
}

static void check_ssh_key(struct finder *f, const struct fact *fact)
{
    int64_t told_ms = snapshot_meta_record(f->inventory.snapshot)->meta.started_ms;
    int64_t since = fact->used_ms ? fact->used_ms : fact->created_ms;
    bool expired = fact->expires_ms && fact->expires_ms <= f->inquiry->now_ms;
    if (expired || !owner_is_live(f, fact))
        return;
    if (fact->weak == ANSWER_YES && open_key(f, fact, POSTURE_USER_KEY_WEAK)) {
        if (fact->bits)
            finder_what(f, "SSH key %.*s is weak: %.*s, %llu bits", TEXT_ARG(fact->name),
                        TEXT_ARG(fact->algorithm), (unsigned long long)fact->bits);
        else
            finder_what(f, "SSH key %.*s is weak: %.*s", TEXT_ARG(fact->name),
                        TEXT_ARG(fact->algorithm));
        finder_close(f);
    }
    if (fact->created_ms && told_ms - since >= f->inquiry->stale_ms &&
        open_key(f, fact, POSTURE_USER_KEY_STALE)) {
        if (fact->used_ms)
            finder_what(f, "SSH key %.*s was last used on %s", TEXT_ARG(fact->name),
                        finder_date(f, fact->used_ms));
        else
            finder_what(f, "SSH key %.*s was never used since %s", TEXT_ARG(fact->name),
                        finder_date(f, fact->created_ms));
        finder_close(f);
    }
}

void tokens_find(struct finder *f)
{
    uint64_t undated = 0;
    for (size_t i = 0; i < f->facts->count && !f->failed; i++) {
        const struct fact *fact = &f->facts->facts[i];
        bool token = fact->kind >= FACT_USER_TOKEN && fact->kind <= FACT_REPOSITORY_TOKEN;
        if (token)
            check_token(f, fact);
        else if (fact->kind == FACT_USER_SSH_KEY)
            check_ssh_key(f, fact);
        undated += token && !fact->created_ms;
    }
    if (undated)
        finder_note(f, "of %llu tokens it is not known whether they expire",
                    (unsigned long long)undated);
}
