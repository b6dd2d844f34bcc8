/* The file of people: the shipped one is read whole, and every kind of mistake is named with its
 * place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "core/mistakes.h"
#include "sim/people.h"

#define HOURS                                                                                      \
    "[100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, "  \
    "100, 100, 100, 100, 100, 50.5]"
#define SAYS                                                                                       \
    "{word: [calm], action: [walked], plan: [\"walk at 8\"], commitment: [walk], too_much: [no], " \
    "hello: [hi]}"
#define ANSWERS                                                                                    \
    "{tap: 90, word: 80, action: 70, plan: 60, invitation: 50, recovery: 40, smaller: 30, "        \
    "last_call: 20, followup: 10, nudge: 5, rating: 0.25}"

/* A file that is right; each test breaks one place of it. */
static const char *const lines[] = {
    "people: some",
    "joining: 2d",
    "writes:",
    "  en: " SAYS,
    "personas:",
    "  - id: one",
    "    share: 3",
    "    languages: {en: 1}",
    "    zones: {Europe/Berlin: 2, Asia/Kolkata: 1}",
    "    hours: " HOURS,
    "    weekdays: [100, 100, 100, 100, 100, 50, 0]",
    "    answers: " ANSWERS,
    "    delay: {median: 20m, spread: 1.25}",
    "    pressure: 10",
    "    too_much: 5",
    "    blocks: 0.5",
    "    commits: {before: 1, after: 20}",
    "    keeps: {alone: 60, tells: 70, when_asked: 20, median: 3h, spread: 1}",
};
enum { LINES = sizeof(lines) / sizeof(lines[0]) };

struct read {
    struct arena *arena;
    const struct people *people;
    struct mistakes mistakes;
    enum err error;
};

/* The file with the line of that number (from 1) exchanged; 0: none. */
static struct read read_with(int number, const char *instead)
{
    struct read read = {.arena = arena_new(4096)};
    struct str text = STR_NONE;
    for (int i = 0; i < LINES; i++) {
        text = arena_printf(read.arena, "%.*s%s\n", STR_ARG(text),
                            i + 1 == number ? instead : lines[i]);
    }
    read.error = people_read(read.arena, STR("p.yaml"), text, &read.people, &read.mistakes);
    return read;
}

static void mistake_is(int number, const char *instead, const char *expected)
{
    struct read read = read_with(number, instead);
    assert_int_equal(read.error, ERR_INVALID);
    assert_true(read.mistakes.count >= 1);
    struct str line = mistake_line(read.arena, &read.mistakes.items[0]);
    assert_string_equal(arena_strdup(read.arena, line.ptr), expected);
    arena_free(read.arena);
}

static void a_right_file_is_read(void **state)
{
    (void)state;
    struct read read = read_with(0, "");
    assert_int_equal(read.error, OK);
    const struct persona *persona = &read.people->personas[0];
    assert_int_equal(read.people->persona_count, 1);
    assert_int_equal(read.people->joining_ms, 2 * DAY_MS);
    assert_true(str_is(persona->id, "one"));
    assert_int_equal(persona->share, 3);
    assert_int_equal(persona->hours[23], 5050);
    assert_int_equal(persona->weekdays[5], 5000);
    assert_int_equal(persona->answers[ASK_TAP], 9000);
    assert_int_equal(persona->answers[ASK_RATING], 25);
    assert_int_equal(persona->delay.median_ms, 20 * MINUTE_MS);
    assert_int_equal(persona->delay.sigma_permille, 1250);
    assert_int_equal(persona->blocks, 50);
    assert_int_equal(persona->commits_after, 2000);
    assert_int_equal(persona->does_when_asked, 2000);
    assert_int_equal(persona->doing.median_ms, 3 * HOUR_MS);
    assert_string_equal(zone_name(persona->zone_of[1]), "Asia/Kolkata");
    assert_true(str_is(people_voice(read.people, STR("en"))->says[SAY_HELLO].items[0], "hi"));
    arena_free(read.arena);
}

static void the_shipped_people_are_read(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const struct people *people = NULL;
    struct mistakes mistakes;
    assert_int_equal(people_read_embedded(arena, &people, &mistakes), OK);
    assert_true(people->persona_count >= 3);
    for (int i = 0; i < people->persona_count; i++) {
        assert_true(people->personas[i].languages.count > 0);
        assert_non_null(people->personas[i].zone_of[0]);
    }
    arena_free(arena);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    mistake_is(7, "    share: 0", "p.yaml:7:12: expected a whole number from 1");
    mistake_is(7, "    shere: 3", "p.yaml:6:5: a persona has no \"share\", which is needed");
    mistake_is(8, "    languages: {fr: 1}", "p.yaml:8:5: \"writes\" has nothing in \"fr\"");
    mistake_is(9, "    zones: {Berlin: 1}",
               "p.yaml:9:13: there is no time zone of this name; expected one such as "
               "Europe/Berlin");
    mistake_is(10, "    hours: [1, 2]", "p.yaml:10:12: hours has 2 entries; expected 24");
    mistake_is(11, "    weekdays: [100, 100, 101, 100, 100, 50, 0]",
               "p.yaml:11:26: expected a percentage from 0 to 100");
    mistake_is(13, "    delay: {median: 20, spread: 1}",
               "p.yaml:13:21: not a duration; expected a number and a unit, such as 30s, 90m, 2h, "
               "3d");
    mistake_is(13, "    delay: {median: 60d, spread: 1}",
               "p.yaml:13:13: expected a median of at most 30d");
    mistake_is(13, "    delay: {median: 1h, spread: 4}",
               "p.yaml:13:25: expected a spread from 0 to 3");
    mistake_is(14, "    pressure: -1",
               "p.yaml:14:15: not a number; expected digits, perhaps with a point");
    mistake_is(2, "joining: 100d", "p.yaml:2:1: expected at most 90d");
    mistake_is(4, "  en: {word: [a], talk: [b]}",
               "p.yaml:4:7: the language has no \"action\", which is needed");
    mistake_is(3, "wrote:", "p.yaml:1:1: a file of people has no \"writes\", which is needed");
}

/* Each of the lists is short enough; what stands twice is refused and not put together. */
static void what_stands_twice_is_left_out(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct str list = STR("a");
    for (int i = 1; i < SAYINGS_MAX; i++) {
        list = arena_printf(arena, "%.*s, a", STR_ARG(list));
    }
    struct str line = arena_printf(arena,
                                   "  en: {word: [%.*s], action: [a], plan: [a], commitment: [a], "
                                   "too_much: [a], hello: [a], word: [%.*s]}",
                                   STR_ARG(list), STR_ARG(list));
    mistake_is(4, arena_strdup(arena, line.ptr),
               "p.yaml:4:276: the key \"word\" stands twice, first in line 4");
    arena_free(arena);
}

/* Any cut of the file, and any byte of it changed, is read or refused, never worse. */
static void broken_files_do_no_harm(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct str text = STR_NONE;
    for (int i = 0; i < LINES; i++) {
        text = arena_printf(arena, "%.*s%s\n", STR_ARG(text), lines[i]);
    }
    static const char bytes[] = "\0{[:-\"\xff ";
    for (size_t at = 0; at < text.length; at += 3) {
        struct arena *scratch = arena_new(4096);
        const struct people *people = NULL;
        struct mistakes mistakes;
        struct str cut = {text.ptr, at};
        enum err error = people_read(scratch, STR("p.yaml"), cut, &people, &mistakes);
        assert_true(error == OK || mistakes.count > 0);
        struct str changed = arena_str(scratch, text);
        char *writable = arena_strdup(scratch, text.ptr);
        writable[at] = bytes[at % (sizeof(bytes) - 1)];
        changed.ptr = writable;
        error = people_read(scratch, STR("p.yaml"), changed, &people, &mistakes);
        assert_true(error == OK || mistakes.count > 0);
        arena_free(scratch);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_file_is_read),
        cmocka_unit_test(the_shipped_people_are_read),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(what_stands_twice_is_left_out),
        cmocka_unit_test(broken_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
