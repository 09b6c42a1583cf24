/*
 * narrate.h - a decision as sentences: what `refgate audit narrate` says, apart from where it read it.
 *
 * Each sentence knows what it is about, where its proof stands and which controls it is evidence for.
 * What comes from a record or a snapshot is escaped when the sentence is made, names stand in quotes
 * that they cannot close: a label must not read like a finding of ours.
 */
#ifndef REFGATE_COMMAND_NARRATE_H
#define REFGATE_COMMAND_NARRATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "policy/control_map.h"
#include "policy/policy.h"
#include "policy/view.h"

struct sentence {
    const char *kind; /* "push", "pusher", "credential", "verdict", "reason", …: stable, in JSON */
    unsigned depth;   /* 0, or under the one before it */
    struct text text;
    struct text_list proof, controls;
};

struct narration {
    struct arena *arena;
    const struct control_map *map;
    struct sentence *items;
    size_t count, room;
    bool failed; /* out of memory */
};

/* Adds a sentence; the two functions below add to the last one. */
void narration_say(struct narration *n, const char *kind, unsigned depth, const char *format, ...)
    PRINTF_LIKE(4, 5);
void narration_prove(struct narration *n, struct text proof); /* outside text; each once */
void narration_control(struct narration *n, struct text control);
/* For formats: escaped and cut; the same in quotes. */
const char *narration_plain(struct narration *n, struct text t);
const char *narration_quoted(struct narration *n, struct text t);

/* Lines of at most 79 columns. */
void narration_print(const struct narration *n, struct buffer *out);
json_t *narration_json(const struct narration *n); /* an array; NULL: out of memory */

/* ------------------------------------------------------------------ what is told */

/* Who, what, when, where, what became of it and why; on which data. */
void narrate_record(struct narration *n, const json_t *record);
/* The reasons of a record or of one of its changes; `holder` has them and a verdict. */
void narrate_reasons(struct narration *n, const json_t *holder, unsigned depth);

struct line_check { /* where the decision stands, and whether its line holds */
    const char *path;
    uint64_t number;
    bool sealed, genuine;
    bool first;                  /* of its log */
    bool follows, follows_known; /* the line before it; not known: it was not read */
    struct text hash;
};
/* true: nothing is wrong with it. */
bool narrate_line(struct narration *n, const struct line_check *line);

/* What the pusher could do by each of two snapshots, and what differs. false: the record does not say
 * enough, or a snapshot is damaged; a sentence says so. */
bool narrate_snapshots(struct narration *n, const json_t *record, const struct policy *policy,
                       const struct view *before, const struct view *after);

/* All controls that were named so far, each once: what it is, and why. A line that does not hold is no
 * evidence for them. */
void narrate_controls(struct narration *n, bool holds);

#endif
