/* One pass: events of a period in which the person was seen already are skipped by their time.
 * Who was active in the last 7 or 30 days is counted by where such stretches begin and end. */
#include "bi/behaviour/activity.h"

#include "base/limits.h"
#include "bi/behaviour/scan.h"
#include "bi/stats.h"

enum { WEEK = 7, MONTH = 30 };
/* Counters of a period: those of activity_row, and changes of the number of people within
 * stretches. */
enum { ACTIVE, FRESH, RETURNING, RESURRECTED, DORMANT, WEEK_CHANGE, MONTH_CHANGE, COUNTERS };

struct activity {
    const struct behaviour_log *log;
    struct behaviour_who who;
    struct behaviour_events what;
    struct periods periods;
    int first_row;
};

/* Counters behind the last period take stretches that end there. */
static size_t group_size(const struct activity *activity)
{
    return (size_t)(activity->periods.count + MONTH + 1) * COUNTERS;
}

static inline void stretch(int64_t *counters, int change, int length, int at, int before)
{
    int from = before >= 0 && before + length > at ? before + length : at;
    counters[from * COUNTERS + change]++;
    counters[(at + length) * COUNTERS + change]--;
}

static inline void take_period(int64_t *counters, int at, int before, bool is_first)
{
    int64_t *row = counters + at * COUNTERS;
    row[ACTIVE]++;
    row[FRESH] += is_first;
    row[RETURNING] += !is_first && before == at - 1;
    row[RESURRECTED] += !is_first && before != at - 1;
    if (before >= 0 && before != at - 1) {
        counters[(before + 1) * COUNTERS + DORMANT]++;
    }
    stretch(counters, WEEK_CHANGE, WEEK, at, before);
    stretch(counters, MONTH_CHANGE, MONTH, at, before);
}

static void count_person(const struct activity *activity, int64_t *counters, uint32_t event,
                         uint32_t last)
{
    enum { NEVER = -1000 };
    const struct behaviour_log *log = activity->log;
    const struct periods *periods = &activity->periods;
    bool is_first = true;
    int before = NEVER;
    uint32_t end_s = 0;
    while (event < last) {
        while (event < last && log->at_s[event] < end_s) {
            event++;
        }
        if (event == last) {
            break;
        }
        if (!behaviour_counts(log, &activity->what, event)) {
            event++;
            continue;
        }
        int at = periods_find(periods, (int64_t)log->at_s[event] * 1000);
        if (at < 0) { /* before all rows and what they look back at */
            end_s = (uint32_t)(periods->begin_ms[0] / 1000);
            is_first = false;
            continue;
        }
        take_period(counters, at, before, is_first);
        is_first = false;
        before = at;
        end_s = (uint32_t)(periods->begin_ms[at + 1] / 1000);
        event++;
    }
    if (before >= 0) {
        counters[(before + 1) * COUNTERS + DORMANT]++;
    }
}

static void count_people(const void *question, void *part, uint32_t from, uint32_t to)
{
    const struct activity *activity = question;
    size_t size = group_size(activity);
    for (uint32_t person = from; person < to; person++) {
        if (behaviour_is_meant(&activity->who, person)) {
            uint32_t first;
            uint32_t last = behaviour_trail(&activity->who, person, &first);
            int64_t *counters =
                (int64_t *)part + (size_t)behaviour_group(&activity->who, person) * size;
            count_person(activity, counters, first, last);
        }
    }
}

static enum err prepare(struct activity *activity, struct arena *arena,
                        const struct activity_question *question, struct err_detail *detail)
{
    struct str what = question->what.length > 0 ? question->what : STR("active");
    enum err error =
        behaviour_events_read(activity->log, arena, "what", what, &activity->what, detail);
    if (error == OK) {
        error = behaviour_who_of(activity->log, arena, &question->common, &activity->who, detail);
    }
    if (error != OK) {
        return error;
    }
    struct behaviour_who *who = &activity->who;
    int64_t last_ms = who->to_ms - 1;
    int64_t oldest_ms = activity->log->event_count > 0 ? activity->log->oldest_ms : last_ms;
    int64_t from_ms = who->from_ms > oldest_ms ? who->from_ms : oldest_ms;
    int64_t look_back_ms = question->period == PERIOD_DAY ? MONTH * DAY_MS : 31 * DAY_MS;
    int64_t begin_ms = from_ms - look_back_ms > oldest_ms ? from_ms - look_back_ms : oldest_ms;
    who->from_ms = INT64_MIN;
    who->whole = activity->log->newest_ms < who->to_ms;
    error =
        periods_make(arena, question->period, question->week_starts > 0 ? question->week_starts : 1,
                     begin_ms, last_ms > begin_ms ? last_ms : begin_ms, &activity->periods, detail);
    activity->first_row = error == OK ? periods_find(&activity->periods, from_ms) : 0;
    return error;
}

static void fill_group(const struct activity *activity, struct arena *arena,
                       const int64_t *counters, struct activity_group *group)
{
    int count = activity->periods.count;
    bool days = activity->periods.kind == PERIOD_DAY;
    int64_t wau = 0;
    int64_t mau = 0;
    group->rows = ARENA_ARRAY(arena, struct activity_row, (size_t)count);
    for (int at = 0; at < count; at++) {
        const int64_t *row = counters + at * COUNTERS;
        wau += row[WEEK_CHANGE];
        mau += row[MONTH_CHANGE];
        if (at >= activity->first_row) {
            group->rows[at - activity->first_row] =
                (struct activity_row){periods_name(arena, &activity->periods, at),
                                      row[ACTIVE],
                                      row[FRESH],
                                      row[RETURNING],
                                      row[RESURRECTED],
                                      row[DORMANT],
                                      days ? wau : 0,
                                      days ? mau : 0};
        }
    }
}

enum err behaviour_activity(const struct behaviour_log *log, struct arena *arena,
                            const struct activity_question *question,
                            struct activity_answer *ret_answer, struct err_detail *detail)
{
    struct activity activity = {.log = log};
    enum err error = prepare(&activity, arena, question, detail);
    if (error != OK) {
        return error;
    }
    int groups = activity.who.group_count;
    size_t size = group_size(&activity);
    int64_t *counters = behaviour_scan_counts(&activity.who, arena, count_people, &activity,
                                              (size_t)(groups + 1) * size);
    for (size_t i = 0; i < (size_t)groups * size; i++) {
        counters[(size_t)groups * size + i % size] += counters[i];
    }
    const struct periods *periods = &activity.periods;
    struct activity_answer answer = {.period = periods->kind,
                                     .last_is_open =
                                         periods->begin_ms[periods->count] > activity.who.now_ms,
                                     .row_count = periods->count - activity.first_row,
                                     .group_count = groups};
    answer.groups = ARENA_ARRAY(arena, struct activity_group, (size_t)groups + 1);
    for (int group = 0; group <= groups; group++) {
        answer.groups[group].name = group < groups ? activity.who.groups[group] : STR("");
        fill_group(&activity, arena, counters + (size_t)group * size, &answer.groups[group]);
    }
    *ret_answer = answer;
    return OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *rows_json(const struct activity_answer *answer, const struct activity_group *group)
{
    json_t *rows = json_array();
    for (int i = 0; i < answer->row_count; i++) {
        const struct activity_row *row = &group->rows[i];
        json_t *json = json_object();
        json_object_set_new(json, "period", json_str(row->period));
        json_object_set_new(json, "active", json_integer(row->active));
        json_object_set_new(json, "new", json_integer(row->fresh));
        json_object_set_new(json, "returning", json_integer(row->returning));
        json_object_set_new(json, "resurrected", json_integer(row->resurrected));
        json_object_set_new(json, "dormant", json_integer(row->dormant));
        if (answer->period == PERIOD_DAY) {
            struct rate stickiness = rate_of(row->active, row->mau);
            json_object_set_new(json, "wau", json_integer(row->wau));
            json_object_set_new(json, "mau", json_integer(row->mau));
            json_object_set_new(json, "stickiness",
                                stickiness.n > 0 ? json_real(stickiness.percent) : json_null());
        }
        json_array_append_new(rows, json);
    }
    return rows;
}

json_t *behaviour_activity_json(const struct activity_answer *answer)
{
    json_t *json = json_object();
    json_t *groups = json_array();
    for (int i = 0; i < answer->group_count; i++) {
        json_t *group = json_object();
        json_object_set_new(group, "group", json_str(answer->groups[i].name));
        json_object_set_new(group, "periods", rows_json(answer, &answer->groups[i]));
        json_array_append_new(groups, group);
    }
    json_object_set_new(json, "period", json_string(period_name(answer->period)));
    json_object_set_new(json, "last_is_open", json_boolean(answer->last_is_open));
    json_object_set_new(json, "periods", rows_json(answer, &answer->groups[answer->group_count]));
    json_object_set_new(json, "groups", groups);
    return json;
}
