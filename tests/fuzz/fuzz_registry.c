/*
 * Answers about hook scripts and the add-on's hooks, one after the other (fakes.h); the first byte says
 * which question is asked. Whatever the server says, there is an end, an error has a sentence that can be
 * shown, and names are whole strings.
 */
#include <string.h>

#include "bitbucket/hook_registry.h"
#include "bitbucket/survey.h"
#include "fuzz/fakes.h"

static const struct hook_place place = {"PRJ", "app"}, project = {"PRJ", NULL};
static struct error err;

static void finish(enum status status)
{
    fuzz_require_sentence(status, &err);
    if (status)
        fuzz_require_plain(text_of(err.text), false, false);
    fuzz_tell_number(status);
}

static void check_script(const struct hook_script *script)
{
    REQUIRE(memchr(script->name, '\0', sizeof script->name));
    REQUIRE(memchr(script->description, '\0', sizeof script->description));
    REQUIRE(memchr(script->plugin, '\0', sizeof script->plugin));
    fuzz_tell_number(script->id);
    fuzz_tell_text(text_of(script->name));
}

static void scripts_of(void)
{
    struct hook_script_use *uses = NULL;
    size_t count = 0;
    enum status status = hook_scripts_of(NULL, place, &uses, &count, &err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        check_script(&uses[i].script);
        REQUIRE(uses[i].scope <= HOOK_REPOSITORY);
        REQUIRE(!(uses[i].triggers & ~HOOK_TRIGGERS_ALL));
    }
    if (status == STATUS_OK)
        free(uses);
    finish(status);
}

static void script(void)
{
    struct hook_script script;
    enum status status = hook_script_get(NULL, 7, &script, &err);
    if (status == STATUS_OK)
        check_script(&script);
    finish(status);
}

static void find(void)
{
    struct hook_script script;
    enum status status = hook_script_find(NULL, "refgate", &place, 1, &script, &err);
    if (status == STATUS_OK) {
        check_script(&script);
        REQUIRE(!strcmp(script.name, "refgate") && script.pre);
    }
    finish(status);
}

static void content(void)
{
    char *bytes = NULL;
    size_t size = 0;
    enum status status = hook_script_content(NULL, 7, &bytes, &size, &err);
    if (status == STATUS_OK) {
        fuzz_tell(bytes, size);
        free(bytes);
    }
    finish(status);
}

static void change(void)
{
    struct hook_script script;
    enum status status = hook_script_create(NULL, "refgate", "gate", TEXT("#!/bin/sh\n"), &script,
                                            &err);
    if (status == STATUS_OK)
        check_script(&script);
    finish(status);
    finish(hook_script_enable(NULL, 7, project, HOOK_TRIGGERS_ALL, &err));
    finish(hook_script_disable(NULL, 7, place, &err));
    finish(hook_script_delete(NULL, 7, &err));
}

static void addon(void)
{
    struct addon_hook hook;
    for (int kind = ADDON_PRE_RECEIVE; kind <= ADDON_MERGE_CHECK; kind++) {
        enum status status = addon_hook_get(NULL, (enum addon_kind)kind, place, &hook, &err);
        if (status == STATUS_OK) {
            REQUIRE(memchr(hook.exe, '\0', sizeof hook.exe));
            REQUIRE(memchr(hook.params, '\0', sizeof hook.params));
            REQUIRE(memchr(hook.version, '\0', sizeof hook.version));
            fuzz_tell_text(text_of(hook.params));
            finish(addon_hook_set(NULL, (enum addon_kind)kind, place, &hook, &err));
        }
        finish(status);
    }
    finish(addon_hook_inherit(NULL, ADDON_PRE_RECEIVE, place, &err));
}

static void projects(void)
{
    char **keys = NULL;
    size_t count = 0;
    enum status status = hook_projects(NULL, &keys, &count, &err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        fuzz_tell_text(text_of(keys[i]));
        free(keys[i]);
    }
    if (status == STATUS_OK)
        free(keys);
    finish(status);
}

static void server(void)
{
    struct survey survey;
    enum status status = survey_server(NULL, &survey, &err);
    if (status == STATUS_OK) {
        REQUIRE(memchr(survey.version, '\0', sizeof survey.version));
        REQUIRE(survey.limited != ANSWER_YES || survey.capacity > 0);
        fuzz_tell_text(text_of(survey.version));
    }
    finish(status);
}

static void tell(void *self, const struct survey_right *right)
{
    (void)self;
    REQUIRE(right->endpoint < ENDPOINTS && right->sentence);
    fuzz_require_plain(text_of(right->sentence), false, false);
    fuzz_tell_number((uint64_t)right->endpoint * 8 + right->may);
}

static void rights(void)
{
    finish(survey_rights(NULL, true, tell, NULL, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const questions[])(void) = {scripts_of, script, find,     content, change,
                                              addon,      server, projects, rights};
    struct fake_server fake = {.in = {data, size}};
    unsigned question = input_byte(&fake.in);
    err = (struct error){STATUS_OK, ""};
    fake_server = &fake;
    questions[question % (sizeof questions / sizeof questions[0])]();
    fake_server = NULL;
    return 0;
}
