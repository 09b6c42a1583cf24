/*
 * hook_registry.h - which hooks Bitbucket runs where, read and changed over its REST API: hook scripts
 * (Bitbucket 6.2 and later) and the pre-receive hook of the External Hooks add-on.
 *
 * Sources: the OpenAPI description of Bitbucket 9.4 for hook scripts and for settings/hooks;
 * hook-contract.md for the add-on. REST lists neither all hook scripts nor configures one for the
 * whole instance; the add-on's own REST has a global scope from its version 12.
 *
 * All functions: STATUS_OK, or what client_get() gives; STATUS_NOT_FOUND where the place, the script or
 * the add-on is not there; STATUS_DENIED-like refusals (401, 403) are STATUS_TRUST with the permission
 * that is needed in the sentence; STATUS_USAGE for what Bitbucket refuses as not valid (400, 409, 422),
 * with its own words, escaped. STATUS_UNSUPPORTED: this Bitbucket has no such REST resource (too old,
 * or hook scripts are switched off).
 */
#ifndef REFGATE_BITBUCKET_HOOK_REGISTRY_H
#define REFGATE_BITBUCKET_HOOK_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "bitbucket/client.h"
#include "model/push.h"

#define HOOK_NAME_MAX 256
#define HOOK_TEXT_MAX 4096
#define HOOK_CONTENT_MAX ((size_t)16 * 1024 * 1024) /* a hook script may be a program */

/* Where a hook runs. project NULL: everywhere; slug NULL: in all repositories of the project. */
struct hook_place {
    const char *project, *slug;
};

/* What makes Bitbucket run a hook script: bits 1 << enum trigger (model/push.h). This is each way by
 * which a ref changes. */
#define HOOK_TRIGGERS_ALL                                                             \
    (1U << TRIGGER_PUSH | 1U << TRIGGER_BRANCH_CREATE | 1U << TRIGGER_BRANCH_DELETE | \
     1U << TRIGGER_TAG_CREATE | 1U << TRIGGER_TAG_DELETE | 1U << TRIGGER_FILE_EDIT |  \
     1U << TRIGGER_PULL_REQUEST_MERGE)
/* "push, branch-create" into bits; false: `unknown` is the first word that is none of them. */
bool hook_triggers_parse(const char *text, unsigned *triggers, char unknown[HOOK_NAME_MAX]);
/* Bits into "push, branch-create"; always ends with a NUL. */
void hook_triggers_format(unsigned triggers, char *out, size_t size);

struct hook_script {
    uint64_t id;
    char name[HOOK_NAME_MAX], description[HOOK_TEXT_MAX], plugin[HOOK_NAME_MAX];
    bool pre; /* PRE, not POST */
    uint64_t version;
};

enum hook_scope { HOOK_GLOBAL, HOOK_PROJECT, HOOK_REPOSITORY };

/* A hook script at work in a place. */
struct hook_script_use {
    struct hook_script script;
    enum hook_scope scope;
    unsigned triggers;   /* those known here */
    bool other_triggers; /* and others. An empty list in Bitbucket means all: then HOOK_TRIGGERS_ALL
                          * and others */
};

/* Hook scripts that run in a project (slug NULL) or repository, those inherited included. The receiver
 * frees *uses with free(). The place must have a project. */
enum status hook_scripts_of(struct client *client, struct hook_place place,
                            struct hook_script_use **uses, size_t *count,
                            struct error *err) MUST_CHECK;
/* STATUS_NOT_FOUND if there is none with this id. */
enum status hook_script_get(struct client *client, uint64_t id, struct hook_script *out,
                            struct error *err) MUST_CHECK;
/* The content; the receiver frees it. Needs SYS_ADMIN. */
enum status hook_script_content(struct client *client, uint64_t id, char **content, size_t *size,
                                struct error *err) MUST_CHECK;
/* By name, among those of the projects given and then by asking for one number after the other, until
 * 50 in a row are not there (at most 2000): REST has no list. STATUS_NOT_FOUND: there is none.
 * Case-sensitive; only those of type PRE. */
enum status hook_script_find(struct client *client, const char *name,
                             const struct hook_place *places, size_t place_count,
                             struct hook_script *out, struct error *err) MUST_CHECK;
/* A new one of type PRE. Never sent twice: after a lost answer, find it. Needs SYS_ADMIN. */
enum status hook_script_create(struct client *client, const char *name, const char *description,
                               struct text content, struct hook_script *out,
                               struct error *err) MUST_CHECK;
/* NULL and an absent text are left as they are. */
enum status hook_script_update(struct client *client, uint64_t id, const char *name,
                               const char *description, struct text content,
                               struct hook_script *out, struct error *err) MUST_CHECK;
/* Removes the script and where it runs. Not there any more is STATUS_OK. */
enum status hook_script_delete(struct client *client, uint64_t id, struct error *err) MUST_CHECK;
/* Runs it in a project or repository, on these triggers. Needs the administration of the place. */
enum status hook_script_enable(struct client *client, uint64_t id, struct hook_place place,
                               unsigned triggers, struct error *err) MUST_CHECK;
/* Not there any more is STATUS_OK, too. */
enum status hook_script_disable(struct client *client, uint64_t id, struct hook_place place,
                                struct error *err) MUST_CHECK;

/* The External Hooks add-on's pre-receive hook. */
struct addon_hook {
    bool enabled;
    enum hook_scope scope;      /* where the setting comes from */
    char exe[HOOK_TEXT_MAX];    /* relative to shared/external-hooks if safe_path */
    char params[HOOK_TEXT_MAX]; /* one a line, LF between them */
    bool safe_path;
    char version[HOOK_NAME_MAX]; /* of the add-on; "" where it is not said (globally) */
};
/* Which of the add-on's hooks: pushes, or the merge check, without which merges pass. */
enum addon_kind { ADDON_PRE_RECEIVE, ADDON_MERGE_CHECK };

/* STATUS_UNSUPPORTED: the add-on is not installed (or, without a project, has no global hooks). */
enum status addon_hook_get(struct client *client, enum addon_kind kind, struct hook_place place,
                           struct addon_hook *out, struct error *err) MUST_CHECK;
/* Writes exe, params and safe_path (unless exe is "": then they stay) and switches it on or off
 * (hook->enabled). Globally it then waits until the add-on has applied it everywhere: 10 minutes at
 * most (STATUS_DEADLINE). */
enum status addon_hook_set(struct client *client, enum addon_kind kind, struct hook_place place,
                           const struct addon_hook *hook, struct error *err) MUST_CHECK;

/* What its project says holds for the repository again: switched off by addon_hook_set() it would stay
 * off whatever the project says. `repository` has a slug: for projects REST has no such thing. */
enum status addon_hook_inherit(struct client *client, enum addon_kind kind,
                               struct hook_place repository, struct error *err) MUST_CHECK;

/* Keys of all projects that the account may see; Bitbucket lists no personal ones ("~name") here.
 * The receiver frees each and the array. */
enum status hook_projects(struct client *client, char ***keys, size_t *count,
                          struct error *err) MUST_CHECK;

#endif
