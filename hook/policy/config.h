/*
 * config.h - refgate.conf (semantics.md 3 to 6 and 8; refgate.conf(5)).
 *
 * One table holds every key: section, name, type, default, help. Parser, `policy show`, the manual
 * and the shipped config/refgate.conf are checked against it.
 */
#ifndef REFGATE_POLICY_CONFIG_H
#define REFGATE_POLICY_CONFIG_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "model/answer.h"
#include "policy/policy.h"

#define CONFIG_SIZE_MAX ((size_t)4 * 1024 * 1024)
#define CONFIG_LINE_MAX 4000
#define CONFIG_ERRORS_MAX 100 /* more are counted, not printed */

struct config_errors { /* every problem, "refgate.conf:12: sentence\n" each, in file order */
    struct buffer lines;
    size_t count;
};
void config_errors_init(struct config_errors *errors);
void config_errors_free(struct config_errors *errors);

/* Parses and checks the whole file; no I/O, but for /etc/passwd when [trust] owners has a name.
 * `file_name` is the base name for messages. `bytes` may go away afterwards.
 * STATUS_FORMAT with at least one line in `errors`; *out untouched then. STATUS_MEMORY. */
enum status config_parse(struct text bytes, const char *file_name, struct arena *arena,
                         struct policy *out, struct config_errors *errors) MUST_CHECK;

/* What was written where, for `policy show` and lint: one entry a key that the file sets, in the
 * order of the file. The texts live in the arena. */
struct config_section;
struct config_key;
struct config_renamed;
struct config_entry {
    const struct config_section *section;
    struct text name;             /* of a named section, else absent */
    unsigned section_line;        /* of its header */
    const struct config_key *key; /* NULL: the section's header itself */
    unsigned line;
    struct text value; /* as written, without comments, on one line */
    const struct config_renamed *renamed; /* it has its old name there (config_renamed.h) */
};
struct config_listing {
    const struct config_entry *entries;
    size_t count;
};
/* The same as config_parse(), but `bytes` are not copied: they must live as long as the policy.
 * Fills `listing` when it is not NULL. */
enum status config_parse_kept(struct text bytes, const char *file_name, struct arena *arena,
                              struct policy *out, struct config_errors *errors,
                              struct config_listing *listing) MUST_CHECK;
/* The entry of a key in the section whose header is on that line (0: of a section that is not
 * named); NULL if the file does not set it. */
const struct config_entry *config_listing_find(const struct config_listing *listing,
                                               const char *section, unsigned section_line,
                                               const char *key);

/* Where the configuration is: `option` (--config) if not NULL, else refgate.conf beside the
 * executable if it exists, else /etc/refgate/refgate.conf. Never from the environment. */
enum status config_locate(const char *option, char *out, size_t size, struct error *err) MUST_CHECK;
/* Bounded read without a trust check, "-" for standard input: for tools that look at a file that
 * is not in use (yet). STATUS_NOT_FOUND, STATUS_IO, STATUS_LIMIT. */
enum status config_read_file(const char *path, struct buffer *out, struct error *err) MUST_CHECK;
/* The last part of a path. */
const char *config_base_name(const char *path);
/* Trust check, bounded read, parse. Errors of I/O and trust are put into `errors` too, so that
 * there is one thing to print. */
enum status config_load(const char *path, struct arena *arena, struct policy *out,
                        struct config_errors *errors) MUST_CHECK;

/* The kill switch: `refgate.disabled` in the directory of the configuration at `config_path`.
 * YES with the reason's text (escaped, at most 200 bytes) in *reason; NO if it does not exist;
 * CANNOT_TELL if it exists and is not trusted or cannot be read (the caller then goes on as if it
 * did not exist, and says so in syslog). */
enum answer config_disabled(const char *config_path, struct arena *arena, struct text *reason,
                            struct error *err);
#define CONFIG_DISABLED_NAME "refgate.disabled"

#endif
