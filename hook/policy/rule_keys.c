#include "policy/rule_keys.h"

/* Of a mapped key that the snapshot does not describe the label is not known: whether an entry that
 * is a label means this key, nobody can tell. Nor whether an id does, of a key that is known by its
 * label alone and is none of those that were read (`id` is NULL). */
static enum answer lists_key(const struct text_list *list, const uint64_t *id, struct text label)
{
    enum answer listed = ANSWER_NO;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t number;
        /* A label may be typed by whoever adds a key: digits always mean an id. */
        if (text_parse_u64(list->items[i], UINT64_MAX, true, &number)) {
            if (!id)
                listed = ANSWER_CANNOT_TELL;
            else if (number == *id)
                return ANSWER_YES;
        } else if (!label.at) {
            listed = ANSWER_CANNOT_TELL;
        } else if (text_equal(list->items[i], label)) {
            return ANSWER_YES;
        }
    }
    return listed;
}

static enum answer one_key(const struct judge *j, const struct rule *rule, const uint64_t *id)
{
    struct text label = j->out->credential.label;
    enum answer listed = ANSWER_YES, excepted = ANSWER_NO;
    if (rule->access_keys.count)
        listed = lists_key(&rule->access_keys, id, label);
    if (rule->except_access_keys.count)
        excepted = lists_key(&rule->except_access_keys, id, label);
    if (excepted == ANSWER_YES && j->may_pose)
        excepted = ANSWER_CANNOT_TELL;
    return answer_and(listed, answer_not(excepted));
}

enum answer rule_keys_hold(struct judge *j, const struct rule *rule)
{
    const struct credential *credential = &j->out->credential;
    if (!rule->access_keys.count && !rule->except_access_keys.count)
        return ANSWER_YES;
    enum answer is_key = credential_in(j, 1u << CREDENTIAL_ACCESS_KEY);
    if (is_key == ANSWER_NO) /* on no list, neither the one nor the other */
        return rule->access_keys.count ? ANSWER_NO : ANSWER_YES;
    if (credential->class != CREDENTIAL_ACCESS_KEY || !credential->candidate_count)
        return ANSWER_CANNOT_TELL;
    enum answer holds = ANSWER_NO;
    for (size_t i = 0; i < credential->candidate_count; i++)
        holds = answer_or(holds, one_key(j, rule, &credential->candidates[i]));
    if (credential->candidates_open)
        holds = answer_or(holds, one_key(j, rule, NULL));
    return is_key == ANSWER_YES ? holds : answer_and(holds, ANSWER_CANNOT_TELL);
}
