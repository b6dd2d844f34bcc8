/* Reading the plan of targets and verdicts. */
#include "bi/kpi_plan.h"

#include <math.h>

#include "base/limits.h"
#include "core/nearest.h"
#include "core/schema.h"

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static const char *const test_names[] = {
    [KPI_ABOVE] = "above",     [KPI_AT_LEAST] = "at_least", [KPI_BELOW] = "below",
    [KPI_AT_MOST] = "at_most", [KPI_RISES] = "rises",       [KPI_FALLS] = "falls",
};

const char *kpi_test_name(enum kpi_test test)
{
    return test_names[test];
}

bool kpi_test_passes(enum kpi_test test, double value, double bound)
{
    switch (test) {
    case KPI_ABOVE:
    case KPI_RISES:
        return value > bound;
    case KPI_AT_LEAST:
        return value >= bound;
    case KPI_AT_MOST:
        return value <= bound;
    case KPI_BELOW:
    case KPI_FALLS:
        break;
    }
    return value < bound;
}

bool kpi_test_of(struct str name, enum kpi_test *ret_test)
{
    for (int test = 0; test <= KPI_FALLS; test++) {
        if (str_is(name, test_names[test])) {
            *ret_test = (enum kpi_test)test;
            return true;
        }
    }
    return false;
}

/* ---- pieces ---- */

const struct metric_row *kpi_figure(struct str name)
{
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    for (int i = 0; i < count; i++) {
        if (str_is(name, rows[i].name)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* A figure by its name; NULL and a mistake when there is none. */
static const struct metric_row *figure(struct compiling *compiling, const struct tree_node *node)
{
    if (node->kind != TREE_SCALAR) {
        schema_mistake(compiling, node, "expected the name of a figure");
        return NULL;
    }
    const struct metric_row *found = kpi_figure(node->text);
    if (found != NULL) {
        return found;
    }
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    struct nearest nearest = nearest_to(node->text);
    for (int i = 0; i < count; i++) {
        nearest_offer(&nearest, str_of(rows[i].name));
    }
    bool near = nearest.best.length > 0;
    schema_mistake(compiling, node, "there is no figure \"%.*s\"%s%.*s%s", STR_ARG(node->text),
                   near ? "; did you mean \"" : "; nudge metrics shows them all",
                   STR_ARG(nearest.best), near ? "\"?" : "");
    return NULL;
}

static void read_target_metric(struct compiling *compiling, const struct tree_node *node,
                               void *target)
{
    ((struct kpi_target *)target)->metric = figure(compiling, node);
}

static void read_target(struct compiling *compiling, const struct tree_node *node,
                        struct kpi_target *target)
{
    static const struct schema_row rows[] = {
        {"metric", SCHEMA_CUSTOM, 0, true, NULL, read_target_metric},
        {"baseline", SCHEMA_NUMBER, offsetof(struct kpi_target, baseline), false, NULL, NULL},
        {"week_1", SCHEMA_NUMBER, offsetof(struct kpi_target, week_1), true, NULL, NULL},
        {"week_2", SCHEMA_NUMBER, offsetof(struct kpi_target, week_2), true, NULL, NULL},
        {"success", SCHEMA_NUMBER, offsetof(struct kpi_target, success), true, NULL, NULL},
    };
    *target = (struct kpi_target){NULL, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    schema_read(compiling, node, "a target", ROWS(rows), target);
    if (target->metric != NULL && target->metric->kind != METRIC_RATE) {
        schema_mistake_at(compiling, node, "metric", "only rates have targets, which are percent");
    }
}

static void read_targets(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct kpi_plan *plan = target;
    if (!schema_list(compiling, node, "targets", KPI_TARGETS_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        read_target(compiling, child, &plan->targets[plan->target_count++]);
    }
}

/* ---- verdicts ---- */

static void read_line_metric(struct compiling *compiling, const struct tree_node *node,
                             void *target)
{
    ((struct kpi_line *)target)->metric = figure(compiling, node);
}

/* What a line may say beside its figure, before it is known to say one thing only. */
struct line_words {
    struct kpi_line line; /* first: read_line_metric writes it */
    double bounds[KPI_AT_MOST + 1];
    int trend; /* KPI_RISES, KPI_FALLS, -1 */
};

void kpi_line_read(struct compiling *compiling, const struct tree_node *node,
                   struct kpi_line *ret_line)
{
    static const struct schema_word trends[] = {
        {"rises", KPI_RISES}, {"falls", KPI_FALLS}, {NULL, 0}};
    static const struct schema_row rows[] = {
        {"metric", SCHEMA_CUSTOM, 0, true, NULL, read_line_metric},
        {"above", SCHEMA_NUMBER, offsetof(struct line_words, bounds[KPI_ABOVE]), false, NULL, NULL},
        {"at_least", SCHEMA_NUMBER, offsetof(struct line_words, bounds[KPI_AT_LEAST]), false, NULL,
         NULL},
        {"below", SCHEMA_NUMBER, offsetof(struct line_words, bounds[KPI_BELOW]), false, NULL, NULL},
        {"at_most", SCHEMA_NUMBER, offsetof(struct line_words, bounds[KPI_AT_MOST]), false, NULL,
         NULL},
        {"trend", SCHEMA_WORD, offsetof(struct line_words, trend), false, trends, NULL},
    };
    struct line_words words = {.trend = -1};
    int said = 0;
    for (int test = 0; test <= KPI_AT_MOST; test++) {
        words.bounds[test] = (double)NAN;
    }
    schema_read(compiling, node, "a line", ROWS(rows), &words);
    for (int test = 0; test <= KPI_AT_MOST; test++) {
        if (!isnan(words.bounds[test])) {
            words.line.test = (enum kpi_test)test;
            words.line.bound = words.bounds[test];
            said++;
        }
    }
    if (words.trend >= 0) {
        words.line.test = (enum kpi_test)words.trend;
        said++;
    }
    if (said != 1) {
        schema_mistake(compiling, node,
                       "a line says one thing: above, at_least, below, at_most or trend");
    }
    *ret_line = words.line;
}

static void read_lines(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct kpi_verdict *verdict = target;
    if (!schema_list(compiling, node, "lines", KPI_LINES_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        kpi_line_read(compiling, child, &verdict->lines[verdict->line_count++]);
    }
}

static void read_verdicts(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"name", SCHEMA_NAME, offsetof(struct kpi_verdict, name), true, NULL, NULL},
        {"due", SCHEMA_DURATION, offsetof(struct kpi_verdict, due_ms), true, NULL, NULL},
        {"lines", SCHEMA_CUSTOM, 0, true, NULL, read_lines},
    };
    struct kpi_plan *plan = target;
    if (!schema_list(compiling, node, "verdicts", KPI_VERDICTS_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        schema_read(compiling, child, "a verdict", ROWS(rows),
                    &plan->verdicts[plan->verdict_count++]);
    }
}

/* ---- the file ---- */

enum err kpi_plan_read(struct arena *arena, struct str file, struct str yaml,
                       const struct kpi_plan **ret_plan, struct mistakes *ret_mistakes)
{
    static const struct schema_row rows[] = {
        {"conversion_age", SCHEMA_DURATION, offsetof(struct kpi_plan, conversion_age_ms), true,
         NULL, NULL},
        {"minimum_people", SCHEMA_COUNT, offsetof(struct kpi_plan, minimum_people), true, NULL,
         NULL},
        {"targets", SCHEMA_CUSTOM, 0, true, NULL, read_targets},
        {"verdicts", SCHEMA_CUSTOM, 0, true, NULL, read_verdicts},
    };
    *ret_mistakes = (struct mistakes){NULL, 0, 0};
    struct tree tree;
    tree_read(arena, file, yaml, &tree, ret_mistakes);
    struct kpi_plan *plan = ARENA_NEW(arena, struct kpi_plan);
    struct compiling compiling = {
        .arena = arena, .scratch = arena, .mistakes = ret_mistakes, .tree = &tree};
    if (tree.root != NULL) {
        schema_read(&compiling, tree.root, "a plan of targets", ROWS(rows), plan);
    }
    if (ret_mistakes->count > 0) {
        mistakes_sort(ret_mistakes);
        return ERR_INVALID;
    }
    *ret_plan = plan;
    return OK;
}

double kpi_target_at(const struct kpi_target *target, int64_t age_ms)
{
    return age_ms < 7 * DAY_MS    ? target->week_1
           : age_ms < 14 * DAY_MS ? target->week_2
                                  : target->success;
}
