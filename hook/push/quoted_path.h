/*
 * quoted_path.h - the entries of GIT_ALTERNATE_OBJECT_DIRECTORIES, read the way git reads them.
 *
 * Source: git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES ("paths may be double-quoted, C-style"), and the
 * behaviour of git 2.11 and later: ':' between entries; an entry that begins with '"' is unquoted
 * up to its closing quote; if the quoting is broken the entry counts as it stands, up to the next
 * ':'; an entry that begins with '#' is a comment; empty entries are skipped.
 */
#ifndef REFGATE_PUSH_QUOTED_PATH_H
#define REFGATE_PUSH_QUOTED_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* Cuts the next entry off *list. STATUS_OK with a NUL-terminated copy in the arena in *path;
 * STATUS_NOT_FOUND at the end; STATUS_MEMORY. Comments, empty entries and entries that hold a NUL
 * (quoted as \000; no path can) are passed over. */
enum status quoted_path_next(struct text *list, struct arena *arena, const char **path) MUST_CHECK;

#endif
