/* refgate access - what one user, key or token may do in a repository, by which grants, and what stops
 * it. */
#include "command/access.h"

#include <string.h>

#include "command/standing_print.h"

/* ------------------------------------------------------------------ who */

static enum status find_key(const struct access *access, uint64_t id, struct principal *out,
                            struct error *err)
{
    struct instance *instance = access->question.instance;
    const struct view *view = &instance->view;
    struct service_names services;
    struct snapshot_key key;
    enum status status = view->access_key(view->self, id, &key, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, status, "the snapshot does not know access key %llu",
                         (unsigned long long)id);
    if (status == STATUS_OK)
        status = service_names_read(instance->snapshot, &instance->arena, &services, err);
    if (status == STATUS_OK)
        status = principal_key(view, &services, id, key.label, &instance->arena, out, err);
    return status;
}

static enum status find_user(const struct access *access, const char *name, struct principal *out,
                             struct error *err)
{
    struct instance *instance = access->question.instance;
    const struct view *view = &instance->view;
    struct snapshot_user user;
    uint64_t key;
    enum status status = view->user(view->self, text_of(name), &user, err);
    if (status == STATUS_OK)
        return principal_user(user.name, user.id, &instance->arena, out, err);
    if (status != STATUS_NOT_FOUND)
        return status;
    status = view->service(view->self, text_of(name), &key, err);
    if (status == STATUS_OK)
        return find_key(access, key, out, err);
    return status != STATUS_NOT_FOUND
               ? status
               : error_set(err, status,
                           "the snapshot does not know user %s: the account is younger, was "
                           "renamed or deleted, or the name is wrong",
                           name);
}

static enum status find_principal(struct access *access, const char *who, struct error *err)
{
    struct principal *out = &access->principal;
    struct text text = text_of(who), key = TEXT("key:"), token = TEXT("token:"),
                user = TEXT("user:");
    uint64_t id;
    if (text_starts(text, key)) {
        if (!text_parse_u64(text_skip(text, key.size), UINT64_MAX, true, &id))
            return error_set(err, STATUS_USAGE, "an access key is key:ID, not %s", who);
        return find_key(access, id, out, err);
    }
    if (text_starts(text, token)) {
        struct text of = text_skip(text, token.size);
        bool of_project = text_equal(of, TEXT("project"));
        if (!of_project && !text_equal(of, TEXT("repository")))
            return error_set(err, STATUS_USAGE,
                             "a token is token:repository or token:project, not %s", who);
        return principal_token(&access->question.repository, of_project,
                               &access->question.instance->arena, out, err);
    }
    return find_user(access, text_starts(text, user) ? who + user.size : who, out, err);
}

/* ------------------------------------------------------------------ the answer */

/* Without refs the question is put twice: for the repository, and then for its examples. */
static enum status prepare(struct access *access, const struct arguments *args,
                           struct instance *instance, struct error *err)
{
    const char *repository = args->operands[1];
    char **refs = args->operands + 2;
    size_t count = args->operand_count - 2;
    struct standing_question *question = &access->question;
    enum status status = standing_prepare(args, instance, repository, refs, count, KIND_ALL, false,
                                          question, err);
    access->by_example = !count;
    if (status == STATUS_OK && !count) {
        status = example_refs_find(&question->repository, &instance->policy, &instance->arena,
                                   &access->examples, err);
        refs = access->examples.refs;
        count = access->examples.count;
        if (status == STATUS_OK)
            status = standing_prepare(args, instance, repository, refs, count, KIND_ALL, false,
                                      question, err);
    }
    access->ref_count = count;
    return status;
}

static enum status ask(struct access *access, const struct arguments *args,
                       struct instance *instance, struct error *err)
{
    enum status status = prepare(access, args, instance, err);
    if (status == STATUS_OK)
        status = find_principal(access, args->operands[0], err);
    if (status == STATUS_OK)
        status = access_limits_init(&access->question,
                                    access->by_example ? access->examples.of_restriction : NULL,
                                    &access->limits, err);
    if (status != STATUS_OK)
        return status;
    struct trace trace = access_limits_trace(&access->limits);
    status = standing_find(&access->question, &access->principal, &trace, &access->standing, err);
    access->kinds = access->ref_count ? access->standing.change_count / access->ref_count : 0;
    if (status == STATUS_OK && access->limits.failed)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    return status;
}

/* ------------------------------------------------------------------ JSON and CSV */

static json_t *kinds_json(struct record_maker *maker, unsigned kinds)
{
    static const char *const names[] = {"create", "update", "rewrite", "delete"};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsigned bit = 0;
        if (change_kind_bit(text_of(names[i]), &bit) && (kinds & bit))
            json_append(maker, list, json_string(names[i]));
    }
    return list;
}

static void put_effect(struct record_maker *maker, json_t *out, const struct limit *limit)
{
    json_put(maker, out, "effect", json_string(limit_effect_name(limit->effect)));
    json_put(maker, out, "kinds", kinds_json(maker, limit->kinds));
    json_put(maker, out, "why", json_text(text_of(limit->why), RECORD_TEXT_MAX, NULL));
}

static json_t *restrictions_json(struct record_maker *maker, const struct access *access)
{
    const struct snapshot_repository *repository = &access->question.repository;
    json_t *list = json_array();
    for (size_t i = 0; i < repository->restriction_count; i++) {
        const struct restriction *restriction = &repository->restrictions[i];
        json_t *out = json_object();
        json_put(maker, out, "id", json_number(restriction->id));
        json_put(maker, out, "restriction",
                 json_text(limit_type(restriction), RECORD_NAME_MAX, NULL));
        json_put(maker, out, "matcher",
                 json_text(limit_matcher(restriction), RECORD_NAME_MAX, NULL));
        json_put(maker, out, "matches", json_text(restriction->matcher_id, RECORD_REF_MAX, NULL));
        json_put(maker, out, "of", json_string(restriction->of_project ? "project" : "repository"));
        put_effect(maker, out, &access->limits.restrictions[i]);
        json_append(maker, list, out);
    }
    return list;
}

static json_t *rules_json(struct record_maker *maker, const struct access *access)
{
    const struct policy *policy = &access->question.instance->policy;
    json_t *list = json_array();
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct rule *rule = &policy->rules[i];
        json_t *out = json_object();
        json_put(maker, out, "rule", json_text(rule->name, RECORD_NAME_MAX, NULL));
        json_put(maker, out, "line", json_number(rule->source.line));
        json_put(maker, out, "action", json_string(verdict_name(rule->action)));
        json_put(maker, out, "monitor", json_boolean(rule->mode == MODE_MONITOR));
        put_effect(maker, out, &access->limits.rules[i]);
        json_append(maker, list, out);
    }
    return list;
}

static bool print_json(const struct access *access)
{
    struct record_maker maker = {false};
    const struct standing_question *question = &access->question;
    json_t *out = standing_json_head(&maker, question);
    json_t *standing = standing_json(&maker, question, &access->standing, true);
    json_t *who = standing_json_of(&maker, &access->principal, standing);
    if (json_object_update(out, who))
        maker.failed = true;
    json_put(&maker, out, "restrictions", restrictions_json(&maker, access));
    json_put(&maker, out, "rules", rules_json(&maker, access));
    bool good = !maker.failed && json_dumpf(out, stdout, command_json_flags(JSON_COMPACT)) == 0;
    json_decref(standing);
    json_decref(who);
    json_decref(out);
    if (good)
        putchar('\n');
    return good;
}

static bool print_csv(const struct access *access)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    standing_csv_head(&out);
    for (size_t i = 0; i < access->ref_count; i++)
        standing_csv(&access->question, &access->principal, &access->standing, i * access->kinds,
                     access->kinds, &out);
    bool good = !out.failed;
    if (good)
        fwrite(out.data, 1, out.size, stdout);
    buffer_free(&out);
    return good;
}

/* ------------------------------------------------------------------ the command */

static enum command_exit exit_of(const struct access *access)
{
    return access->standing.may_write == ANSWER_YES  ? EXIT_YES
           : access->standing.may_write == ANSWER_NO ? EXIT_NO
                                                     : EXIT_TROUBLE;
}

static enum command_exit run(const struct arguments *args)
{
    enum output_format format;
    struct instance instance = {.args = args};
    struct access access = {.by_example = false};
    struct error err = {STATUS_OK, ""};
    if (!argument_format(args, &format))
        return EXIT_TROUBLE;
    enum command_exit result = EXIT_TROUBLE;
    if (instance_open(args, SNAPSHOT_MAPPED, true, &instance)) {
        if (ask(&access, args, &instance, &err) != STATUS_OK) {
            command_trouble(args, "%s", err.text);
        } else {
            bool good = format == OUTPUT_JSON  ? print_json(&access)
                        : format == OUTPUT_CSV ? print_csv(&access)
                                               : access_text(&access);
            result = good ? exit_of(&access) : command_trouble(args, "out of memory");
        }
    }
    instance_close(&instance);
    return result;
}

static const struct option_spec options[] = {STANDING_OPTIONS};

const struct command command_access = {
    .name = "access",
    .summary = "what a user or an access key may do in a repository, and why",
    .operands = "WHO KEY/SLUG [REF...]",
    .details =
        "WHO is a user, key:ID, token:repository or token:project (user:NAME for a user whose\n"
        "name begins like one of these). A REF without refs/ in front is a branch. Without\n"
        "REF, the default branch and an example of what each restriction and rule is about\n"
        "are asked. Exit codes: 0 may write, 1 may not, 2 cannot tell, or the question is\n"
        "wrong.\n\n"
        "  refgate access jdoe PRJ/app",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 2,
    .operands_max = SIZE_MAX,
    .run = run,
};
