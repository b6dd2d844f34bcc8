/* An engine on a database of its own, with a clock that stands still and a channel in memory. */
#pragma once

#include "base/config.h"
#include "engine/engine.h"
#include "lib/fake_channel.h"

struct sqlite3;

struct engine_fixture {
    char folder[64];
    char url[128];
    struct arena *arena;
    struct config config;
    struct clock *clock;
    struct store *store;
    struct engine *engine;
    struct channel *telegram;
    struct channel_limits limits;
    struct sqlite3 *reader; /* for looking into the database */
    bool pacing;
    int64_t leased_until_ms; /* as the engine told */
    bool tampered; /* the test changes rows behind the engine's back: decisions are not checked */
    int64_t update_id;
    /* of the latest submitted input or command */
    int answers;
    enum err error;
    bool handled;
    bool duplicate;
    int64_t user_id;
    char result[2000];
    char detail[256];
};

/* Monday, 2026-11-23, 10:00 UTC. */
extern const int64_t fixture_start_ms;

int engine_fixture_set_up(void **state);
int engine_fixture_tear_down(void **state);
/* Ends the engine and begins anew on the same database, as after a restart. */
void fixture_restart(struct engine_fixture *fixture);
enum err fixture_start(struct engine_fixture *fixture, struct err_detail *detail);

/* Submits what a person in a private chat does; not decided before a step. */
void fixture_text(struct engine_fixture *fixture, int64_t chat, const char *text);
void fixture_button(struct engine_fixture *fixture, int64_t chat, const char *token);
void fixture_submit(struct engine_fixture *fixture, const struct input *input);
/* A private text as an input; strings are static or in the fixture's arena. */
struct input fixture_input(struct engine_fixture *fixture, int64_t chat, const char *text);
/* engine_command; payload and result are JSON. */
void fixture_command(struct engine_fixture *fixture, const char *kind, const char *payload);
/* The payload of journeys_apply: the program's journeys, in each of them the first place of a text
 * replaced. The caller's to free. */
char *fixture_journeys(const char *replace, const char *with, const char *policy,
                       const char *steps);

/* Steps until nothing is left at this instant; fails the test on an error. */
void fixture_settle(struct engine_fixture *fixture);
/* Moves the clock in steps to each due instant up to `by_ms` from now, settling at each. */
void fixture_advance(struct engine_fixture *fixture, int64_t by_ms);
/* The first cell of a query; the result of a statement that gives none is 0. */
int64_t fixture_int(struct engine_fixture *fixture, const char *sql);
void fixture_string(struct engine_fixture *fixture, const char *sql, char *ret_text, size_t size);

/* Makes every decision again from its record and fails the test when one comes out differently; how
 * many there were. Done at the end of each test. */
int fixture_check_decisions(struct engine_fixture *fixture);

/* Makes the chat's person known, so that what follows is not their first contact, and forgets what
 * was sent to them. */
void fixture_know(struct engine_fixture *fixture, int64_t chat);

/* Messages (acts left out) that the channel was given. */
int fixture_messages(struct engine_fixture *fixture);
/* The latest message; NULL when there is none. */
const struct fake_sent *fixture_last(struct engine_fixture *fixture);
