/*
 * service_users.h - `sync --service-users FILE`: which access key a service user stands for.
 *
 * Only Bitbucket's database knows (Atlassian, "How to identify the access key used"): lines of
 * "name,key id", made by an administrator's query; `#` begins a comment line; a first line that names
 * the columns is skipped.
 */
#ifndef REFGATE_BITBUCKET_SERVICE_USERS_H
#define REFGATE_BITBUCKET_SERVICE_USERS_H

#include "snapshot/builder.h"

#define SERVICE_USERS_SIZE_MAX ((size_t)64 * 1024 * 1024)

/* STATUS_FORMAT names the line. */
enum status service_users_read(const char *path, struct builder *builder,
                               struct error *err) MUST_CHECK;

#endif
