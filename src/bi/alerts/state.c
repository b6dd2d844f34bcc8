/* Reading the alerts and their history. */
#include "bi/alerts/state.h"

#include <stdlib.h>

#include "base/calendar.h"
#include "base/check.h"
#include "core/alert.h"

/* What was read of the setting; the JSON is the caller's. */
static enum err read_setting(struct store *store, struct arena *arena, json_t **ret_json,
                             struct err_detail *detail)
{
    struct str text = STR_NONE;
    *ret_json = NULL;
    enum err error = store_setting_get(store, arena, "alerts", &text, detail);
    return error == OK && text.length > 0 ? json_read(text, text.length, ret_json, detail) : error;
}

static json_t *instant(struct arena *arena, int64_t at_ms)
{
    return at_ms > 0 ? json_str(calendar_iso(arena, at_ms)) : json_null();
}

static bool is_on(const struct alert *alert)
{
    return alert->phase == ALERT_FIRING || alert->phase == ALERT_ACKNOWLEDGED;
}

/* ---- now ---- */

struct line {
    const char *name;
    const json_t *kept;
    struct alert alert;
    enum alert_severity severity;
};

/* What needs somebody first, then the graver, then by name. */
static int by_need(const void *a, const void *b)
{
    static const int needs[] = {
        [ALERT_FIRING] = 0, [ALERT_ACKNOWLEDGED] = 1, [ALERT_PENDING] = 2, [ALERT_QUIET] = 3};
    const struct line *left = a;
    const struct line *right = b;
    int order = needs[left->alert.phase] - needs[right->alert.phase];
    if (order == 0) {
        order = (int)right->severity - (int)left->severity;
    }
    return order != 0 ? order : str_compare(str_of(left->name), str_of(right->name));
}

static struct line *lines_of(struct arena *arena, json_t *rules, size_t *ret_count)
{
    struct line *lines = ARENA_ARRAY(arena, struct line, json_object_size(rules));
    const char *name;
    json_t *kept;
    *ret_count = 0;
    json_object_foreach(rules, name, kept)
    {
        struct line *line = &lines[(*ret_count)++];
        line->name = name;
        line->kept = kept;
        alert_from_json(kept, &line->alert);
        alert_severity_of(json_get_str(kept, "severity"), &line->severity);
    }
    if (*ret_count > 0) {
        qsort(lines, *ret_count, sizeof(*lines), by_need);
    }
    return lines;
}

static json_t *line_json(struct arena *arena, const struct line *line)
{
    static const char *const keys[] = {"severity", "owner",  "says", "value",
                                       "advice",   "action", "auto", "finding"};
    json_t *json = json_object();
    json_object_set_new(json, "rule", json_string(line->name));
    json_object_set_new(json, "phase", json_string(alert_phase_name(line->alert.phase)));
    json_object_set_new(json, "since", instant(arena, line->alert.since_ms));
    json_object_set_new(json, "silenced_until", instant(arena, line->alert.silenced_until_ms));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        json_t *value = json_object_get(line->kept, keys[i]);
        json_object_set(json, keys[i], value != NULL ? value : json_null());
    }
    return json;
}

static int count_firing(const struct line *lines, size_t count)
{
    int firing = 0;
    for (size_t i = 0; i < count; i++) {
        firing += is_on(&lines[i].alert) && lines[i].severity >= ALERT_WARNING;
    }
    return firing;
}

enum err alerts_state(struct store *store, struct arena *arena, json_t **ret_json,
                      struct err_detail *detail)
{
    json_t *setting = NULL;
    enum err error = read_setting(store, arena, &setting, detail);
    if (error != OK) {
        return error;
    }
    size_t count;
    const struct line *lines = lines_of(arena, json_object_get(setting, "rules"), &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, line_json(arena, &lines[i]));
    }
    *ret_json = json_object();
    json_object_set_new(*ret_json, "looked_at",
                        instant(arena, json_get_int(setting, "looked_at_ms", 0)));
    json_object_set_new(*ret_json, "firing", json_integer(count_firing(lines, count)));
    json_object_set_new(*ret_json, "alerts", list);
    json_decref(setting);
    return OK;
}

enum err alerts_firing(struct store *store, struct arena *arena, int *ret_count,
                       struct err_detail *detail)
{
    json_t *setting = NULL;
    *ret_count = 0;
    enum err error = read_setting(store, arena, &setting, detail);
    if (error == OK) {
        size_t count;
        const struct line *lines = lines_of(arena, json_object_get(setting, "rules"), &count);
        *ret_count = count_firing(lines, count);
    }
    json_decref(setting);
    return error;
}

/* ---- history ---- */

/* A row of the audit log: a look with its changes, or what somebody did by hand. */
static void add_row(struct arena *arena, const struct cell *cells, json_t *list)
{
    json_t *after = NULL;
    if (json_read(cells[3].text, cells[3].text.length, &after, NULL) != OK) {
        return;
    }
    json_t *changes = json_object_get(after, "changes");
    json_t *whole = changes != NULL ? json_incref(changes) : json_pack("[O]", after);
    for (size_t i = 0; i < json_array_size(whole); i++) {
        const json_t *change = json_array_get(whole, i);
        json_t *json = json_object();
        json_object_set_new(json, "id", json_sprintf("%lld", (long long)cells[0].integer));
        json_object_set_new(json, "at", instant(arena, cells[1].integer));
        json_object_set_new(json, "actor", json_str(cells[2].text));
        json_object_set_new(json, "rule", json_str(json_get_str(change, "rule")));
        json_object_set_new(json, "change", json_str(json_get_str(change, "change")));
        json_object_set_new(json, "says", json_str(json_get_str(change, "says")));
        json_object_set_new(json, "done", json_str(json_get_str(change, "done")));
        json_array_append_new(list, json);
    }
    json_decref(whole);
    json_decref(after);
}

enum err alerts_history(struct store *store, struct arena *arena, int limit, int64_t before,
                        json_t **ret_json, struct err_detail *detail)
{
    const struct arg args[] = {ARG_INT(limit), ARG_INT(before)};
    struct rows rows = {0};
    enum err error = store_query(store, arena, "alert_history", args, 2, limit, &rows, detail);
    if (error != OK) {
        return error;
    }
    json_t *list = json_array();
    for (int i = 0; i < rows.count; i++) {
        add_row(arena, rows.cells + (ptrdiff_t)i * rows.columns, list);
    }
    int64_t last = rows.count == limit ? rows.cells[(rows.count - 1) * rows.columns].integer : 0;
    json_t *next = last > 0 ? json_sprintf("%lld", (long long)last) : json_null();
    *ret_json = json_pack("{s:o, s:o}", "history", list, "next", next);
    return OK;
}
