/* command/file_access.c: what another user may do, told from owners and modes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/file_access.h"

#define R FILE_READ
#define W FILE_WRITE
#define X FILE_PASS
#define DIRECTORY S_IFDIR
#define FILE_ S_IFREG

static const gid_t extra[] = {50, 60};

/* ------------------------------------------------------------------ bits */

static void the_first_class_that_fits_decides(void **state)
{
    static const struct {
        uid_t uid, owner;
        gid_t gid, group;
        mode_t mode;
        unsigned wanted;
        bool may;
    } cases[] = {
        /* the owner's bits, and no others */
        {10, 10, 20, 30, FILE_ | 0600, R | W, true},
        {10, 10, 20, 30, FILE_ | 0600, X, false},
        {10, 10, 20, 20, FILE_ | 0077, R, false},
        {10, 10, 20, 30, FILE_ | 0200, R | W, false},
        /* the group's: the first group, a further one, none */
        {10, 11, 20, 20, FILE_ | 0040, R, true},
        {10, 11, 20, 60, FILE_ | 0040, R, true},
        {10, 11, 20, 61, FILE_ | 0040, R, false},
        {10, 11, 20, 20, FILE_ | 0706, R, false},
        {10, 11, 20, 50, FILE_ | 0060, R | W, true},
        /* others */
        {10, 11, 20, 30, FILE_ | 0004, R, true},
        {10, 11, 20, 30, FILE_ | 0770, R, false},
        {10, 11, 20, 30, DIRECTORY | 0755, X, true},
        {10, 11, 20, 30, DIRECTORY | 0754, X, false},
        {10, 11, 20, 30, DIRECTORY | 01777, W | X, true},
        {10, 11, 20, 30, FILE_ | 0, 0, true},
        /* root */
        {0, 11, 0, 30, FILE_ | 0, R | W, true},
        {0, 11, 0, 30, FILE_ | 0644, X, false},
        {0, 11, 0, 30, FILE_ | 0010, X, true},
        {0, 11, 0, 30, DIRECTORY | 0, R | W | X, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct file_user user = {cases[i].uid, cases[i].gid, extra, 2, "x"};
        const struct stat st = {
            .st_uid = cases[i].owner, .st_gid = cases[i].group, .st_mode = cases[i].mode};
        if (file_access_bits(&st, &user, cases[i].wanted) != cases[i].may)
            fail_msg("case %zu: want %s", i, cases[i].may ? "yes" : "no");
    }
}

/* semantics 8: root, the hook's own user, those in [trust] owners; nobody else may write. */
static void trust_is_for_the_runner_and_not_for_us(void **state)
{
    static const uid_t sync_user[] = {990};
    static const struct file_owners owners = {sync_user, 1};
    static const struct {
        uid_t owner;
        mode_t mode;
        const struct file_owners *owners;
        const char *why; /* NULL: trusted */
    } cases[] = {
        {0, FILE_ | 0644, NULL, NULL},
        {10, FILE_ | 0600, NULL, NULL},
        {990, FILE_ | 0644, NULL, "neither to root nor to runner"},
        {990, FILE_ | 0644, &owners, NULL},
        {991, FILE_ | 0644, &owners, "neither to root nor to runner"},
        {0, FILE_ | 0664, NULL, "can be written by group or others (mode 0664)"},
        {0, FILE_ | 0646, NULL, "can be written by group or others (mode 0646)"},
        {10, DIRECTORY | 0775, NULL, "can be written by group or others (mode 0775)"},
        {0, DIRECTORY | 01777, NULL, NULL},
        {11, DIRECTORY | 01777, NULL, "neither to root nor to runner"},
        {0, FILE_ | 01666, NULL, "can be written by group or others"},
    };
    const struct file_user user = {10, 20, NULL, 0, "runner"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error why = {STATUS_OK, ""};
        const struct stat st = {.st_uid = cases[i].owner, .st_mode = cases[i].mode};
        enum status status = file_trust_bits(&st, "/x", &user, cases[i].owners, &why);
        if (status != (cases[i].why ? STATUS_TRUST : STATUS_OK) ||
            (cases[i].why && !strstr(why.text, cases[i].why)))
            fail_msg("case %zu: %d \"%s\"", i, (int)status, why.text);
    }
}

/* ------------------------------------------------------------------ paths */

/* /tmp/X/shut/file, where X and the file are for everybody, and shut is not; with a link to it. */
struct place {
    char top[PATH_MAX], shut[PATH_MAX], file[PATH_MAX], link[PATH_MAX];
    struct file_user other; /* neither root nor who runs this test */
};

static int make_place(void **state)
{
    static struct place place;
    struct place *p = &place;
    const char *tmp = getenv("TMPDIR");
    char made[PATH_MAX / 2];
    snprintf(made, sizeof made, "%s/refgate-access.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(made) || !realpath(made, p->top) || chmod(p->top, 0755))
        return -1;
    snprintf(p->shut, sizeof p->shut, "%.2000s/shut", p->top);
    snprintf(p->file, sizeof p->file, "%.2000s/shut/file", p->top);
    snprintf(p->link, sizeof p->link, "%.2000s/link", p->top);
    int fd = mkdir(p->shut, 0700) ? -1 : open(p->file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0 || close(fd) || chmod(p->file, 0644) || symlink(p->file, p->link))
        return -1;
    p->other = (struct file_user){getuid() + 4242, getgid() + 4242, NULL, 0, "other"};
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    struct place *p = *state;
    chmod(p->shut, 0700);
    unlink(p->file);
    unlink(p->link);
    return rmdir(p->shut) || rmdir(p->top);
}

static void ask(const char *path, const struct file_user *user, unsigned wanted, enum answer want,
                enum status code, const char *part)
{
    struct error why = {STATUS_OK, ""};
    enum answer answer = file_access(path, user, wanted, &why);
    if (answer != want || why.code != code || (part && !strstr(why.text, part)))
        fail_msg("%s: %s, %d \"%s\"", path, answer_name(answer), (int)why.code, why.text);
}

static void each_directory_above_counts(void **state)
{
    const struct place *p = *state;
    struct error why;
    if (file_access(p->top, &p->other, X, &why) != ANSWER_YES)
        skip(); /* TMPDIR is nobody else's */
    ask(p->top, &p->other, R | X, ANSWER_YES, STATUS_OK, NULL);
    ask(p->top, &p->other, W, ANSWER_NO, STATUS_TRUST, "other may not write");
    ask(p->file, &p->other, R, ANSWER_NO, STATUS_TRUST, p->shut);
    ask(p->link, &p->other, R, ANSWER_NO, STATUS_TRUST, p->shut);
    chmod(p->shut, 0711);
    ask(p->file, &p->other, R, ANSWER_YES, STATUS_OK, NULL);
    ask(p->link, &p->other, R, ANSWER_YES, STATUS_OK, NULL);
    ask(p->file, &p->other, X, ANSWER_NO, STATUS_TRUST, "other may not run");
    ask(p->shut, &p->other, R, ANSWER_NO, STATUS_TRUST, "(mode 0711");
}

static void of_ourselves_the_kernel_is_asked(void **state)
{
    const struct place *p = *state;
    const struct file_user self = {geteuid(), getegid(), NULL, 0, "self"};
    ask(p->file, &self, R | W, ANSWER_YES, STATUS_OK, NULL);
    ask(p->file, &self, X, ANSWER_NO, STATUS_TRUST, "self may not run");
}

static void what_is_not_there_is_not_refused(void **state)
{
    struct place *p = *state;
    char path[PATH_MAX];
    struct error why;
    if (file_access(p->top, &p->other, X, &why) == ANSWER_YES) {
        snprintf(path, sizeof path, "%.2000s/none/deeper", p->top);
        ask(path, &p->other, R, ANSWER_NO, STATUS_NOT_FOUND, "/none does not exist");
    }
    snprintf(path, sizeof path, "%.2000s/shut/file/deeper", p->top);
    chmod(p->shut, 0711);
    chmod(p->file, 0755); /* no directory, whatever its mode */
    ask(path, &(struct file_user){geteuid(), getegid(), NULL, 0, "self"}, R, ANSWER_NO,
        STATUS_NOT_FOUND, "does not exist");
    ask("relative", &p->other, R, ANSWER_CANNOT_TELL, STATUS_USAGE, "not an absolute path");
    ask("", &p->other, R, ANSWER_CANNOT_TELL, STATUS_USAGE, NULL);
}

static void trust(const char *path, const struct file_user *user, enum answer want,
                  const char *part)
{
    struct error why = {STATUS_OK, ""};
    enum answer answer = file_access_trusted(path, user, NULL, &why);
    if (answer != want || (part && !strstr(why.text, part)))
        fail_msg("%s: %s, \"%s\"", path, answer_name(answer), why.text);
}

static void trust_is_looked_for_behind_links(void **state)
{
    struct place *p = *state;
    const struct file_user self = {geteuid(), getegid(), NULL, 0, "self"};
    trust(p->link, &self, ANSWER_YES, NULL);
    if (geteuid() != 0) /* else all of it is root's */
        trust(p->link, &p->other, ANSWER_NO, "neither to root nor to other");
    chmod(p->shut, 0770);
    trust(p->file, &self, ANSWER_NO, p->shut);
    trust(p->link, &self, ANSWER_NO, p->shut);
    chmod(p->shut, 0700);
    chmod(p->file, 0666);
    trust(p->link, &self, ANSWER_NO, "(mode 0666)");
    trust("/nowhere/at/all", &self, ANSWER_NO, "does not exist");
    trust("relative", &self, ANSWER_CANNOT_TELL, NULL);
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_class_that_fits_decides),
        cmocka_unit_test(trust_is_for_the_runner_and_not_for_us),
        WITH_PLACE(each_directory_above_counts),
        WITH_PLACE(of_ourselves_the_kernel_is_asked),
        WITH_PLACE(what_is_not_there_is_not_refused),
        WITH_PLACE(trust_is_looked_for_behind_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
