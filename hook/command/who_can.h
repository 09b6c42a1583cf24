/* who_can.h - what the parts of `refgate who-can` share. */
#ifndef REFGATE_COMMAND_WHO_CAN_H
#define REFGATE_COMMAND_WHO_CAN_H

#include "command/writers.h"

struct who_can {
    const char *action; /* push, create, …, merge */
    struct standing_question question;
    struct writers writers;
    bool all;                  /* each user, also where many have the same answer */
    bool stopped;              /* only who may write and is stopped */
    enum standing_answer best; /* of all that the snapshot knows; tokens are not in it */
};

/* Is it to be printed? */
bool who_can_wants(const struct who_can *who, const struct writer *writer);
/* false: out of memory. */
bool who_can_text(const struct who_can *who) MUST_CHECK;

#endif
