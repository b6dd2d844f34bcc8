/* Explaining a person's decisions (explain.h): each record as JSON, with words, what it looked at,
 * and how it comes out now. */
#include "bi/explain.h"

#include "base/calendar.h"
#include "base/limits.h"
#include "bi/explain_words.h"
#include "bi/redo.h"
#include "core/catalog.h"
#include "core/pressure.h"
#include "core/record_json.h"

enum { DECISIONS_MAX = 200000, EVENTS_MAX = 1000, JOINS_MAX = 1000 };

/* ---- whether a message is concerned ---- */

static bool has_message(const struct record_message *messages, int count, int64_t id)
{
    for (int i = 0; i < count; i++) {
        if (messages[i].id == id) {
            return true;
        }
    }
    return false;
}

static bool is_about(const struct record *record, int64_t message_id)
{
    return message_id == 0 || record->input.ref_id == message_id ||
           has_message(record->result.messages, record->result.message_count, message_id) ||
           has_message(record->held, record->held_count, message_id);
}

/* ---- parts ---- */

static void add_sentence(json_t *list, struct str sentence)
{
    if (sentence.length > 0) {
        json_array_append_new(list, json_str(sentence));
    }
}

/* Rows that another decision of the same batch changed are written with this one, too. */
static bool is_moved(const struct record *record, const struct record_message *message)
{
    const struct delivery *before = person_delivery(&record->person, message->id);
    return message->is_new || before == NULL || before->state != message->state ||
           before->next_at_ms != message->next_at_ms || !str_equal(before->reason, message->reason);
}

static bool is_run_moved(const struct record *record, const struct record_run *run)
{
    const struct run *before = person_run(&record->person, run->id);
    return run->is_new || before == NULL || before->phase != run->phase ||
           before->outcome != run->outcome || before->step != run->step ||
           before->next_at_ms != run->next_at_ms;
}

/* What the engine held afterwards counts in place of what was decided. */
static json_t *sentences(const struct explaining *explaining)
{
    const struct record *record = &explaining->redone->record;
    json_t *list = json_array();
    for (int i = 0; i < record->result.message_count; i++) {
        const struct record_message *message = &record->result.messages[i];
        if (!has_message(record->held, record->held_count, message->id) &&
            is_moved(record, message)) {
            add_sentence(list, explain_message(explaining, message));
        }
    }
    for (int i = 0; i < record->held_count; i++) {
        add_sentence(list, explain_message(explaining, &record->held[i]));
    }
    for (int i = 0; i < record->result.run_count; i++) {
        const struct record_run *run = &record->result.runs[i];
        if (is_run_moved(record, run)) {
            add_sentence(list, explain_run(explaining, run));
        }
    }
    return list;
}

static json_t *facts_json(const struct trace_log *log)
{
    json_t *list = json_array();
    for (int i = 0; i < log->fact_count; i++) {
        const struct traced_fact *fact = &log->facts[i];
        json_t *value = NULL;
        if (json_read(fact->value, fact->value.length, &value, NULL) != OK) {
            value = json_str(fact->value);
        }
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:b}", "name", json_str(fact->name),
                                              "value", value, "condition",
                                              json_str(fact->condition), "holds", fact->holds));
    }
    return list;
}

static json_t *gates_json(const struct trace_log *log)
{
    static const char *const verdicts[] = {"send", "hold", "suppress", "expire"};
    json_t *list = json_array();
    for (int i = 0; i < log->gate_count; i++) {
        const struct traced_gate *gate = &log->gates[i];
        json_t *object = json_pack("{s:o, s:s}", "message_id",
                                   json_sprintf("%lld", (long long)gate->delivery_id), "verdict",
                                   verdicts[gate->verdict]);
        if (gate->reason[0] != '\0') {
            json_object_set_new(object, "reason", json_string(gate->reason));
        }
        if (gate->until_ms != 0) {
            json_object_set_new(object, "until_ms", json_integer(gate->until_ms));
        }
        if (gate->limit[0] != '\0') {
            json_object_set_new(object, "limit", json_string(gate->limit));
            json_object_set_new(object, "used", json_integer(gate->used));
            json_object_set_new(object, "allowed", json_integer(gate->allowed));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *definitions_json(const struct redone *redone)
{
    json_t *list = json_array();
    const struct person *person = &redone->record.person;
    for (int i = 0; i < person->run_count; i++) {
        const struct run *run = person->runs[i];
        const struct journey *journey =
            redone->catalog != NULL ? catalog_definition(redone->catalog, run->definition) : NULL;
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o}", "journey", json_str(run->journey), "version",
                            json_str(journey != NULL ? journey->version : STR("unknown")), "hash",
                            json_str(run->definition)));
    }
    return list;
}

/* The events that were recorded with it, each with the rule that it followed. */
static enum err rules_json(struct store *store, struct arena *arena, const struct record *record,
                           json_t **ret_list, struct err_detail *detail)
{
    struct rows rows = {0};
    json_t *list = json_array();
    if (record->event_last_id != 0) {
        const struct arg args[] = {ARG_INT(record->event_last_id), ARG_INT(record->event_count)};
        enum err error =
            store_query(store, arena, "decision_events", args, 2, EVENTS_MAX, &rows, detail);
        if (error != OK) {
            json_decref(list);
            return error;
        }
    }
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o}", "event", json_str(cells[0].text),
                                        "rule", json_str(cells[1].text), "journey",
                                        json_str(cells[2].text), "step", json_str(cells[3].text)));
    }
    *ret_list = list;
    return OK;
}

/* ---- then and now ---- */

static bool is_alike(const struct record_message *a, const struct record_message *b)
{
    return a->id == b->id && a->state == b->state && str_equal(a->reason, b->reason) &&
           a->next_at_ms == b->next_at_ms;
}

static void compare_messages(const struct explaining *then, json_t *list)
{
    const struct record_result *was = &then->redone->record.result;
    const struct record_result *is = &then->redone->result;
    int most = was->message_count > is->message_count ? was->message_count : is->message_count;
    for (int i = 0; i < most; i++) {
        const struct record_message *a = i < was->message_count ? &was->messages[i] : NULL;
        const struct record_message *b = i < is->message_count ? &is->messages[i] : NULL;
        if (a != NULL && b != NULL && is_alike(a, b)) {
            continue;
        }
        struct str before = a != NULL ? explain_message(then, a) : STR("no message");
        struct str after = b != NULL ? explain_message(then, b) : STR("no message");
        add_sentence(list, arena_printf(then->arena, "then: %.*s; now: %.*s", STR_ARG(before),
                                        STR_ARG(after)));
    }
}

static void compare_runs(const struct explaining *then, json_t *list)
{
    const struct record_result *was = &then->redone->record.result;
    const struct record_result *is = &then->redone->result;
    int most = was->run_count > is->run_count ? was->run_count : is->run_count;
    for (int i = 0; i < most; i++) {
        struct str before =
            i < was->run_count ? explain_run(then, &was->runs[i]) : STR("no journey moves");
        struct str after =
            i < is->run_count ? explain_run(then, &is->runs[i]) : STR("no journey moves");
        if (!str_equal(before, after)) {
            add_sentence(list, arena_printf(then->arena, "then: %.*s; now: %.*s", STR_ARG(before),
                                            STR_ARG(after)));
        }
    }
}

static json_t *differences(const struct explaining *explaining)
{
    const struct record_result *was = &explaining->redone->record.result;
    const struct record_result *is = &explaining->redone->result;
    json_t *list = json_array();
    compare_messages(explaining, list);
    compare_runs(explaining, list);
    if (was->event_count != is->event_count) {
        add_sentence(list, arena_printf(explaining->arena, "then: %d events; now: %d",
                                        was->event_count, is->event_count));
    }
    if (json_array_size(list) == 0) {
        add_sentence(list, STR("a text or a detail of the rows comes out differently"));
    }
    return list;
}

static const char *judge(const struct explaining *explaining, json_t *object,
                         struct explain_totals *totals)
{
    const struct redone *redone = explaining->redone;
    if (redone->why_not.length > 0) {
        json_object_set_new(object, "why", json_str(redone->why_not));
        totals->unknown++;
        return "unknown";
    }
    if (!redone->same) {
        json_object_set_new(object, "differences", differences(explaining));
        totals->different++;
        return "different";
    }
    json_object_set_new(object, "facts", facts_json(redone->log));
    json_object_set_new(object, "gates", gates_json(redone->log));
    totals->same++;
    return "same";
}

/* ---- joins: no decisions of the core, but what they change is seen in those that follow ---- */

struct joins {
    struct rows rows;
    int next; /* the first that is not listed yet */
};

static enum err load_joins(struct store *store, struct arena *arena,
                           const struct explain_wish *wish, int64_t from_id, struct joins *joins,
                           struct err_detail *detail)
{
    const struct arg args[] = {ARG_INT(wish->user_id), ARG_INT(from_id)};
    *joins = (struct joins){0};
    return wish->message_id != 0 ? OK
                                 : store_query(store, arena, "decision_joins", args, 2, JOINS_MAX,
                                               &joins->rows, detail);
}

static json_t *join_json(struct arena *arena, int64_t id, int64_t at_ms, struct str data)
{
    json_t *event = NULL;
    struct str alias = STR("another one");
    if (json_read(data, data.length, &event, NULL) == OK) {
        alias = arena_str(arena, json_get_str(event, "alias"));
        json_decref(event);
    }
    struct str what = arena_printf(
        arena, "two rows of this person were joined: what was %.*s's is theirs from now on",
        STR_ARG(alias));
    return json_pack("{s:o, s:I, s:o, s:o, s:o, s:[], s:[{s:s, s:s, s:s, s:s}], s:s}", "id",
                     json_sprintf("%lld", (long long)id), "at_ms", (json_int_t)at_ms, "at",
                     json_str(calendar_iso(arena, at_ms)), "what", json_str(what), "alias",
                     json_str(alias), "sentences", "rules", "event", "identity_added", "rule",
                     "join", "journey", "", "step", "", "verdict", "joined");
}

/* Those before the id, in their place among the decisions. */
static void add_joins(struct arena *arena, struct joins *joins, int64_t before_id, json_t *list)
{
    for (; joins->next < joins->rows.count; joins->next++) {
        const struct cell *cells = joins->rows.cells + (ptrdiff_t)joins->next * joins->rows.columns;
        if (cells[0].integer >= before_id) {
            return;
        }
        json_array_append_new(list,
                              join_json(arena, cells[0].integer, cells[1].integer, cells[2].text));
    }
}

/* ---- all of them ---- */

static enum err explain_one(struct store *store, struct arena *arena, const struct redone *redone,
                            json_t *list, struct explain_totals *totals, struct err_detail *detail)
{
    const struct record *record = &redone->record;
    const struct world world = {.installation = redone->installation};
    struct explaining explaining = {arena, redone, zone_utc()};
    if (redone->installation != NULL) {
        explaining.zone = person_zone(&world, &record->person);
    }
    json_t *rules = NULL;
    enum err error = rules_json(store, arena, record, &rules, detail);
    if (error != OK) {
        return error;
    }
    json_t *object = record_json(record);
    json_object_set_new(object, "at", json_str(calendar_iso(arena, record->now_ms)));
    json_object_set_new(object, "what", json_str(explain_what(&explaining)));
    json_object_set_new(object, "sentences", sentences(&explaining));
    json_object_set_new(object, "rules", rules);
    json_object_set_new(object, "definitions", definitions_json(redone));
    const char *verdict = judge(&explaining, object, totals);
    json_object_set_new(object, "verdict", json_string(verdict));
    json_array_append_new(list, object);
    totals->decisions++;
    return OK;
}

static enum err explain_rows(struct store *store, struct redo *redo,
                             const struct explain_wish *wish, const struct decision_row *rows,
                             int count, struct joins *joins, json_t *list,
                             struct explain_totals *totals, struct err_detail *detail)
{
    struct arena *arena = arena_new((size_t)64 * 1024);
    enum err error = OK;
    for (int i = 0; error == OK && i < count; i++) {
        struct redone redone;
        arena_reset(arena);
        add_joins(arena, joins, rows[i].id, list);
        error = redo_decision(redo, arena, &rows[i], &redone, detail);
        if (error == OK && is_about(&redone.record, wish->message_id)) {
            error = explain_one(store, arena, &redone, list, totals, detail);
        }
    }
    add_joins(arena, joins, INT64_MAX, list);
    arena_free(arena);
    return error;
}

enum err explain_person(struct store *store, struct arena *arena, const struct explain_wish *wish,
                        json_t **ret_list, struct explain_totals *ret_totals,
                        struct err_detail *detail)
{
    struct decision_row *rows = NULL;
    struct joins joins;
    int count = 0;
    int64_t from_id = wish->from_ms <= 0 ? 0 : wish->from_ms << 21;
    *ret_totals = (struct explain_totals){0};
    enum err error = store_decisions_load(store, arena, wish->user_id, from_id, DECISIONS_MAX,
                                          &rows, &count, detail);
    if (error == OK) {
        error = load_joins(store, arena, wish, from_id, &joins, detail);
    }
    if (error != OK) {
        return error;
    }
    json_t *list = json_array();
    struct redo *redo = redo_new(store);
    error = explain_rows(store, redo, wish, rows, count, &joins, list, ret_totals, detail);
    redo_free(redo);
    if (error != OK) {
        json_decref(list);
        return error;
    }
    *ret_list = list;
    return OK;
}
