/*
 * outcome.h - what one run of the hook left behind, and whether that may be.
 */
#ifndef REFGATE_TESTS_FAULTS_OUTCOME_H
#define REFGATE_TESTS_FAULTS_OUTCOME_H

#include "faults/fault.h"
#include "faults/scene.h"

struct outcome {
    int exit; /* -1: by a signal */
    int signal;
    bool hung;               /* had to be killed */
    struct buffer said;      /* stderr */
    struct buffer signature; /* of the record: verdict and reasons, without what differs each time;
                                empty: there is no record */
    int recorded_exit;       /* as the record says; -1: no record */
    const char *damage;      /* of the audit log, or NULL */
    size_t uses_recorded;    /* of approvals, in the record */
    size_t uses;             /* files of uses */
    size_t strays;           /* temporary files beside the approvals */
};

/* Looks at what is there after a run; exit, signal, hung and said are set. */
void outcome_collect(const struct scene *scene, struct outcome *out);
void outcome_free(struct outcome *outcome);

/* What a fault may do (the rules are in outcome.c). */
struct outcome_fault {
    enum fault_class class;
    bool once;        /* … and never again */
    bool transparent; /* EINTR, and less than was asked for */
    bool silent; /* nobody can see that it is one: a file that ends early, a clock that is wrong */
};

/* NULL, or what is wrong with `outcome`, given what came of the same push without a fault. */
const char *outcome_problem(const struct scene *scene, const struct outcome *sound,
                            const struct outcome *outcome, const struct outcome_fault *fault);

#endif
