#include "policy/exemption.h"

size_t exemption_variants(const struct judge *j)
{
    const struct credential *credential = &j->out->credential;
    size_t count = credential->candidate_count + credential->candidates_open;
    return count > 0 && count <= EXEMPTION_VARIANTS ? count : 1;
}

static enum answer exempts_user(const struct judge *j, const struct exemptions *list)
{
    for (size_t i = 0; i < list->user_count; i++) {
        const struct exempt_user *user = &list->users[i];
        if (user->id && j->user_known == ANSWER_YES && j->user.id) { /* ids win over names */
            if (user->id == j->user.id)
                return ANSWER_YES;
        } else if (user->name.size && text_equal_fold(user->name, j->push->user_name)) {
            return ANSWER_YES;
        }
    }
    return ANSWER_NO;
}

static enum answer exempts_group(struct judge *j, const struct exemptions *list, struct text *which)
{
    enum answer exempt = ANSWER_NO;
    for (size_t i = 0; i < list->group_count && exempt != ANSWER_YES; i++) {
        enum answer member = membership_in(j, list->groups[i].group, list->groups[i].incomplete);
        if (member == ANSWER_YES)
            *which = list->groups[i].name;
        exempt = answer_or(exempt, member);
    }
    return exempt;
}

static bool lists_key(const struct exemptions *list, uint64_t id)
{
    for (size_t i = 0; i < list->access_key_count; i++)
        if (list->access_keys[i] == id)
            return true;
    return false;
}

/* Judges `count` of the keys that it may be; the one after the last is a key that nobody knows.
 *
 * A key that is known by its label alone exempts only a pusher without an e-mail address: service
 * users have none, and an account that calls itself a key has one. */
static enum answer exempts_key(const struct judge *j, const struct exemptions *list, size_t first,
                               size_t count)
{
    const struct credential *credential = &j->out->credential;
    if (!list->access_key_count)
        return ANSWER_NO;
    if (credential->class != CREDENTIAL_ACCESS_KEY)
        return credential_in(j, 1u << CREDENTIAL_ACCESS_KEY) == ANSWER_NO ? ANSWER_NO
                                                                          : ANSWER_CANNOT_TELL;
    if (!credential->candidate_count)
        return ANSWER_CANNOT_TELL;
    enum answer exempt = j->may_pose ? ANSWER_CANNOT_TELL : ANSWER_YES;
    for (size_t i = first; i < first + count; i++)
        if (i >= credential->candidate_count)
            exempt = ANSWER_CANNOT_TELL;
        else if (!lists_key(list, credential->candidates[i]))
            return ANSWER_NO;
    return exempt;
}

const struct exemption *exemption_find(struct judge *j, const struct restriction *restriction)
{
    static const struct exemption undecided = {.questions = QUESTION_EXEMPTION, .why = ""};
    struct exemption *out = judge_alloc(j, 1, sizeof *out);
    struct exemptions list = {0};
    struct text group = TEXT_NONE;
    size_t variants = exemption_variants(j);
    size_t candidates = j->out->credential.candidate_count + j->out->credential.candidates_open;
    size_t each = candidates > variants ? candidates : 1;
    if (!out)
        return &undecided; /* no answer at all counts as CANNOT_TELL; decide() fails anyway */
    out->why = "";
    enum answer read = ASK(j, exemptions, restriction, &list);
    enum answer by_user = exempts_user(j, &list), by_group = exempts_group(j, &list, &group);
    if (read != ANSWER_YES) { /* no list at all would be damage, too: it is part of the record */
        by_user = ANSWER_CANNOT_TELL;
        out->questions |= QUESTION_EXEMPTION;
    }
    if (by_group == ANSWER_CANNOT_TELL)
        out->questions |= QUESTION_GROUP;
    if (j->admin == ANSWER_CANNOT_TELL)
        out->questions |= QUESTION_ADMIN;
    for (size_t v = 0; v < variants; v++) {
        enum answer by_key = exempts_key(j, &list, v, each);
        if (by_key == ANSWER_CANNOT_TELL)
            out->questions |= credential_question(j);
        out->answer[v] = answer_or(answer_or(by_user, by_group), answer_or(by_key, j->admin));
    }
    if (j->trace)
        out->why = group.size               ? judge_printf(j, " (group %.*s)", TEXT_ARG(group))
                   : by_user == ANSWER_YES  ? " (by name)"
                   : j->admin == ANSWER_YES ? " (administrator)"
                                            : " (access key)";
    return out;
}
