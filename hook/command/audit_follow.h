/* audit_follow.h - the decisions that come, as tail -F does it: also over rotations. */
#ifndef REFGATE_COMMAND_AUDIT_FOLLOW_H
#define REFGATE_COMMAND_AUDIT_FOLLOW_H

#include "command/audit_source.h"

/* `source` was read up to its end: what comes now is given to `show`, which says false to end it.
 * Comes back on SIGINT and SIGTERM (true), when nobody reads stdout any more (true), and when the
 * log cannot be read any more (false: was printed). */
bool audit_follow(struct audit_source *source, const char *log,
                  bool (*show)(void *self, const struct audit_source *source), void *self);

#endif
