/* Lines are played one after the other. Time in a script is planned: what happens late in one life
 * (a message, the person who waited for it) does not move what comes later. */
#include "script.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/config.h"
#include "base/embed.h"
#include "base/json.h"
#include "base/limits.h"
#include "people.h"
#include "world.h"

enum {
    LINES_MAX = 400,
    SEEN_MAX = 400,
    BETWEEN_MS = 15 * 1000, /* lines */
    LOOK_MS = 5 * 1000,
    TEXT_BYTES = 400
};
#define PATIENCE_MS (3 * HOUR_MS)

struct line {
    int person;
    const char *text; /* without the name */
};

/* A message on somebody's device, however many copies of it. */
struct seen {
    int person;
    int64_t delivery_id, message_id;
    char text[TEXT_BYTES]; /* what it is, says and offers */
    char tokens[LIMIT_BUTTONS][80];
};

struct script {
    struct sim *world;
    struct script_memory *memory;
    bool remembers; /* the first life */
    char *file;
    struct line lines[LINES_MAX];
    int line_count, at;
    int64_t plan_ms;
    struct seen seen[SEEN_MAX];
    int seen_count;
};

static _Noreturn void give_up(const char *what, const char *which)
{
    fprintf(stderr, "script: %s: %s\n", what, which);
    exit(2);
}

/* ---- reading ---- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, LIMIT_YAML_BYTES);
    if (file == NULL || text == NULL) {
        give_up(path, strerror(errno));
    }
    size_t length = fread(text, 1, LIMIT_YAML_BYTES - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static int find_person(struct script *script, const char *name)
{
    struct sim *world = script->world;
    for (int i = 0; i < world->people_count; i++) {
        if (strcmp(world->people[i].name, name) == 0) {
            return i;
        }
    }
    bool web = strncmp(name, "Web", 3) == 0;
    return people_add(world, name, web ? CHANNEL_WEBCHAT : CHANNEL_TELEGRAM);
}

static void read_lines(struct script *script)
{
    char *rest = script->file;
    script->lines[script->line_count++] = (struct line){0, "set share 10000"};
    for (char *text = strsep(&rest, "\n"); text != NULL; text = strsep(&rest, "\n")) {
        if (text[0] == '\0' || text[0] == '#') {
            continue;
        }
        char *colon = strstr(text, ": ");
        bool named = colon != NULL && strcspn(text, " ") == (size_t)(colon - text) + 1;
        ASSERT(script->line_count < LINES_MAX);
        struct line *line = &script->lines[script->line_count++];
        if (named) {
            *colon = '\0';
        }
        line->person = find_person(script, named ? text : "Ada");
        line->text = named ? colon + 2 : text;
    }
}

static sqlite3 *open_store(const struct script *script)
{
    sqlite3 *db = NULL;
    const char *path = script->world->url + strlen("sqlite:");
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    ASSERT(code == SQLITE_OK);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        give_up(sqlite3_errmsg(db), sql);
    }
    return statement;
}

/* ---- what has been seen ---- */

static int count_seen(const struct script *script, int person)
{
    int count = 0;
    for (int i = 0; i < script->seen_count; i++) {
        count += script->seen[i].person == person;
    }
    return count;
}

/* What the message is by its row; "" says goodbye to who was erased: nothing is kept with which
 * that could be tried again. Of an experiment the text is not told, since who gets which follows
 * from ids. */
static bool describe(struct script *script, int64_t delivery_id, char *ret_text, size_t size)
{
    bool tells_text = true;
    bool crashed = script->world->crashed;
    script->world->crashed = false; /* the file is there, also when the process died just now */
    sqlite3 *db = open_store(script);
    sqlite3_stmt *row = prepare(db, "SELECT class || ' ' || kind || ' ' || sequence || '/' || "
                                    "step, variant FROM deliveries WHERE id = ? AND "
                                    "address <> ''");
    sqlite3_bind_int64(row, 1, delivery_id);
    if (sqlite3_step(row) == SQLITE_ROW) {
        snprintf(ret_text, size, "%s", (const char *)sqlite3_column_text(row, 0));
        tells_text = sqlite3_column_bytes(row, 1) == 0;
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    script->world->crashed = crashed;
    return tells_text;
}

/* Whoever waited for an answer does what comes next later. */
static void hide_times(char *text)
{
    for (char *at = strchr(text, ':'); at != NULL; at = strchr(at + 1, ':')) {
        if (at >= text + 2 && strspn(at - 2, "0123456789") == 2 &&
            strspn(at + 1, "0123456789") == 2) {
            memcpy(at - 2, "hh:mm", 5);
        }
    }
}

void script_receive(struct script *script, int person, int64_t message_id,
                    const struct outgoing *outgoing)
{
    for (int i = 0; i < script->seen_count; i++) {
        if (script->seen[i].delivery_id == outgoing->delivery_id) {
            return; /* a copy */
        }
    }
    ASSERT(script->seen_count < SEEN_MAX);
    struct seen *seen = &script->seen[script->seen_count++];
    char what[80] = "";
    *seen = (struct seen){person, outgoing->delivery_id, message_id, "", {""}};
    bool tells_text = describe(script, outgoing->delivery_id, what, sizeof(what));
    if (what[0] == '\0') {
        script->seen_count--;
        return;
    }
    size_t length =
        (size_t)snprintf(seen->text, sizeof(seen->text), "%s: %.*s%s%.*s", what,
                         tells_text ? (int)outgoing->text.length : 0, outgoing->text.ptr,
                         outgoing->picture.length > 0 ? " with " : "", STR_ARG(outgoing->picture));
    for (int i = 0; i < outgoing->button_count; i++) {
        str_copy(seen->tokens[i], sizeof(seen->tokens[i]), outgoing->buttons[i].token);
        if (length < sizeof(seen->text)) {
            length += (size_t)snprintf(seen->text + length, sizeof(seen->text) - length, " [%.*s]",
                                       STR_ARG(outgoing->buttons[i].text));
        }
    }
    hide_times(seen->text);
    for (char *at = strchr(seen->text, '\n'); at != NULL; at = strchr(at, '\n')) {
        *at = ' ';
    }
}

/* ---- doing ---- */

static bool takes(const char *line, const char *word, const char **ret_rest)
{
    size_t length = strlen(word);
    if (strncmp(line, word, length) != 0 || (line[length] != ' ' && line[length] != '\0')) {
        return false;
    }
    *ret_rest = line[length] == ' ' ? line + length + 1 : line + length;
    return true;
}

static void says(struct script *script, int person, const char *text)
{
    const char *rest;
    int64_t days = 0;
    enum deed deed = DEED_OTHER;
    if (takes(text, "/stop", &rest)) {
        deed = DEED_STOP;
    } else if (takes(text, "/resume", &rest)) {
        deed = DEED_RESUME;
    } else if (takes(text, "/pause", &rest) && str_to_int64(str_of(rest), &days)) {
        deed = DEED_PAUSE;
    }
    people_say(script->world, person, deed, days, text);
}

/* "o:7:first_win:done" is done, and "x:join:LINK" is join. */
static bool is_button(const char *token, const char *button)
{
    const char *at = strstr(token, button);
    size_t length = strlen(button);
    return at != NULL && at > token && at[-1] == ':' && (at[length] == '\0' || at[length] == ':');
}

static void taps(struct script *script, int person, const char *button)
{
    for (int i = script->seen_count - 1; i >= 0; i--) {
        const struct seen *seen = &script->seen[i];
        for (int k = 0; seen->person == person && k < LIMIT_BUTTONS; k++) {
            if (is_button(seen->tokens[k], button)) {
                people_tap(script->world, person, seen->message_id, seen->tokens[k]);
                return;
            }
        }
    }
    if (script->remembers) {
        give_up("there is no such button", button);
    }
}

static void asks(struct script *script, const char *kind, const char *payload)
{
    struct sim *world = script->world;
    struct store *store = NULL;
    struct err_detail detail = {""};
    int64_t id;
    enum err error = store_open(world->url, STORE_WRITER, &store, &detail);
    ASSERT(error == OK);
    error = store_inbox_put(store, str_of(kind), str_of(payload), STR("cli"), world_clock_ms(world),
                            &id, &detail);
    ASSERT(error == OK);
    store_close(store);
    world_trace(world, "operator: %s %s", kind, payload);
    world_stir(world);
}

static void asks_about(struct script *script, int person, const char *kind, const char *key,
                       const char *value)
{
    struct sim *world = script->world;
    const struct person_actor *actor = &world->people[person];
    char payload[300];
    snprintf(payload, sizeof(payload),
             "{\"kind\":\"%s\",\"%s\":\"%s\",\"channel\":\"%s\",\"identity\":\"%s\"}", kind, key,
             value, channel_kind_name(actor->channel), actor->address);
    auditor_offered(world->auditor, actor->user_id, DEED_OTHER, false, world_clock_ms(world));
    asks(script, "input", payload);
}

static void opens_link(struct script *script, int person, const char *of)
{
    struct sim *world = script->world;
    char text[160];
    int64_t user_id = world->people[find_person(script, of)].user_id;
    struct str link = engine_link(world->engine, world->arena, user_id);
    snprintf(text, sizeof(text), "/start %.*s", STR_ARG(link));
    people_say(world, person, DEED_OTHER, 0, text);
}

static void sets(struct script *script, const char *rest)
{
    char payload[120];
    const char *value;
    int64_t share;
    if (takes(rest, "share", &value) && str_to_int64(str_of(value), &share)) {
        snprintf(payload, sizeof(payload),
                 "{\"name\":\"superior_onboarding\",\"share\":%" PRId64 "}", share / 100);
        asks(script, "rollout_set", payload);
    } else if (takes(rest, "rollback", &value)) {
        auditor_sets_may_change(script->world->auditor);
        snprintf(payload, sizeof(payload), "{\"what\":\"%s\",\"move\":true}", value);
        asks(script, "rollback", payload);
    } else {
        give_up("not understood: set", rest);
    }
}

/* All journeys as they are, but the first step of one has a picture. */
static void illustrates(struct script *script)
{
    static const char before[] = "    class: reply\n";
    static const char picture[] = "    picture: {en: \"https://pictures.example/en.png\", "
                                  "de: \"https://pictures.example/de.png\"}\n";
    json_t *files = json_array();
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        const char *yaml = (const char *)nudge_journeys[i].data;
        size_t length = nudge_journeys[i].length;
        const char *at = memmem(yaml, length, before, strlen(before));
        bool here = at != NULL && strstr(nudge_journeys[i].name, "superior_onboarding") != NULL;
        size_t split = here ? (size_t)(at - yaml) + strlen(before) : length;
        struct str text = arena_printf(script->world->arena, "%.*s%s%.*s", (int)split, yaml,
                                       here ? picture : "", (int)(length - split), yaml + split);
        json_t *file = json_object();
        json_object_set_new(file, "name", json_string(nudge_journeys[i].name));
        json_object_set_new(file, "yaml", json_str(text));
        json_array_append_new(files, file);
    }
    json_t *payload = json_object();
    json_object_set_new(payload, "files", files);
    asks(script, "journeys_apply", json_write(script->world->arena, payload).ptr);
    json_decref(payload);
}

static void does(struct script *script, const struct line *line)
{
    char kind[40] = "";
    const char *text = line->text;
    const char *rest;
    int64_t ms;
    int length = 0;
    if (text[0] == '+' && config_parse_duration(str_of(text + 1), &ms)) {
        script->plan_ms += ms;
    } else if (takes(text, "says", &rest)) {
        says(script, line->person, rest);
    } else if (takes(text, "taps", &rest)) {
        taps(script, line->person, rest);
    } else if (takes(text, "blocks", &rest) || takes(text, "unblocks", &rest)) {
        people_block(script->world, line->person, text[0] == 'b');
    } else if (takes(text, "joins", &rest)) {
        opens_link(script, line->person, rest);
    } else if (takes(text, "triggers", &rest)) {
        asks_about(script, line->person, "trigger", "name", rest);
    } else if (takes(text, "commits", &rest)) {
        asks_about(script, line->person, "commitment", "text", rest);
    } else if (takes(text, "answers", &rest)) {
        asks_about(script, line->person, "answer", "text", rest);
    } else if (takes(text, "tracks", &rest)) {
        asks_about(script, line->person, "track", "name", rest);
    } else if (takes(text, "illustrates", &rest)) {
        illustrates(script);
    } else if (takes(text, "set", &rest)) {
        sets(script, rest);
    } else if (takes(text, "asks", &rest) && sscanf(rest, "%39s %n", kind, &length) == 1) {
        asks(script, kind, rest + length);
    } else {
        give_up("not understood", text);
    }
}

static void play(struct sim *world, void *argument)
{
    struct script *script = argument;
    if (script->at == script->line_count) {
        return;
    }
    const struct line *line = &script->lines[script->at];
    int seen = count_seen(script, line->person);
    bool waits = !script->remembers && seen < script->memory->seen[script->at] &&
                 world->now_ms < script->plan_ms + PATIENCE_MS;
    /* A process that is down gives no links. */
    if (world->now_ms < script->plan_ms || waits || world->engine == NULL) {
        int64_t next_ms = world->now_ms + LOOK_MS;
        world_at(world, next_ms > script->plan_ms ? next_ms : script->plan_ms, play, script);
        return;
    }
    if (script->remembers) {
        script->memory->seen[script->at] = seen;
        script->memory->lines = script->at + 1;
    }
    script->at++;
    script->plan_ms += BETWEEN_MS;
    does(script, line);
    int64_t next_ms = world->now_ms + LOOK_MS;
    world_at(world, next_ms > script->plan_ms ? next_ms : script->plan_ms, play, script);
}

struct script *script_new(struct sim *world, const char *path, struct script_memory *memory)
{
    struct script *script = calloc(1, sizeof(*script));
    ASSERT(script != NULL);
    script->world = world;
    script->memory = memory;
    script->remembers = memory->lines == 0;
    script->file = read_file(path);
    script->plan_ms = world->now_ms;
    find_person(script, "Ada");
    read_lines(script);
    world_at(world, world->now_ms, play, script);
    return script;
}

void script_free(struct script *script)
{
    if (script != NULL) {
        free(script->file);
        free(script);
    }
}

bool script_is_done(const struct script *script)
{
    return script != NULL && script->at == script->line_count &&
           script->world->now_ms >= script->plan_ms;
}

/* ---- what came of it ---- */

/* Nothing of when it was, nor of ids. */
static const char *const OUTCOMES[] = {
    "SELECT 'person', telegram_address, webchat_address, first_name, source, language, zone, "
    "telegram_reach, webchat_reach, channel, journey_set, set_assigned, is_held, existing, "
    "is_erased, stopped, paused_until_ms <> 0, crisis_hold, commitments_total, "
    "commitments_completed, commitments_quick, commitments_outside, "
    "commitments_outside_completed, commitments_missed, commitments_dropped, "
    "first_commitment_at_ms <> 0, first_completion_at_ms <> 0, activity_days, streak_days, "
    "streak_best_days, ladder_rung, quick_in_row, misses_in_row, onboarding_completed, "
    "onboarding_version, feeling_word, amplification_choice, dialog, alias_of <> 0 "
    "FROM users ORDER BY telegram_address, webchat_address, id",
    "SELECT 'run', u.first_name, journey, sequence, outcome, phase, step, ultra, flags, "
    "steps_assisted, r.next_at_ms <> 0 FROM runs AS r JOIN users AS u ON u.id = r.user_id "
    "ORDER BY u.first_name, journey, r.id",
    "SELECT 'commitment', u.first_name, text, state, size_s, c.source, repeat, followups "
    "FROM commitments AS c JOIN users AS u ON u.id = c.user_id ORDER BY u.first_name, c.id",
    /* An answer can come before the report about what it answers. */
    "SELECT 'events', type, journey, step, replace(rule, 'step.answered_first', 'step.sent'), "
    "count(*) FROM events GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5",
    "SELECT 'messages', journey, sequence, step, kind, class, state, count(*) FROM deliveries "
    "GROUP BY 2, 3, 4, 5, 6, 7 ORDER BY 2, 3, 4, 5, 6, 7",
    "SELECT 'operators', kind, text FROM operator_messages ORDER BY id",
    "SELECT 'broadcast', text, state, considered, matched FROM broadcasts ORDER BY id",
    "SELECT 'audit', action, count(*) FROM audit_log GROUP BY action ORDER BY action",
    "SELECT 'feedback', rating, is_problem, text FROM feedback ORDER BY id",
    "SELECT 'unanswered', kind FROM inbox WHERE answered_at_ms = 0",
    "SELECT 'set aside', kind FROM due_failed",
};

static void tell_rows(sqlite3 *db, const char *sql, FILE *out)
{
    sqlite3_stmt *statement = prepare(db, sql);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            fprintf(out, "%s%s", i > 0 ? "|" : "", text != NULL ? text : "-");
        }
        fputc('\n', out);
    }
    sqlite3_finalize(statement);
}

char *script_outcome(struct script *script)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ASSERT(out != NULL);
    for (int person = 0; person < script->world->people_count; person++) {
        for (int i = 0; i < script->seen_count; i++) {
            if (script->seen[i].person == person) {
                fprintf(out, "%s sees %s\n", script->world->people[person].name,
                        script->seen[i].text);
            }
        }
    }
    sqlite3 *db = open_store(script);
    for (size_t i = 0; i < sizeof(OUTCOMES) / sizeof(OUTCOMES[0]); i++) {
        tell_rows(db, OUTCOMES[i], out);
    }
    sqlite3_close(db);
    fclose(out);
    return text;
}

/* Replies and steps are sent once more unless they were answered, all others never. */
int64_t script_uncertain(struct script *script)
{
    sqlite3 *db = open_store(script);
    sqlite3_stmt *statement =
        prepare(db, "SELECT count(*) FROM deliveries WHERE uncertain > 0 AND (class >= 2 OR "
                    "uncertain > 1 OR state >= 7)");
    int64_t count = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}
