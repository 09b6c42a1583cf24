/*
 * test_instance.h - the Bitbucket instance that a file of policy tests describes by hand, as a real
 * snapshot: written by the builder that sync uses, read by the view that the hook uses.
 */
#ifndef REFGATE_COMMAND_TEST_INSTANCE_H
#define REFGATE_COMMAND_TEST_INSTANCE_H

#include "command/sheet.h"
#include "snapshot/reader.h"

/* Sections that describe an instance; they stand in the same table as those of the pushes. */
#define TEST_INSTANCE_SECTIONS 8
extern const struct sheet_section test_instance_sections[TEST_INSTANCE_SECTIONS];

/* Does the file describe an instance: has it [instance]? Sections of one without it are a problem. */
bool test_instance_described(const struct sheet *sheet, struct config_problems *problems);
/* When the instance is looked at, and when its snapshot was made: [instance] at. */
int64_t test_instance_time(const struct sheet *sheet);

/* The snapshot, in a file that has no name any more; snapshot_close() is the end of it. What is
 * wrong with the description goes into `problems`, and *out stays NULL. An error is of the machine
 * (no room in the temporary directory), or says that the facts contradict each other. */
enum status test_instance_open(const struct sheet *sheet, struct arena *arena,
                               struct config_problems *problems, struct snapshot **out,
                               struct error *err) MUST_CHECK;

/* Does the instance have this user (service users and names that are those of keys and tokens
 * included), this repository KEY/SLUG? */
bool test_instance_has_user(const struct sheet *sheet, struct text name);
bool test_instance_has_repository(const struct sheet *sheet, struct text name);

#endif
