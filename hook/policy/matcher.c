#include "policy/matcher.h"

#include "model/ref.h"
#include "policy/judge.h"

enum answer restriction_matches(const struct restriction *restriction,
                                const struct snapshot_repository *repository, struct text ref)
{
    struct judge j = {.repository_known = ANSWER_YES, .repository = *repository};
    const struct change change = {.ref = ref, .kind = CHANGE_UPDATE};
    struct change_judge c = {.judge = &j,
                             .change = &change,
                             .branch = ref_is_branch(ref),
                             .tag = ref_is_tag(ref),
                             .is_default = ANSWER_CANNOT_TELL};
    unsigned questions = 0;
    if (!restriction->matcher_active || (!c.branch && !c.tag))
        return ANSWER_NO;
    return matcher_usable(restriction) ? matcher_matches(&c, restriction, &questions)
                                       : ANSWER_CANNOT_TELL;
}
