/* model/instance_url.h: do two base URLs name the same Bitbucket? */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "model/instance_url.h"

static void same_and_other(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"https://B.example.com/stash/", "HTTPS://b.example.com/stash", true},
        {"https://b.example.com/stash", "https://b.example.com/Stash", false},
        {"https://b.example.com/stash", "https://b.example.com", false},
        {"https://b.example.com", "https://c.example.com", false},
        {"https://b.example.com", "http://b.example.com", false},
        {"https://b.example.com:443", "https://b.example.com/", true},
        {"http://b.example.com:80/x", "http://b.example.com/x", true},
        {"https://b.example.com:80", "https://b.example.com", false},
        {"https://b.example.com:7990", "https://b.example.com:7990//", true},
        {"https://[::1]", "https://[::1]:443", true},
        {"https://[::1]", "https://[::2]", false},
        {"", "/", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (instance_url_same(text_of(rows[i].a), text_of(rows[i].b)) != rows[i].same ||
            instance_url_same(text_of(rows[i].b), text_of(rows[i].a)) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 8: the same instance, however it is written", same_and_other, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("instance URL", tests, NULL, NULL);
}
