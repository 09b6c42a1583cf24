/*
 * fakes.h - a server and an object store that say what the input says. The linker puts them before the
 * real ones (Makefile); while none is set, the real ones answer.
 */
#ifndef REFGATE_TESTS_FUZZ_FAKES_H
#define REFGATE_TESTS_FUZZ_FAKES_H

#include "bitbucket/client.h"
#include "fuzz/support.h"
#include "push/object_store.h"

/* Answers of a server, one after the other: a byte for the status, then JSON up to a line that is just
 * "%%". Nothing left: the network is gone. */
struct fake_server {
    struct input in;
    size_t asked;
};
extern struct fake_server *fake_server;

/* Objects: commit, tag and other by number; each number's id is 20 bytes of it. */
#define FAKE_OBJECTS_MAX 64
struct fake_object {
    enum status status; /* of reading it */
    enum object_type type;
    bool incoming, held;
    struct text bytes;
};
struct fake_ref {
    struct text name;
    unsigned object;
};
struct fake_store {
    struct fake_object objects[FAKE_OBJECTS_MAX];
    size_t count;
    struct fake_ref refs[8];
    size_t ref_count;
    bool quarantine;
    enum status open;   /* of opening the repository */
    size_t reads, kept; /* kept: read and not yet released */
};
extern struct fake_store *fake_store;
struct object_id fake_id(unsigned number);

#endif
