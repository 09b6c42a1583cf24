/*
 * banned.h - functions that refgate does not use, as compile errors (a habit of git's).
 *
 * The Makefile includes this file before anything else in every source file below hook/. The
 * system headers come first, so that their own declarations are read before the names change
 * their meaning; later #includes of the same headers are then empty.
 */
#ifndef REFGATE_BANNED_H
#define REFGATE_BANNED_H

#include <alloca.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define BANNED(name, instead) sorry_##name##_is_banned_use_##instead

/* Do not know how large the target is, or leave it without a NUL. */
#undef strcpy
#define strcpy(...) BANNED(strcpy, buffer_h)
#undef stpcpy
#define stpcpy(...) BANNED(stpcpy, buffer_h)
#undef strcat
#define strcat(...) BANNED(strcat, buffer_h)
#undef strncpy
#define strncpy(...) BANNED(strncpy, buffer_h)
#undef stpncpy
#define stpncpy(...) BANNED(stpncpy, buffer_h)
#undef strncat
#define strncat(...) BANNED(strncat, buffer_h)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf)
#undef gets
#define gets(...) BANNED(gets, file_h)
#undef scanf
#define scanf(...) BANNED(scanf, a_parser_with_bounds)
#undef fscanf
#define fscanf(...) BANNED(fscanf, a_parser_with_bounds)
#undef sscanf
#define sscanf(...) BANNED(sscanf, a_parser_with_bounds)

/* Cannot tell an error from a number. */
#undef atoi
#define atoi(...) BANNED(atoi, a_parser_with_bounds)
#undef atol
#define atol(...) BANNED(atol, a_parser_with_bounds)
#undef atoll
#define atoll(...) BANNED(atoll, a_parser_with_bounds)
#undef atof
#define atof(...) BANNED(atof, a_parser_with_bounds)

/* One hidden static result, shared by all callers. */
#undef strtok
#define strtok(...) BANNED(strtok, text_h)
#undef gmtime
#define gmtime(...) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(...) BANNED(localtime, localtime_r)
#undef ctime
#define ctime(...) BANNED(ctime, clock_h)
#undef ctime_r
#define ctime_r(...) BANNED(ctime_r, clock_h)
#undef asctime
#define asctime(...) BANNED(asctime, clock_h)
#undef asctime_r
#define asctime_r(...) BANNED(asctime_r, clock_h)

/* Follow a locale that others chose; undefined for a negative char. */
#undef isalpha
#define isalpha(...) BANNED(isalpha, ascii_helpers)
#undef isdigit
#define isdigit(...) BANNED(isdigit, ascii_helpers)
#undef isalnum
#define isalnum(...) BANNED(isalnum, ascii_helpers)
#undef isxdigit
#define isxdigit(...) BANNED(isxdigit, ascii_helpers)
#undef isspace
#define isspace(...) BANNED(isspace, ascii_helpers)
#undef isprint
#define isprint(...) BANNED(isprint, ascii_helpers)
#undef iscntrl
#define iscntrl(...) BANNED(iscntrl, ascii_helpers)
#undef ispunct
#define ispunct(...) BANNED(ispunct, ascii_helpers)
#undef isupper
#define isupper(...) BANNED(isupper, ascii_helpers)
#undef islower
#define islower(...) BANNED(islower, ascii_helpers)
#undef toupper
#define toupper(...) BANNED(toupper, ascii_helpers)
#undef tolower
#define tolower(...) BANNED(tolower, ascii_helpers)
#undef strcasecmp
#define strcasecmp(...) BANNED(strcasecmp, ascii_helpers)
#undef strncasecmp
#define strncasecmp(...) BANNED(strncasecmp, ascii_helpers)

/* Run a shell, overflow the stack, can be predicted, or race with others. */
#undef system
#define system(...) BANNED(system, nothing)
#undef popen
#define popen(...) BANNED(popen, nothing)
#undef alloca
#define alloca(...) BANNED(alloca, arena_h)
#undef strdupa
#define strdupa(...) BANNED(strdupa, arena_h)
#undef strndupa
#define strndupa(...) BANNED(strndupa, arena_h)
#undef rand
#define rand(...) BANNED(rand, getrandom)
#undef random
#define random(...) BANNED(random, getrandom)
#undef tmpnam
#define tmpnam(...) BANNED(tmpnam, file_h)
#undef tempnam
#define tempnam(...) BANNED(tempnam, file_h)
#undef mktemp
#define mktemp(...) BANNED(mktemp, file_h)

#endif
