#include "model/answer.h"

enum answer answer_and(enum answer a, enum answer b)
{
    if (a == ANSWER_NO || b == ANSWER_NO)
        return ANSWER_NO;
    if (a == ANSWER_YES && b == ANSWER_YES)
        return ANSWER_YES;
    return ANSWER_CANNOT_TELL;
}

enum answer answer_or(enum answer a, enum answer b)
{
    if (a == ANSWER_YES || b == ANSWER_YES)
        return ANSWER_YES;
    if (a == ANSWER_NO && b == ANSWER_NO)
        return ANSWER_NO;
    return ANSWER_CANNOT_TELL;
}

enum answer answer_not(enum answer a)
{
    if (a == ANSWER_YES)
        return ANSWER_NO;
    if (a == ANSWER_NO)
        return ANSWER_YES;
    return ANSWER_CANNOT_TELL;
}

const char *answer_name(enum answer a)
{
    if (a == ANSWER_YES)
        return "yes";
    if (a == ANSWER_NO)
        return "no";
    return "cannot tell";
}
