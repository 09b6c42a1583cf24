/*
 * survey.h - what is to be known of a Bitbucket before it is crawled: is it there, which version, who
 * are we, is its clock ours, does it limit us, may the account read what is needed?
 */
#ifndef REFGATE_BITBUCKET_SURVEY_H
#define REFGATE_BITBUCKET_SURVEY_H

#include "bitbucket/client.h"
#include "bitbucket/endpoint.h"
#include "model/answer.h"

struct survey {
    char version[64];
    int64_t skew_ms;            /* the server's clock minus ours, to a second; 0 if not said */
    bool skew_known;
    enum answer limited;        /* does the server limit rates? CANNOT_TELL: it does not say */
    enum answer exempt;         /* is the account exempt? */
    double capacity, fill_per_s; /* that hold for the account, if limited */
};

/* Version, account, clock, limits: five requests at most (token and password may be of two accounts). */
enum status survey_server(struct client *client, struct survey *out, struct error *err) MUST_CHECK;

/* May the account read what an endpoint gives? Asks for one item of it. Told of each endpoint that a
 * crawl would ask (of a project and a repository that the account can see, where it needs one). */
struct survey_right {
    enum endpoint_id endpoint;
    enum answer may;        /* CANNOT_TELL: could not be tried */
    bool lacking;           /* this version has no such thing */
    int status;             /* HTTP; 0: not asked */
    const char *sentence;   /* why not, what is needed; "" if there is nothing to say */
};
enum status survey_rights(struct client *client, bool with_reports,
                          void (*tell)(void *self, const struct survey_right *right), void *self,
                          struct error *err) MUST_CHECK;

#endif
