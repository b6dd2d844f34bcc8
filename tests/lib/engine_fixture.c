/* The engine's fixture: everything real but the clock and the channel. */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/embed.h"
#include "base/json.h"
#include "bi/redo.h"

const int64_t fixture_start_ms = 1795428000000;

enum { STEPS_MAX = 20000 };

static struct catalog *build_catalog(struct arena *arena)
{
    struct definition_file *files =
        ARENA_ARRAY(arena, struct definition_file, nudge_journeys_count);
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        files[i].name = str_of(nudge_journeys[i].name);
        files[i].yaml =
            (struct str){(const char *)nudge_journeys[i].data, nudge_journeys[i].length};
    }
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    enum err error = catalog_build(arena, files, (int)nudge_journeys_count, &catalog, &mistakes);
    for (int i = 0; i < mistakes.count; i++) {
        print_message("%.*s:%d: %.*s\n", STR_ARG(mistakes.items[i].file), mistakes.items[i].line,
                      STR_ARG(mistakes.items[i].text));
    }
    assert_int_equal(error, OK);
    return catalog;
}

static void keep_lease(void *context, int64_t until_ms)
{
    struct engine_fixture *fixture = context;
    fixture->leased_until_ms = until_ms;
}

enum err fixture_start(struct engine_fixture *fixture, struct err_detail *detail)
{
    struct catalog *catalog = build_catalog(fixture->arena);
    struct engine_options options = {
        .config = &fixture->config,
        .clock = fixture->clock,
        .store = fixture->store,
        .catalog = catalog,
        .seed = 42,
        .lease_ms = 10000,
        .leased = keep_lease,
        .leased_context = fixture,
        .owner = 4711,
        .pacing = fixture->pacing,
        .entropy = STR("0123456789abcdef0123456789abcdef"),
    };
    options.channels[CHANNEL_TELEGRAM] = fixture->telegram;
    enum err error = engine_new(&options, &fixture->engine, detail);
    if (error != OK) {
        catalog_free(catalog);
        return error;
    }
    struct channel_sink sink = engine_sink(fixture->engine);
    fake_channel_sink(fixture->telegram, &sink);
    return OK;
}

static void must_start(struct engine_fixture *fixture)
{
    struct err_detail detail = {""};
    enum err error = fixture_start(fixture, &detail);
    if (error != OK) {
        fail_msg("engine_new: %s", detail.text);
    }
}

int engine_fixture_set_up(void **state)
{
    struct engine_fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    struct err_detail detail = {""};
    char *environment[] = {(char *)(uintptr_t) "DEFAULT_TIME_ZONE=UTC", NULL};
    fixture->arena = arena_new(64 * 1024);
    assert_int_equal(config_load(fixture->arena, environment, NULL, &fixture->config, &detail), OK);
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/nudge-engine-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->url, sizeof(fixture->url), "sqlite:%s/test.db", fixture->folder);
    fixture->clock = clock_new_virtual(fixture_start_ms);
    if (store_open(fixture->url, STORE_WRITER, &fixture->store, &detail) != OK ||
        store_migrate(fixture->store, NULL, NULL, &detail) != OK) {
        fail_msg("store: %s", detail.text);
    }
    assert_int_equal(sqlite3_open(fixture->url + strlen("sqlite:"), &fixture->reader), SQLITE_OK);
    fixture->limits = (struct channel_limits){.per_second = 30,
                                              .per_second_per_address = 1,
                                              .burst_per_address = 3,
                                              .per_minute_per_group = 20};
    fixture->telegram = fake_channel_new(CHANNEL_TELEGRAM, fixture->clock, &fixture->limits);
    fixture->pacing = true;
    must_start(fixture);
    *state = fixture;
    return 0;
}

/* Every decision of the test, made again from its record alone, has the same result. */
int fixture_check_decisions(struct engine_fixture *fixture)
{
    sqlite3_stmt *people = NULL;
    struct err_detail detail = {""};
    int made_again = 0;
    struct redo *redo = redo_new(fixture->store);
    assert_int_equal(sqlite3_prepare_v2(fixture->reader,
                                        "SELECT id FROM users WHERE decision_last_id <> 0", -1,
                                        &people, NULL),
                     SQLITE_OK);
    while (sqlite3_step(people) == SQLITE_ROW) {
        struct arena *arena = arena_new(256 * 1024);
        struct decision_row *rows = NULL;
        int count = 0;
        assert_int_equal(store_decisions_load(fixture->store, arena,
                                              sqlite3_column_int64(people, 0), 0, 100000, &rows,
                                              &count, &detail),
                         OK);
        for (int i = 0; i < count; i++) {
            struct redone redone;
            if (redo_decision(redo, arena, &rows[i], &redone, &detail) != OK) {
                fail_msg("decision %lld: %s", (long long)rows[i].id, detail.text);
            }
            if (!redone.same) {
                fail_msg("decision %lld on input %d comes out differently; %.*s",
                         (long long)rows[i].id, (int)redone.record.input.kind,
                         STR_ARG(redone.why_not));
            }
            made_again++;
        }
        arena_free(arena);
    }
    sqlite3_finalize(people);
    redo_free(redo);
    return made_again;
}

int engine_fixture_tear_down(void **state)
{
    struct engine_fixture *fixture = *state;
    if (!fixture->tampered) {
        fixture_check_decisions(fixture);
    }
    static const char *const names[] = {"test.db", "test.db-wal", "test.db-shm", "test.db-serve"};
    engine_free(fixture->engine);
    fixture->telegram->ops->free(fixture->telegram);
    store_close(fixture->store);
    sqlite3_close(fixture->reader);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", fixture->folder, names[i]);
        unlink(path);
    }
    int left_behind = rmdir(fixture->folder);
    clock_free(fixture->clock);
    arena_free(fixture->arena);
    free(fixture);
    return left_behind;
}

void fixture_restart(struct engine_fixture *fixture)
{
    engine_free(fixture->engine);
    fixture->engine = NULL;
    must_start(fixture);
}

static void answered(void *context, const struct outcome *outcome)
{
    struct engine_fixture *fixture = context;
    fixture->answers++;
    fixture->error = outcome->error;
    fixture->handled = outcome->handled;
    fixture->duplicate = outcome->duplicate;
    fixture->user_id = outcome->user_id;
    str_copy(fixture->result, sizeof(fixture->result), outcome->result);
    snprintf(fixture->detail, sizeof(fixture->detail), "%s",
             outcome->detail != NULL ? outcome->detail->text : "");
}

struct input fixture_input(struct engine_fixture *fixture, int64_t chat, const char *text)
{
    struct input input = {.kind = INPUT_TEXT,
                          .source = STR("telegram"),
                          .channel = CHANNEL_TELEGRAM,
                          .first_name = STR("Ada"),
                          .may_create = true,
                          .text = str_of(text)};
    input.identity = arena_printf(fixture->arena, "%lld", (long long)chat);
    input.address = input.identity;
    input.external_id = arena_printf(fixture->arena, "%lld", (long long)++fixture->update_id);
    return input;
}

/* The queue is full, as it soon is where queues are short. */
static void make_room(struct engine_fixture *fixture)
{
    struct step_result result;
    struct err_detail detail = {""};
    assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
}

void fixture_submit(struct engine_fixture *fixture, const struct input *input)
{
    enum err error;
    while ((error = engine_submit(fixture->engine, input, answered, fixture)) == ERR_BUSY) {
        make_room(fixture);
    }
    assert_int_equal(error, OK);
}

void fixture_text(struct engine_fixture *fixture, int64_t chat, const char *text)
{
    struct input input = fixture_input(fixture, chat, text);
    fixture_submit(fixture, &input);
}

void fixture_button(struct engine_fixture *fixture, int64_t chat, const char *token)
{
    struct input input = fixture_input(fixture, chat, "");
    input.kind = INPUT_BUTTON;
    input.may_create = false;
    input.token = str_of(token);
    input.callback_id = STR("cb");
    input.message_id = STR("5");
    fixture_submit(fixture, &input);
}

void fixture_command(struct engine_fixture *fixture, const char *kind, const char *payload)
{
    fixture->error = OK;
    enum err error;
    while ((error = engine_command(fixture->engine, str_of(kind), str_of(payload), STR("test"),
                                   answered, fixture)) == ERR_BUSY) {
        make_room(fixture);
    }
    assert_int_equal(error, OK);
}

void fixture_settle(struct engine_fixture *fixture)
{
    struct step_result result = {.more = true};
    for (int i = 0; result.more; i++) {
        struct err_detail detail = {""};
        enum err error = engine_step(fixture->engine, &result, &detail);
        if (error != OK) {
            fail_msg("engine_step: %s: %s", err_text(error), detail.text);
        }
        if (i == STEPS_MAX) {
            fail_msg("the engine finds no end: due %d", result.due);
        }
    }
}

void fixture_advance(struct engine_fixture *fixture, int64_t by_ms)
{
    int64_t until_ms = clock_now_ms(fixture->clock) + by_ms;
    for (;;) {
        fixture_settle(fixture);
        struct step_result result = {0};
        struct err_detail detail = {""};
        assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
        if (result.next_due_at_ms > until_ms) {
            break;
        }
        clock_set(fixture->clock, result.next_due_at_ms);
    }
    clock_set(fixture->clock, until_ms);
    fixture_settle(fixture);
}

static sqlite3_stmt *prepare(struct engine_fixture *fixture, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(fixture->reader, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(fixture->reader));
    }
    return statement;
}

int64_t fixture_int(struct engine_fixture *fixture, const char *sql)
{
    sqlite3_stmt *statement = prepare(fixture, sql);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return value;
}

void fixture_string(struct engine_fixture *fixture, const char *sql, char *ret_text, size_t size)
{
    sqlite3_stmt *statement = prepare(fixture, sql);
    const char *text = sqlite3_step(statement) == SQLITE_ROW
                           ? (const char *)sqlite3_column_text(statement, 0)
                           : "";
    snprintf(ret_text, size, "%s", text != NULL ? text : "");
    sqlite3_finalize(statement);
}

void fixture_know(struct engine_fixture *fixture, int64_t chat)
{
    fixture_text(fixture, chat, "/start");
    fixture_advance(fixture, 10000);
    fake_channel_forget(fixture->telegram);
    fixture->answers = 0;
}

int fixture_messages(struct engine_fixture *fixture)
{
    int count;
    int messages = 0;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int i = 0; i < count; i++) {
        messages += !sent[i].is_act;
    }
    return messages;
}

const struct fake_sent *fixture_last(struct engine_fixture *fixture)
{
    int count;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    while (count > 0 && sent[count - 1].is_act) {
        count--;
    }
    return count > 0 ? &sent[count - 1] : NULL;
}

char *fixture_journeys(const char *replace, const char *with, const char *policy, const char *steps)
{
    json_t *files = json_array();
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        struct str yaml = {(const char *)nudge_journeys[i].data, nudge_journeys[i].length};
        char *copy = malloc(yaml.length + strlen(with) + 1);
        assert_non_null(copy);
        str_copy(copy, yaml.length + 1, yaml);
        char *at = strstr(copy, replace);
        if (at != NULL) {
            memmove(at + strlen(with), at + strlen(replace), strlen(at + strlen(replace)) + 1);
            memcpy(at, with, strlen(with));
        }
        json_array_append_new(
            files, json_pack("{s:s, s:s}", "name", nudge_journeys[i].name, "yaml", copy));
        free(copy);
    }
    json_t *payload =
        json_pack("{s:o, s:s, s:s}", "files", files, "policy", policy, "steps", steps);
    char *text = json_dumps(payload, JSON_COMPACT);
    json_decref(payload);
    return text;
}
