/* Three questions to the store, put together by the index and the name of the step. */
#include "bi/onboarding_steps.h"

#include <math.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "bi/metrics_parts.h"

enum { ANSWERS_MAX = 30, DETOURS_MAX = 256 };

static const int64_t TIMES_MS[ONBOARDING_TIMES] = {5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS,
                                                   3 * HOUR_MS,   6 * HOUR_MS,    12 * HOUR_MS,
                                                   24 * HOUR_MS,  INT64_MAX};

int64_t onboarding_time_ms(int place)
{
    return TIMES_MS[place];
}

/* By linear interpolation between two neighbours; the second is missing behind the last. */
static double between(const struct cell *low, const struct cell *high, double weight)
{
    if (low->type == CELL_NULL) {
        return (double)NAN;
    }
    return high->type == CELL_NULL ? low->real : low->real + (high->real - low->real) * weight;
}

static void fill_step(const struct cell *cell, struct onboarding_step *step)
{
    step->sent = cell[1].integer;
    step->completed = cell[2].integer;
    int64_t last = step->completed - 1;
    step->median_ms = between(&cell[3], &cell[4], (double)(last % 2) / 2);
    step->p90_ms = between(&cell[5], &cell[6], (double)(last * 9 % 10) / 10);
    int64_t before = 0;
    for (int i = 0; i < ONBOARDING_TIMES; i++) {
        int64_t until = i < ONBOARDING_TIMES - 1 ? cell[7 + i].integer : step->completed;
        step->times[i] = until - before;
        before = until;
    }
}

static enum err read_steps(struct metrics_reading *reading, struct onboarding_steps *steps)
{
    struct rows rows;
    enum err error =
        metrics_query(reading, "onboarding_steps", NULL, 0, ONBOARDING_STEPS_MAX, &rows);
    const struct journey *journey = catalog_journey(reading->catalog, STR("superior_onboarding"));
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        int64_t index = cell[0].integer;
        struct onboarding_step *step = &steps->steps[steps->step_count++];
        bool known = journey != NULL && index >= 0 && index < journey->step_count;
        step->id = known ? journey->steps[index].id : STR_NONE;
        fill_step(cell, step);
    }
    return error;
}

static enum err read_detours(struct metrics_reading *reading, struct onboarding_steps *steps)
{
    struct rows rows;
    enum err error = metrics_query(reading, "onboarding_detours", NULL, 0, DETOURS_MAX, &rows);
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        for (int k = 0; k < steps->step_count; k++) {
            struct onboarding_step *step = &steps->steps[k];
            if (str_equal(step->id, cell[0].text)) {
                step->recoveries = cell[1].integer;
                step->smaller = cell[2].integer;
                step->skipped = cell[3].integer;
            }
        }
    }
    return error;
}

static enum err read_answers(struct metrics_reading *reading, struct onboarding_steps *steps)
{
    struct rows rows;
    enum err error = metrics_query(reading, "onboarding_answers", NULL, 0, ANSWERS_MAX, &rows);
    if (error != OK) {
        return error;
    }
    steps->answers = ARENA_ARRAY(reading->arena, struct onboarding_answer, (size_t)rows.count);
    steps->answer_count = rows.count;
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        steps->answers[i] = (struct onboarding_answer){cell[0].text, cell[1].text, cell[2].integer};
    }
    return OK;
}

enum err onboarding_steps_read(struct store *store, struct arena *arena,
                               const struct catalog *catalog, const struct metrics_filter *filter,
                               int64_t now_ms, struct onboarding_steps *ret_steps,
                               struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, catalog, filter, now_ms, detail};
    *ret_steps = (struct onboarding_steps){.step_count = 0};
    enum err error = read_steps(&reading, ret_steps);
    if (error == OK) {
        error = read_detours(&reading, ret_steps);
    }
    return error == OK ? read_answers(&reading, ret_steps) : error;
}

/* ---- JSON ---- */

static json_t *seconds_json(double ms)
{
    return isnan(ms) ? json_null() : json_real(ms / 1000);
}

static json_t *step_json(const struct onboarding_step *step)
{
    json_t *times = json_array();
    for (int i = 0; i < ONBOARDING_TIMES; i++) {
        bool last = TIMES_MS[i] == INT64_MAX;
        json_array_append_new(times,
                              json_pack("{s:o, s:I}", "up_to_seconds",
                                        last ? json_null() : json_integer(TIMES_MS[i] / 1000),
                                        "count", (json_int_t)step->times[i]));
    }
    json_t *json = json_object();
    json_object_set_new(json, "step", json_str(step->id));
    json_object_set_new(json, "sent", json_integer(step->sent));
    json_object_set_new(json, "completed", json_integer(step->completed));
    json_object_set_new(json, "median_seconds", seconds_json(step->median_ms));
    json_object_set_new(json, "p90_seconds", seconds_json(step->p90_ms));
    json_object_set_new(json, "times", times);
    json_object_set_new(json, "recoveries", json_integer(step->recoveries));
    json_object_set_new(json, "smaller", json_integer(step->smaller));
    json_object_set_new(json, "skipped", json_integer(step->skipped));
    return json;
}

json_t *onboarding_steps_json(const struct onboarding_steps *steps)
{
    json_t *list = json_array();
    json_t *answers = json_array();
    for (int i = 0; i < steps->step_count; i++) {
        json_array_append_new(list, step_json(&steps->steps[i]));
    }
    for (int i = 0; i < steps->answer_count; i++) {
        const struct onboarding_answer *answer = &steps->answers[i];
        json_t *json = json_object();
        json_object_set_new(json, "question", json_str(answer->question));
        json_object_set_new(json, "answer", json_str(answer->answer));
        json_object_set_new(json, "people", json_integer(answer->people));
        json_array_append_new(answers, json);
    }
    return json_pack("{s:o, s:o}", "steps", list, "answers", answers);
}
