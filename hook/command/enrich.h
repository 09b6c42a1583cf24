/*
 * enrich.h - decisions of an audit log, tied to finished requests of Bitbucket's access logs.
 *
 * The hook ran while the request did: a request fits a decision if user and repository are the same
 * and the decision was made between its beginning and its end. Decisions are held in memory, access
 * logs go by: a month of them may be larger than the machine.
 */
#ifndef REFGATE_COMMAND_ENRICH_H
#define REFGATE_COMMAND_ENRICH_H

#include <jansson.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "command/audit_filter.h"
#include "push/access_log.h"

#define ENRICH_PLACES_MOST 32  /* addresses, and agents, that are told apart of one credential */
#define ENRICH_FITS_MOST 16    /* that are looked at of one decision; with more it is ambiguous */
#define ENRICH_STRAY_MOST 1000 /* pushes without a decision that are listed */
#define ENRICH_SLACK_MS 100    /* between two programs that write down the time */
#define ENRICH_LONGEST_MS 3600000 /* of a request whose beginning is not known */

enum enrich_confidence {
    ENRICH_NONE = 1,  /* no request fits */
    ENRICH_AMBIGUOUS, /* several fit, or one that fits another decision alone, too */
    ENRICH_AGREED,    /* several fit, all with one credential */
    ENRICH_CERTAIN,   /* one fits */
};

struct enrich_place { /* an address, or an agent */
    struct text name;
    uint64_t pushes;
};

struct enrich_credential {
    struct text name;  /* "ssh:id:610", "access-token:id:7", "password:jdoe"; "ssh:label:x" where a
                          server logs no id */
    struct text label; /* of an SSH key; may be absent */
    struct text user;  /* who pushed with it first */
    uint64_t pushes;
    struct enrich_place addresses[ENRICH_PLACES_MOST], agents[ENRICH_PLACES_MOST];
    size_t address_count, agent_count;
    bool more; /* addresses or agents than fit */
    struct enrich_credential *next;
};

struct enrich_request {
    int64_t start_ms, end_ms;                   /* wall clock of the server */
    const struct enrich_credential *credential; /* NULL: the log does not tell */
    struct text user, repository, address, agent, request_id;
    bool ssh;
    size_t sole; /* pushes that it alone fits */
    uint64_t sole_push;
};

struct enrich_fit {
    struct enrich_request *request;
    struct enrich_fit *next;
};

struct enrich_decision {
    struct text id, time, host, user, project, slug, verdict, class;
    int64_t wall_ms; /* on the server's wall clock */
    uint64_t key;    /* hash of user and repository */
    uint64_t push;   /* hash of what was pushed: two hooks may judge one push */
    struct enrich_fit *fits;
    size_t fit_count;
};

struct enrich {
    const struct arguments *args;
    struct audit_filter filter; /* user, repository, since, until: of decisions and of pushes */
    struct arena arena;
    bool out_of_memory;

    struct enrich_decision *decisions; /* after enrich_sort(): by key, then by time */
    size_t decision_count, decision_room;
    uint64_t not_joined; /* decisions that no git client's request is behind, or of nobody known */
    int64_t from_ms, to_ms; /* the time that the decisions cover, wall clock */

    uint64_t lines, requests;               /* of access logs; finished pushes among them */
    uint64_t outside;                       /* of these, before or after that time */
    uint64_t stray_count;                   /* … and within, without any decision */
    struct enrich_request *strays;          /* ENRICH_STRAY_MOST at most */
    struct enrich_credential **credentials; /* hash table */
    size_t credential_count;
    struct enrich_begun *begun; /* enrich_join.c */
};

/* false: out of memory. In any case the caller calls enrich_free(). */
bool enrich_init(struct enrich *enrich);
void enrich_free(struct enrich *enrich); /* also of a zeroed one */
/* One record of an audit log that is wanted. */
void enrich_add(struct enrich *enrich, const json_t *record);
void enrich_sort(struct enrich *enrich); /* once, before the first line */
void enrich_line(struct enrich *enrich, struct text line);
void enrich_conclude(struct enrich *enrich); /* once, after the last line; then they are by time */
enum enrich_confidence enrich_confidence(const struct enrich_decision *decision);
/* Used from more than one address or by more than one agent; most pushes first; in the arena. */
const struct enrich_credential **enrich_shared(struct enrich *enrich, size_t *count);
/* What the server's wall clock showed, as if that were UTC. The caller has set TZ. */
int64_t enrich_wall(int64_t utc_ms);

/* enrich_credential.c. Counts a push with the credential that the line names; NULL if it names none,
 * or out of memory. */
const struct enrich_credential *enrich_credential_use(struct enrich *enrich,
                                                      const struct access_line *line);

/* enrich_print.c; by time. false: out of memory. */
void enrich_print_text(struct enrich *enrich, FILE *out);
bool enrich_print_json(struct enrich *enrich, FILE *out);
bool enrich_print_csv(struct enrich *enrich, FILE *out);

#endif
