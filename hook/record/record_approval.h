/* record_approval.h - what approvals did, as JSON for the decision record (refgate-audit(5)). */
#ifndef REFGATE_RECORD_RECORD_APPROVAL_H
#define REFGATE_RECORD_RECORD_APPROVAL_H

#include "policy/approval.h"
#include "record/record_json.h"

/* {"uid", "name", "sudo_user"} */
json_t *record_account_json(struct record_maker *maker, const struct account *account);
/* null if none was looked for. At most 64 KiB. */
json_t *record_approval_json(struct record_maker *maker, const struct approval_outcome *outcome);

#endif
