/* model/credential.h: classes and confidence, their names. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "model/credential.h"

static const struct {
    const char *name;
    enum credential_class class;
    unsigned also; /* further bits of the set */
} classes[] = {
    {"unknown", CREDENTIAL_UNKNOWN, 0},
    {"web", CREDENTIAL_WEB, 0},
    {"user", CREDENTIAL_USER,
     1u << CREDENTIAL_USER_SSH_KEY | 1u << CREDENTIAL_USER_TOKEN | 1u << CREDENTIAL_USER_PASSWORD},
    {"user-ssh-key", CREDENTIAL_USER_SSH_KEY, 0},
    {"user-token", CREDENTIAL_USER_TOKEN, 0},
    {"user-password", CREDENTIAL_USER_PASSWORD, 0},
    {"access-key", CREDENTIAL_ACCESS_KEY, 0},
    {"repository-token", CREDENTIAL_REPOSITORY_TOKEN, 0},
    {"project-token", CREDENTIAL_PROJECT_TOKEN, 0},
};
#define COUNT (sizeof classes / sizeof classes[0])

static void class_names(void **state)
{
    (void)state;
    assert_int_equal(COUNT, CREDENTIAL_CLASSES);
    for (size_t i = 0; i < COUNT; i++) {
        enum credential_class class = CREDENTIAL_CLASSES;
        assert_true(credential_class_parse(text_of(classes[i].name), &class));
        assert_int_equal(class, classes[i].class);
        assert_string_equal(credential_class_name(class), classes[i].name);
    }
    assert_string_equal(credential_class_name(CREDENTIAL_CLASSES), "unknown");
}

static void sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        unsigned bits = 0;
        assert_true(credential_class_set(text_of(classes[i].name), &bits));
        assert_int_equal(bits, 1u << classes[i].class | classes[i].also);
    }
}

static void other_words(void **state)
{
    (void)state;
    static const char *const words[] = {"", "User", "users", "key", "user_token", "access-key "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        enum credential_class class = CREDENTIAL_WEB;
        unsigned bits = 77;
        assert_false(credential_class_parse(text_of(words[i]), &class));
        assert_false(credential_class_set(text_of(words[i]), &bits));
        assert_true(class == CREDENTIAL_WEB && bits == 77);
    }
}

static void confidence(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "observed", "derived", "certain"};
    for (int i = 0; i < 4; i++) {
        enum confidence c = CONFIDENCE_NONE;
        assert_true(confidence_parse(text_of(names[i]), &c));
        assert_int_equal(c, i); /* weakest first */
        assert_string_equal(confidence_name(c), names[i]);
    }
    enum confidence c = CONFIDENCE_DERIVED;
    assert_false(confidence_parse(text_of("sure"), &c));
    assert_int_equal(c, CONFIDENCE_DERIVED);
    assert_string_equal(confidence_name((enum confidence)9), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"names of credential classes", class_names, 0, 0, 0},
        {"semantics 5: user in a list covers the three specific classes", sets, 0, 0, 0},
        {"other words are no class", other_words, 0, 0, 0},
        {"names of confidence, weakest first", confidence, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("credential names", tests, NULL, NULL);
}
