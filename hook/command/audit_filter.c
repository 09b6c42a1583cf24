#include "command/audit_filter.h"

#include "base/clock.h"
#include "base/glob.h"
#include "command/audit_entry.h"
#include "model/credential.h"
#include "model/verdict.h"

#define EXIT_MOST 2

static bool check_words(const struct arguments *args, struct audit_filter *filter)
{
    enum verdict verdict;
    if (filter->verdict.at && !verdict_parse(filter->verdict, &verdict)) {
        command_trouble(args,
                        "--verdict is accept, note, annotate, require-approval or reject, "
                        "not %s",
                        filter->verdict.at);
        return false;
    }
    const char *class = argument(args, "credential"), *code = argument(args, "exit");
    if (class && !credential_class_set(text_of(class), &filter->credentials)) {
        command_trouble(args, "--credential: %s is no class of credential (refgate-audit(5))",
                        class);
        return false;
    }
    filter->exit_set = code != NULL;
    if (code && !text_parse_u64(text_of(code), EXIT_MOST, true, &filter->exit)) {
        command_trouble(args, "--exit is 0, 1 or 2, not %s", code);
        return false;
    }
    const char *problem = filter->ref.at ? glob_ref_problem(filter->ref) : NULL;
    if (problem)
        command_trouble(args, "--ref %s: %s", filter->ref.at, problem);
    return !problem;
}

bool audit_filter_options(const struct arguments *args, struct audit_filter *out)
{
    *out = (struct audit_filter){
        .user = text_of(argument(args, "user")),
        .repository = text_of(argument(args, "repo")),
        .ref = text_of(argument(args, "ref")),
        .rule = text_of(argument(args, "rule")),
        .verdict = text_of(argument(args, "verdict")),
        .id = text_of(argument(args, "id")),
        .host = text_of(argument(args, "host")),
    };
    return check_words(args, out) &&
           argument_time(args, "since", &out->since_set, &out->since_ms) &&
           argument_time(args, "until", &out->until_set, &out->until_ms);
}

static bool has_class(const struct audit_filter *filter, const json_t *record)
{
    enum credential_class class;
    return credential_class_parse(entry_text(record, "credential", "class"), &class) &&
           (filter->credentials & (1u << class));
}

static bool has_exit(const struct audit_filter *filter, const json_t *record)
{
    const json_t *code = json_object_get(record, "exit");
    return json_is_integer(code) && json_integer_value(code) == (json_int_t)filter->exit;
}

static bool in_time(const struct audit_filter *filter, const json_t *record)
{
    int64_t time = 0;
    if (!filter->since_set && !filter->until_set)
        return true;
    return clock_parse(entry_text(record, "time", NULL), &time) &&
           (!filter->since_set || time >= filter->since_ms) &&
           (!filter->until_set || time < filter->until_ms);
}

bool audit_filter_wants(const struct audit_filter *filter, const json_t *record)
{
    if (filter->id.at && !text_starts(entry_text(record, "id", NULL), filter->id))
        return false;
    if (filter->verdict.at && !text_equal(entry_text(record, "verdict", NULL), filter->verdict))
        return false;
    if (filter->user.at && !text_equal_fold(entry_text(record, "pusher", "name"), filter->user))
        return false;
    if (filter->host.at && !text_equal_fold(entry_text(record, "host", NULL), filter->host))
        return false;
    return in_time(filter, record) && (!filter->credentials || has_class(filter, record)) &&
           (!filter->exit_set || has_exit(filter, record)) &&
           (!filter->repository.at || entry_has_repository(record, filter->repository)) &&
           (!filter->ref.at || entry_has_ref(record, filter->ref)) &&
           (!filter->rule.at || entry_has_rule(record, filter->rule));
}

bool audit_filter_reaches(const struct audit_filter *filter, int64_t rotated_ms)
{
    return !filter->since_set || rotated_ms + CLOCK_DAY >= filter->since_ms;
}
