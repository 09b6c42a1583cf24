/*
 * client_slot.h - one request under way: started, looked at when libcurl is done with it, tried again;
 * for client.c only.
 */
#ifndef REFGATE_BITBUCKET_CLIENT_SLOT_H
#define REFGATE_BITBUCKET_CLIENT_SLOT_H

#include "base/buffer.h"
#include "bitbucket/client.h"
#include "bitbucket/client_answer.h"
#include "bitbucket/client_handle.h"
#include "bitbucket/pace.h"

enum slot_state { SLOT_FREE = 11, SLOT_DUE, SLOT_RUNNING, SLOT_DONE };

struct slot {
    CURL *easy;
    struct client *client;
    enum slot_state state;
    char *url;            /* all of it */
    bool with_token;      /* which credential */
    bool anonymous, too_large;
    enum client_method method;
    bool plain;
    bool sent;                      /* the server may have seen this attempt */
    curl_mime *form;                /* what the handle sends; NULL: none */
    struct curl_slist *own_headers; /* NULL: the signer's */
    unsigned attempt;     /* 1, 2, … */
    unsigned throttled;   /* 429s in a row */
    int64_t due_us;
    struct buffer body;
    struct headers headers;
    char said[CURL_ERROR_SIZE];
    struct answer_found found; /* of SLOT_DONE */
    enum status failed;        /* of SLOT_DONE: STATUS_OK if `found` is there */
    struct error error;
};

struct signer { /* one of the two credentials */
    struct curl_slist *headers; /* NULL: not there */
    char expected[CREDENTIAL_MAX], seen[ACCOUNT_MAX];
};

struct client {
    struct base_url base;
    struct secrets secrets;
    struct signer token, basic;
    unsigned attempts, throttled_most;
    size_t answer_max;
    double rate;
    const volatile sig_atomic_t *cancel;
    void (*tick)(void *self);
    void *tick_self;
    CURLM *multi;
    struct pace pace;
    struct client_stats stats;
    struct slot *slots;
    size_t count, turn;    /* turn: whose request is started first */
    size_t under_way;      /* not SLOT_FREE */
    size_t *done;          /* slots that are SLOT_DONE, in the order in which they came */
    size_t done_first, done_count;
};

/* false: out of memory, or libcurl cannot do what is needed. */
bool slot_prepare(struct client *client, struct slot *slot, const struct handle_options *options);
void slot_free(struct slot *slot);
/* SLOT_DUE -> SLOT_RUNNING */
enum status slot_start(struct slot *slot, struct error *err) MUST_CHECK;
/* libcurl is done with it: SLOT_RUNNING -> SLOT_DONE, in the queue, or SLOT_DUE for another attempt. */
void slot_finish(struct slot *slot, CURLcode code);

#endif
