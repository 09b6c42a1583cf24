/* doctor_program.h - the part of `refgate doctor` about the hook's program. */
#ifndef REFGATE_COMMAND_DOCTOR_PROGRAM_H
#define REFGATE_COMMAND_DOCTOR_PROGRAM_H

#include "command/doctor.h"

/* Trusted, may be run, static, of the same version; what its sandbox can have here. */
void doctor_program(struct doctor *d);

#endif
