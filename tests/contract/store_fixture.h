/* What the tests of the store share: an empty database in a folder of its own, and people with a
 * different value in every field. Only store.h is used, so that every store behind it is tested. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "store/store.h"

enum { NOW_MS_SECONDS = 1764000000 };
#define NOW_MS ((int64_t)NOW_MS_SECONDS * 1000)

struct fixture {
    char folder[64];
    char path[96];
    char url[160];
    bool is_file; /* SQLite; else a schema of its own in the PostgreSQL of NUDGE_TEST_POSTGRES */
    struct store *store; /* writer, migrated */
    struct arena *arena;
    struct id_source ids;
    struct err_detail detail;
};

/* For cmocka: *state is a struct fixture afterwards. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Fails the test with the detail when the call did not give what was expected. */
#define assert_err(expected, call)                                                                 \
    do {                                                                                           \
        fixture->detail.text[0] = '\0';                                                            \
        enum err assert_err_got = (call);                                                          \
        if (assert_err_got != (expected)) {                                                        \
            fail_msg("%s: got \"%s\" (%s), expected \"%s\"", #call, err_text(assert_err_got),      \
                     fixture->detail.text, err_text(expected));                                    \
        }                                                                                          \
    } while (0)
#define assert_ok(call) assert_err(OK, call)
#define assert_str(expected, text)                                                                 \
    do {                                                                                           \
        struct str assert_str_got = (text);                                                        \
        if (!str_is(assert_str_got, expected)) {                                                   \
            fail_msg("got \"%.*s\", expected \"%s\"", STR_ARG(assert_str_got), expected);          \
        }                                                                                          \
    } while (0)

/* Whether the stores of this run are SQLite's files; else they are schemas of a PostgreSQL. */
bool fixture_is_file(void);

/* A new person with every field of the user set, no rows. */
struct person *fixture_person(struct fixture *fixture);
/* Adds rows with every field set. Counters of the user are kept. */
struct commitment *fixture_commitment(struct fixture *fixture, struct person *person,
                                      enum commitment_state state);
struct run *fixture_run(struct fixture *fixture, struct person *person, enum run_outcome outcome);
struct delivery *fixture_delivery(struct fixture *fixture, struct person *person,
                                  const struct run *run, enum delivery_state state);
/* An event of the person, chained. */
struct event fixture_event(struct fixture *fixture, struct person *person, enum event_type type,
                           int64_t at_ms);

/* In a transaction of its own. */
void fixture_save(struct fixture *fixture, struct person *person);
/* Fails when there is none. */
struct person *fixture_load(struct fixture *fixture, const struct person_want *want);
/* Due rows of all lines up to the instant, oldest first; fails when there are more. */
int fixture_due(struct fixture *fixture, int64_t until_ms, struct due *ret_due, int limit);
/* One number that a block gives. */
int64_t fixture_number(struct fixture *fixture, const char *block, const struct arg *args,
                       int arg_count);
