/* policy/control_map.h: identifiers of frameworks, the file, and the map that is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "command/controls.h"
#include "policy/control_frameworks.h"
#include "policy/control_map.h"
#include "posture/posture.h"

#define SHIPPED "config/control-map.ini"

static struct arena arena;
static struct control_map map;
static struct config_errors errors;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    config_errors_init(&errors);
    map = (struct control_map){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    config_errors_free(&errors);
    arena_free(&arena);
    return 0;
}

/* ------------------------------------------------------------------ identifiers */

static void identifiers(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        const char *framework; /* the beginning of its name; NULL: unknown */
    } cases[] = {
        {"soc2:CC6.1", "SOC 2"},
        {"soc2:CC6.8", "SOC 2"},
        {"soc2:CC6.9", NULL},
        {"soc2:CC6.0", NULL},
        {"soc2:CC6.01", NULL},
        {"soc2:CC10.1", NULL},
        {"soc2:A1.3", "SOC 2"},
        {"soc2:PI1.5", "SOC 2"},
        {"soc2:P6.7", "SOC 2"},
        {"soc2:CC6.1(1)", NULL},
        {"soc2:CC6.1 ", NULL},
        {"iso27001:A.5.1", "ISO/IEC 27001:2022"},
        {"iso27001:A.5.37", "ISO/IEC 27001:2022"},
        {"iso27001:A.5.38", NULL},
        {"iso27001:A.6.8", "ISO/IEC 27001:2022"},
        {"iso27001:A.6.9", NULL},
        {"iso27001:A.7.14", "ISO/IEC 27001:2022"},
        {"iso27001:A.7.15", NULL},
        {"iso27001:A.8.34", "ISO/IEC 27001:2022"},
        {"iso27001:A.8.35", NULL},
        {"iso27001:A.9.1", NULL},
        {"iso27001:5.1", NULL},
        {"iso42001:A.6.2.8", "ISO/IEC 42001:2023"},
        {"iso42001:A.6.2.9", NULL},
        {"iso42001:A.6.2.1", NULL},
        {"iso42001:A.10.4", "ISO/IEC 42001:2023"},
        {"iso42001:A.10.5", NULL},
        {"gdpr:1", "GDPR"},
        {"gdpr:99", "GDPR"},
        {"gdpr:100", NULL},
        {"gdpr:0", NULL},
        {"gdpr:5(1)(f)", "GDPR"},
        {"gdpr:5(1)", "GDPR"},
        {"gdpr:5(f)", NULL},
        {"gdpr:5(1)(F)", NULL},
        {"gdpr:5(1)(f", NULL},
        {"gdpr:5(1)(f)(i)", NULL},
        {"gdpr:5(0)", NULL},
        {"ai-act:113", "EU AI Act"},
        {"ai-act:114", NULL},
        {"ai-act:26(6)", "EU AI Act"},
        {"nist:AC-25", "NIST SP 800-53"},
        {"nist:AC-26", NULL},
        {"nist:AC-6(9)", "NIST SP 800-53"},
        {"nist:AC-6(0)", NULL},
        {"nist:AC-6(36)", NULL},
        {"nist:AC-6(9)(a)", NULL},
        {"nist:SC-51", "NIST SP 800-53"},
        {"nist:SR-12", "NIST SP 800-53"},
        {"nist:SR-13", NULL},
        {"nist:XX-1", NULL},
        {"nist:AC-", NULL},
        {"nist:AC-99999999999999999999", NULL},
        {"nist-800-53:AC-6", NULL},
        {"SOC2:CC6.1", NULL},
        {"soc2:", NULL},
        {":CC6.1", NULL},
        {"CC6.1", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text id = text_of(cases[i].id);
        const char *framework = control_framework(id);
        if (control_known(id) != (cases[i].framework != NULL))
            fail_msg("%s: %s", cases[i].id, framework ? "known" : "unknown");
        assert_int_equal(framework != NULL, cases[i].framework != NULL);
        if (framework)
            assert_memory_equal(framework, cases[i].framework, strlen(cases[i].framework));
    }
    assert_false(control_known(TEXT_NONE));
}

/* Each number of each range, its neighbours, and no crash on any cut of them. */
static void ranges(void **state)
{
    (void)state;
    for (size_t f = 0; f < control_framework_count; f++) {
        const struct control_framework *framework = &control_frameworks[f];
        for (size_t r = 0; r < framework->range_count; r++) {
            const struct control_range *range = &framework->ranges[r];
            for (unsigned n = range->first - 1; n <= range->last + 1; n++) {
                char id[64];
                snprintf(id, sizeof id, "%s:%s%u", framework->prefix, range->group, n);
                assert_int_equal(control_known(text_of(id)), n >= range->first && n <= range->last);
                for (size_t cut = 0; cut < strlen(id); cut++) {
                    char *copy = strndup(id, cut); /* exact room, for the sanitizer */
                    assert_non_null(copy);
                    (void)control_known((struct text){copy, cut});
                    free(copy);
                }
            }
        }
    }
}

/* ------------------------------------------------------------------ the file */

static enum status parse(const char *bytes)
{
    return control_map_parse(text_of(bytes), "map.ini", controls_subject_known, &arena, &map,
                             &errors);
}

static void good_file(void **state)
{
    (void)state;
    assert_int_equal(parse("# comment\n"
                           "[control \"soc2:CC6.1\"]\n"
                           "title = Access\n"
                           "reason = One line,\n"
                           "         and a second.\n"
                           "covers = rule, permission,\n"
                           "         finding:write-by-default\n"
                           "[control \"gdpr:5(1)(f)\"]\n"
                           "covers = rule\n"
                           "reason = R\n"
                           "title = T\n"),
                     STATUS_OK);
    assert_int_equal(map.count, 2);
    const struct control *control = control_map_find(&map, TEXT("soc2:CC6.1"));
    assert_non_null(control);
    assert_true(text_equal(control->title, TEXT("Access")));
    assert_true(text_equal(control->reason, TEXT("One line, and a second.")));
    assert_int_equal(control->covers.count, 3);
    assert_null(control_map_find(&map, TEXT("soc2:CC6.2")));

    struct text_list list;
    assert_true(control_map_of(&map, TEXT("rule"), &arena, &list));
    assert_int_equal(list.count, 2);
    assert_true(text_equal(list.items[0], TEXT("soc2:CC6.1"))); /* in the order of the file */
    assert_true(text_equal(list.items[1], TEXT("gdpr:5(1)(f)")));
    assert_true(control_map_of(&map, TEXT("finding:write-by-default"), &arena, &list));
    assert_int_equal(list.count, 1);
    assert_true(control_map_of(&map, TEXT("audit"), &arena, &list));
    assert_int_equal(list.count, 0);
}

static void bad_files(void **state)
{
    (void)state;
#define GOOD "title = T\nreason = R\ncovers = rule\n"
    static const struct {
        const char *bytes, *said;
    } cases[] = {
        {"[control \"soc2:CC6.9\"]\n" GOOD,
         "map.ini:1: \"soc2:CC6.9\" is no control of a framework that is known\n"},
        {"[control \"soc2:CC6.1\"]\ntitle = T\nreason = R\ncovers = rule, rules\n",
         "map.ini:4: \"rules\" is neither a type of reason nor finding: and the name of a "
         "finding\n"},
        {"[control \"soc2:CC6.1\"]\ntitle = T\nreason = R\ncovers = finding:no-such\n",
         "map.ini:4: \"finding:no-such\" is neither"},
        {"[control \"soc2:CC6.1\"]\ntitle = T\nreason = R\ncovers = rule, rule\n",
         "map.ini:4: \"rule\" is there twice\n"},
        {"[control \"soc2:CC6.1\"]\ntitle = T\ncovers = rule\n",
         "map.ini:1: control \"soc2:CC6.1\" has no reason\n"},
        {"[control \"soc2:CC6.1\"]\n" GOOD "[control \"soc2:CC6.1\"]\n" GOOD,
         "map.ini:5: control \"soc2:CC6.1\" is there twice\n"},
        {"[control \"soc2:CC6.1\"]\n" GOOD "title = again\n",
         "map.ini:5: title is there twice (line 2)\n"},
        {"[control \"soc2:CC6.1\"]\n" GOOD "colour = red\n",
         "map.ini:5: a control has no key \"colour\""},
        {"[controls]\nx = y\n", "map.ini:1: a section is [control \"FRAMEWORK:ID\"]"},
        {"[control soc2:CC6.1]\n" GOOD, "map.ini:1: a section is [control"},
        {"[control \"soc2:CC6.1\"]\ntitle = T\nreason =\ncovers = rule\n",
         "map.ini:3: reason has no value\n"},
        {"[control \"soc2:CC6.1\"]\n" GOOD "[control \"soc2:CC9.9\"]\ntitle = T\n",
         "map.ini:5: control \"soc2:CC9.9\" has no reason\n"}, /* all of them are told */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        errors.lines.size = errors.count = 0;
        assert_int_equal(parse(cases[i].bytes), STATUS_FORMAT);
        if (!strstr(errors.lines.data, cases[i].said))
            fail_msg("case %zu said: %s", i, errors.lines.data);
        assert_int_equal(map.count, 0); /* untouched */
    }
}

/* ------------------------------------------------------------------ the shipped map */

static void parse_shipped(void)
{
    struct buffer bytes;
    struct error err = {STATUS_OK, ""};
    buffer_init(&bytes, SIZE_MAX);
    if (config_read_file(SHIPPED, &bytes, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    struct text kept = arena_text(&arena, buffer_view(&bytes));
    buffer_free(&bytes);
    if (control_map_parse(kept, SHIPPED, controls_subject_known, &arena, &map, &errors) !=
        STATUS_OK)
        fail_msg("%s", errors.lines.data);
}

static bool is_covered(const char *prefix, const char *name)
{
    char subject[128];
    struct text_list list;
    snprintf(subject, sizeof subject, "%s%s", prefix, name);
    assert_true(controls_subject_known(text_of(subject)));
    assert_true(control_map_of(&map, text_of(subject), &arena, &list));
    return list.count > 0;
}

static void shipped_map_covers_all(void **state)
{
    (void)state;
    static const char *const types[] = {
        "rule",     "restriction", "permission", "access-key", "service-account",
        "identity", "namespace",   "freshness",  "approval",   "audit",
    };
    parse_shipped();
    assert_true(map.count > 30);
    for (size_t i = 0; i < posture_kind_count; i++)
        if (!is_covered("finding:", posture_kinds[i].name))
            fail_msg("no control covers finding:%s", posture_kinds[i].name);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!is_covered("", types[i]))
            fail_msg("no control covers %s", types[i]);
    /* Each framework is there. */
    for (size_t f = 0; f < control_framework_count; f++) {
        bool found = false;
        for (size_t i = 0; i < map.count; i++)
            found |= !strcmp(control_framework(map.controls[i].id), control_frameworks[f].name);
        if (!found)
            fail_msg("no control of %s", control_frameworks[f].name);
    }
}

/* semantics.md 8: memory may run out anywhere, and that is an error, not a crash. */
static void out_of_memory(void **state)
{
    (void)state;
    enum status status = STATUS_MEMORY;
    for (size_t cap = 1024; status == STATUS_MEMORY && cap < 1024 * 1024; cap += 512) {
        arena_free(&arena);
        arena_init(&arena, cap);
        status = parse("[control \"soc2:CC6.1\"]\n" GOOD "[control \"gdpr:32\"]\n" GOOD);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(map.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(identifiers, start, end),
        cmocka_unit_test_setup_teardown(ranges, start, end),
        cmocka_unit_test_setup_teardown(good_file, start, end),
        cmocka_unit_test_setup_teardown(bad_files, start, end),
        cmocka_unit_test_setup_teardown(shipped_map_covers_all, start, end),
        cmocka_unit_test_setup_teardown(out_of_memory, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
