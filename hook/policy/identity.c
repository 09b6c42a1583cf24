/*
 * identity.c - whose work are the new commits? (semantics.md 5.3)
 *
 * Compared by e-mail, without ASCII case, with the addresses of the pusher, of the snapshot's users
 * and of [identity] extra-emails. E-mails in commits are what their writer typed: this is hygiene
 * against shared credentials, not proof.
 */
#include "policy/judge.h"

/* "*@DOMAIN" stands for everything that ends in @DOMAIN. */
static bool address_matches(struct text pattern, struct text address)
{
    if (pattern.size > 1 && pattern.at[0] == '*') {
        pattern = text_skip(pattern, 1);
        return address.size > pattern.size &&
               text_equal_fold(text_skip(address, address.size - pattern.size), pattern);
    }
    return pattern.size && text_equal_fold(pattern, address);
}

static bool is_extra(const struct judge *j, struct text address)
{
    for (size_t i = 0; i < j->policy->extra_emails.count; i++)
        if (address_matches(j->policy->extra_emails.items[i], address))
            return true;
    return false;
}

/* Bitbucket's address of the pusher is newer than the snapshot's; both are his. */
static enum answer is_pushers(const struct judge *j, struct text address)
{
    struct text stated = j->push->user_email;
    if ((stated.size && text_equal_fold(stated, address)) ||
        (j->user_known == ANSWER_YES && j->user.email.size &&
         text_equal_fold(j->user.email, address)) ||
        is_extra(j, address))
        return ANSWER_YES;
    /* A key or token has no address: nothing is its own work. A stranger's are not known. */
    return j->user_known == ANSWER_YES || j->groupless || stated.size ? ANSWER_NO
                                                                      : ANSWER_CANNOT_TELL;
}

static enum answer is_known_users(struct judge *j, struct text address)
{
    uint64_t id;
    if (is_pushers(j, address) == ANSWER_YES)
        return ANSWER_YES;
    return ASK(j, email_user, address, &id);
}

static enum answer satisfies(struct judge *j, enum identity_want want, struct text address)
{
    if (want == IDENTITY_ANY)
        return ANSWER_YES;
    if (!address.size)
        return ANSWER_NO;
    return want == IDENTITY_PUSHER ? is_pushers(j, address) : is_known_users(j, address);
}

struct commits { /* what is asked of each new commit, and the answer so far */
    struct judge *judge;
    enum identity_want committer, author;
    enum answer violated;
};

static bool visit(void *context, const struct history_commit *commit)
{
    struct commits *commits = context;
    struct judge *j = commits->judge;
    /* A merge commit of a pull request is the server's own. */
    if (j->policy->excuse_merges && commit->merge && j->push->merge)
        return true;
    enum answer good = answer_and(satisfies(j, commits->committer, commit->committer_email),
                                  satisfies(j, commits->author, commit->author_email));
    commits->violated = answer_or(commits->violated, answer_not(good));
    return commits->violated != ANSWER_YES;
}

static enum answer ask(struct change_judge *c, const struct rule *rule)
{
    struct judge *j = c->judge;
    struct commits commits = {j, rule->committer, rule->author, ANSWER_NO};
    const char *why = "history is not available";
    enum history_trouble trouble = HISTORY_UNAVAILABLE;
    if (c->kind == CHANGE_DELETE)
        return ANSWER_NO;
    if (j->history)
        trouble = j->history->new_commits(j->history->self, c->change, visit, &commits, &why);
    if (trouble == HISTORY_FINE)
        return commits.violated;
    c->commits_limit |= history_trouble_noted(j, trouble, why);
    /* What was seen before the trouble counts. */
    return answer_or(commits.violated, ANSWER_CANNOT_TELL);
}

enum answer identity_violated(struct change_judge *c, const struct rule *rule)
{
    struct judge *j = c->judge;
    enum answer excused = ANSWER_NO;
    if (rule->committer > IDENTITY_KNOWN_USER || rule->author > IDENTITY_KNOWN_USER)
        return ANSWER_CANNOT_TELL;
    if (j->policy->excuse_service_accounts)
        excused = service_account_pusher(j);
    if (excused == ANSWER_YES)
        return ANSWER_NO;
    enum answer *kept = &c->identity[rule->committer][rule->author];
    if (*kept != ANSWER_YES && *kept != ANSWER_NO && *kept != ANSWER_CANNOT_TELL)
        *kept = ask(c, rule);
    if (*kept == ANSWER_CANNOT_TELL && c->commits_limit)
        history_limit_report(c);
    return answer_and(*kept, answer_not(excused));
}
