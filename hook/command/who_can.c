/* refgate who-can - everyone who may change a ref, by which grant, and who is stopped by what. */
#include "command/who_can.h"

#include <stdlib.h>

#include "base/table.h"
#include "command/csv.h"
#include "command/standing_print.h"

static const struct {
    const char *name;
    unsigned kinds;
    bool merge;
} actions[] = {
    {"push", KIND_ALL, false},      {"create", KIND_CREATE, false},
    {"update", KIND_UPDATE, false}, {"rewrite", KIND_REWRITE, false},
    {"delete", KIND_DELETE, false}, {"merge", KIND_UPDATE, true},
};
#define ACTION_COUNT (sizeof actions / sizeof actions[0])

bool who_can_wants(const struct who_can *who, const struct writer *writer)
{
    return !who->stopped || !standing_may(standing_best(writer->standing));
}

/* Whether there is a token nobody knows: it answers nothing. */
static enum standing_answer best_of(const struct writers *writers)
{
    enum standing_answer best = STANDING_NO;
    for (size_t i = 0; i < writers->count; i++) {
        const struct writer *writer = &writers->items[i];
        enum standing_answer answer = standing_best(writer->standing);
        if (!writer->principal.permission && answer > best)
            best = answer;
    }
    return best;
}

/* ------------------------------------------------------------------ JSON and CSV */

/* Each standing is made once, however many have it. */
static json_t *principals(struct record_maker *maker, const struct who_can *who)
{
    const struct writers *writers = &who->writers;
    size_t count = who->question.found;
    json_t **made = calloc(count + 1, sizeof(json_t *)), *list = json_array();
    maker->failed = maker->failed || !made;
    for (size_t i = 0; made && i < writers->count; i++) {
        const struct writer *writer = &writers->items[i];
        json_t **standing = &made[writer->standing->number];
        if (!who_can_wants(who, writer))
            continue;
        if (!*standing)
            *standing = standing_json(maker, &who->question, writer->standing, false);
        json_append(maker, list, standing_json_of(maker, &writer->principal, *standing));
    }
    for (size_t i = 0; made && i < count; i++)
        json_decref(made[i]);
    free(made);
    return list;
}

static json_t *document(struct record_maker *maker, const struct who_can *who)
{
    const struct writers *writers = &who->writers;
    const struct standing_question *question = &who->question;
    json_t *out = standing_json_head(maker, question);
    json_put(maker, out, "action", json_string(who->action));
    json_put(maker, out, "ref",
             json_text(question->check.push.changes[0].ref, RECORD_REF_MAX, NULL));
    json_put(maker, out, "answer", json_string(standing_answer_name(who->best)));
    json_put(maker, out, "users", json_number(writers->users));
    json_put(maker, out, "users_without_write", json_number(writers->closed));
    json_put(maker, out, "keys_without_write", json_number(writers->keys_closed));
    json_put(maker, out, "principals", principals(maker, who));
    return out;
}

static bool print_json(const struct who_can *who)
{
    struct record_maker maker = {false};
    json_t *out = document(&maker, who);
    bool good = !maker.failed && out &&
                json_dumpf(out, stdout, command_json_flags(JSON_COMPACT)) == 0;
    json_decref(out);
    if (good)
        putchar('\n');
    return good;
}

static bool print_csv(const struct who_can *who)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    standing_csv_head(&out);
    for (size_t i = 0; i < who->writers.count; i++) {
        const struct writer *writer = &who->writers.items[i];
        if (who_can_wants(who, writer))
            standing_csv(&who->question, &writer->principal, writer->standing, 0,
                         writer->standing->change_count, &out);
    }
    bool good = !out.failed;
    if (good)
        fwrite(out.data, 1, out.size, stdout);
    buffer_free(&out);
    return good;
}

/* ------------------------------------------------------------------ the command */

static enum command_exit exit_of(const struct who_can *who)
{
    if (standing_may(who->best))
        return EXIT_YES;
    return who->best == STANDING_CANNOT_TELL ? EXIT_TROUBLE : EXIT_NO;
}

static enum command_exit answer(const struct arguments *args, struct instance *instance,
                                size_t action, enum output_format format)
{
    struct who_can who = {.action = actions[action].name,
                          .all = argument_flag(args, "all"),
                          .stopped = argument_flag(args, "stopped")};
    struct error err;
    enum status status = standing_prepare(args, instance, args->operands[1], &args->operands[2], 1,
                                          actions[action].kinds, actions[action].merge,
                                          &who.question, &err);
    if (status == STATUS_OK)
        status = writers_find(&who.question, &who.writers, &err);
    bool good = true;
    if (status == STATUS_OK) {
        who.best = best_of(&who.writers);
        good = format == OUTPUT_JSON  ? print_json(&who)
               : format == OUTPUT_CSV ? print_csv(&who)
                                      : who_can_text(&who);
    }
    writers_free(&who.writers);
    if (status != STATUS_OK)
        return command_trouble(args, "%s", err.text);
    return good ? exit_of(&who) : command_trouble(args, "out of memory");
}

static enum command_exit run(const struct arguments *args)
{
    enum output_format format;
    struct instance instance = {.args = args};
    size_t action = 0;
    if (!argument_format(args, &format))
        return EXIT_TROUBLE;
    while (action < ACTION_COUNT && strcmp(args->operands[0], actions[action].name) != 0)
        action++;
    if (action == ACTION_COUNT)
        return command_trouble(
            args, "the action is push, create, update, rewrite, delete or merge, not %s",
            args->operands[0]);
    enum command_exit result = EXIT_TROUBLE;
    if (instance_open(args, SNAPSHOT_MAPPED, true, &instance))
        result = answer(args, &instance, action, format);
    instance_close(&instance);
    return result;
}

static const struct option_spec options[] = {
    {"all", NULL, "list each user, also where many have the same answer", false},
    {"stopped", NULL, "list only who may write and is stopped", false},
    STANDING_OPTIONS,
};

const struct command command_who_can = {
    .name = "who-can",
    .summary = "who may change a ref, and by which grant",
    .operands = "ACTION KEY/SLUG REF",
    .details =
        "ACTION is create, update, rewrite, delete, push (any of these four) or merge (of a\n"
        "pull request). A REF without refs/ in front is a branch. Users, access keys and\n"
        "tokens are judged as `refgate check` would judge a push of theirs. Exit codes:\n"
        "0 somebody can, 1 nobody can, 2 cannot tell, or the question is wrong.\n\n"
        "  refgate who-can push PRJ/app main",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 3,
    .operands_max = 3,
    .run = run,
};
