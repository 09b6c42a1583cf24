/* approve.h - what the subcommands of `refgate approve` share. */
#ifndef REFGATE_COMMAND_APPROVE_H
#define REFGATE_COMMAND_APPROVE_H

#include "command/command.h"
#include "command/instance.h"
#include "record/approval_store.h"

struct approve {
    const struct arguments *args;
    struct instance instance; /* its arena holds everything */
    struct approval_store store;
    int64_t now_ms;
};

/* Opens configuration and directory, reads all approvals, runs; prints what goes wrong before. */
enum command_exit approve_run(const struct arguments *args, bool formatted,
                              enum command_exit (*run)(struct approve *approve, bool json));
/* Says why if this user cannot write the directory. */
bool approve_can_write(const struct approve *approve);
/* The approval of that id, or the only one whose id begins so. EXIT_NO: there is none, EXIT_TROUBLE: it
 * is not one, or several; said on stderr. */
enum command_exit approve_find(const struct approve *approve, const char *id,
                               struct approval **out);
/* Who runs this: the real user, and who called sudo. false: the account has no name, said on stderr. */
bool approve_account(const struct arguments *args, struct account *out);
/* --reason, trimmed; false: it is missing or none, said on stderr. */
bool approve_reason(const struct arguments *args, struct text *out);

/* "jdoe: one push of update to refs/heads/main of PRJ/app, until …" */
void approve_sentence(const struct approval *approval, struct buffer *out);
/* "lead (uid 1000)", "root (uid 0, sudo by lead)" */
void approve_who(const struct account *account, struct buffer *out);
/* The file's fields, `state`, `used`; NULL: out of memory. */
struct json_t *approve_json(const struct approve *approve, const struct approval *approval);
struct json_t *approve_use_json(const struct approval_use *use, uint64_t number);
struct json_t *approve_revocation_json(const struct approval_revocation *revocation);
/* Prints it and takes it over. */
enum command_exit approve_print_json(const struct approve *approve, struct json_t *value);

extern const struct command command_approve_list, command_approve_show, command_approve_revoke,
    command_approve_prune;

#endif
