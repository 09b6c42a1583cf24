#include "record/record_approval.h"

static json_t *name_json(struct text t)
{
    return json_text(t, APPROVAL_NAME_MAX, NULL);
}

json_t *record_account_json(struct record_maker *maker, const struct account *account)
{
    json_t *object = json_object();
    json_put(maker, object, "uid", json_number(account->uid));
    json_put(maker, object, "name", name_json(account->name));
    json_put(maker, object, "sudo_user", name_json(account->sudo_user));
    return object;
}

static json_t *used_json(struct record_maker *maker, const struct approval_used *used)
{
    json_t *object = json_object();
    json_put(maker, object, "id", name_json(used->approval->id));
    json_put(maker, object, "use", used->use ? json_number(used->use) : json_null());
    json_put(maker, object, "again", json_boolean(used->again));
    json_put(maker, object, "approver", record_account_json(maker, &used->approval->approver));
    json_put(maker, object, "reason", json_text(used->approval->reason, APPROVAL_REASON_MAX, NULL));
    return object;
}

static json_t *seen_json(struct record_maker *maker, const struct approval_seen *seen)
{
    json_t *object = json_object();
    json_put(maker, object, "id", name_json(seen->id));
    json_put(maker, object, "state", json_string_nocheck(approval_state_name(seen->state)));
    return object;
}

json_t *record_approval_json(struct record_maker *maker, const struct approval_outcome *outcome)
{
    if (!outcome)
        return json_null();
    json_t *object = json_object(), *used = json_array(), *considered = json_array();
    for (size_t i = 0; i < outcome->used_count; i++)
        json_append(maker, used, used_json(maker, &outcome->used[i]));
    for (size_t i = 0; i < outcome->seen_count; i++)
        json_append(maker, considered, seen_json(maker, &outcome->seen[i]));
    json_put(maker, object, "used", used);
    json_put(maker, object, "considered", considered);
    if (outcome->seen_omitted)
        json_put(maker, object, "considered_omitted", json_number(outcome->seen_omitted));
    if (outcome->problem.size)
        json_put(maker, object, "problem", json_text(outcome->problem, RECORD_TEXT_MAX, NULL));
    return object;
}
