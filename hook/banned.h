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
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
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
#undef vscanf
#define vscanf(...) BANNED(vscanf, a_parser_with_bounds)
#undef vfscanf
#define vfscanf(...) BANNED(vfscanf, a_parser_with_bounds)
#undef vsscanf
#define vsscanf(...) BANNED(vsscanf, a_parser_with_bounds)

/* Cannot tell an error from a number. */
#undef atoi
#define atoi(...) BANNED(atoi, a_parser_with_bounds)
#undef atol
#define atol(...) BANNED(atol, a_parser_with_bounds)
#undef atoll
#define atoll(...) BANNED(atoll, a_parser_with_bounds)
#undef atof
#define atof(...) BANNED(atof, a_parser_with_bounds)
/* Take blanks and a sign in front, and anything behind, for a number. */
#undef strtol
#define strtol(...) BANNED(strtol, text_parse_u64)
#undef strtoll
#define strtoll(...) BANNED(strtoll, text_parse_u64)
#undef strtoul
#define strtoul(...) BANNED(strtoul, text_parse_u64)
#undef strtoull
#define strtoull(...) BANNED(strtoull, text_parse_u64)
#undef strtof
#define strtof(...) BANNED(strtof, text_parse_u64)
#undef strtod
#define strtod(...) BANNED(strtod, text_parse_u64)
#undef strtold
#define strtold(...) BANNED(strtold, text_parse_u64)

/* One hidden static result, shared by all callers. */
#undef strtok
#define strtok(...) BANNED(strtok, text_h)
#undef strtok_r
#define strtok_r(...) BANNED(strtok_r, text_h)
#undef strsep
#define strsep(...) BANNED(strsep, text_h)
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
#undef readdir_r
#define readdir_r(...) BANNED(readdir_r, readdir)
#undef getlogin
#define getlogin(...) BANNED(getlogin, a_name_from_the_caller)
#undef cuserid
#define cuserid(...) BANNED(cuserid, a_name_from_the_caller)
#undef ttyname
#define ttyname(...) BANNED(ttyname, a_name_from_the_caller)

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
#undef strcoll
#define strcoll(...) BANNED(strcoll, text_compare)
#undef strxfrm
#define strxfrm(...) BANNED(strxfrm, text_compare)
#undef setlocale
#define setlocale(...) BANNED(setlocale, nothing)

/* Start programs, overflow the stack, can be predicted, or race with others. */
#undef system
#define system(...) BANNED(system, nothing)
#undef popen
#define popen(...) BANNED(popen, nothing)
#undef fork
#define fork(...) BANNED(fork, posix_spawn)
#undef vfork
#define vfork(...) BANNED(vfork, posix_spawn)
#undef execl
#define execl(...) BANNED(execl, posix_spawn)
#undef execlp
#define execlp(...) BANNED(execlp, posix_spawn)
#undef execle
#define execle(...) BANNED(execle, posix_spawn)
#undef execv
#define execv(...) BANNED(execv, posix_spawn)
#undef execvp
#define execvp(...) BANNED(execvp, posix_spawn)
#undef execve
#define execve(...) BANNED(execve, posix_spawn)
#undef execvpe
#define execvpe(...) BANNED(execvpe, posix_spawn)
#undef putenv
#define putenv(...) BANNED(putenv, setenv)
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
#undef srand
#define srand(...) BANNED(srand, getrandom)
#undef rand_r
#define rand_r(...) BANNED(rand_r, getrandom)
#undef srandom
#define srandom(...) BANNED(srandom, getrandom)
#undef drand48
#define drand48(...) BANNED(drand48, getrandom)
#undef lrand48
#define lrand48(...) BANNED(lrand48, getrandom)
#undef mrand48
#define mrand48(...) BANNED(mrand48, getrandom)
#undef tmpnam
#define tmpnam(...) BANNED(tmpnam, file_h)
#undef tempnam
#define tempnam(...) BANNED(tempnam, file_h)
#undef mktemp
#define mktemp(...) BANNED(mktemp, file_h)
#undef tmpfile
#define tmpfile(...) BANNED(tmpfile, file_h)

/* By name, and the name may mean another file by now: look at and change what is open. (access:
 * the hook does not, says scripts/house; commands ask it what they tell people.) */
#undef euidaccess
#define euidaccess(...) BANNED(euidaccess, faccessat)
#undef eaccess
#define eaccess(...) BANNED(eaccess, faccessat)
#undef chmod
#define chmod(...) BANNED(chmod, fchmod)
#undef lchmod
#define lchmod(...) BANNED(lchmod, fchmod)
#undef lchown
#define lchown(...) BANNED(lchown, fchown)
#undef creat
#define creat(...) BANNED(creat, open)

/* One setting of the whole process, behind everybody's back; or what depends on the system. */
#undef umask
#define umask(...) BANNED(umask, fchmod)
#undef chdir
#define chdir(...) BANNED(chdir, openat)
#undef chroot
#define chroot(...) BANNED(chroot, nothing)
#undef alarm
#define alarm(...) BANNED(alarm, emergency_watchdog)
#undef signal
#define signal(...) BANNED(signal, sigaction)
#undef sigset
#define sigset(...) BANNED(sigset, sigaction)

/* Without the signal mask; base/emergency.h has the one jump. */
#undef setjmp
#define setjmp(...) BANNED(setjmp, emergency_h)
#undef _setjmp
#define _setjmp(...) BANNED(_setjmp, emergency_h)
#undef longjmp
#define longjmp(...) BANNED(longjmp, emergency_h)

#endif
