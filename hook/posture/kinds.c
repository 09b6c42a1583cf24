/*
 * kinds.c - the kinds of findings, one row each: what it is called, how much it matters as a rule, why,
 * and what to do. The names are in JSON, in baselines and in the control map: they stay as they are.
 */
#include "posture/kinds.h"

const struct posture_kind posture_kinds[] = {
    /* ---- default branches */
    [POSTURE_UNPROTECTED_DEFAULT_BRANCH] =
        {"unprotected-default-branch", SEVERITY_HIGH, "Default branch takes direct pushes",
         "Whoever may write to the repository changes what is built and shipped from it, without a "
         "review and without a pull request.",
         "Add a branch restriction (pull-request-only or read-only) on the default branch, in the "
         "project if it is meant for all of its repositories."},
    [POSTURE_DEFAULT_BRANCH_REWRITE] =
        {"default-branch-rewrite", SEVERITY_HIGH, "History of the default branch can be rewritten",
         "A forced push replaces commits that others have built on; what was there before is no "
         "longer reachable and what was reviewed is no longer what is there.",
         "Add a fast-forward-only restriction on the default branch."},
    [POSTURE_DEFAULT_BRANCH_DELETE] =
        {"default-branch-delete", SEVERITY_MEDIUM, "Default branch can be deleted",
         "Nothing that is configured stops a push that deletes the branch all work starts from.",
         "Add a no-deletes restriction on the default branch."},
    /* ---- who may write */
    [POSTURE_PUBLIC_WRITE_DEFAULT] =
        {"public-write-default", SEVERITY_HIGH, "Public, and writable for every licensed user",
         "Anybody can read it, and each account of the instance can change it: one stolen password of "
         "anybody is enough to publish changed code.",
         "Set the default permission of the project to none or read, and grant write to a group."},
    [POSTURE_WRITE_BY_DEFAULT] =
        {"write-by-default", SEVERITY_MEDIUM, "Write access by the project's default permission",
         "Each licensed user, also of years to come, may write to each repository of the project; "
         "nobody decided it for any of them.",
         "Set the default permission to none or read, and grant write to the group that needs it."},
    [POSTURE_WRITE_BY_BROAD_GROUP] =
        {"write-by-broad-group", SEVERITY_MEDIUM,
         "Write access for a group that nearly everybody is in",
         "A grant for such a group is a grant for whoever gets an account; who is in the group is "
         "decided by those who keep the accounts, not by those who own the code.",
         "Replace the grant by one for the group of people who work on it."},
    [POSTURE_SINGLE_ADMIN_GRANT] =
        {"single-admin-grant", SEVERITY_LOW,
         "One person's one grant is all the administration there is",
         "When that person leaves, nobody but the administrators of the instance can change "
         "permissions, restrictions and keys there; and nobody else sees what that person changes.",
         "Grant administration to a group of at least two people."},
    [POSTURE_UNUSED_WRITE_GRANT] =
        {"unused-write-grant", SEVERITY_LOW, "Write access that was not used",
         "Rights that nobody uses are rights that only an attacker misses. Only pushes are seen: "
         "whether somebody reads, opens pull requests or merges them on the server cannot be told "
         "from a log of pushes alone.",
         "Ask whether reading is enough, then replace write by read or remove the grant."},
    /* ---- access keys, SSH keys of users, tokens */
    [POSTURE_WRITE_KEY_NEVER_USED] = {"write-key-never-used", SEVERITY_LOW,
                                      "Access key with write access that was never used",
                                      "A key nobody used is a key nobody misses when it is copied.",
                                      "Remove the key, or make it read-only."},
    [POSTURE_WRITE_KEY_STALE] =
        {"write-key-stale", SEVERITY_LOW, "Access key with write access, not used for long",
         "What the key was made for has probably gone, and its private half is still on some disk.",
         "Remove the key, or make it read-only."},
    [POSTURE_WRITE_KEY_OLD] =
        {"write-key-old", SEVERITY_LOW, "Access key with write access that was never replaced",
         "The longer a private key lies around, the more disks, images and backups have a copy.",
         "Replace the key by a new one with an expiry date."},
    [POSTURE_WRITE_KEY_WEAK] =
        {"write-key-weak", SEVERITY_HIGH,
         "Access key with write access that is cryptographically weak",
         "DSA keys and RSA keys of less than 2048 bits are no longer considered safe: who computes "
         "the private half can push.",
         "Replace the key by an Ed25519 key (or RSA of at least 3072 bits)."},
    [POSTURE_WRITE_KEY_SHARED] =
        {"write-key-shared", SEVERITY_MEDIUM, "One access key may write in several places",
         "Whoever has the key of one pipeline can push to the repositories of all the others, and the "
         "log cannot tell which of them it was.",
         "Give each repository a key of its own."},
    [POSTURE_WRITE_KEY_EXPIRING] =
        {"write-key-expiring", SEVERITY_LOW, "Access key with write access that expires soon",
         "What pushes with it stops on that day, and under pressure people replace it by a key that "
         "never expires.",
         "Replace the key before that day, or remove it."},
    [POSTURE_USER_KEY_WEAK] =
        {"user-key-weak", SEVERITY_MEDIUM, "SSH key of a user that is cryptographically weak",
         "Who computes the private half of such a key is that user, with all that the user may do.",
         "Ask the user to replace the key by an Ed25519 key."},
    [POSTURE_USER_KEY_STALE] = {"user-key-stale", SEVERITY_INFO,
                                "SSH key of a user that is not in use",
                                "It opens what the user may open, and nobody would miss it.",
                                "Ask the user to remove the key."},
    [POSTURE_TOKEN_WITHOUT_EXPIRY] =
        {"token-without-expiry", SEVERITY_MEDIUM, "HTTP access token that never expires",
         "A token in a forgotten script or a leaked log works until somebody finds it.",
         "Replace the token by one with an expiry date, and set a maximum life time in Bitbucket."},
    /* ---- rules that do not do what they seem to do */
    [POSTURE_EXEMPTION_UNUSABLE] =
        {"exemption-unusable", SEVERITY_LOW, "Exemption for somebody who cannot use it",
         "It shows that the restriction is not looked after; it comes alive when an account, a group "
         "or a grant of that name comes back.",
         "Remove the exemption from the restriction."},
    [POSTURE_RESTRICTION_UNUSED_PATTERN] =
        {"restriction-unused-pattern", SEVERITY_INFO, "Restriction for refs that nobody pushes to",
         "It may have a typing mistake in its pattern, or protect a branch that is called something "
         "else by now.",
         "Compare the pattern with the names of the branches, and correct or remove it."},
    [POSTURE_SERVICE_ACCOUNT_OUT_OF_SCOPE] =
        {"service-account-out-of-scope", SEVERITY_HIGH, "Service account reaches beyond its scope",
         "What its password or token opens is more than what the configuration says that it is for.",
         "Remove the grants beyond its scope, or extend the scope in [service-account]."},
    /* ---- webhooks and the hook itself */
    [POSTURE_WEBHOOK_EXTERNAL] =
        {"webhook-external", SEVERITY_MEDIUM, "Webhook to an outside host",
         "Names of projects, branches, people and commit messages leave the company with each push; "
         "and what the receiver does upon it is not under your control.",
         "Check who receives it and why; name the host with --inside if it is yours."},
    [POSTURE_WEBHOOK_WITHOUT_OWNER] =
        {"webhook-without-owner", SEVERITY_LOW, "Webhook where nobody is in charge",
         "No active person administers the place that it reports from, so nobody notices when the "
         "receiver changes hands.",
         "Give the place an administrator, and remove the webhook if nobody knows what it is for."},
    [POSTURE_HOOK_INACTIVE] =
        {"hook-inactive", SEVERITY_HIGH, "refgate is not active here",
         "Pushes to this repository are neither judged nor recorded.",
         "Enable the hook for the whole project or for the instance, not one repository at a time."},
    /* ---- the evidence itself */
    [POSTURE_INCOMPLETE_SNAPSHOT] =
        {"incomplete-snapshot", SEVERITY_MEDIUM, "The snapshot is not complete",
         "What could not be read could not be looked at: for these places no finding is no good news.",
         "Run `refgate sync` again with an account that may read everything."},
    [POSTURE_STALE_SNAPSHOT] =
        {"stale-snapshot", SEVERITY_MEDIUM, "The snapshot is old",
         "The findings are about how things were then, and so are the decisions of the hook.",
         "Run `refgate sync`, and see that the timer that runs it is on."},
};
const size_t posture_kind_count = sizeof posture_kinds / sizeof posture_kinds[0];
_Static_assert(sizeof posture_kinds / sizeof posture_kinds[0] == POSTURE_KINDS, "a row a kind");

const struct posture_kind *posture_kind_find(struct text name)
{
    for (size_t i = 0; i < posture_kind_count; i++)
        if (text_equal(name, text_of(posture_kinds[i].name)))
            return &posture_kinds[i];
    return NULL;
}
