/*
 * policy_cases.h - a file of pushes and the verdicts that are expected of them
 * (refgate-policy-test(5)).
 */
#ifndef REFGATE_COMMAND_POLICY_CASES_H
#define REFGATE_COMMAND_POLICY_CASES_H

#include "command/check_case.h"
#include "command/sheet.h"
#include "policy/config.h"
#include "policy/policy.h"

/* Bits, since a test may allow several. */
enum expectation {
    EXPECT_ACCEPT = 1,
    EXPECT_NOTE = 2,
    EXPECT_ANNOTATE = 4,
    EXPECT_REQUIRE_APPROVAL = 8,
    EXPECT_REJECT = 16,    /* by policy: a definite no */
    EXPECT_UNDECIDED = 32, /* rejected only because something could not be answered */
};
#define EXPECTATIONS_TEXT 96
/* "reject", "accept or note" */
void expectation_text(unsigned bits, char out[EXPECTATIONS_TEXT]);

struct case_change {
    enum change_kind kind; /* CHANGE_UNKNOWN: history cannot tell update from rewrite */
    const char *ref;
    unsigned expect; /* 0: nothing said of this one */
};

struct policy_case {
    struct text name;
    unsigned line;
    const char *field[CHECK_FIELDS]; /* NULL: not said */
    const struct case_change *changes;
    size_t change_count;
    bool storage_id_known, without_snapshot;
    uint64_t storage_id;
    const char *author, *committer; /* of one new commit in each change; NULL: no history to ask */
    bool merge_commit;
    /* expectations */
    unsigned expect;
    int exit_code;              /* -1: not said */
    struct text_list rules;     /* of these each decides: rules, service accounts, access-keys */
    struct text_list monitored; /* rules that would have matched, were they not only monitored */
    struct text_list because;   /* "TYPE" or "restriction ID" or "restriction TYPE" */
    struct text message;        /* part of what the pusher reads; absent: not said */
};

struct policy_cases {
    const struct policy_case *items;
    size_t count;
    bool described;     /* the file has an instance of its own */
    struct sheet sheet; /* for test_instance.h */
};

/* What is wrong goes into `problems`. `bytes` and what comes out live as long as `arena`. */
void policy_cases_read(struct text bytes, struct arena *arena, struct config_problems *problems,
                       struct policy_cases *out);

#endif
