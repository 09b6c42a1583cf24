/*
 * error.h - the one error type.
 *
 * A function that can fail returns enum status: STATUS_OK (0) or a negative code, and fills the
 * caller's struct error (which may be NULL) with a sentence for people. Out-parameters are left
 * untouched on failure. Library code neither prints nor exits.
 */
#ifndef REFGATE_BASE_ERROR_H
#define REFGATE_BASE_ERROR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))
/* Called when something is wrong: the compiler moves what leads to such a call out of the way, and a
 * program that has just been started touches fewer pages. */
#define RARE __attribute__((cold))

enum status {
    STATUS_OK = 0,
    STATUS_NOT_FOUND = -1,   /* the thing does not exist; often not an error to the caller */
    STATUS_IO = -2,          /* the system said no: errno's text is in the detail */
    STATUS_MEMORY = -3,      /* out of memory, or over a memory limit */
    STATUS_FORMAT = -4,      /* input is malformed, damaged, or of an unknown version */
    STATUS_LIMIT = -5,       /* input is well-formed but larger than a stated limit */
    STATUS_TRUST = -6,       /* owner or mode of a file or of a directory above it */
    STATUS_USAGE = -7,       /* the caller of the program asked for something it cannot have */
    STATUS_DEADLINE = -8,    /* out of time */
    STATUS_UNSUPPORTED = -9, /* known, but cannot be answered here (e.g. SHA-256 history) */
    STATUS_BUSY = -10,       /* somebody else holds the lock */
};

#define ERROR_TEXT_SIZE 512

struct error {
    enum status code;
    char text[ERROR_TEXT_SIZE]; /* NUL-terminated, one sentence without newline, maybe cut */
};

/* Fills err (if not NULL) and returns code, so that `return error_set(err, STATUS_IO, …)` reads
 * well. Bytes of outside text must be escaped by the caller if it ends on a terminal. */
enum status error_set(struct error *err, enum status code, const char *format, ...)
    PRINTF_LIKE(3, 4) RARE;
/* The same, with ": " and strerror(saved_errno) at the end. */
enum status error_errno(struct error *err, enum status code, int saved_errno, const char *format,
                        ...) PRINTF_LIKE(4, 5) RARE;
/* Puts "PREFIX: " in front of the text that is there; returns err->code. Without err the code is
 * lost (STATUS_IO): pass one when the code matters. */
enum status error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3) RARE;

/* An analyzer that looks at one file at a time does not know what is promised above. */
#ifdef REFGATE_ANALYZER
static inline enum status error_code(enum status returned, enum status code)
{
    (void)returned;
    return code;
}
#define error_set(err, code, ...) error_code((error_set)(err, code, __VA_ARGS__), code)
#define error_errno(err, code, ...) error_code((error_errno)(err, code, __VA_ARGS__), code)
#endif

#endif
