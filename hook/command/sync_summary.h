/*
 * sync_summary.h - what a sync tells on the standard output.
 */
#ifndef REFGATE_COMMAND_SYNC_SUMMARY_H
#define REFGATE_COMMAND_SYNC_SUMMARY_H

#include "command/sync_run.h"

/* Of a sync that published. */
void sync_summary_text(const struct sync_run *run);
/* One JSON object, whatever came of it. false: out of memory, or a path that is not UTF-8. */
bool sync_summary_json(const struct sync_run *run);

#endif
