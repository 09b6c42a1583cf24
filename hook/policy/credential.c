/*
 * credential.c - with what does the pusher push? (semantics.md 5)
 *
 * Bitbucket names the user and never the credential. Keys and tokens push as service users, whose
 * names have a shape of their own; an ordinary user's means is unknown unless a trusted wrapper
 * tells. What a name leaves open stays open: `possible` is the set of classes that it may be.
 */
#include "policy/judge.h"

#define BIT(class) (1u << CREDENTIAL_##class)
#define ANY_USER (BIT(USER) | BIT(USER_SSH_KEY) | BIT(USER_TOKEN) | BIT(USER_PASSWORD))
#define ANY_CLASS ((1u << CREDENTIAL_CLASSES) - 1)
#define KEY_NAME_SIZE 16

/* ------------------------------------------------------------------ the shape of a name */

static bool is_key_name(struct text name)
{
    if (name.size != KEY_NAME_SIZE)
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!ascii_digit(name.at[i]) && !(name.at[i] >= 'a' && name.at[i] <= 'f'))
            return false;
    return true;
}

/* Bitbucket calls an access key's service user "Access Key User - LABEL". */
static bool key_label(struct text display_name, struct text *label)
{
    struct text prefix = TEXT("Access Key User - ");
    if (!text_starts(display_name, prefix))
        return false;
    *label = text_skip(display_name, prefix.size);
    return true;
}

static bool token_scope(struct text name, struct text prefix, uint64_t *id)
{
    return text_starts(name, prefix) &&
           text_parse_u64(text_skip(name, prefix.size), UINT64_MAX, true, id);
}

/* access-token-user/2/ID is of repository ID, access-token-user/1/ID of project ID. */
static enum credential_class token_class(struct text name, uint64_t *id)
{
    if (token_scope(name, TEXT("access-token-user/2/"), id))
        return CREDENTIAL_REPOSITORY_TOKEN;
    if (token_scope(name, TEXT("access-token-user/1/"), id))
        return CREDENTIAL_PROJECT_TOKEN;
    return CREDENTIAL_UNKNOWN;
}

/* ------------------------------------------------------------------ what it is */

static void set_class(struct judge *j, enum credential_class class, enum confidence confidence,
                      const char *evidence)
{
    struct credential *credential = &j->out->credential;
    credential->class = class;
    credential->confidence = confidence;
    credential->evidence = text_of(evidence);
    j->possible = 1u << class;
}

static bool by_web(const struct push *push)
{
    if (push->merge)
        return true;
    switch (push->trigger) {
    case TRIGGER_BRANCH_CREATE:
    case TRIGGER_BRANCH_DELETE:
    case TRIGGER_TAG_CREATE:
    case TRIGGER_TAG_DELETE:
    case TRIGGER_FILE_EDIT:
        return true;
    default:
        return false;
    }
}

static void is_user(struct judge *j)
{
    if (by_web(j->push)) {
        set_class(j, CREDENTIAL_WEB, CONFIDENCE_CERTAIN,
                  "an ordinary user and a trigger of the web interface or of REST");
        return;
    }
    set_class(j, CREDENTIAL_USER, CONFIDENCE_CERTAIN, "an ordinary user; by what means is unknown");
    j->possible = ANY_USER;
}

static struct text label_of_key(struct judge *j, uint64_t id)
{
    struct snapshot_key key;
    return ASK(j, access_key, id, &key) == ANSWER_YES ? key.label : TEXT_NONE;
}

static void one_candidate(struct judge *j, uint64_t id)
{
    struct credential *credential = &j->out->credential;
    uint64_t *candidates = judge_alloc(j, 1, sizeof *candidates);
    if (!candidates)
        return;
    candidates[0] = id;
    credential->candidates = candidates;
    credential->candidate_count = 1;
    credential->candidates_open = false;
    credential->key_mapped = true;
    j->may_pose = false;
    struct text label = label_of_key(j, id);
    if (label.at)
        credential->label = label;
}

unsigned credential_question(const struct judge *j)
{
    return j->out->credential.candidates_open ? QUESTION_KEYS_UNREAD : QUESTION_KEY;
}

/* Adds an id to an ascending list, once. */
static size_t insert_id(uint64_t *ids, size_t count, uint64_t id)
{
    size_t at = count;
    while (at > 0 && ids[at - 1] >= id)
        at--;
    if (at < count && ids[at] == id)
        return count;
    memmove(ids + at + 1, ids + at, (count - at) * sizeof *ids);
    ids[at] = id;
    return count + 1;
}

/* The keys that may write to this repository, its own and its project's, with exactly this label. */
static void candidates_by_label(struct judge *j, struct text label)
{
    struct credential *credential = &j->out->credential;
    const struct repository_key *keys;
    size_t count, found = 0;
    credential->candidates_open = repository_incomplete(j) & INCOMPLETE_KEYS;
    if (j->repository_known != ANSWER_YES || ASK(j, repository_keys, j->repository.project_key,
                                                 j->repository.slug, &keys, &count) != ANSWER_YES)
        return;
    uint64_t *ids = judge_alloc(j, count + 1, sizeof *ids);
    if (!ids)
        return;
    for (size_t i = 0; i < count; i++)
        if (text_equal(keys[i].label, label) &&
            permission_on_repository(keys[i].permission) >= PERMISSION_REPO_WRITE)
            found = insert_id(ids, found, keys[i].id);
    credential->candidates = ids;
    credential->candidate_count = found;
}

static void is_key_by_label(struct judge *j, struct text label)
{
    struct credential *credential = &j->out->credential;
    set_class(j, CREDENTIAL_ACCESS_KEY, CONFIDENCE_DERIVED, "");
    credential->label = label;
    candidates_by_label(j, label);
    credential->evidence = credential->candidates_open
                               ? TEXT("name and display name of an access key; the sync could not "
                                      "read all keys that are granted here")
                           : credential->candidate_count == 1
                               ? TEXT("display name matches one key of the repository")
                           : credential->candidate_count > 1
                               ? TEXT("display name matches several keys of the repository")
                               : TEXT("name and display name of an access key, but no "
                                      "such key is known here");
    /* Service users have no address; a new account that poses as one has, and is a stranger. */
    j->may_pose = j->stranger = j->push->user_email.size > 0;
}

static void is_token(struct judge *j, enum credential_class class, uint64_t id)
{
    struct credential *credential = &j->out->credential;
    bool of_project = class == CREDENTIAL_PROJECT_TOKEN;
    credential->token_scope_id = id;
    if (j->repository_known != ANSWER_YES) {
        set_class(j, class, CONFIDENCE_DERIVED,
                  "name of a token; its id cannot be compared, the repository is not known");
    } else if (id == (of_project ? j->repository.project.id : j->repository.id)) {
        set_class(j, class, CONFIDENCE_DERIVED,
                  of_project ? "name of a token of this project"
                             : "name of a token of this repository");
    } else {
        set_class(j, CREDENTIAL_UNKNOWN, CONFIDENCE_DERIVED,
                  "name of a token of another repository or project");
        j->possible |= 1u << class;
        credential->foreign_token = credential->service_shape = true;
    }
    j->groupless = true;
}

static void is_stranger(struct judge *j)
{
    set_class(j, CREDENTIAL_UNKNOWN, CONFIDENCE_NONE,
              "neither an ordinary user of the snapshot nor the name of a key or token");
    if (is_key_name(j->push->user_name)) {
        j->out->credential.service_shape = true;
        j->possible |= BIT(ACCESS_KEY);
    }
    j->stranger = true;
}

/* Not an ordinary user, or nobody can tell whether he is one. */
static void by_name(struct judge *j)
{
    const struct push *push = j->push;
    uint64_t id, scope = 0;
    struct text label;
    enum credential_class token = token_class(push->user_name, &scope);
    if (ASK(j, service, push->user_name, &id) == ANSWER_YES) {
        set_class(j, CREDENTIAL_ACCESS_KEY, CONFIDENCE_CERTAIN,
                  "the map of service users names the key");
        one_candidate(j, id);
        j->groupless = j->user_known == ANSWER_NO;
    } else if (is_key_name(push->user_name) && key_label(push->user_display_name, &label)) {
        is_key_by_label(j, label);
        j->groupless = j->user_known == ANSWER_NO;
    } else if (token != CREDENTIAL_UNKNOWN) {
        is_token(j, token, scope);
    } else {
        is_stranger(j);
    }
    /* A name that the snapshot lists as an ordinary user is that user, whatever it looks like; if
     * the snapshot cannot be asked, it may be. Nobody can register a name with slashes. */
    if (j->user_known == ANSWER_CANNOT_TELL && !j->groupless)
        j->possible |= by_web(push) ? BIT(WEB) : ANY_USER;
}

/* ------------------------------------------------------------------ the resolver `environment` */

static void contradict(struct judge *j, const char *evidence)
{
    struct credential *credential = &j->out->credential;
    set_class(j, CREDENTIAL_UNKNOWN, CONFIDENCE_NONE, evidence);
    j->possible = ANY_CLASS;
    credential->candidates = NULL;
    credential->candidate_count = 0;
    credential->candidates_open = false;
    credential->key_mapped = false;
}

/* "class[:id]" */
static bool parse_told(struct text value, enum credential_class *class, bool *has_id, uint64_t *id)
{
    struct text rest = value, name;
    if (!text_next_field(&rest, ':', &name) || !credential_class_parse(name, class))
        return false;
    *has_id = rest.at != NULL;
    return !*has_id || text_parse_u64(rest, UINT64_MAX, true, id);
}

static bool is_candidate(const struct credential *credential, uint64_t id)
{
    for (size_t i = 0; i < credential->candidate_count; i++)
        if (credential->candidates[i] == id)
            return true;
    return false;
}

static void told_of_user(struct judge *j, enum credential_class told)
{
    if (j->out->credential.class == CREDENTIAL_WEB || told == CREDENTIAL_USER)
        return; /* the first row of the table that fits; nothing new */
    if (ANY_USER & 1u << told)
        set_class(j, told, CONFIDENCE_CERTAIN, "a trusted wrapper says so");
    else
        contradict(j, "the wrapper's variable contradicts the name of the pusher");
}

static void told_of_service(struct judge *j, enum credential_class told, bool has_id, uint64_t id)
{
    struct credential *credential = &j->out->credential;
    if (credential->class == CREDENTIAL_UNKNOWN) {
        j->possible |= 1u << told; /* no row fits but the last: it stays open */
        return;
    }
    bool key = told == CREDENTIAL_ACCESS_KEY && has_id;
    if (told != credential->class ||
        (key && credential->candidate_count && !credential->candidates_open &&
         !is_candidate(credential, id))) {
        contradict(j, "the wrapper's variable contradicts the name of the pusher");
        return;
    }
    set_class(j, told, CONFIDENCE_CERTAIN, "a trusted wrapper says so, and the name agrees");
    if (key)
        one_candidate(j, id);
}

static void by_environment(struct judge *j)
{
    struct text value = j->push->credential_value;
    enum credential_class told;
    bool has_id = false;
    uint64_t id = 0;
    if (!(j->policy->resolvers & RESOLVER_ENVIRONMENT) || !value.size)
        return;
    if (!parse_told(value, &told, &has_id, &id))
        contradict(j, "the wrapper's variable is malformed");
    else if (j->user_known == ANSWER_YES)
        told_of_user(j, told);
    else
        told_of_service(j, told, has_id, id);
}

/* ------------------------------------------------------------------ the resolver `access-log` */

/* What is observed says what it probably is, and leaves open what it may be: `possible` stays as it
 * was. Last, and only of an ordinary user of whom nobody else told more. */
static void by_observer(struct judge *j)
{
    const struct observer *observer = j->push->observer;
    struct credential *credential = &j->out->credential;
    struct observation seen = {.class = CREDENTIAL_USER};
    if (!(j->policy->resolvers & RESOLVER_ACCESS_LOG) || !observer || j->user_known != ANSWER_YES ||
        credential->class != CREDENTIAL_USER)
        return;
    observer->observe(observer->self, j->push, &seen);
    if (seen.evidence.size)
        credential->evidence = seen.evidence;
    if (seen.class >= CREDENTIAL_CLASSES || seen.class == CREDENTIAL_USER ||
        !(ANY_USER & 1u << seen.class))
        return;
    credential->class = seen.class;
    credential->confidence = CONFIDENCE_OBSERVED;
    credential->token_known = seen.class == CREDENTIAL_USER_TOKEN && seen.id_known;
    credential->token_id = seen.id;
}

/* ------------------------------------------------------------------ what follows from it */

/* `confirmed`: the storage path says that this is the repository that the snapshot means. A project's
 * token may be right all the same if the repository went to another project since. */
static bool foreign_confirmed(const struct judge *j)
{
    bool other_project = j->name_count == 2 &&
                         !text_equal_fold(j->project_names[0], j->project_names[1]);
    /* By the name: where the wrapper contradicts it, every class is possible. */
    uint64_t id;
    bool of_project = token_class(j->push->user_name, &id) == CREDENTIAL_PROJECT_TOKEN;
    return j->storage_confirms && !(of_project && other_project);
}

static enum verdict foreign_verdict(const struct judge *j)
{
    switch (j->policy->foreign_token) {
    case FOREIGN_ANNOTATE:
        return VERDICT_ANNOTATE;
    case FOREIGN_CONFIRMED:
        return foreign_confirmed(j) ? VERDICT_REJECT : VERDICT_ANNOTATE;
    default:
        return VERDICT_REJECT;
    }
}

static void report_foreign_token(struct judge *j)
{
    enum verdict verdict = foreign_verdict(j);
    findings_add(j, &j->findings,
                 reason_new(j, REASON_PERMISSION, verdict, true,
                            "this token is of another repository or project (its id is %llu)",
                            (unsigned long long)j->out->credential.token_scope_id),
                 verdict);
}

static void report_stranger(struct judge *j)
{
    findings_add(j, &j->findings,
                 reason_new(j, REASON_FAILURE, j->policy->unknown_user, false, "%s",
                            j->may_pose ? "named like an access key, but with an e-mail address (a "
                                          "new account?)"
                                        : "the snapshot does not know the pusher (a new account?)"),
                 j->policy->unknown_user);
}

static const char *pusher_type(const struct judge *j)
{
    if (j->user_known == ANSWER_YES)
        return "user";
    const struct credential *credential = &j->out->credential;
    return j->groupless || credential->class == CREDENTIAL_ACCESS_KEY ? "service" : "unknown";
}

void credential_judge(struct judge *j)
{
    j->user_known = ANSWER_CANNOT_TELL;
    if (j->push->native) {
        set_class(j, CREDENTIAL_UNKNOWN, CONFIDENCE_NONE,
                  "a native git hook is not told who pushes");
        j->possible = ANY_CLASS;
    } else {
        j->user_known = ASK(j, user, j->push->user_name, &j->user);
        if (j->user_known == ANSWER_YES)
            is_user(j);
        else
            by_name(j);
        by_environment(j);
        by_observer(j);
    }
    j->out->pusher_type = pusher_type(j);
    if (j->out->credential.foreign_token)
        report_foreign_token(j);
    if (j->stranger && j->user_known == ANSWER_NO && !j->out->credential.key_mapped)
        report_stranger(j);
    if (j->trace)
        judge_trace(
            j, TRACE_CREDENTIAL, TRACE_PUSH_LEVEL, ANSWER_YES, VERDICT_ACCEPT,
            judge_printf(j, "credential %s", credential_class_name(j->out->credential.class)), "",
            "%.*s", TEXT_ARG(j->out->credential.evidence));
}

/* ------------------------------------------------------------------ in words */

/* "repository ", "project " or "": where the key is granted. */
static const char *key_place(struct judge *j, uint64_t id)
{
    const struct repository_key *keys;
    size_t count;
    if (j->repository_known != ANSWER_YES || ASK(j, repository_keys, j->repository.project_key,
                                                 j->repository.slug, &keys, &count) != ANSWER_YES)
        return "";
    for (size_t i = 0; i < count; i++)
        if (keys[i].id == id)
            return keys[i].of_project ? "project " : "repository ";
    return "";
}

static const char *key_words(struct judge *j)
{
    const struct credential *credential = &j->out->credential;
    const char *label = credential->label.size
                            ? judge_printf(j, " \"%s\"", judge_name(j, credential->label))
                            : "";
    if (credential->candidate_count != 1 || credential->candidates_open)
        return judge_printf(j, "access key%s", label);
    uint64_t id = credential->candidates[0];
    return judge_printf(j, "access key%s (%skey %llu)", label, key_place(j, id),
                        (unsigned long long)id);
}

const char *credential_words(struct judge *j)
{
    switch (j->out->credential.class) {
    case CREDENTIAL_ACCESS_KEY:
        return key_words(j);
    case CREDENTIAL_REPOSITORY_TOKEN:
        return "a repository token";
    case CREDENTIAL_PROJECT_TOKEN:
        return "a project token";
    case CREDENTIAL_WEB:
        return "the web interface";
    default:
        return judge_printf(j, "this kind of credential (%s)",
                            credential_class_name(j->out->credential.class));
    }
}

/* ------------------------------------------------------------------ conditions on it */

static bool observed(const struct judge *j)
{
    return j->out->credential.confidence == CONFIDENCE_OBSERVED;
}

/* Whatever the resolver access-log says: what it says may only make a verdict stricter. */
static enum answer possibly_in(const struct judge *j, unsigned classes)
{
    if (!(j->possible & ~classes))
        return ANSWER_YES;
    /* No row of the table fits: that is the class `unknown`, even if the name looks like a key's. */
    if ((classes & BIT(UNKNOWN)) && j->user_known == ANSWER_NO && j->possible != ANY_CLASS &&
        j->out->credential.class == CREDENTIAL_UNKNOWN)
        return ANSWER_YES;
    return j->possible & classes ? ANSWER_CANNOT_TELL : ANSWER_NO;
}

/* Where a match restricts, what is observed makes yes of a doubt, never no. */
enum answer credential_in(const struct judge *j, unsigned classes)
{
    enum answer in = possibly_in(j, classes);
    bool seen = observed(j) && classes & 1u << j->out->credential.class;
    return in == ANSWER_CANNOT_TELL && seen ? ANSWER_YES : in;
}

/* Where a match permits, it makes no of a doubt, never yes. */
enum answer credential_surely_in(const struct judge *j, unsigned classes)
{
    enum answer in = possibly_in(j, classes);
    bool unseen = observed(j) && !(classes & 1u << j->out->credential.class);
    if (in == ANSWER_CANNOT_TELL && unseen)
        return ANSWER_NO;
    return in == ANSWER_YES && j->may_pose ? ANSWER_CANNOT_TELL : in;
}
