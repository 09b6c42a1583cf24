/*
 * judge.h - what the parts of decide() share while one push is judged. Internal to policy/.
 *
 * decide.c reads as semantics.md does; each section's part is one file. What does not depend on the
 * ref is found out once for the push (…_prepare, …_judge), the rest for each change (…_change).
 *
 * Three rules hold everywhere:
 * - a question that cannot be answered is ANSWER_CANNOT_TELL, never yes or no;
 * - a damaged record answers CANNOT_TELL and sets judge.damaged, which decide() reports as a failure;
 * - when memory runs out, judge.out_of_memory is set, pointers are NULL, and decide() fails.
 */
#ifndef REFGATE_POLICY_JUDGE_H
#define REFGATE_POLICY_JUDGE_H

#include "base/arena.h"
#include "base/error.h"
#include "model/push.h"
#include "policy/decision.h"
#include "policy/history.h"
#include "policy/policy.h"
#include "policy/trace.h"
#include "policy/view.h"

#define REASON_TEXT_MAX 200 /* bytes of one sentence */
#define JUDGE_NAME_MAX 60   /* bytes of an outside name within it, before escaping */

/* What could not be answered; a set of bits. questions.c has the words. */
enum question {
    QUESTION_PUSHER = 1 << 0,
    QUESTION_GROUP = 1 << 1,
    QUESTION_REPOSITORY = 1 << 2,
    QUESTION_CREDENTIAL = 1 << 3,
    QUESTION_CONFIDENCE = 1 << 4,
    QUESTION_KEY = 1 << 5,
    QUESTION_TRIGGER = 1 << 6,
    QUESTION_TIME = 1 << 7,
    QUESTION_KIND = 1 << 8,
    QUESTION_IDENTITY = 1 << 9,
    QUESTION_DEFAULT_BRANCH = 1 << 10,
    QUESTION_MATCHER = 1 << 11,
    QUESTION_TYPE = 1 << 12,
    QUESTION_ADMIN = 1 << 13,
    QUESTION_EXEMPTION = 1 << 14,
    QUESTION_MODEL = 1 << 15,       /* the sync could not read it */
    QUESTION_KEYS_UNREAD = 1 << 16, /* likewise; set instead of QUESTION_KEY */
};

/* Something that counts for a change or for the push. `could`: the strongest that it might have
 * contributed, had its question been answered; the reason's own verdict where nothing was open. */
struct finding {
    const struct reason *reason;
    enum verdict could;
};
struct findings {
    struct finding *items;
    size_t count, room;
};

struct restriction_set; /* restrictions.c */
struct rule_set;        /* rules.c */
struct key_policy;      /* access_keys.c */
struct account_set;     /* service_accounts.c */
struct kept_links;      /* reasons.c */

struct judge {
    const struct policy *policy;
    const struct push *push;
    const struct view *view;
    const struct history *history;
    const struct trace *trace;
    struct arena *arena;
    struct decision *out;
    struct findings findings; /* of the push as a whole */

    bool out_of_memory;
    bool late;
    bool snapshot_usable;
    bool damaged;
    struct error detail; /* of the last question to the snapshot */
    struct error damage; /* of the first damaged record */
    const char *age;     /* "11m", of the snapshot; NULL: no snapshot */
    int64_t started_ms;  /* since when the age counts */
    bool part_asked;     /* restriction_age() */

    /* Where: semantics.md 8. CANNOT_TELL: no snapshot, or --native. */
    enum answer repository_known;
    struct snapshot_repository repository; /* if YES */
    bool storage_confirms;                 /* the storage path ends in the repository's id */
    /* The names that the repository goes by: Bitbucket's, and the snapshot's if it moved. 0 under
     * --native. A list that restricts matches if one name does; a list that permits needs all. */
    struct text project_names[2], repository_names[2];
    size_t name_count;

    /* Who: semantics.md 5. */
    enum answer user_known; /* an ordinary user of the snapshot */
    struct snapshot_user user;
    unsigned possible; /* the credential classes that it may be, as bits */
    bool groupless;    /* a key, a token or a foreign token: in no group */
    bool may_pose;     /* called a key by its label alone, and it has an e-mail address */
    bool stranger;     /* neither in the snapshot nor recognised */
    /* What the snapshot says that the pusher may do: between these two (repository scale). */
    enum permission permission_least, permission_most;
    enum permission permission_unread; /* the most that grants which nobody could read may give */
    enum answer admin; /* has REPO_ADMIN, for admins-exempt */

    const char *history_why;               /* the first trouble's */
    const struct reason *limit_reasons[2]; /* by change_judge.monitoring */
    struct kept_links *kept;               /* lists of reasons that changes share */
    const struct reason *other_refs;       /* neither a branch nor a tag */

    struct findings worlds[4]; /* decide.c */
    struct restriction_set *restrictions;
    struct rule_set *rules;
    struct key_policy *key_policy;
    struct account_set *accounts;
};

/* One change while it is judged. */
struct change_judge {
    struct judge *judge;
    size_t index;
    const struct change *change;
    struct findings *findings;
    bool branch, tag;
    enum change_kind kind;
    bool history_asked;
    bool kind_limit, commits_limit; /* history hit a limit: two questions, whoever asked first */
    bool monitoring;        /* what is judged now contributes nothing (a rule in monitor mode) */
    bool limit_reported[2]; /* by monitoring */
    enum answer is_default; /* assumed, where the default branch is not known */
    bool default_asked;     /* … and the verdict may depend on it */
    bool traced;
    bool read_only; /* a read-only restriction blocks it: a pull request is no way out */
    enum answer identity[3][3]; /* by committer and author wanted; 0: not asked yet */
};

/* ------------------------------------------------------------------ questions to the snapshot */

/* ASK(j, user, name, &out): YES (out is filled), NO (a whole snapshot does not have it), CANNOT_TELL
 * (no snapshot, or damaged). */
#define ASK(j, question, ...)                                                                 \
    ((j)->snapshot_usable                                                                     \
         ? judge_answer((j), (j)->view->question((j)->view->self, __VA_ARGS__, &(j)->detail)) \
         : ANSWER_CANNOT_TELL)
enum answer judge_answer(struct judge *j, enum status status);

/* ------------------------------------------------------------------ reasons */

/* Has the deadline passed? Then decide() fails, whatever was found. */
bool judge_late(struct judge *j);
void *judge_alloc(struct judge *j, size_t count, size_t size);
/* printf into the arena; "" when out of memory. */
const char *judge_printf(struct judge *j, const char *format, ...) PRINTF_LIKE(2, 3);
/* Outside text for a reason's text: ASCII, escaped, cut at `most` bytes. */
const char *judge_escaped(struct judge *j, struct text t, size_t most);
static inline const char *judge_name(struct judge *j, struct text name)
{
    return judge_escaped(j, name, JUDGE_NAME_MAX);
}
/* NULL when out of memory. The text is cut at REASON_TEXT_MAX. */
struct reason *reason_new(struct judge *j, enum reason_type type, enum verdict verdict,
                          bool definite, const char *format, ...) PRINTF_LIKE(5, 6);
/* For a reason that comes of a section of refgate.conf: name, place, proof, controls. */
void reason_from_section(struct judge *j, struct reason *reason, struct text name,
                         struct source source, struct text_list controls);
void reason_prove(struct judge *j, struct reason *reason, const char *format, ...)
    PRINTF_LIKE(3, 4);
const char *source_text(struct judge *j, struct source source); /* "refgate.conf:41", or "" */
const char *question_words(unsigned questions); /* of the first: "which groups the pusher is in" */
/* "cannot tell …: WHAT", REASON_UNDECIDED; verdict: [failure] undecided, never stronger than
 * `action`. `what` may be NULL. */
struct reason *reason_undecided(struct judge *j, enum verdict action, unsigned questions,
                                const char *what);

/* Adds nothing if the reason is NULL (out of memory). */
void findings_add(struct judge *j, struct findings *findings, const struct reason *reason,
                  enum verdict could);
/* The strongest verdict of those that count and are certain. */
enum verdict findings_certain(const struct findings *findings);
/* Drops what no longer matters (an open question on which the verdict does not depend), gives the
 * verdict, and the reasons, strongest first. */
enum verdict findings_conclude(struct judge *j, struct findings *findings,
                               const struct reason_link **links);

/* ------------------------------------------------------------------ trace */

void judge_trace(struct judge *j, enum trace_stage stage, size_t change, enum answer applies,
                 enum verdict verdict, const char *subject, const char *source, const char *format,
                 ...) PRINTF_LIKE(8, 9);

/* ------------------------------------------------------------------ the parts */

void freshness_judge(struct judge *j);  /* freshness.c: 8 */
/* "3m": how old what the snapshot says of the repository is; asks, so only for a rejection's text. */
const char *restriction_age(struct judge *j);
void repository_judge(struct judge *j); /* repository.c: 8 */
void credential_judge(struct judge *j); /* credential.c: 5 */
void effective_judge(struct judge *j);  /* effective.c: 3 */

/* Before the repository is asked for: of its restrictions only those that can matter are kept, where
 * the push has few refs. The second takes that back. restrictions.c: 4 */
void restrictions_choose(struct judge *j);
void restrictions_choose_all(struct judge *j);
void restrictions_prepare(struct judge *j);
void restrictions_change(struct change_judge *c);

void access_keys_prepare(struct judge *j); /* access_keys.c: 5.1 */
void access_keys_change(struct change_judge *c);

void service_accounts_prepare(struct judge *j); /* service_accounts.c: 5.2 */
void service_accounts_change(struct change_judge *c);
/* Is the pusher one of the configured service accounts? */
enum answer service_account_pusher(const struct judge *j);

void rules_prepare(struct judge *j); /* rules.c: 6 */
void rules_change(struct change_judge *c);

unsigned kind_bits(enum change_kind kind); /* what it may turn out to be. kinds.c */
/* Is the kind of the change in the set? Asks history only if the answer depends on it. kinds.c */
enum answer kind_in(struct change_judge *c, unsigned kinds);
bool kind_possible(const struct change_judge *c, unsigned kinds); /* without asking */
/* History could not answer: the first trouble is kept for the texts. Was it a limit? */
bool history_trouble_noted(struct judge *j, enum history_trouble trouble, const char *why);
/* An answer is open because history hit a limit. */
void history_limit_report(struct change_judge *c);
/* Is the ref the repository's default branch? */
enum answer default_branch_is(struct change_judge *c);
/* Does a new commit of the change fail to be whose it should be? identity.c: 5.3 */
enum answer identity_violated(struct change_judge *c, const struct rule *rule);

/* ------------------------------------------------------------------ answers that parts share */

/* Is the credential of one of the classes (bits)? credential.c */
enum answer credential_in(const struct judge *j, unsigned classes);
/* The same for what a match permits (exceptions, allow-lists): what is only observed, or may be
 * somebody who calls himself a key, does not count as yes. */
enum answer credential_surely_in(const struct judge *j, unsigned classes);
/* `access key "ci-deploy" (repository key 158)`, `a project token`, … */
const char *credential_words(struct judge *j);
/* Why a question about the access key is open. */
unsigned credential_question(const struct judge *j);
/* Is the pusher a member? `group`: the snapshot's number, GROUP_NONE for no such group.
 * membership.c */
enum answer membership_in(const struct judge *j, uint32_t group, bool incomplete);
/* The same by name. */
enum answer membership_by_name(struct judge *j, struct text name);
/* Bits of enum incomplete: what the sync could not read of the repository or of its project; 0 where
 * the repository is not known. repository.c */
unsigned repository_incomplete(const struct judge *j);
/* Does one of the names of the repository match a pattern (`all`: do all of them)? repository.c */
enum answer repository_in(const struct judge *j, const struct text_list *patterns, bool projects,
                          bool all);
/* Does the restriction's matcher, active and usable, match the ref? matchers.c. Sets a bit in
 * *questions for CANNOT_TELL. */
enum answer matcher_matches(struct change_judge *c, const struct restriction *restriction,
                            unsigned *questions);
bool matcher_usable(const struct restriction *restriction); /* false: it is CANNOT_TELL */
/* false: by its matcher alone, the restriction is surely not about the ref. */
bool matcher_may_match(const struct restriction *restriction, struct text ref);

#endif
