/*
 * doctor_program.c - the hook's program: is it the one that is meant, does it run by itself, which
 * version is it, and what can it restrict itself with?
 */
#include "command/doctor_program.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sandbox.h"
#include "command/doctor_path.h"
#include "command/install_start.h"

#define ABOUT_SIZE 4096 /* of what it says of itself */
#define HEADERS_MAX 64

/* ------------------------------------------------------------------ does it need libraries? */

/* A program without an interpreter is static (elf(5)). */
static enum answer is_static(int fd)
{
    Elf64_Ehdr head;
    Elf64_Phdr part;
    if (pread(fd, &head, sizeof head, 0) != sizeof head || memcmp(head.e_ident, ELFMAG, SELFMAG) ||
        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof part ||
        head.e_phnum > HEADERS_MAX || head.e_phoff > INT32_MAX)
        return ANSWER_CANNOT_TELL;
    for (size_t i = 0; i < head.e_phnum; i++) {
        off_t at = (off_t)(head.e_phoff + i * sizeof part);
        if (pread(fd, &part, sizeof part, at) != sizeof part)
            return ANSWER_CANNOT_TELL;
        if (part.p_type == PT_INTERP)
            return ANSWER_NO;
    }
    return ANSWER_YES;
}

/* ------------------------------------------------------------------ its sandbox */

/* "sandbox: …", a line of what the program says: the kernel is asked by the one that wants it. */
static struct text sandbox_line(struct text about)
{
    const struct text name = TEXT("sandbox: ");
    struct text line;
    while (text_next_field(&about, '\n', &line))
        if (text_starts(line, name))
            return text_skip(line, name.size);
    return TEXT_NONE;
}

static void check_sandbox(struct doctor *d, struct text about)
{
    const enum sandbox_use use = d->config.policy.sandbox;
    const struct text offer = sandbox_line(about);
    if (!offer.size)
        doctor_say(d, DOCTOR_SKIP, "sandbox", NULL, "this hook does not say what it can use");
    else if (use == SANDBOX_OFF)
        doctor_say(d, DOCTOR_WARN, "sandbox", "write [sandbox] use = try", "it is switched off");
    else if (sandbox_is_full(offer))
        doctor_say(d, DOCTOR_OK, "sandbox", NULL, "%.*s", TEXT_ARG(offer));
    else if (use == SANDBOX_REQUIRE)
        doctor_say(d, DOCTOR_FAIL, "sandbox",
                   "a kernel with Landlock and seccomp, or [sandbox] use = try",
                   "every push is rejected, for want of what [sandbox] use requires: %.*s",
                   TEXT_ARG(offer));
    else
        doctor_say(d, DOCTOR_WARN, "sandbox", "no push needs it; a newer kernel has more of it",
                   "not in full: %.*s", TEXT_ARG(offer));
}

/* ------------------------------------------------------------------ which version? */

static void compare(struct doctor *d, struct text about)
{
    static const struct text name = {"refgate-hook ", 13};
    struct text all = about, line = TEXT_NONE, rest, version;
    (void)text_next_field(&all, '\n', &line);
    rest = line;
    bool good = text_starts(rest, name);
    if (good)
        rest = text_skip(rest, name.size);
    good = good && text_next_field(&rest, ' ', &version) && version.size;
    if (!good)
        doctor_say(d, DOCTOR_FAIL, "hook version", "name the hook's program with --hook",
                   "%s is no refgate-hook: it says %.*s", d->hook,
                   (int)(line.size < 100 ? line.size : 100), line.at);
    else if (!text_equal(version, TEXT(REFGATE_VERSION)))
        doctor_say(d, DOCTOR_WARN, "hook version",
                   "fine for a while: upgrade the hooks first, then refgate and its sync",
                   "%.*s, and refgate is " REFGATE_VERSION, TEXT_ARG(version));
    else
        doctor_say(d, DOCTOR_OK, "hook version", NULL, "%.*s, as refgate is", TEXT_ARG(version));
    if (good)
        check_sandbox(d, about);
}

/* Only what this process trusts is run: doctor may be root, and the hook somebody else's. */
static void check_version(struct doctor *d)
{
    struct error err = {STATUS_OK, ""};
    char about[ABOUT_SIZE];
    int fd;
    if (file_open_trusted(d->hook, NULL, &fd, NULL, &err) != STATUS_OK) {
        doctor_say(d, DOCTOR_SKIP, "hook version", NULL, "not asked: %s", err.text);
        return;
    }
    if (is_static(fd) == ANSWER_NO)
        doctor_say(d, DOCTOR_WARN, "program", "the packages' hook needs none: prefer that one",
                   "%s needs shared libraries of this machine", d->hook);
    close(fd);
    if (install_start(d->hook, about, sizeof about, &err) == STATUS_OK)
        compare(d, text_of(about));
    else
        doctor_say(d, DOCTOR_FAIL, "hook version",
                   "is it a program for this kind of machine, on a file system without noexec?",
                   "%s --version: %s", d->hook, err.text);
}

void doctor_program(struct doctor *d)
{
    const struct doctor_path path = {"program",   d->hook,
                                     FILE_PASS,   DOCTOR_TRUSTED,
                                     DOCTOR_FAIL, "install it, or name it with --hook"};
    if (!*d->hook)
        doctor_say(d, DOCTOR_SKIP, "program", "name it with --hook, if Bitbucket runs here",
                   "no refgate-hook beside refgate, nor in ../lib/refgate");
    else if (doctor_path(d, &path, false))
        check_version(d);
}
