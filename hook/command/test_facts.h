/* test_facts.h - the sections of a described instance (test_instance.h), told to a builder. */
#ifndef REFGATE_COMMAND_TEST_FACTS_H
#define REFGATE_COMMAND_TEST_FACTS_H

#include "command/sheet.h"
#include "snapshot/builder.h"

/* Tells all sections. A name that no section describes, a level that does not fit its place, and so
 * on are problems; an error is of the builder. `now_ms`: for keys without dates. */
enum status test_facts_tell(const struct sheet *sheet, int64_t now_ms, struct arena *arena,
                            struct config_problems *problems, struct builder *builder,
                            struct error *err) MUST_CHECK;

#endif
