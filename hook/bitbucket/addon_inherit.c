#include "bitbucket/addon_inherit.h"

#include "bitbucket/hook_ask.h"

#define HOOKS "/settings/hooks/com.ngs.stash.externalhooks.external-hooks:"

enum status addon_hook_inherit(struct client *client, enum addon_kind kind,
                               struct hook_place repository, struct error *err)
{
    struct hook_ask ask;
    hook_ask_init(&ask, CLIENT_DELETE, "REPO_ADMIN");
    hook_ask_place(&ask, repository);
    buffer_string(&ask.url, kind == ADDON_MERGE_CHECK ? HOOKS "external-merge-check-hook"
                                                      : HOOKS "external-pre-receive-hook");
    enum status status = hook_ask_send(&ask, client, NULL, err);
    hook_ask_free(&ask);
    return status;
}
