#include "command/doctor_path.h"

static const char *may_do(unsigned wanted)
{
    if (wanted & FILE_WRITE)
        return "write";
    return wanted & FILE_READ ? "read" : "run";
}

static const char *advice_for(const struct doctor_path *path, enum answer answer, bool trusted,
                              const struct error *why)
{
    if (answer != ANSWER_NO)
        return "run doctor as root";
    if (why->code == STATUS_NOT_FOUND)
        return path->missing;
    if (!trusted)
        return path->trusted == DOCTOR_OWNERS
                   ? "whoever may write there could change it: name its owner in [trust] owners, "
                     "chown root, or chmod go-w"
                   : "whoever may write there could change it: chown root, chmod go-w";
    return "change owner, group or mode, for the user that runs Bitbucket";
}

bool doctor_path(struct doctor *d, const struct doctor_path *path, bool quiet)
{
    struct error why = {STATUS_OK, ""};
    enum answer trusted = ANSWER_YES, answer;
    if (path->trusted)
        trusted = file_access_trusted(path->path, &d->runner,
                                      path->trusted == DOCTOR_OWNERS ? &d->owners : NULL, &why);
    answer = trusted;
    if (answer == ANSWER_YES)
        answer = file_access(path->path, &d->runner, path->wanted, &why);
    if (answer != ANSWER_YES)
        doctor_say(d, answer == ANSWER_NO ? path->mark : DOCTOR_WARN, path->check,
                   advice_for(path, answer, trusted == ANSWER_YES, &why), "%s", why.text);
    else if (!quiet)
        doctor_say(d, DOCTOR_OK, path->check, NULL, "%s%s, and %s may %s it", path->path,
                   path->trusted ? " is trusted" : " is there", d->runner.name,
                   may_do(path->wanted));
    return answer == ANSWER_YES;
}
