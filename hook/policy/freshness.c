/*
 * freshness.c - is there a snapshot of this instance, and how old is it? (semantics.md 8)
 */
#include "base/clock.h"
#include "model/instance_url.h"
#include "policy/judge.h"

/* Clocks of the nodes of a cluster may differ by seconds: that is no snapshot from the future. */
#define FUTURE_TOLERANCE CLOCK_MINUTE

/* ------------------------------------------------------------------ usable, and how old */

static void no_snapshot(struct judge *j, const char *why)
{
    j->snapshot_usable = false;
    findings_add(j, &j->findings,
                 reason_new(j, REASON_FAILURE, j->policy->no_snapshot, false, "%s", why),
                 j->policy->no_snapshot);
    judge_trace(j, TRACE_SNAPSHOT, TRACE_PUSH_LEVEL, ANSWER_YES, j->policy->no_snapshot, "snapshot",
                "meta", "%s", why);
}

static void judge_age(struct judge *j, const struct snapshot_meta *meta)
{
    /* Counted from the start of the crawl: what changed while it ran may be missing. */
    int64_t from = meta->started_ms > 0 ? meta->started_ms : meta->generated_ms;
    int64_t age = j->push->now_ms - from;
    char age_text[64], limit_text[64];
    clock_format_duration(age > 0 ? age : 0, age_text, sizeof age_text);
    clock_format_duration(j->policy->max_age_ms, limit_text, sizeof limit_text);
    j->age = judge_printf(j, "%s", age_text);
    j->started_ms = from;
    j->out->snapshot_age_ms = age;

    bool future = age < -FUTURE_TOLERANCE ||
                  meta->generated_ms > j->push->now_ms + FUTURE_TOLERANCE;
    bool stale = !future && j->policy->max_age_ms > 0 && age > j->policy->max_age_ms;
    const struct reason *reason = NULL;
    if (future)
        reason = reason_new(j, REASON_FRESHNESS, j->policy->when_stale, false,
                            "the permissions snapshot is from the future (or this clock is wrong)");
    else if (stale)
        reason = reason_new(j, REASON_FRESHNESS, j->policy->when_stale, false,
                            "the permissions snapshot is stale: %s old, %s allowed", j->age,
                            limit_text);
    findings_add(j, &j->findings, reason, j->policy->when_stale);
    judge_trace(j, TRACE_SNAPSHOT, TRACE_PUSH_LEVEL, future || stale ? ANSWER_YES : ANSWER_NO,
                j->policy->when_stale, "snapshot age", "meta", "%s%s old, %s allowed",
                future ? "from the future: " : "", j->age, limit_text);
}

void freshness_judge(struct judge *j)
{
    struct snapshot_meta meta;
    if (!j->snapshot_usable) {
        /* A pusher chooses how much memory is needed: `no-snapshot` does not soften this. */
        if (j->view && j->view->problem_code == STATUS_MEMORY)
            j->out_of_memory = true;
        const char *problem = j->view ? j->view->problem : NULL;
        no_snapshot(j, judge_printf(j, "no usable permissions snapshot: %s",
                                    judge_escaped(j, text_of(problem ? problem : "there is none"),
                                                  REASON_TEXT_MAX)));
        return;
    }
    if (ASK(j, meta, &meta) != ANSWER_YES) {
        j->damaged = true; /* nothing else can be believed; decide() reports it */
        j->snapshot_usable = false;
        return;
    }
    if (j->push->base_url.size && !instance_url_same(meta.base_url, j->push->base_url)) {
        no_snapshot(j, "the permissions snapshot is of another Bitbucket (its base URL differs)");
        return;
    }
    j->out->snapshot_known = true;
    j->out->snapshot_digest = meta.digest;
    j->out->snapshot_generated_ms = meta.generated_ms;
    judge_age(j, &meta);
}

/*
 * Whether the snapshot is stale counts from its oldest full crawl: a repository that was read anew
 * (sync --repo, --project) names users and groups that were not. What was read anew are its
 * restrictions, and how old those are is what somebody wants to know who was exempted just now.
 */
const char *restriction_age(struct judge *j)
{
    int64_t started;
    char text[64];
    if (j->part_asked)
        return j->age ? j->age : "?";
    j->part_asked = true;
    if (j->repository_known == ANSWER_YES &&
        ASK(j, part, j->repository.project_key, j->repository.slug, &started) == ANSWER_YES &&
        started > j->started_ms) {
        int64_t age = j->push->now_ms - started;
        clock_format_duration(age > 0 ? age : 0, text, sizeof text);
        j->age = judge_printf(j, "%s", text);
        j->out->snapshot_part_ms = started;
    }
    return j->age ? j->age : "?";
}
