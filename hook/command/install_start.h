/* install_start.h - does a program start here at all? */
#ifndef REFGATE_COMMAND_INSTALL_START_H
#define REFGATE_COMMAND_INSTALL_START_H

#include <stddef.h>

#include "base/error.h"

/* Runs `PROGRAM --version` with an empty environment and no input, at most ten seconds; its output into
 * `out`, cut at `size` (escaped by whoever prints it; the first line says the version). STATUS_IO: it
 * does not start, fails or prints nothing; STATUS_DEADLINE. Only for programs that are trusted. */
enum status install_start(const char *program, char *out, size_t size,
                          struct error *err) MUST_CHECK;

#endif
