/*
 * finder.h - where findings are collected while the instance is looked at. Internal to posture/.
 *
 * A finding is told piece by piece:
 *
 *     if (finder_open(f, POSTURE_WRITE_KEY_OLD, place)) {
 *         finder_subject(f, "key/%llu", id);   // what makes it this one and no other
 *         finder_what(f, "...");
 *         finder_evidence(f, "created %s", date);
 *         finder_close(f);
 *     }
 *
 * When memory runs out, finder.failed is set and the rest does nothing.
 */
#ifndef REFGATE_POSTURE_FINDER_H
#define REFGATE_POSTURE_FINDER_H

#include "posture/inquiry.h"
#include "posture/inventory.h"
#include "posture/kinds.h"
#include "posture/usage.h"

#define FINDER_EVIDENCE_MOST 12

struct fact_list;

struct finder {
    const struct inquiry *inquiry;
    struct arena *arena; /* of what is found */
    struct inventory inventory;
    struct usage usage;
    struct fact_list *facts; /* NULL: there are none */
    bool failed;

    struct posture_finding *findings; /* malloc'ed; finder_free() */
    size_t count, room;
    size_t of_kind[POSTURE_KINDS]; /* also of those that found no room */
    struct text_list controls[POSTURE_KINDS];
    bool not_looked_at[POSTURE_KINDS];

    struct text *notes;
    size_t note_count, note_room;
    struct text *unread; /* posture.unread */
    size_t unread_count, unread_room;

    /* The finding that is being told. */
    struct posture_finding draft;
    struct text subject, identity_where;
    struct text evidence[FINDER_EVIDENCE_MOST];
};

bool finder_begin(struct finder *f, const struct inquiry *inquiry, struct arena *arena);
void finder_free(struct finder *f);

/* false: nobody wants to know, or there are too many of them already. */
bool finder_open(struct finder *f, enum posture_kind_row kind, struct text where);
void finder_severity(struct finder *f, enum severity severity);
void finder_subject(struct finder *f, const char *format, ...) PRINTF_LIKE(2, 3);
/* The place is no part of what makes it this one. */
void finder_anywhere(struct finder *f);
void finder_what(struct finder *f, const char *format, ...) PRINTF_LIKE(2, 3);
void finder_evidence(struct finder *f, const char *format, ...) PRINTF_LIKE(2, 3);
void finder_controls(struct finder *f, const struct text_list *more); /* besides the map's */
void finder_close(struct finder *f);

void finder_note(struct finder *f, const char *format, ...) PRINTF_LIKE(2, 3);
/* The sync could not read this place or group completely. */
void finder_unread(struct finder *f, struct text where);
/* There was nothing to tell this kind of finding by. */
void finder_not_looked(struct finder *f, enum posture_kind_row kind);
bool finder_wants(const struct finder *f, enum posture_kind_row kind);

/* Sorted, and handed over: *out lives in the arena. */
void finder_finish(struct finder *f, struct posture *out);
/* Worst first, then by kind, place, what and id. */
void finder_sort(struct posture_finding *findings, size_t count);
/* 16 hex digits. */
struct text finder_id(struct arena *arena, const char *kind, struct text where,
                      struct text subject);

/* "2026-11-22"; in the finder's arena. */
const char *finder_date(struct finder *f, int64_t ms);
/* "94 days" */
const char *finder_days(struct finder *f, int64_t ms);

#endif
