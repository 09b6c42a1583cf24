/*
 * samples.h - pushes and decisions made by hand, for the tests of what goes out (record/).
 *
 * jdoe pushes to PRJ/app on https://bitbucket.example.com; everything has a fixed value. What is
 * added lives in the sample's arena.
 */
#ifndef REFGATE_TESTS_SAMPLES_H
#define REFGATE_TESTS_SAMPLES_H

#include "base/arena.h"
#include "model/push.h"
#include "policy/decision.h"
#include "policy/policy.h"

#define SAMPLE_ID "01JDA8ZZZZZZZZZZZZZZZZZZZZ"
#define SAMPLE_CHANGES_MAX 20000
#define SAMPLE_DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

struct sample {
    struct arena arena;
    struct push push;
    struct policy policy;
    struct decision decision;
    struct rule rules[2];
    struct change *changes;
    struct change_result *results;
};

void sample_init(struct sample *sample);
void sample_free(struct sample *sample);
/* The pusher is the access key "ci-deploy", number 158. */
void sample_by_access_key(struct sample *sample);
/* Adds an accepted change; gives its index. */
size_t sample_change(struct sample *sample, struct text ref, enum change_kind kind);
struct reason *sample_reason(struct sample *sample, enum reason_type type, enum verdict verdict,
                             const char *text);
/* A reason of the rule keys-stay-off-main (refgate.conf:41). */
struct reason *sample_rule(struct sample *sample, enum verdict verdict, const char *text);
/* A reason of a branch restriction. */
struct reason *sample_restriction(struct sample *sample, const char *type, const char *text);
struct text_list sample_list(struct sample *sample, const char *a, const char *b);
/* The change (or, with SAMPLE_PUSH, the push) has this reason too; its verdict follows. */
#define SAMPLE_PUSH ((size_t)-1)
void sample_attach(struct sample *sample, size_t change, const struct reason *reason);
/* Fills in counts and the verdict of the push. */
void sample_finish(struct sample *sample, int exit_code);

#endif
