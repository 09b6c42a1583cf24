/*
 * answer.h - the three answers (semantics.md: "cannot tell" never counts as "no match").
 *
 * Values are far apart in bits, none is 0 or 1, so that a stray flag or an uninitialised byte is
 * none of them; always compare with ==, and let every `default:` fall to the safe side.
 */
#ifndef REFGATE_MODEL_ANSWER_H
#define REFGATE_MODEL_ANSWER_H

enum answer {
    ANSWER_YES = 0x3c,
    ANSWER_NO = 0x65,
    ANSWER_CANNOT_TELL = 0x96,
};

/* Three-valued logic (Kleene). Anything that is not an answer counts as CANNOT_TELL. */
enum answer answer_and(enum answer a, enum answer b);
enum answer answer_or(enum answer a, enum answer b);
enum answer answer_not(enum answer a);
const char *answer_name(enum answer a); /* "yes", "no", "cannot tell" */

#endif
