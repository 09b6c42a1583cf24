/*
 * report_link.h - the link that opens a pull request into a branch.
 */
#ifndef REFGATE_RECORD_REPORT_LINK_H
#define REFGATE_RECORD_REPORT_LINK_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"

#define LINK_SIZE_MAX 1000 /* bytes; a longer one helps nobody */

/* BASE/projects/KEY/repos/SLUG/pull-requests?create&targetBranch=REF, for a personal project (key
 * "~name") BASE/users/NAME/repos/…; the context path of BASE is kept. Percent-encoded but for `/`
 * in the ref. false, and nothing added, if there is no usable base URL (http or https, printable
 * ASCII), a part is missing or the link would be too long. */
bool link_pull_request(struct buffer *out, struct text base_url, struct text project_key,
                       struct text slug, struct text target_ref);

#endif
