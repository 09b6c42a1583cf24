/* A record (refgate-audit(5)) as sentences. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/table.h"
#include "command/audit_entry.h"
#include "command/narrate.h"

#define CHANGES_MOST 20
#define ID_SHOWN 12

/* One row a word of the record, and how it is told. */
struct told {
    const char *word, *told;
};

static const char *tell(const struct told *table, size_t count, struct text word, const char *other)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(word, text_of(table[i].word)))
            return table[i].told;
    return other;
}
#define TELL(table, word, other) tell((table), TABLE_COUNT(table), (word), (other))

static struct text member(const json_t *object, const char *key)
{
    return entry_text(object, key, NULL);
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* A failure before judging, or the kill switch: nobody looked who it was, and at no snapshot. */
static bool was_judged(const json_t *record)
{
    return !text_equal(entry_text(record, "credential", "evidence"), TEXT("not judged"));
}

static struct text id_shown(struct text id)
{
    if (id.size > ID_SHOWN)
        id.size = ID_SHOWN;
    return id;
}

/* ------------------------------------------------------------------ where and when */

/* PRJ/app, or what is known of it. */
static const char *place_of(struct narration *n, const json_t *where)
{
    struct text project = member(where, "project"), slug = member(where, "repository");
    if (!project.size && !slug.size)
        return "a repository that was not named";
    const char *name = arena_printf(n->arena, "%s/%s", narration_plain(n, project),
                                    narration_plain(n, slug));
    n->failed |= !name;
    return name ? name : "";
}

static void narrate_push(struct narration *n, const json_t *record)
{
    const json_t *where = json_object_get(record, "push"), *as;
    const char *did = is_true(where, "dry_run")
                          ? "asked (by a dry run) whether a merge could be made"
                      : is_true(where, "merge") ? "merged a pull request"
                                                : "pushed";
    const char *in = is_true(where, "dry_run") || is_true(where, "merge") ? "in" : "to";
    struct text trigger = member(where, "trigger");
    struct text name = entry_text(record, "pusher", "name");
    narration_say(n, "push", 0, "At %s, %s %s %s %s on node %s%s%s.",
                  narration_plain(n, member(record, "time")),
                  name.size ? narration_quoted(n, name) : "somebody", did, in, place_of(n, where),
                  narration_quoted(n, member(record, "host")), trigger.size ? ", trigger " : "",
                  narration_plain(n, trigger));
    if (is_true(where, "native"))
        narration_say(n, "push", 0,
                      "A native git hook asked: who pushed, and where to, nobody said.");
    as = json_object_get(where, "judged_as");
    if (json_is_object(as))
        narration_say(n, "push", 0,
                      "The snapshot knows the repository as %s: it was renamed or moved, and was "
                      "judged as that one.",
                      place_of(n, as));
}

/* ------------------------------------------------------------------ who */

static void narrate_pusher(struct narration *n, const json_t *record)
{
    static const struct told types[] = {
        {"user", "an ordinary user of the snapshot"},
        {"service", "the account of an access key or of a token"},
    };
    const json_t *pusher = json_object_get(record, "pusher");
    const json_t *permission = json_object_get(pusher, "permission");
    struct text bitbucket = member(permission, "bitbucket");
    struct text snapshot = member(permission, "snapshot"), shown = member(pusher, "display_name");
    if (is_true(json_object_get(record, "push"), "native"))
        return; /* nobody said who it was */
    if (!was_judged(record)) {
        narration_say(n, "pusher", 0,
                      "Who %s is and what it may do was not looked at: it was not judged.",
                      narration_quoted(n, member(pusher, "name")));
        return;
    }
    narration_say(n, "pusher", 0, "%s is %s.", narration_quoted(n, member(pusher, "name")),
                  TELL(types, member(pusher, "type"),
                       json_is_object(json_object_get(record, "snapshot"))
                           ? "nobody that the snapshot knows"
                           : "not known: there was no snapshot to look it up in"));
    if (shown.size)
        narration_say(n, "pusher", 0, "Bitbucket calls that account %s.",
                      narration_quoted(n, shown));
    narration_say(n, "pusher", 0, "What it may do here: Bitbucket %s%s, the snapshot %s%s.",
                  bitbucket.size ? "said " : "did not say", narration_plain(n, bitbucket),
                  snapshot.size ? "gives " : "cannot tell", narration_plain(n, snapshot));
}

static const struct told classes[] = {
    {"web", "was made in the web interface or by REST"},
    {"user", "came with a credential of the user, which one is not known"},
    {"user-ssh-key", "came with an SSH key of the user"},
    {"user-token", "came with an HTTP access token of the user"},
    {"user-password", "came with the user's password"},
    {"access-key", "came with an access key"},
    {"repository-token", "came with a token of the repository"},
    {"project-token", "came with a token of the project"},
};
static const struct told confidences[] = {
    {"certain", "That is certain"},
    {"derived", "That is derived from names"},
    {"observed", "That was observed in a log, which the pusher can influence"},
    {"none", "The reason"},
};

static void prove_key(struct narration *n, const json_t *id)
{
    char key[32];
    if (!json_is_integer(id))
        return;
    snprintf(key, sizeof key, "key/%" JSON_INTEGER_FORMAT, json_integer_value(id));
    narration_prove(n, text_of(key));
}

static void narrate_credential(struct narration *n, const json_t *record)
{
    const json_t *credential = json_object_get(record, "credential");
    const json_t *id = json_object_get(credential, "id");
    const json_t *candidates = json_object_get(credential, "candidates");
    struct text label = member(credential, "label"), evidence = member(credential, "evidence");
    struct text class = member(credential, "class");
    char number[32] = "";
    if (!was_judged(record))
        return;
    if (json_is_integer(id))
        snprintf(number, sizeof number, " (number %" JSON_INTEGER_FORMAT ")",
                 json_integer_value(id));
    narration_say(
        n, "credential", 0, "It %s%s%s%s. %s%s%s.",
        TELL(classes, class, "came with a credential that was not recognised"), number,
        label.size ? " labelled " : "", label.size ? narration_quoted(n, label) : "",
        TELL(confidences, member(credential, "confidence"), "How sure that is, nobody said"),
        evidence.size ? ": " : "", narration_plain(n, evidence));
    bool key = text_equal(class, TEXT("access-key"));
    for (size_t i = 0; key && i < json_array_size(candidates); i++)
        prove_key(n, json_array_get(candidates, i));
    if (json_array_size(candidates) > 1)
        narration_say(n, "credential", 0,
                      "It can be any of %zu keys; each was judged, and the strictest verdict "
                      "counted.",
                      json_array_size(candidates));
    if (is_true(credential, "candidates_open"))
        narration_say(n, "credential", 0, "It can also be a key that the sync could not read.");
}

/* ------------------------------------------------------------------ what became of it */

static void narrate_verdict(struct narration *n, const json_t *record)
{
    static const struct told accepted[] = {
        {"accept", "refgate accepted it."},
        {"note", "refgate accepted it, with a note for the record."},
        {"annotate", "refgate accepted it, and told the pusher something."},
    };
    struct text verdict = member(record, "verdict"), disabled = member(record, "disabled");
    const json_t *code = json_object_get(record, "exit");
    const char *word = narration_plain(n, verdict);
    bool refused = !json_is_integer(code) || json_integer_value(code) != 0;
    bool dry = is_true(json_object_get(record, "push"), "dry_run");
    if (json_object_get(record, "disabled"))
        narration_say(n, "verdict", 0,
                      "The kill switch was on (%s): it was let through, whatever the rules say.",
                      narration_quoted(n, disabled));
    else if (!refused)
        narration_say(n, "verdict", 0, "%s",
                      TELL(accepted, verdict,
                           text_equal(member(record, "mode"), TEXT("monitor"))
                               ? "refgate let it through, since the whole configuration was in "
                                 "monitor mode; it would have refused it."
                               : "refgate let it through, although the verdict was against it."));
    else if (json_is_integer(code) && json_integer_value(code) == 1)
        narration_say(n, "verdict", 0, "refgate %s it: policy says no.",
                      dry ? "would refuse" : "refused");
    else
        narration_say(n, "verdict", 0,
                      "refgate %s it: something was wrong, or could not be decided.",
                      dry ? "would refuse" : "refused");
    narration_say(n, "verdict", 0, "The verdict is %s, the mode %s.", word,
                  narration_plain(n, member(record, "mode")));
    if (!refused)
        narration_say(n, "verdict", 0,
                      "Another hook, or Bitbucket itself, may still have refused it.");
}

/* ------------------------------------------------------------------ why */

static const struct told verbs[] = {
    {"reject", "rejects it"},
    {"require-approval", "wants an approval"},
    {"annotate", "has something to tell the pusher"},
    {"note", "is noted"},
    {"accept", "lets it pass"},
};
static const struct told sources[] = {
    {"permission", "What the pusher may do"},
    {"access-key", "The policy for access keys"},
    {"identity", "The identity of the commits"},
    {"namespace", "The kind of ref"},
    {"freshness", "The age of what is known"},
    {"undecided", "A question that could not be answered"},
    {"failure", "A failure"},
};

static const char *source_of(struct narration *n, const json_t *reason)
{
    struct text type = member(reason, "type"), rule = member(reason, "rule");
    const json_t *id = json_object_get(reason, "id");
    const char *said;
    if (text_equal(type, TEXT("restriction")))
        said = arena_printf(n->arena, "Branch permission %" JSON_INTEGER_FORMAT " (%s)",
                            json_integer_value(id),
                            narration_plain(n, member(reason, "restriction")));
    else if (text_equal(type, TEXT("service-account")))
        said = arena_printf(n->arena, "The scope of service account %s", narration_quoted(n, rule));
    else if (text_equal(type, TEXT("rule")))
        said = arena_printf(n->arena, "Rule %s", narration_quoted(n, rule));
    else
        said = arena_printf(n->arena, "%s%s%s", TELL(sources, type, "Something else"),
                            rule.size ? ", by " : "", rule.size ? narration_quoted(n, rule) : "");
    n->failed |= !said;
    return said ? said : "";
}

/* What the map says of the subject, to the last sentence. */
static void add_mapped(struct narration *n, struct text subject)
{
    struct text_list mapped = {NULL, 0};
    n->failed |= !control_map_of(n->map, subject, n->arena, &mapped);
    for (size_t i = 0; i < mapped.count; i++)
        narration_control(n, mapped.items[i]);
}

static void add_evidence(struct narration *n, const json_t *reason)
{
    const json_t *proof = json_object_get(reason, "proof");
    const json_t *controls = json_object_get(reason, "controls");
    for (size_t i = 0; i < json_array_size(proof); i++)
        narration_prove(n, text_of(json_string_value(json_array_get(proof, i))));
    for (size_t i = 0; i < json_array_size(controls); i++)
        narration_control(n, text_of(json_string_value(json_array_get(controls, i))));
    add_mapped(n, member(reason, "type"));
}

/* `holder` has it: the record, or one of its changes. */
static void narrate_reason(struct narration *n, const json_t *reason, const json_t *holder,
                           unsigned depth)
{
    struct text verdict = member(reason, "verdict"), message = member(reason, "message");
    bool monitored = is_true(reason, "monitored");
    bool decisive = !monitored && text_equal(verdict, member(holder, "verdict"));
    bool approved = member(holder, "approval").size &&
                    text_equal(verdict, TEXT("require-approval"));
    narration_say(n,
                  monitored  ? "monitored"
                  : decisive ? "reason"
                             : "also",
                  depth, "%s%s %s: %s.", monitored ? "Only watching, without effect: " : "",
                  source_of(n, reason), TELL(verbs, verdict, "has a say"),
                  narration_plain(n, member(reason, "text")));
    add_evidence(n, reason);
    if (message.size)
        narration_say(n, "message", depth + 1, "It %s the pusher: %s",
                      approved ? "would have told" : "tells", narration_quoted(n, message));
}

void narrate_reasons(struct narration *n, const json_t *holder, unsigned depth)
{
    const json_t *reasons = json_object_get(holder, "reasons");
    const json_t *omitted = json_object_get(holder, "reasons_omitted");
    struct text approval = member(holder, "approval");
    for (size_t i = 0; i < json_array_size(reasons); i++)
        narrate_reason(n, json_array_get(reasons, i), holder, depth);
    if (json_is_integer(omitted))
        narration_say(n, "also", depth, "%" JSON_INTEGER_FORMAT " weaker reasons found no room.",
                      json_integer_value(omitted));
    if (approval.size)
        narration_say(n, "approval", depth, "Approval %s covers it.", narration_plain(n, approval));
}

/* ------------------------------------------------------------------ what was changed */

/* What was asked about history, where that is not in the kind. */
static const char *history_told(const json_t *change)
{
    if (text_equal(member(change, "history"), TEXT("not-asked")))
        return " (whether that rewrites history, no rule asked)";
    return text_equal(member(change, "kind"), TEXT("update"))
               ? ""
               : " (whether that rewrites history could not be told)";
}

static void narrate_change(struct narration *n, const json_t *change, const char *because)
{
    struct text kind = member(change, "kind");
    const char *ref = narration_plain(n, member(change, "ref"));
    const char *from = narration_plain(n, id_shown(member(change, "old")));
    const char *to = narration_plain(n, id_shown(member(change, "new")));
    const char *verdict = narration_plain(n, member(change, "verdict"));
    if (text_equal(kind, TEXT("create")))
        narration_say(n, "change", 0, "It creates %s at %s: %s%s.", ref, to, verdict, because);
    else if (text_equal(kind, TEXT("delete")))
        narration_say(n, "change", 0, "It deletes %s, which was at %s: %s%s.", ref, from, verdict,
                      because);
    else if (text_equal(kind, TEXT("rewrite")))
        narration_say(n, "change", 0, "It rewrites %s from %s to %s: %s%s.", ref, from, to, verdict,
                      because);
    else
        narration_say(n, "change", 0, "It moves %s from %s to %s%s: %s%s.", ref, from, to,
                      history_told(change), verdict, because);
}

static void narrate_changes(struct narration *n, const json_t *record)
{
    const json_t *changes = json_object_get(record, "changes"), *last = NULL;
    size_t count = json_array_size(changes);
    for (size_t i = 0; i < count && i < CHANGES_MOST; i++) {
        const json_t *change = json_array_get(changes, i);
        const json_t *reasons = json_object_get(change, "reasons");
        bool same = last && json_array_size(reasons) && json_equal(reasons, last);
        narrate_change(n, change, same ? ", for the same reasons" : "");
        if (!same)
            narrate_reasons(n, change, 1);
        last = reasons;
    }
    json_int_t total = json_integer_value(json_object_get(record, "changes_total"));
    if (total < (json_int_t)count)
        total = (json_int_t)count;
    if (total > CHANGES_MOST)
        narration_say(n, "change", 0,
                      "%" JSON_INTEGER_FORMAT " more changes are not told (refgate audit show "
                      "--format json has those that were recorded).",
                      total - CHANGES_MOST);
}

/* ------------------------------------------------------------------ on what grounds */

static void narrate_approval(struct narration *n, const json_t *record)
{
    const json_t *approval = json_object_get(record, "approval");
    const json_t *used = json_object_get(approval, "used");
    const json_t *considered = json_object_get(approval, "considered");
    for (size_t i = 0; i < json_array_size(used); i++) {
        const json_t *one = json_array_get(used, i), *who = json_object_get(one, "approver");
        struct text sudo = member(who, "sudo_user");
        narration_say(n, "approval", 0, "Approval %s was used%s. %s%s%s gave it, because: %s",
                      narration_plain(n, member(one, "id")),
                      is_true(one, "again") ? " again, for the same push" : "",
                      narration_quoted(n, member(who, "name")), sudo.size ? " for " : "",
                      sudo.size ? narration_quoted(n, sudo) : "",
                      narration_quoted(n, member(one, "reason")));
        narration_prove(n, member(one, "id"));
        add_mapped(n, TEXT("approval"));
    }
    for (size_t i = 0; i < json_array_size(considered); i++) {
        const json_t *one = json_array_get(considered, i);
        narration_say(n, "approval", 0, "Approval %s was looked at, and not used: %s.",
                      narration_plain(n, member(one, "id")),
                      narration_plain(n, member(one, "state")));
    }
    if (member(approval, "problem").size)
        narration_say(n, "approval", 0, "Approvals could not be looked at: %s.",
                      narration_plain(n, member(approval, "problem")));
    if (json_array_size(used))
        return;
    narration_say(n, "approval", 0, "No approval was used.");
    if (text_equal(member(record, "verdict"), TEXT("require-approval"))) /* it was asked for */
        add_mapped(n, TEXT("approval"));
}

static void prove_digest(struct narration *n, const char *what, const json_t *holder)
{
    struct text digest = member(holder, "digest");
    const char *proof = arena_printf(n->arena, "%s sha256:%.*s", what, TEXT_ARG(digest));
    n->failed |= !proof;
    if (digest.size && proof)
        narration_prove(n, text_of(proof));
}

static void narrate_grounds(struct narration *n, const json_t *record)
{
    const json_t *snapshot = json_object_get(record, "snapshot");
    const json_t *policy = json_object_get(record, "policy"), *part;
    const json_t *age = json_object_get(snapshot, "age_s");
    char old[64] = "an unknown time";
    if (json_is_integer(age) && json_integer_value(age) > INT32_MIN &&
        json_integer_value(age) < INT32_MAX)
        clock_format_duration(json_integer_value(age) * CLOCK_SECOND, old, sizeof old);
    if (json_is_object(snapshot))
        narration_say(n, "snapshot", 0,
                      "What was known of permissions was %s old, from the snapshot written at %s.",
                      old, narration_plain(n, member(snapshot, "generated")));
    else
        narration_say(n, "snapshot", 0,
                      was_judged(record) ? "There was no snapshot of permissions to judge by."
                                         : "No snapshot of permissions was looked at.");
    prove_digest(n, "snapshot", snapshot);
    part = json_object_get(snapshot, "part");
    if (json_is_object(part))
        narration_say(n, "snapshot", 0, "The repository was read anew after the rest, at %s.",
                      narration_plain(n, member(part, "read")));
    if (json_is_object(policy))
        narration_say(n, "policy", 0, "The rules were those of refgate.conf as it was then.");
    else
        narration_say(n, "policy", 0, "No configuration could be used.");
    prove_digest(n, "refgate.conf", policy);
}

void narrate_record(struct narration *n, const json_t *record)
{
    narrate_push(n, record);
    narrate_pusher(n, record);
    narrate_credential(n, record);
    narrate_verdict(n, record);
    if (!json_object_get(record, "disabled")) /* the reason was told with the switch */
        narrate_reasons(n, record, 1);
    narrate_changes(n, record);
    narrate_approval(n, record);
    narrate_grounds(n, record);
}

/* ------------------------------------------------------------------ the line itself */

static const char *line_verdict(const struct line_check *line)
{
    if (!line->sealed)
        return "The line carries no hash: it was not written by the hook, or was cut.";
    if (!line->genuine)
        return "The line was edited: it does not have the hash that it carries.";
    if (line->follows_known && !line->follows)
        return "The line has the hash that it carries, but does not follow the line before it: "
               "one was deleted, inserted or moved.";
    if (line->first)
        return "The line has the hash that it carries, and is the first of its log.";
    if (line->follows_known)
        return "The line has the hash that it carries, and follows the line before it. The rest "
               "of the chain: refgate audit verify.";
    return "The line has the hash that it carries; the line before it was not given.";
}

bool narrate_line(struct narration *n, const struct line_check *line)
{
    bool holds = line->sealed && line->genuine && (!line->follows_known || line->follows);
    const char *place = arena_printf(n->arena, "%s:%" PRIu64, line->path, line->number);
    narration_say(n, "chain", 0, "%s", line_verdict(line));
    n->failed |= !place;
    narration_prove(n, text_of(place));
    narration_prove(n, line->hash);
    if (holds)
        add_mapped(n, TEXT("audit"));
    return holds;
}
