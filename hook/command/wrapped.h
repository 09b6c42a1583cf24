/* wrapped.h - a sentence beside a label, on as many lines as it takes. */
#ifndef REFGATE_COMMAND_WRAPPED_H
#define REFGATE_COMMAND_WRAPPED_H

/* `text` (escaped by the caller) and a line feed on stdout, whose column is `indent` now. It breaks
 * at blanks where a line would be wider than `width`, and goes on at `indent`; a word that is wider
 * than that stays whole, for who copies a path. */
void wrapped_print(const char *text, unsigned indent, unsigned width);

#endif
