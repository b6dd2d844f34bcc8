/* One pass: of each person the beginning, and a bit for each cell in which they came back. Events
 * of a cell that is marked are skipped by their time alone. */
#include "bi/behaviour/retention.h"

#include "base/limits.h"
#include "bi/behaviour/scan.h"

enum { WORDS = (PERIODS_MAX + 63) / 64, GRID_MAX = 1000000 };

struct retention {
    const struct behaviour_log *log;
    struct behaviour_who who;
    struct behaviour_events start, back;
    bool from_joining, calendar, recurring;
    struct periods periods;
    int64_t length_ms;
    int64_t from_ms, to_ms; /* of beginnings */
    int cells;
};

/* Counters of one cohort: its people, those who have lived so many cells, those active in each. */
static size_t row_size(int cells)
{
    return 1 + (size_t)(cells + 1) + (size_t)cells;
}

static inline void mark(uint64_t *bits, int at)
{
    bits[at / 64] |= (uint64_t)1 << (at % 64);
}

/* Marks the cells with a return at or after `from_ms` that begins them; cells of the calendar are
 * numbered from the first period. */
static void mark_cells(const struct retention *retention, uint32_t event, uint32_t last,
                       int64_t begin_ms, int cell_count, uint64_t *bits)
{
    const struct behaviour_log *log = retention->log;
    int64_t skip_ms = begin_ms;
    while (event < last) {
        uint32_t skip_s = skip_ms <= 0 ? 0 : (uint32_t)(skip_ms / 1000);
        while (event < last && log->at_s[event] < skip_s) {
            event++;
        }
        if (event == last) {
            return;
        }
        int64_t at_ms = behaviour_at_ms(log, event);
        if (at_ms < skip_ms || !behaviour_counts(log, &retention->back, event)) {
            event++;
            continue;
        }
        int cell = retention->calendar ? periods_find(&retention->periods, at_ms)
                                       : (int)((at_ms - begin_ms) / retention->length_ms);
        if (cell >= cell_count) {
            return;
        }
        if (cell >= 0) {
            mark(bits, cell);
        }
        skip_ms = retention->calendar ? retention->periods.begin_ms[cell + 1]
                                      : begin_ms + (cell + 1) * retention->length_ms;
        event++;
    }
}

/* The first beginning in the time asked for; false when there is none. */
static bool find_start(const struct retention *retention, uint32_t person, uint32_t first,
                       uint32_t last, int64_t *ret_at_ms)
{
    if (retention->from_joining) {
        *ret_at_ms = retention->log->joined_at_ms[person];
        return *ret_at_ms >= retention->from_ms && *ret_at_ms < retention->to_ms;
    }
    for (uint32_t event = first; event < last; event++) {
        if (behaviour_counts(retention->log, &retention->start, event)) {
            /* The first of all: who began before the time asked for began then. */
            *ret_at_ms = behaviour_at_ms(retention->log, event);
            return *ret_at_ms >= retention->from_ms && *ret_at_ms < retention->to_ms;
        }
    }
    return false;
}

static void count_first(const struct retention *retention, int64_t *group, uint32_t person,
                        uint32_t first, uint32_t last)
{
    int64_t begin_ms;
    if (!find_start(retention, person, first, last, &begin_ms)) {
        return;
    }
    int cohort = periods_find(&retention->periods, begin_ms);
    if (cohort < 0 || cohort >= retention->periods.count) {
        return;
    }
    int64_t *row = group + (size_t)cohort * row_size(retention->cells);
    int64_t *hits = row + 2 + retention->cells;
    int shift = retention->calendar ? cohort : 0;
    int lived = retention->cells;
    if (!retention->calendar && (retention->who.now_ms - begin_ms) / retention->length_ms < lived) {
        lived = (int)((retention->who.now_ms - begin_ms) / retention->length_ms);
    }
    uint64_t bits[WORDS] = {0};
    int end = retention->calendar && shift + lived > retention->periods.count
                  ? retention->periods.count
                  : shift + lived;
    mark_cells(retention, first, last, begin_ms, end, bits);
    row[0]++;
    row[1 + lived]++;
    for (int word = shift / 64; word * 64 < end; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            hits[word * 64 + __builtin_ctzll(left) - shift]++;
        }
    }
}

static void count_recurring(const struct retention *retention, int64_t *group, uint32_t first,
                            uint32_t last)
{
    uint64_t starts[WORDS] = {0};
    uint64_t backs[WORDS] = {0};
    int count = retention->periods.count;
    for (uint32_t event = first; event < last; event++) {
        int64_t at_ms = behaviour_at_ms(retention->log, event);
        if (at_ms >= retention->from_ms && at_ms < retention->to_ms &&
            behaviour_counts(retention->log, &retention->start, event)) {
            int at = periods_find(&retention->periods, at_ms);
            if (at >= 0 && at < count) {
                mark(starts, at);
            }
        }
    }
    mark_cells(retention, first, last, retention->periods.begin_ms[0], count, backs);
    for (int cohort = 0; cohort < count; cohort++) {
        if ((starts[cohort / 64] >> (cohort % 64) & 1) == 0) {
            continue;
        }
        int64_t *row = group + (size_t)cohort * row_size(retention->cells);
        row[0]++;
        row[1 + retention->cells]++;
        for (int cell = 0; cell < retention->cells && cohort + cell < count; cell++) {
            int at = cohort + cell;
            row[2 + retention->cells + cell] += (int64_t)(backs[at / 64] >> (at % 64) & 1);
        }
    }
}

static void count_people(const void *question, void *part, uint32_t from, uint32_t to)
{
    const struct retention *retention = question;
    size_t group_size = (size_t)retention->periods.count * row_size(retention->cells);
    for (uint32_t person = from; person < to; person++) {
        if (!behaviour_is_meant(&retention->who, person)) {
            continue;
        }
        uint32_t first;
        uint32_t last = behaviour_trail(&retention->who, person, &first);
        int64_t *group =
            (int64_t *)part + (size_t)behaviour_group(&retention->who, person) * group_size;
        if (retention->recurring) {
            count_recurring(retention, group, first, last);
        } else {
            count_first(retention, group, person, first, last);
        }
    }
}

/* ---- the question ---------------------------------------------------------------------------- */

/* The oldest beginning that may be asked about. */
static int64_t oldest_ms(const struct retention *retention)
{
    const struct behaviour_log *log = retention->log;
    int64_t oldest = retention->from_joining ? INT64_MAX : log->oldest_ms;
    for (uint32_t i = 0; retention->from_joining && i < log->person_count; i++) {
        if (log->joined_at_ms[i] < oldest && behaviour_is_meant(&retention->who, i)) {
            oldest = log->joined_at_ms[i];
        }
    }
    if (oldest < retention->from_ms) {
        oldest = retention->from_ms;
    }
    return oldest < retention->who.now_ms ? oldest : retention->who.now_ms;
}

static enum err read_events(struct retention *retention, struct arena *arena,
                            const struct retention_question *question, struct err_detail *detail)
{
    enum err error = OK;
    if (!retention->from_joining) {
        error = behaviour_events_read(retention->log, arena, "start", question->start,
                                      &retention->start, detail);
    }
    if (error == OK) {
        struct str back = question->back.length > 0 ? question->back : STR("active");
        error =
            behaviour_events_read(retention->log, arena, "back", back, &retention->back, detail);
    }
    return error;
}

static enum err set_limits(struct retention *retention, const struct retention_question *question,
                           struct err_detail *detail)
{
    static const int cells[] = {30, 13, 12};
    if (question->cells < 0 || question->cells > PERIODS_MAX) {
        return err_set(detail, ERR_LIMIT, "cells: must be from 1 to %d", PERIODS_MAX);
    }
    retention->cells = question->cells > 0 ? question->cells : cells[question->period];
    if (question->recurring && (!question->calendar || retention->from_joining)) {
        return err_set(detail, ERR_INVALID,
                       "recurring: needs calendar, and an event that can happen again (start)");
    }
    return OK;
}

static enum err prepare(struct retention *retention, struct arena *arena,
                        const struct retention_question *question, struct err_detail *detail)
{
    retention->from_joining = question->start.length == 0;
    retention->calendar = question->calendar;
    retention->recurring = question->recurring;
    retention->length_ms = period_length_ms(question->period);
    enum err error = set_limits(retention, question, detail);
    if (error == OK) {
        error = read_events(retention, arena, question, detail);
    }
    if (error == OK) {
        error = behaviour_who_of(retention->log, arena, &question->common, &retention->who, detail);
    }
    if (error != OK) {
        return error;
    }
    struct behaviour_who *who = &retention->who;
    retention->from_ms = who->from_ms;
    retention->to_ms = who->to_ms;
    who->from_ms = INT64_MIN;
    who->to_ms = who->now_ms + 1;
    who->whole = retention->log->newest_ms <= who->now_ms;
    int64_t last_ms =
        retention->calendar || retention->to_ms > who->now_ms ? who->now_ms : retention->to_ms - 1;
    error =
        periods_make(arena, question->period, question->week_starts > 0 ? question->week_starts : 1,
                     oldest_ms(retention), last_ms, &retention->periods, detail);
    int64_t grid = (int64_t)who->group_count * retention->periods.count * retention->cells;
    if (error == OK && grid > GRID_MAX) {
        return err_set(detail, ERR_LIMIT,
                       "period: a grid of %lld cells, at most %d are made; take a longer period, "
                       "fewer cells or fewer groups",
                       (long long)grid, GRID_MAX);
    }
    return error;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void fill_row(const struct retention *retention, struct arena *arena, int cohort,
                     const int64_t *counts, struct retention_row *row)
{
    const int64_t *hits = counts + 2 + retention->cells;
    row->cohort = periods_name(arena, &retention->periods, cohort);
    row->people = counts[0];
    row->cell = ARENA_ARRAY(arena, struct rate, (size_t)retention->cells);
    int known = retention->cells;
    if (retention->calendar && cohort + known >= retention->periods.count) {
        known = retention->periods.count - cohort;
        row->last_is_open = true;
    }
    int64_t lived = 0;
    for (int k = retention->cells; k > 0; k--) {
        lived += counts[1 + k]; /* have lived k cells or more: the whole cell k - 1 */
        row->cell[k - 1] = rate_of(hits[k - 1], retention->calendar ? counts[0] : lived);
        if (!retention->calendar && lived > 0 && row->cells == 0) {
            row->cells = k;
        }
    }
    if (retention->calendar) {
        row->cells = known;
    }
}

enum err behaviour_retention(const struct behaviour_log *log, struct arena *arena,
                             const struct retention_question *question,
                             struct retention_answer *ret_answer, struct err_detail *detail)
{
    struct retention retention = {.log = log};
    enum err error = prepare(&retention, arena, question, detail);
    if (error != OK) {
        return error;
    }
    int groups = retention.who.group_count;
    int rows = retention.periods.count;
    size_t size = row_size(retention.cells);
    size_t group_size = (size_t)rows * size;
    int64_t *counts = behaviour_scan_counts(&retention.who, arena, count_people, &retention,
                                            (size_t)(groups + 1) * group_size);
    for (size_t i = 0; i < (size_t)groups * group_size; i++) {
        counts[(size_t)groups * group_size + i % group_size] += counts[i];
    }
    struct retention_answer answer = {
        rows, retention.cells, groups, question->period,
        ARENA_ARRAY(arena, struct retention_group, (size_t)groups + 1)};
    for (int group = 0; group <= groups; group++) {
        answer.groups[group].name = group < groups ? retention.who.groups[group] : STR("");
        answer.groups[group].rows = ARENA_ARRAY(arena, struct retention_row, (size_t)rows);
        for (int row = 0; row < rows; row++) {
            fill_row(&retention, arena, row,
                     counts + (size_t)group * group_size + (size_t)row * size,
                     &answer.groups[group].rows[row]);
        }
    }
    *ret_answer = answer;
    return OK;
}

static json_t *rows_json(const struct retention_answer *answer, const struct retention_group *group)
{
    json_t *rows = json_array();
    for (int i = 0; i < answer->row_count; i++) {
        const struct retention_row *row = &group->rows[i];
        json_t *cells = json_array();
        for (int k = 0; k < row->cells; k++) {
            json_t *cell = json_object();
            json_object_set_new(cell, "eligible", json_integer(row->cell[k].n));
            json_object_set_new(cell, "active", json_integer(row->cell[k].hits));
            json_object_set_new(cell, "rate",
                                row->cell[k].n > 0 ? json_real(row->cell[k].percent) : json_null());
            json_array_append_new(cells, cell);
        }
        json_t *object = json_object();
        json_object_set_new(object, "cohort", json_str(row->cohort));
        json_object_set_new(object, "people", json_integer(row->people));
        json_object_set_new(object, "last_is_open", json_boolean(row->last_is_open));
        json_object_set_new(object, "cells", cells);
        json_array_append_new(rows, object);
    }
    return rows;
}

json_t *behaviour_retention_json(const struct retention_answer *answer)
{
    json_t *json = json_object();
    json_t *groups = json_array();
    for (int i = 0; i < answer->group_count; i++) {
        json_t *group = json_object();
        json_object_set_new(group, "group", json_str(answer->groups[i].name));
        json_object_set_new(group, "cohorts", rows_json(answer, &answer->groups[i]));
        json_array_append_new(groups, group);
    }
    json_object_set_new(json, "period", json_string(period_name(answer->period)));
    json_object_set_new(json, "cohorts", rows_json(answer, &answer->groups[answer->group_count]));
    json_object_set_new(json, "groups", groups);
    return json;
}
