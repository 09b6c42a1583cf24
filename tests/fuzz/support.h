/*
 * support.h - what the fuzz targets share: conditions that must hold, pieces of the input, files.
 *
 * A target is one fuzz_NAME.c that defines LLVMFuzzerTestOneInput(). libFuzzer calls it (make fuzz), and
 * replay.c over the corpus in every build (make check), where the compiler's -D gives it the name
 * fuzz_NAME. It must find the same whenever it gets the same bytes: no clock, no random numbers, nothing
 * left over from the run before.
 */
#ifndef REFGATE_TESTS_FUZZ_SUPPORT_H
#define REFGATE_TESTS_FUZZ_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What does not hold ends the program, with the words of the condition. */
#define REQUIRE(condition) ((condition) ? (void)0 : fuzz_violated(__FILE__, __LINE__, #condition))
void fuzz_violated(const char *file, int line, const char *condition) __attribute__((noreturn));

/* A part that was cut out of a whole lies in it. */
void fuzz_require_inside(struct text part, struct text whole);
/* Text for a terminal: no control characters, but line feeds if `lines`. With `ascii`, nothing else. */
void fuzz_require_plain(struct text text, bool lines, bool ascii);
/* A failure has a sentence that may be printed; a success is not asked. */
void fuzz_require_sentence(enum status status, const struct error *err);

/* What a run has found, for replay.c: the same input must tell the same again. */
void fuzz_tell(const void *bytes, size_t size);
void fuzz_tell_text(struct text text);
void fuzz_tell_number(uint64_t number);
uint64_t fuzz_told(void); /* since it was asked last */

/* Pieces from the front of the input; zero and empty once it is used up. */
struct input {
    const uint8_t *at;
    size_t left;
};
unsigned input_byte(struct input *in);
unsigned input_u16(struct input *in);
struct text input_bytes(struct input *in, size_t size); /* as many as there are */
/* Up to a line that is just "%%", or to the end: inputs of several texts. */
struct text input_section(struct input *in);

/* A file in memory with these bytes, at its start. The caller closes it. */
int fuzz_file(struct text bytes);
/* Its path, good until it is closed. */
void fuzz_file_path(int fd, char path[32]);
/* A new directory of this process, removed with all that is in it when the process ends. The same one
 * each time. */
const char *fuzz_directory(void);
/* NAME in it with these bytes, over what was there. */
void fuzz_write(const char *name, struct text bytes);

#endif
