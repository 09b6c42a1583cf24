/* about.h - refgate --version [--format text|json]: of what this program was made, and what it reads
 * and writes. The first line of the text is "refgate VERSION" and nothing else. */
#ifndef REFGATE_COMMAND_ABOUT_H
#define REFGATE_COMMAND_ABOUT_H

#include "command/command.h"

/* The arguments behind --version: none, or --format and its value. */
enum command_exit about_run(int argc, char **argv);

#endif
