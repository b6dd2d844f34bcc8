/* Held out people against all others (holdout.h). Who is held out follows from a hash, so people
 * are read page by page and sorted here. */
#include "bi/experiments/holdout.h"

#include <math.h>

#include "base/limits.h"
#include "core/assign.h"

enum { PAGE = 2000, GROUP_LEAST = 100, PEOPLE_PLANNED = 1000 };
static const int64_t WINDOW_MS = 7 * DAY_MS;
static const double ALPHA = 0.05;
static const double SPLIT_ALPHA = 0.01;
static const double SPLIT_CONCENTRATION = 1000;

static const char *const NAMES[HOLDOUT_FIGURES] = {"conversion", "activation", "revenue"};

static void add(struct sample *sample, double value)
{
    sample->people += 1;
    sample->sum += value;
    sample->sum_squares += value * value;
}

static void count_person(struct holdout *holdout, const struct experiments *experiments,
                         const struct cell *cells)
{
    bool is_held = assign_is_held_out(experiments, cells[0].integer);
    const double values[HOLDOUT_FIGURES] = {(double)cells[1].integer, (double)cells[2].integer,
                                            cells[3].real};
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        struct holdout_figure *figure = &holdout->figures[i];
        add(is_held ? &figure->held : &figure->others, values[i]);
    }
}

static enum err read_people(struct store *store, struct holdout *holdout,
                            const struct experiments *experiments, int64_t now_ms,
                            struct err_detail *detail)
{
    struct arena *page = arena_new((size_t)256 * 1024);
    struct rows rows = {0};
    int64_t after = 0;
    enum err error;
    do {
        const struct arg args[] = {ARG_INT(holdout->since_ms), ARG_INT(now_ms - WINDOW_MS),
                                   ARG_INT(after), ARG_INT(PAGE), ARG_INT(WINDOW_MS)};
        error = store_query(store, page, "experiment_holdout_people", args, 5, PAGE, &rows, detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
            count_person(holdout, experiments, cells);
            after = cells[0].integer;
        }
        arena_reset(page);
    } while (error == OK && rows.count == PAGE);
    arena_free(page);
    return error;
}

static void judge(struct holdout *holdout)
{
    double e_values[HOLDOUT_FIGURES];
    bool found[HOLDOUT_FIGURES];
    const struct holdout_figure *first = &holdout->figures[0];
    const double counts[] = {first->held.people, first->others.people};
    const double weights[] = {holdout->permyriad / 10000.0, 1 - holdout->permyriad / 10000.0};
    double log_e = split_log_e(counts, weights, 2, SPLIT_CONCENTRATION);
    double alpha = ALPHA / HOLDOUT_FIGURES;
    double rho = sequence_rho(PEOPLE_PLANNED, alpha);
    holdout->split_p = log_e > 0 ? exp(-log_e) : 1;
    holdout->has_begun = counts[0] >= GROUP_LEAST && counts[1] >= GROUP_LEAST;
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        struct holdout_figure *figure = &holdout->figures[i];
        bool varies = sample_variance(&figure->held) > 0 && sample_variance(&figure->others) > 0;
        if (holdout->has_begun && holdout->split_p > SPLIT_ALPHA && varies) {
            figure->effect = effect_of(&figure->held, &figure->others, rho, alpha);
        }
        e_values[i] = figure->effect.e_value;
    }
    ebh_find(e_values, HOLDOUT_FIGURES, ALPHA, found);
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        holdout->figures[i].found = found[i];
    }
}

enum err holdout_read(struct store *store, const struct experiments *experiments, int64_t now_ms,
                      struct holdout *ret_holdout, struct err_detail *detail)
{
    *ret_holdout = (struct holdout){.split_p = 1};
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        ret_holdout->figures[i] = (struct holdout_figure){
            .name = NAMES[i], .effect = {NAN, -(double)INFINITY, (double)INFINITY, 1}};
        ret_holdout->figures[i].held.is_share = ret_holdout->figures[i].others.is_share = i < 2;
    }
    if (experiments == NULL || experiments->holdout_permyriad == 0) {
        return OK;
    }
    ret_holdout->permyriad = experiments->holdout_permyriad;
    ret_holdout->since_ms = experiments->holdout_since_ms;
    enum err error = read_people(store, ret_holdout, experiments, now_ms, detail);
    if (error == OK) {
        judge(ret_holdout);
    }
    return error;
}

struct str holdout_text(struct arena *arena, const struct holdout *holdout)
{
    struct str text = STR_NONE;
    if (holdout->permyriad == 0) {
        return STR("Nobody is held out.");
    }
    if (holdout->split_p <= SPLIT_ALPHA) {
        return STR("No comparison: people are not split as planned.");
    }
    if (!holdout->has_begun) {
        return arena_printf(arena,
                            "Nothing can be said yet: %.0f held out and %.0f others are judged; it "
                            "takes %d of each.",
                            holdout->figures[0].held.people, holdout->figures[0].others.people,
                            GROUP_LEAST);
    }
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        const struct holdout_figure *figure = &holdout->figures[i];
        if (figure->effect.low > 0 || figure->effect.high < 0) {
            text = arena_printf(arena, "%.*s%sThe variants %s %s.", STR_ARG(text),
                                text.length > 0 ? " " : "",
                                figure->effect.low > 0 ? "raise" : "lower", figure->name);
        }
    }
    return text.length > 0 ? text : STR("No difference is shown.");
}

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *holdout_json(struct arena *arena, const struct holdout *holdout)
{
    json_t *list = json_array();
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        const struct holdout_figure *figure = &holdout->figures[i];
        json_t *one = json_object();
        json_object_set_new(one, "figure", json_string(figure->name));
        json_object_set_new(one, "is_share", json_boolean(figure->held.is_share));
        json_object_set_new(one, "held_out", real(sample_mean(&figure->held)));
        json_object_set_new(one, "others", real(sample_mean(&figure->others)));
        json_object_set_new(one, "difference", real(figure->effect.difference));
        json_object_set_new(one, "low", real(figure->effect.low));
        json_object_set_new(one, "high", real(figure->effect.high));
        json_object_set_new(one, "found", json_boolean(figure->found));
        json_array_append_new(list, one);
    }
    json_t *json = json_object();
    json_object_set_new(json, "holdout", json_real(holdout->permyriad / 100.0));
    json_object_set_new(json, "since_ms", json_integer(holdout->since_ms));
    json_object_set_new(json, "held_out",
                        json_integer((json_int_t)holdout->figures[0].held.people));
    json_object_set_new(json, "others",
                        json_integer((json_int_t)holdout->figures[0].others.people));
    json_object_set_new(json, "split_p", real(holdout->split_p));
    json_object_set_new(json, "text", json_str(holdout_text(arena, holdout)));
    json_object_set_new(json, "figures", list);
    return json;
}
