/*
 * install.h - `refgate install`: makes Bitbucket run the hook, in one of three ways.
 *
 * Each way looks at what is there and makes a plan of steps from it; the plan is printed, then done,
 * then each step looks again. A step whose look finds what is wanted does nothing, so that a second run
 * has nothing to do and one that was interrupted goes on.
 */
#ifndef REFGATE_COMMAND_INSTALL_H
#define REFGATE_COMMAND_INSTALL_H

#include <jansson.h>
#include <limits.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/file.h"
#include "bitbucket/hook_registry.h"
#include "command/command.h"
#include "policy/policy.h"

enum install_mark {
    INSTALL_OK,
    INSTALL_NOTE, /* nothing wrong, and worth knowing */
    INSTALL_WARN, /* something may push past the hook, or the hook does not run at all */
    INSTALL_PLAN, /* a step to do */
    INSTALL_SAME, /* a step that found what is wanted */
    INSTALL_DONE,
    INSTALL_LEFT, /* a step that was not tried, since one before it failed */
    INSTALL_FAIL,
};

struct install;
struct install_step;

struct install_kind {
    /* Fills step->is or step->todo. STATUS_USAGE: it must not be done, with a sentence why. */
    enum status (*look)(struct install *in, struct install_step *step, struct error *err);
    /* Only if step->todo. Remembers in the state what is there, before it changes that. */
    enum status (*apply)(struct install *in, struct install_step *step, struct error *err);
};

struct install_step {
    const struct install_kind *kind;
    const char *about; /* "script", "project PRJ": of the line */
    const char *todo;  /* "make the file ..."; NULL: as wanted */
    const char *is;    /* what is there, when it is as wanted */
    enum install_mark result;
    struct error problem; /* if result is INSTALL_FAIL */

    /* What is wanted; each kind has its own. */
    struct hook_place place;
    unsigned triggers; /* 0: not configured in this place */
    enum addon_kind addon;
    struct addon_hook setting; /* enabled false: switched off, the rest does not count */
    const char *path;
    struct text content; /* of a file or script; absent: to be gone */
    mode_t mode;
    uid_t uid; /* of a directory; (uid_t)-1: as that of the directory above it */
    gid_t gid;
    bool guarded;  /* a file with content that is not ours is in the way */
    bool restored; /* back to what was before: forget that once it is done */
};

/* What was there before, as install.json keeps it. */
struct install_state {
    char path[PATH_MAX];
    json_t *root;
    bool found; /* there is such a file */
    int lock;   /* -1: not taken, then `problem` says why */
    struct error problem;
};

struct install {
    const struct arguments *args;
    const char *way;
    bool json, colour, dry_run, uninstall, replace;
    struct arena arena;
    json_t *lines; /* with --format json */
    size_t warnings;

    char hook[PATH_MAX];     /* the program, absolute */
    int hook_fd;             /* open; -1: not needed */
    const char *hook_config; /* absolute; NULL: the hook finds it by itself */
    const char *config;      /* what the hook will read */
    bool config_lent;        /* it belongs to the runner, not to who installs */
    struct policy policy;
    struct {
        bool known;
        uid_t uid;
        gid_t gid;
        char name[64];
    } runner; /* who runs Bitbucket: the owner of its home, or of the repository */
    struct {
        bool switched; /* this process acts as the runner for the moment */
        gid_t *groups; /* to come back to; malloc'ed */
        int group_count;
    } acting;
    const char *home; /* NULL: not given */

    struct client *client;
    struct hook_place *places;
    size_t place_count;
    bool everywhere;           /* --all-projects, --global */
    struct hook_script script; /* id 0: there is none yet */
    const char *name, *description;
    struct text content; /* of the script */

    struct install_step *steps;
    size_t step_count, step_room;
    struct install_state state;
};

/* ---------------------------------------------------------------- install_say.c */

/* Prints a line, or keeps it for the object at the end. `about` and `advice` (may be NULL) and the
 * sentence may hold outside text: escaped here. */
void install_say(struct install *in, enum install_mark mark, const char *about, const char *advice,
                 const char *format, ...) PRINTF_LIKE(5, 6);
/* The lines about steps are printed as they come, but are not among `lines` of the JSON object. */
void install_say_step(struct install *in, enum install_mark mark, const struct install_step *step,
                      const char *text);
/* The JSON object; false: out of memory. */
bool install_dump(struct install *in, const char *result, size_t changed);

/* ---------------------------------------------------------------- install_plan.c */

/* A new step with `kind` and `about`; NULL: out of memory. */
struct install_step *install_step_add(struct install *in, const struct install_kind *kind,
                                      const char *about);
/* Looks, prints the plan, does it, looks again; the exit code of the whole. */
enum command_exit install_carry_out(struct install *in);

/* ---------------------------------------------------------------- install_local.c */

/* Options that all ways share. Prints what is wrong. */
bool install_begin(struct install *in, const struct arguments *args, const char *way);
void install_end(struct install *in); /* also of a zeroed one whose hook_fd and lock are -1 */
/* The program and its configuration: they must be what a hook can be started with. `runner_of`: a path
 * whose owner runs Bitbucket; NULL: not known. `beside`: the directory that the program will be in; NULL:
 * where it is. Prints what is wrong. */
bool install_check_hook(struct install *in, const char *runner_of, const char *beside);
/* What the configuration says that makes the hook let through what it should not. */
void install_check_policy(struct install *in);
/* Steps for the directories that the hook writes to. */
bool install_account_files(struct install *in);
/* "/x/../y" is not made nicer: only put behind the working directory where it is relative. */
bool install_absolute(struct install *in, const char *path, const char **out);

/* ---------------------------------------------------------------- install_actor.c */

/* From here to install_act_end() this process may do in `directory` what it was started for: root does it
 * as itself only where nobody but root decides what the path leads to, and else as who runs Bitbucket, so
 * that a link put there gives nobody more than they have. STATUS_TRUST: neither. */
enum status install_act_begin(struct install *in, const char *directory,
                              struct error *err) MUST_CHECK;
/* Root again. STATUS_IO: cannot be, so that nothing else may be done. */
enum status install_act_end(struct install *in, struct error *err) MUST_CHECK;

/* ---------------------------------------------------------------- install_file.c */

/* step->path shall hold step->content with step->mode, owned as the directory is, or by the runner. */
extern const struct install_kind install_kind_file;
/* step->path shall be a directory. */
extern const struct install_kind install_kind_directory;
/* Adds the step that puts `path` back to what the state remembers of it. */
bool install_file_restore(struct install *in, const char *path);

/* ---------------------------------------------------------------- install_content.c */

/* "#!/bin/sh" and "exec PROGRAM [--native] [--config FILE]", quoted for sh; at NULL: out of memory. */
struct text install_script_of(struct arena *arena, const char *program, const char *config,
                              bool native);
/* Is this what install_script_of() made, for whatever program of that name? */
bool install_script_ours(struct text content);
/* A path whose last part is the hook's name. */
bool install_program_ours(const char *path);

/* ---------------------------------------------------------------- install_state.c */

/* Reads it, if it is there; takes the lock unless it is a dry run. STATUS_FORMAT, STATUS_TRUST,
 * STATUS_IO; STATUS_BUSY: another install is at work. */
enum status install_state_open(struct install *in, const char *path, struct error *err) MUST_CHECK;
enum status install_state_save(struct install *in, struct error *err) MUST_CHECK;
void install_state_close(struct install_state *state);
/* The object below `keys` (ends with NULL); NULL: not there, or (make) out of memory. */
json_t *install_state_at(struct install *in, bool make, const char *const *keys);
/* Bytes as a JSON text and back. */
json_t *install_state_bytes(struct text bytes);
enum status install_state_text(const json_t *value, struct arena *arena, struct text *out,
                               struct error *err) MUST_CHECK;

/* ---------------------------------------------------------------- install_server.c */

/* Makes the client, asks for Bitbucket's version, says what it means for hook scripts (if `scripts`).
 * Prints what is wrong. */
bool install_connect(struct install *in, bool scripts);
/* The operands as places; all projects with --all-projects. Prints what is wrong. */
bool install_places(struct install *in);
/* "project PRJ", "repository PRJ/app", "everywhere"; "PRJ", "PRJ/app", "": as the state's key. */
const char *install_place_label(struct install *in, struct hook_place place);
const char *install_place_key(struct install *in, struct hook_place place);
enum hook_scope install_place_scope(struct hook_place place);

/* ---------------------------------------------------------------- the ways */

enum command_exit install_hook_script(struct install *in);
enum command_exit install_external_hooks(struct install *in);
enum command_exit install_native(struct install *in);

#endif
