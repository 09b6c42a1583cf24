/*
 * version.h - what a program says of its build with --version, after its name and number.
 *
 * Lines of "name: value". They are put together when it is compiled, from what the compiler says of
 * itself, headers of libraries, and options that the Makefile hands on: the hook prints them without
 * any code of its own, and the same sources, compiler and libraries give the same bytes. No date, no
 * path, no name of a machine.
 */
#ifndef REFGATE_BASE_VERSION_H
#define REFGATE_BASE_VERSION_H

extern const char version_build[]; /* architecture, compiler, C library, hardening */
extern const char version_hook[];  /* how the hook is linked, and with what: all of it is inside */
/* The same of the admin tool, without its shared libraries: they say themselves what they are. */
extern const char version_admin_linking[];
extern const char version_admin_libraries[]; /* "libgit2 1.9.0, …": those that are inside */

#endif
