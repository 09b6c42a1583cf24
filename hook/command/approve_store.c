/* What the subcommands of `refgate approve` share. */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/approve.h"
#include "record/record_json.h"

#define ID_PART_MIN 4

static bool open_all(const struct arguments *args, struct approve *out)
{
    struct error err = {STATUS_OK, ""};
    out->args = args;
    out->now_ms = clock_now_ms();
    out->store.fd = -1;
    if (!instance_configure(args, &out->instance))
        return false;
    const char *directory = out->instance.policy.approvals_directory.at;
    if (!directory) {
        command_trouble(args, "%s does not set [approvals] directory", out->instance.config_path);
        return false;
    }
    enum status status = approval_store_open(directory, true, INT64_MAX, &out->instance.arena,
                                             &out->store, &err);
    if (status == STATUS_OK)
        return true;
    if (status == STATUS_NOT_FOUND)
        command_trouble(args,
                        "%s: make it, writable for nobody but the user that the hook runs as (or "
                        "root)",
                        err.text);
    else
        command_trouble(args, "%s", err.text);
    return false;
}

static void close_all(struct approve *approve)
{
    if (approve->args) {
        approval_store_close(&approve->store);
        instance_close(&approve->instance);
    }
}

enum command_exit approve_run(const struct arguments *args, bool formatted,
                              enum command_exit (*run)(struct approve *approve, bool json))
{
    bool json = false;
    struct approve approve = {0};
    enum command_exit status = EXIT_TROUBLE;
    if (formatted && !argument_json(args, &json))
        return EXIT_TROUBLE;
    if (open_all(args, &approve))
        status = run(&approve, json);
    close_all(&approve);
    return status;
}

bool approve_can_write(const struct approve *approve)
{
    const struct approval_store *store = &approve->store;
    if (!faccessat(store->fd, ".", W_OK, AT_EACCESS))
        return true;
    command_trouble(approve->args,
                    "you cannot write %s: approvals are given and revoked by root and by the user "
                    "that the hook runs as (sudo)",
                    store->directory);
    return false;
}

enum command_exit approve_find(const struct approve *approve, const char *id, struct approval **out)
{
    const struct approval_store *store = &approve->store;
    struct text wanted = text_of(id);
    *out = NULL;
    if (wanted.size < ID_PART_MIN)
        return command_trouble(approve->args, "an id, or at least %d characters of one",
                               ID_PART_MIN);
    for (size_t i = 0; i < store->count; i++) {
        struct text have = store->approvals[i].id;
        if (have.size < wanted.size ||
            !text_equal_fold((struct text){have.at, wanted.size}, wanted))
            continue;
        if (*out)
            return command_trouble(approve->args, "several approvals begin with %s", id);
        *out = &store->approvals[i];
    }
    if (*out)
        return EXIT_YES;
    command_trouble(approve->args, "there is no approval %s", id);
    return EXIT_NO;
}

bool approve_account(const struct arguments *args, struct account *out)
{
    const struct passwd *user = getpwuid(getuid());
    if (!user || !user->pw_name || !*user->pw_name) {
        command_trouble(args,
                        "your account, uid %ju, has no name here, so that nobody could tell "
                        "who approved",
                        (uintmax_t)getuid());
        return false;
    }
    /* What sudo says is no proof of anything, but it can only forbid an approval, never allow one. */
    const char *sudo = getenv("SUDO_USER");
    *out = (struct account){getuid(), text_of(user->pw_name),
                            sudo && *sudo ? text_of(sudo) : TEXT_NONE};
    return true;
}

bool approve_reason(const struct arguments *args, struct text *out)
{
    *out = text_trim(text_of(argument(args, "reason")));
    const char *problem = out->size ? approval_reason_problem(*out)
                                    : "it is needed: why this is right";
    if (problem)
        command_trouble(args, "--reason: %s", problem);
    return !problem;
}

/* ------------------------------------------------------------------ words */

static void add_list(const struct text_list *list, struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_string(out, i == 0 ? "" : i + 1 == list->count ? " or " : ", ");
        buffer_escaped(out, list->items[i], APPROVAL_NAME_MAX, false);
    }
}

static void add_kinds(unsigned kinds, struct buffer *out)
{
    static const enum change_kind all[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_REWRITE,
                                           CHANGE_DELETE};
    const char *between = "";
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (approval_kinds(all[i]) & kinds) {
            buffer_printf(out, "%s%s", between, change_kind_name(all[i]));
            between = ", ";
        }
}

void approve_sentence(const struct approval *approval, struct buffer *out)
{
    char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    clock_format(approval->not_before_ms, true, from);
    clock_format(approval->not_after_ms, true, until);
    add_list(&approval->users, out);
    buffer_printf(out,
                  approval->uses == 1 ? " may push once to " : " may push %" PRIu64 " times to ",
                  approval->uses);
    add_list(&approval->repositories, out);
    buffer_string(out, ": ");
    add_kinds(approval->kinds, out);
    buffer_string(out, " ");
    add_list(&approval->refs, out);
    if (approval->new_ids.count) {
        buffer_string(out, ", to ");
        add_list(&approval->new_ids, out);
    }
    if (approval->not_before_ms > approval->created_ms)
        buffer_printf(out, ", from %s", from);
    buffer_printf(out, ", until %s", until);
}

void approve_who(const struct account *account, struct buffer *out)
{
    buffer_escaped(out, account->name, APPROVAL_NAME_MAX, false);
    buffer_printf(out, " (uid %" PRIu64, account->uid);
    if (account->sudo_user.size) {
        buffer_string(out, ", by sudo of ");
        buffer_escaped(out, account->sudo_user, APPROVAL_NAME_MAX, false);
    }
    buffer_string(out, ")");
}

/* ------------------------------------------------------------------ JSON */

/* What a file would hold. */
static json_t *from_bytes(enum status written, struct buffer *bytes)
{
    json_t *object = written == STATUS_OK ? json_loadb(bytes->data, bytes->size, 0, NULL) : NULL;
    buffer_free(bytes);
    return object;
}

struct json_t *approve_json(const struct approve *approve, const struct approval *approval)
{
    enum approval_state state = approval_at(approval, approve->now_ms);
    json_t *object;
    if (approval->uses) {
        struct buffer bytes;
        buffer_init(&bytes, SIZE_MAX);
        object = from_bytes(approval_file_write(approval, &bytes, NULL), &bytes);
        json_object_set_new(object, "used", json_integer((json_int_t)approval->used));
    } else { /* whose file could not be read */
        struct record_maker maker = {false};
        object = json_object();
        json_put(&maker, object, "id", json_text(approval->id, RECORD_NAME_MAX, NULL));
    }
    json_object_set_new(object, "state", json_string(approval_state_name(state)));
    return object;
}

struct json_t *approve_use_json(const struct approval_use *use, uint64_t number)
{
    struct buffer bytes;
    buffer_init(&bytes, SIZE_MAX);
    json_t *object = from_bytes(approval_use_write(use, &bytes, NULL), &bytes);
    json_object_set_new(object, "use", json_integer((json_int_t)number));
    return object;
}

struct json_t *approve_revocation_json(const struct approval_revocation *revocation)
{
    struct buffer bytes;
    buffer_init(&bytes, SIZE_MAX);
    return from_bytes(approval_revocation_write(revocation, &bytes, NULL), &bytes);
}

enum command_exit approve_print_json(const struct approve *approve, struct json_t *value)
{
    if (!value)
        return command_trouble(approve->args, "out of memory");
    size_t flags = command_json_flags(JSON_INDENT(1));
    bool good = !json_dumpf(value, stdout, flags);
    json_decref(value);
    putchar('\n');
    return good ? EXIT_YES : command_trouble(approve->args, "cannot write the output");
}
