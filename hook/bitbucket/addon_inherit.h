/* addon_inherit.h - a repository that no longer has a setting of its own for the External Hooks add-on. */
#ifndef REFGATE_BITBUCKET_ADDON_INHERIT_H
#define REFGATE_BITBUCKET_ADDON_INHERIT_H

#include "bitbucket/hook_registry.h"

/* What its project says holds for the repository again; switched off there (hook_registry.h) it would
 * stay off whatever the project says. `repository` has a slug: for projects REST has no such thing.
 * Errors as in hook_registry.h. */
enum status addon_hook_inherit(struct client *client, enum addon_kind kind,
                               struct hook_place repository, struct error *err) MUST_CHECK;

#endif
