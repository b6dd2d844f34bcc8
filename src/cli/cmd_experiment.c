/* nudge experiment: starting, judging and ending experiments on the variants of a step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/limits.h"
#include "bi/experiments/holdout.h"
#include "bi/experiments/report.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/experiment_view.h"
#include "cli/journeys_load.h"

static const char text[] =
    "Tries variants of a message against each other, and says which is better.\v"
    "Variants stand in the journeys; without a started experiment everybody gets one of them by "
    "its weight. While one runs nothing about it can change.\n\n"
    "Examples:\n"
    "  nudge experiment list\n"
    "  nudge experiment start first_win_task --metric step_completion --min-people 2000\n"
    "  nudge experiment show first_win_task\n"
    "  nudge experiment show first_win_task --over-time\n"
    "  nudge experiment ship first_win_task smile       everybody gets it from now on\n"
    "  nudge experiment holdout 5                       5 % get the first variant of everything\n"
    "  nudge experiment holdout                         what all variants together brought\n"
    "  nudge experiment size 28 5                       people to see 28 % go up by 5 points";

struct experiment_options {
    const char *metric, *coverage, *weights, *space, *seed, *window, *min_people, *min_days,
        *allocation, *floor;
    bool over_time;
};

/* A finite number and nothing else; "nan" and "inf" are none. */
static bool read_number(struct str word, double *ret_value)
{
    char buffer[40];
    char *end = NULL;
    if (word.length == 0 || str_copy(buffer, sizeof(buffer), word) != word.length) {
        return false;
    }
    *ret_value = strtod(buffer, &end);
    return *end == '\0' && isfinite(*ret_value);
}

/* ---- what is there ---- */

static int read_analysis(struct cli *cli, struct str name, struct analysis *ret_analysis)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    enum err error =
        experiments_show(store, cli->arena, name, clock_now_ms(cli->clock), ret_analysis, &detail);
    store_close(store);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

static int show_over_time(struct cli *cli, struct str name)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct over_time over_time;
    enum err error = experiments_over_time(store, cli->arena, name, clock_now_ms(cli->clock),
                                           &over_time, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(experiments_over_time_json(&over_time));
    } else {
        experiment_print_over_time(cli, &over_time);
    }
    return CLI_OK;
}

static int show(struct cli *cli, const struct arguments *arguments, bool over_time)
{
    struct analysis analysis;
    if (arguments->word_count != 2) {
        return cli_usage(cli, "expected: experiment show NAME [--over-time]");
    }
    if (over_time) {
        return show_over_time(cli, arguments_word(arguments, 1));
    }
    int status = read_analysis(cli, arguments_word(arguments, 1), &analysis);
    if (status == CLI_OK && cli->json) {
        cli_print_json(experiments_analysis_json(cli->arena, &analysis));
    } else if (status == CLI_OK) {
        experiment_print(cli, &analysis);
    }
    return status;
}

static const char *variants_text(struct cli *cli, const json_t *variants)
{
    struct str words = STR_NONE;
    for (size_t i = 0; i < json_array_size(variants); i++) {
        const json_t *item = json_array_get(variants, i);
        words = arena_printf(cli->arena, "%.*s%s%.*s %g %%", STR_ARG(words), i > 0 ? ", " : "",
                             STR_ARG(json_get_str(item, "id")),
                             json_get_number(item, "weight", 0) * 100);
    }
    return words.length > 0 ? words.ptr : "";
}

/* "shipped: smile" */
static const char *state_text(struct cli *cli, const json_t *item)
{
    struct str shipped = json_get_str(item, "shipped");
    const char *state = json_string_value(json_object_get(item, "state"));
    return shipped.length > 0 ? arena_printf(cli->arena, "%s: %.*s", state, STR_ARG(shipped)).ptr
                              : state;
}

static void print_list(struct cli *cli, json_t *json)
{
    static const char *const headings[] = {"experiment", "state", "since", "metric", "variants"};
    struct table *table = table_new(cli->arena, 5, headings);
    const json_t *list = json_get_array(json, "experiments");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        int64_t started_at_ms = json_get_int(item, "started_at_ms", 0);
        int64_t ended_at_ms = json_get_int(item, "ended_at_ms", 0);
        const char *cells[] = {json_string_value(json_object_get(item, "name")),
                               state_text(cli, item),
                               cli_when(cli, ended_at_ms > 0 ? ended_at_ms : started_at_ms),
                               json_string_value(json_object_get(item, "metric")),
                               variants_text(cli, json_get_array(item, "variants"))};
        table_row(table, cells);
    }
    table_print(table);
    printf("\nholdout: %g %% of all people get the first variant of everything\n",
           json_get_number(json, "holdout", 0));
}

static int list(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct experiments *experiments = NULL;
    struct catalog *catalog = NULL;
    enum err error = analysis_experiments(store, cli->arena, &experiments, &detail);
    if (error == OK) {
        error = journeys_in_force(cli->arena, store, cli->config.journeys_dir, &catalog, &detail);
    }
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    json_t *json = experiments_list_json(catalog, experiments);
    catalog_free(catalog);
    if (cli->json) {
        cli_print_json(json);
    } else {
        print_list(cli, json);
        json_decref(json);
    }
    return CLI_OK;
}

/* ---- what is changed ---- */

/* "breathing=0.5,smile=0.5" */
static json_t *read_weights(struct str words)
{
    json_t *variants = json_array();
    while (words.length > 0) {
        double weight;
        struct str number;
        struct str id = str_split(str_split(words, ',', &words), '=', &number);
        if (id.length == 0 || !read_number(number, &weight)) {
            json_decref(variants);
            return NULL;
        }
        json_t *item = json_object();
        json_object_set_new(item, "id", json_str(id));
        json_object_set_new(item, "weight", json_real(weight));
        json_array_append_new(variants, item);
    }
    return variants;
}

/* "texts:0:0.5" */
static json_t *read_space(struct str words)
{
    struct str rest;
    struct str id = str_split(words, ':', &rest);
    struct str first = str_split(rest, ':', &rest);
    double from, to;
    if (id.length == 0 || !read_number(first, &from) || !read_number(rest, &to)) {
        return NULL;
    }
    json_t *json = json_object();
    json_object_set_new(json, "id", json_str(id));
    json_object_set_new(json, "from", json_real(from));
    json_object_set_new(json, "to", json_real(to));
    return json;
}

/* Puts a number into the payload, times `scale`; false when it is none. */
static bool put_number(json_t *payload, const char *key, const char *word, double scale, bool whole)
{
    double value;
    if (word == NULL) {
        return true;
    }
    if (!read_number(str_of(word), &value) || fabs(value) > 1e9) {
        return false;
    }
    json_object_set_new(payload, key,
                        whole ? json_integer((json_int_t)llround(value * scale))
                              : json_real(value * scale));
    return true;
}

static int put_options(struct cli *cli, const struct experiment_options *options, json_t *payload)
{
    if (options->metric != NULL) {
        json_object_set_new(payload, "metric", json_string(options->metric));
    }
    if (options->seed != NULL) {
        json_object_set_new(payload, "seed", json_string(options->seed));
    }
    if (options->allocation != NULL) {
        json_object_set_new(payload, "allocation", json_string(options->allocation));
    }
    if (!put_number(payload, "floor", options->floor, 1, false)) {
        return cli_usage(cli, "--floor takes a number such as 0.1");
    }
    if (!put_number(payload, "coverage", options->coverage, 0.01, false)) {
        return cli_usage(cli, "--coverage takes a percentage");
    }
    if (!put_number(payload, "min_people", options->min_people, 1, true)) {
        return cli_usage(cli, "--min-people takes a number");
    }
    if (!put_number(payload, "min_ms", options->min_days, (double)DAY_MS, true)) {
        return cli_usage(cli, "--min-days takes a number of days");
    }
    if (options->weights != NULL) {
        json_t *variants = read_weights(str_of(options->weights));
        if (variants == NULL) {
            return cli_usage(cli, "--weights takes ID=WEIGHT,ID=WEIGHT, such as a=0.5,b=0.5");
        }
        json_object_set_new(payload, "variants", variants);
    }
    if (options->space != NULL) {
        json_t *space = read_space(str_of(options->space));
        if (space == NULL) {
            return cli_usage(cli, "--namespace takes NAME:FROM:TO, such as texts:0:0.5");
        }
        json_object_set_new(payload, "namespace", space);
    }
    if (options->window != NULL) {
        int64_t window_ms;
        if (!config_parse_duration(str_of(options->window), &window_ms)) {
            return cli_usage(cli, "--window takes a time such as 48h or 7d");
        }
        json_object_set_new(payload, "window_ms", json_integer(window_ms));
    }
    return CLI_OK;
}

/* Has it done; takes the payload. `done` is printed with the experiment's name. */
static int change(struct cli *cli, json_t *payload, const char *done)
{
    struct err_detail detail = {""};
    json_t *result = NULL;
    enum err error = cli_engine_command(cli, "experiment", payload, &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    puts(done);
    json_decref(result);
    return CLI_OK;
}

static int start(struct cli *cli, const struct arguments *arguments,
                 const struct experiment_options *options)
{
    if (arguments->word_count != 2) {
        return cli_usage(cli, "expected: experiment start NAME [OPTION...]");
    }
    json_t *payload = json_pack("{s:s, s:s}", "do", "start", "name", arguments->words[1]);
    int status = put_options(cli, options, payload);
    if (status != CLI_OK) {
        json_decref(payload);
        return status;
    }
    return change(cli, payload, "started; see nudge experiment show");
}

static int stop(struct cli *cli, const struct arguments *arguments)
{
    if (arguments->word_count != 2) {
        return cli_usage(cli, "expected: experiment stop NAME");
    }
    return change(cli, json_pack("{s:s, s:s}", "do", "stop", "name", arguments->words[1]),
                  "stopped: everybody gets the first variant from now on");
}

static int ship(struct cli *cli, const struct arguments *arguments)
{
    if (arguments->word_count != 3) {
        return cli_usage(cli, "expected: experiment ship NAME VARIANT");
    }
    return change(cli,
                  json_pack("{s:s, s:s, s:s}", "do", "ship", "name", arguments->words[1], "variant",
                            arguments->words[2]),
                  "shipped: everybody but the holdout gets it from now on");
}

static int show_holdout(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct experiments *experiments = NULL;
    struct holdout holdout;
    enum err error = analysis_experiments(store, cli->arena, &experiments, &detail);
    if (error == OK) {
        error = holdout_read(store, experiments, clock_now_ms(cli->clock), &holdout, &detail);
    }
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(holdout_json(cli->arena, &holdout));
    } else {
        holdout_print(cli, &holdout);
    }
    return CLI_OK;
}

static int hold_out(struct cli *cli, const struct arguments *arguments)
{
    double percent;
    if (arguments->word_count == 1) {
        return show_holdout(cli);
    }
    if (arguments->word_count != 2 || !read_number(arguments_word(arguments, 1), &percent)) {
        return cli_usage(cli, "expected: experiment holdout [PERCENT]");
    }
    return change(cli, json_pack("{s:s, s:f}", "do", "holdout", "percent", percent),
                  "the holdout is set");
}

static int size(struct cli *cli, const struct arguments *arguments)
{
    double base, effect;
    if (arguments->word_count != 3 || !read_number(arguments_word(arguments, 1), &base) ||
        !read_number(arguments_word(arguments, 2), &effect)) {
        return cli_usage(cli, "expected: experiment size PERCENT POINTS, such as 28 5");
    }
    double once = ceil(people_at_one_look(base / 100, effect / 100, 0.05, 0.8));
    double often = ceil(people_looking(base / 100, effect / 100, 0.05, 0.8));
    if (!isfinite(once) || !isfinite(often)) {
        return cli_usage(cli, "a share of %g %% cannot change by %g points", base, effect);
    }
    if (cli->json) {
        cli_print_json(
            json_pack("{s:f, s:f}", "per_variant_one_look", once, "per_variant_looking", often));
        return CLI_OK;
    }
    printf(
        "To see %g %% become %g %% (5 %% false alarms, found in 80 %% of cases), each variant "
        "needs\n  %.0f people when looked at once, at the end\n  %.0f people at most when looked "
        "at all the time\n",
        base, base + effect, once, often);
    return CLI_OK;
}

int cmd_experiment(int argc, char **argv)
{
    struct experiment_options options = {0};
    const struct option_row rows[] = {
        {"metric", 0, "METRIC",
         "step_completion (default), conversion, completion, revenue or event:NAME", NULL,
         &options.metric},
        {"coverage", 0, "PERCENT", "Of all people, those who take part (100)", NULL,
         &options.coverage},
        {"weights", 0, "ID=WEIGHT,...", "Instead of the journey's", NULL, &options.weights},
        {"namespace", 0, "NAME:FROM:TO",
         "Only people of this part, so that experiments exclude "
         "each other",
         NULL, &options.space},
        {"seed", 0, "TEXT", "Of the hash that decides the variant (the name)", NULL, &options.seed},
        {"window", 0, "TIME", "How long after being shown an outcome counts", NULL,
         &options.window},
        {"allocation", 0, "HOW", "fixed (default), or thompson: weights follow what was seen", NULL,
         &options.allocation},
        {"floor", 0, "WEIGHT", "thompson: no variant's weight falls below it (0.1)", NULL,
         &options.floor},
        {"min-people", 0, "N", "No verdict before (1000)", NULL, &options.min_people},
        {"min-days", 0, "DAYS", "No verdict before (7)", NULL, &options.min_days},
        {"over-time", 0, NULL, "show: what it showed at each look since its start",
         &options.over_time, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows,
                        "list\nshow NAME [--over-time]\nstart NAME\nstop NAME\nship NAME VARIANT\n"
                        "holdout [PERCENT]\nsize PERCENT POINTS",
                        text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count == 0 || arguments_is(&arguments, 0, "list")) {
        status = list(&cli);
    } else if (arguments_is(&arguments, 0, "show")) {
        status = show(&cli, &arguments, options.over_time);
    } else if (arguments_is(&arguments, 0, "start")) {
        status = start(&cli, &arguments, &options);
    } else if (arguments_is(&arguments, 0, "stop")) {
        status = stop(&cli, &arguments);
    } else if (arguments_is(&arguments, 0, "ship")) {
        status = ship(&cli, &arguments);
    } else if (arguments_is(&arguments, 0, "holdout")) {
        status = hold_out(&cli, &arguments);
    } else if (arguments_is(&arguments, 0, "size")) {
        status = size(&cli, &arguments);
    } else {
        status = cli_usage(&cli, "expected list, show, start, stop, ship, holdout or size");
    }
    return cli_end(&cli, status);
}
