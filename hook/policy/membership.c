/*
 * membership.c - is the pusher in a group? (semantics.md 4.2)
 */
#include "policy/judge.h"

static bool lists_group(const struct snapshot_user *user, uint32_t group)
{
    size_t low = 0, high = user->group_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (user->groups[middle] == group)
            return true;
        if (user->groups[middle] < group)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

enum answer membership_in(const struct judge *j, uint32_t group, bool incomplete)
{
    if (j->groupless || group == GROUP_NONE) /* a group that no longer exists has no members */
        return ANSWER_NO;
    if (j->user_known != ANSWER_YES) /* an unknown pusher could be in any group */
        return ANSWER_CANNOT_TELL;
    if (lists_group(&j->user, group))
        return ANSWER_YES;
    return incomplete && j->user.groups_complete != ANSWER_YES ? ANSWER_CANNOT_TELL : ANSWER_NO;
}

enum answer membership_by_name(struct judge *j, struct text name)
{
    struct snapshot_group group;
    if (j->groupless)
        return ANSWER_NO;
    if (j->push->native) /* nor is it known to be this instance's snapshot */
        return ANSWER_CANNOT_TELL;
    enum answer exists = ASK(j, group, name, &group);
    return exists == ANSWER_YES ? membership_in(j, group.group, group.incomplete) : exists;
}
