/* install_plan.c - steps: looked at, printed, done, looked at again. */
#include "command/install.h"

#include <stdlib.h>

struct install_step *install_step_add(struct install *in, const struct install_kind *kind,
                                      const char *about)
{
    if (in->step_count == in->step_room) {
        size_t room = in->step_room ? in->step_room * 2 : 16;
        struct install_step *steps = realloc(in->steps, room * sizeof *steps);
        if (!steps)
            return NULL;
        in->steps = steps;
        in->step_room = room;
    }
    struct install_step *step = &in->steps[in->step_count++];
    *step = (struct install_step){
        .kind = kind, .about = about, .uid = (uid_t)-1, .gid = (gid_t)-1, .result = INSTALL_LEFT};
    return step;
}

static enum status look(struct install *in, struct install_step *step, struct error *err)
{
    step->todo = NULL;
    step->is = NULL;
    enum status status = step->kind->look(in, step, err);
    if (status == STATUS_OK && !step->todo && !step->is)
        status = error_set(err, STATUS_MEMORY, "out of memory");
    if (status != STATUS_OK)
        error_prefix(err, "%s", step->about);
    return status;
}

/* What is there, of all steps, before anything is changed: a project that does not exist, a file that
 * is not ours, a permission that is missing stops it here. */
static bool look_at_all(struct install *in, size_t *todo)
{
    *todo = 0;
    for (size_t i = 0; i < in->step_count; i++) {
        struct error err = {STATUS_OK, ""};
        struct install_step *step = &in->steps[i];
        if (look(in, step, &err) != STATUS_OK) {
            step->result = INSTALL_FAIL;
            step->problem = err;
            command_trouble(in->args, "%s", err.text);
            return false;
        }
        step->result = step->todo ? INSTALL_PLAN : INSTALL_SAME;
        install_say_step(in, step->result, step, step->todo ? step->todo : step->is);
        *todo += step->todo != NULL;
    }
    return true;
}

/* Looks again: what somebody else has put there since the plan was made was in no plan. */
static enum status apply(struct install *in, struct install_step *step, struct error *err)
{
    const char *planned = step->todo;
    step->todo = NULL;
    enum status status = step->kind->look(in, step, err);
    if (status == STATUS_OK && step->todo)
        return step->kind->apply(in, step, err);
    step->todo = planned;
    return status;
}

/* The first that fails ends it: what comes after it is said not to be done. */
static bool do_all(struct install *in, size_t *done)
{
    bool failed = false;
    for (size_t i = 0; i < in->step_count; i++) {
        struct install_step *step = &in->steps[i];
        struct error err = {STATUS_OK, ""};
        if (step->result != INSTALL_PLAN)
            continue;
        if (!failed && apply(in, step, &err) != STATUS_OK) {
            failed = true;
            step->result = INSTALL_FAIL;
            step->problem = err;
            install_say_step(in, INSTALL_FAIL, step, step->todo);
            command_trouble(in->args, "%s: %s", step->about, err.text);
            continue;
        }
        step->result = failed ? INSTALL_LEFT : INSTALL_DONE;
        *done += !failed;
        install_say_step(in, step->result, step, step->todo);
    }
    return !failed;
}

/* What was done, read back: EXIT_NO if some of it is not as it was wanted. */
static enum command_exit read_back(struct install *in)
{
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < in->step_count; i++) {
        struct install_step *step = &in->steps[i];
        struct error err = {STATUS_OK, ""};
        const char *text = step->todo;
        enum status status = look(in, step, &err);
        if (status == STATUS_OK && !step->todo) {
            step->todo = step->result == INSTALL_DONE ? text : NULL;
            good++;
            continue;
        }
        if (status == STATUS_OK)
            (void)error_set(&err, STATUS_IO, "it is not so after all, still to do: %s", step->todo);
        step->result = INSTALL_FAIL;
        step->problem = err;
        install_say_step(in, INSTALL_FAIL, step, err.text);
        bad++;
    }
    if (!bad)
        install_say(in, INSTALL_OK, "read back", NULL, "%zu of %zu are as wanted", good, good);
    else
        install_say(in, INSTALL_WARN, "read back", "see who else changes it, and run this again",
                    "%zu of %zu are not as wanted", bad, good + bad);
    return bad ? EXIT_NO : EXIT_YES;
}

static enum command_exit finish(struct install *in, enum command_exit code, size_t todo,
                                size_t done)
{
    static const char *const results[] = {
        [EXIT_YES] = "ok", [EXIT_NO] = "differs", [EXIT_TROUBLE] = "trouble"};
    if (in->json)
        return install_dump(in, results[code], done) ? code
                                                     : command_trouble(in->args, "out of memory");
    const char *things = in->warnings == 1 ? "warning" : "warnings";
    if (code == EXIT_TROUBLE)
        printf("\n%zu of %zu done: it is not complete; running it again goes on\n", done, todo);
    else if (!todo)
        printf("\nnothing to do, %zu %s\n", in->warnings, things);
    else if (in->dry_run)
        printf("\n%zu to do, %zu %s: nothing was changed (--dry-run)\n", todo, in->warnings,
               things);
    else
        printf("\n%zu done, %zu %s\n", done, in->warnings, things);
    return code;
}

enum command_exit install_carry_out(struct install *in)
{
    size_t todo = 0, done = 0;
    if (!look_at_all(in, &todo)) {
        if (in->json)
            (void)finish(in, EXIT_TROUBLE, 0, 0);
        else
            printf("\nnothing was changed\n");
        return EXIT_TROUBLE;
    }
    if (!todo || in->dry_run)
        return finish(in, todo ? EXIT_NO : EXIT_YES, todo, 0);
    if (in->state.lock < 0)
        return command_trouble(in->args,
                               "cannot keep what was there before in %s: %s (--state FILE names "
                               "another file); nothing was changed",
                               in->state.path, in->state.problem.text);
    if (!do_all(in, &done))
        return finish(in, EXIT_TROUBLE, todo, done);
    return finish(in, read_back(in), todo, done);
}
