#include "command/access_limits.h"

#include "base/table.h"

static const struct name_value effects[] = {
    {"applies", LIMIT_APPLIES},
    {"cannot-tell", LIMIT_OPEN},
    {"not", LIMIT_NOT},
    {"untold", LIMIT_UNTOLD},
};

const char *limit_effect_name(enum limit_effect effect)
{
    return table_name(effects, TABLE_COUNT(effects), (int)effect);
}

struct text limit_type(const struct restriction *restriction)
{
    return restriction->type_text.size ? restriction->type_text
                                       : text_of(restriction_type_name(restriction->type));
}

struct text limit_matcher(const struct restriction *restriction)
{
    return restriction->matcher_type_text.size ? restriction->matcher_type_text
                                               : text_of(matcher_type_name(restriction->matcher));
}

enum status access_limits_init(const struct standing_question *question,
                               const size_t *of_restriction, struct access_limits *out,
                               struct error *err)
{
    struct arena *arena = &question->instance->arena;
    *out = (struct access_limits){
        .question = question,
        .of_restriction = of_restriction,
        .arena = arena,
        .restrictions = arena_alloc(arena, question->repository.restriction_count,
                                    sizeof *out->restrictions),
        .rules = arena_alloc(arena, question->instance->policy.rule_count, sizeof *out->rules),
    };
    return out->restrictions && out->rules ? STATUS_OK
                                           : error_set(err, STATUS_MEMORY, "out of memory");
}

/* The number after the last `mark` of "repo/PRJ/app#9", "refgate.conf:41". */
static bool number_after(struct text source, char mark, uint64_t *number)
{
    size_t at = source.size;
    while (at && source.at[at - 1] != mark)
        at--;
    return at && text_parse_u64(text_skip(source, at), UINT64_MAX, true, number);
}

static size_t find_restriction(const struct access_limits *limits, uint64_t id)
{
    const struct snapshot_repository *repository = &limits->question->repository;
    size_t low = 0, high = repository->restriction_count; /* ascending by id */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (repository->restrictions[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < repository->restriction_count && repository->restrictions[low].id == id ? low
                                                                                         : SIZE_MAX;
}

static unsigned kind_bit(enum change_kind kind)
{
    unsigned bit = 0;
    (void)change_kind_bit(text_of(change_kind_name(kind)), &bit);
    return bit;
}

static enum limit_effect effect_of(enum answer applies)
{
    return applies == ANSWER_YES ? LIMIT_APPLIES : applies == ANSWER_NO ? LIMIT_NOT : LIMIT_OPEN;
}

/* Says nothing about the pusher: another ref or another kind of change. */
static bool says_little(struct text why)
{
    return text_equal(why, TEXT("does not block this kind of change")) ||
           text_equal(why, TEXT("not this kind of change")) ||
           text_equal(why, TEXT("the ref does not match"));
}

/* The strongest effect counts, and of equal ones the words that say most. */
static void note(struct access_limits *limits, struct limit *limit, const struct trace_entry *entry,
                 unsigned kinds)
{
    enum limit_effect effect = effect_of(entry->applies);
    bool stronger = effect > limit->effect;
    bool tells = effect == limit->effect && limit->why && says_little(text_of(limit->why)) &&
                 !says_little(entry->why);
    if (stronger)
        limit->kinds = 0;
    if (effect >= limit->effect && effect != LIMIT_NOT)
        limit->kinds |= kinds;
    if (stronger || tells) {
        limit->effect = effect;
        limit->why = arena_text(limits->arena, entry->why).at;
        limits->failed = limits->failed || !limit->why;
    }
}

static size_t ref_of(const struct access_limits *limits, size_t change)
{
    size_t kinds = 0;
    for (unsigned bits = limits->question->kinds; bits; bits &= bits - 1)
        kinds++;
    return kinds ? change / kinds : change; /* a change asks at least one kind */
}

static void trace_entry(void *self, const struct trace_entry *entry)
{
    struct access_limits *limits = self;
    const struct standing_question *question = limits->question;
    const struct policy *policy = &question->instance->policy;
    bool of_push = entry->change == TRACE_PUSH_LEVEL;
    unsigned kinds = of_push ? 0 : kind_bit(question->check.stated[entry->change]);
    uint64_t number;
    if (entry->stage == TRACE_RESTRICTION && !of_push &&
        number_after(entry->source, '#', &number)) {
        size_t at = find_restriction(limits, number);
        if (at != SIZE_MAX && (!limits->of_restriction ||
                               limits->of_restriction[at] == ref_of(limits, entry->change)))
            note(limits, &limits->restrictions[at], entry, kinds);
    } else if (entry->stage == TRACE_RULE && number_after(entry->source, ':', &number)) {
        for (size_t i = 0; i < policy->rule_count; i++)
            if (policy->rules[i].source.line == number)
                note(limits, &limits->rules[i], entry, kinds);
    }
}

struct trace access_limits_trace(struct access_limits *limits)
{
    return (struct trace){limits, trace_entry};
}
