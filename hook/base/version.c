#include "base/version.h"

#include <cdb.h>
#include <features.h>
#include <git2/common.h> /* what version.h needs */
#include <git2/version.h>
#include <jansson.h>
#include <zlib.h>

/* What the Makefile knows; unknown to whoever compiles this file in another way. */
#ifndef REFGATE_OPTIONS
#define REFGATE_OPTIONS "unknown"
#endif
#ifndef REFGATE_HOOK_LINKING
#define REFGATE_HOOK_LINKING "unknown"
#endif
#ifndef REFGATE_ADMIN_LINKING
#define REFGATE_ADMIN_LINKING "unknown"
#endif
/* These two have no number in their headers. */
#ifndef REFGATE_INIH_VERSION
#define REFGATE_INIH_VERSION "unknown"
#endif
#ifndef REFGATE_LIBMD_VERSION
#define REFGATE_LIBMD_VERSION "unknown"
#endif

#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

#if defined __x86_64__
#define ARCHITECTURE "x86_64"
#elif defined __aarch64__
#define ARCHITECTURE "aarch64"
#elif defined __powerpc64__
#define ARCHITECTURE "ppc64"
#elif defined __s390x__
#define ARCHITECTURE "s390x"
#elif defined __riscv
#define ARCHITECTURE "riscv"
#elif defined __i386__
#define ARCHITECTURE "i386"
#else
#define ARCHITECTURE "another"
#endif

/* Not __VERSION__: distributions put addresses of their repositories into it. */
#if defined __clang__
#define COMPILER \
    "clang " TEXT_OF(__clang_major__) "." TEXT_OF(__clang_minor__) "." TEXT_OF(__clang_patchlevel__)
#elif defined __GNUC__
#define COMPILER \
    "gcc " TEXT_OF(__GNUC__) "." TEXT_OF(__GNUC_MINOR__) "." TEXT_OF(__GNUC_PATCHLEVEL__)
#else
#define COMPILER "another"
#endif

#ifdef __GLIBC__
#define C_LIBRARY "glibc " TEXT_OF(__GLIBC__) "." TEXT_OF(__GLIBC_MINOR__)
#else
#define C_LIBRARY "another"
#endif

#ifdef TINYCDB_VERSION
#define CDB TEXT_OF(TINYCDB_VERSION)
#else
#define CDB "unknown"
#endif

const char version_build[] = "architecture: " ARCHITECTURE "\n"
                             "compiler: " COMPILER "\n"
                             "options: " REFGATE_OPTIONS "\n"
                             "C library: " C_LIBRARY "\n";

#define INSIDE                                                                 \
    "libgit2 " LIBGIT2_VERSION ", inih " REFGATE_INIH_VERSION ", tinycdb " CDB \
    ", libmd " REFGATE_LIBMD_VERSION

const char version_hook[] = "linking: " REFGATE_HOOK_LINKING "\n"
                            "libraries: " INSIDE ", jansson " JANSSON_VERSION ", zlib " ZLIB_VERSION
                            "\n";
const char version_admin_linking[] = "linking: " REFGATE_ADMIN_LINKING "\n";
const char version_admin_libraries[] = INSIDE;
