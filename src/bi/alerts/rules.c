/* Reading the rules of alerting. */
#include "bi/alerts/rules.h"

#include <math.h>

#include "core/nearest.h"
#include "core/schema.h"

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

enum { PEOPLE_MIN = 30 };

/* Bounds as they are written, before they are known to be one. */
struct rule_words {
    struct alert_rule rule; /* first: read_figures writes it */
    double bounds[KPI_AT_MOST + 1];
    int severity, action;
};

const char *alert_figure_name(const struct alert_figure *figure)
{
    return figure->metric != NULL ? figure->metric->name : alert_signal_name(figure->signal);
}

/* ---- figures ---- */

static struct str nearest_figure(struct str name)
{
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    struct nearest nearest = nearest_to(name);
    for (int i = 0; i < count; i++) {
        nearest_offer(&nearest, str_of(rows[i].name));
    }
    for (int signal = 0; signal < SIGNAL_COUNT; signal++) {
        nearest_offer(&nearest, str_of(alert_signal_name((enum alert_signal)signal)));
    }
    return nearest.best;
}

static void read_figure(struct compiling *compiling, const struct tree_node *node,
                        struct alert_rule *rule)
{
    if (node->kind != TREE_SCALAR) {
        schema_mistake(compiling, node, "expected the name of a figure or of a signal");
        return;
    }
    struct alert_figure *figure = &rule->figures[rule->figure_count];
    figure->metric = kpi_figure(node->text);
    figure->signal = alert_signal_of(node->text);
    if (figure->metric != NULL || figure->signal != SIGNAL_COUNT) {
        rule->figure_count++;
        return;
    }
    struct str near = nearest_figure(node->text);
    schema_mistake(compiling, node, "there is no figure or signal \"%.*s\"%s%.*s%s",
                   STR_ARG(node->text), near.length > 0 ? "; did you mean \"" : "", STR_ARG(near),
                   near.length > 0 ? "\"?" : "");
}

/* One figure, or a list of them. */
static void read_figures(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct alert_rule *rule = target;
    if (node->kind == TREE_SCALAR) {
        read_figure(compiling, node, rule);
        return;
    }
    if (!schema_list(compiling, node, "metric", ALERT_FIGURES_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        read_figure(compiling, child, rule);
    }
}

static bool is_about_people(const struct alert_rule *rule)
{
    for (int i = 0; i < rule->figure_count; i++) {
        if (rule->figures[i].metric != NULL) {
            return true;
        }
    }
    return false;
}

static bool has_share(const struct alert_rule *rule)
{
    for (int i = 0; i < rule->figure_count; i++) {
        const struct alert_figure *figure = &rule->figures[i];
        if (figure->metric != NULL ? figure->metric->kind == METRIC_RATE
                                   : alert_signal_is_share(figure->signal)) {
            return true;
        }
    }
    return false;
}

/* ---- rules ---- */

static void take_bound(struct compiling *compiling, const struct tree_node *node,
                       const struct rule_words *words, struct alert_rule *rule)
{
    int said = 0;
    for (int test = 0; test <= KPI_AT_MOST; test++) {
        if (!isnan(words->bounds[test])) {
            rule->test = (enum kpi_test)test;
            rule->bound = words->bounds[test];
            said++;
        }
    }
    if (said != 1) {
        schema_mistake(compiling, node, "a rule has one bound: above, at_least, below or at_most");
    } else if (has_share(rule) && rule->bound > 100) {
        schema_mistake_at(compiling, node, kpi_test_name(rule->test),
                          "a share is a percentage from 0 to 100");
    }
}

static void check_rule(struct compiling *compiling, const struct tree_node *node,
                       const struct alert_rules *rules, const struct alert_rule *rule)
{
    if (rule->min_people < PEOPLE_MIN) {
        schema_mistake_at(compiling, node, "min_people",
                          "expected at least %d: a share of fewer says nothing", PEOPLE_MIN);
    }
    if (rule->automatic && rule->action != ALERT_HOLD && rule->action != ALERT_ROLLBACK) {
        schema_mistake_at(compiling, node, "auto",
                          "there is nothing to do by itself: expected action hold or rollback "
                          "beside it");
    }
    if (rule->joined_ms > 0 && !is_about_people(rule)) {
        schema_mistake_at(compiling, node, "joined",
                          "a signal is about the installation, not about people who joined");
    }
    for (int i = 0; i < rules->count; i++) {
        if (str_equal(rules->rules[i].name, rule->name)) {
            schema_mistake_at(compiling, node, "name", "there is a rule of that name above");
        }
    }
}

/* Adds what the rule names; false: there is no room. */
static bool add_joined(const struct alert_rule *rule, int64_t joined[ALERT_JOINED_MAX], int *count)
{
    int i = 0;
    while (i < *count && joined[i] != rule->joined_ms) {
        i++;
    }
    if (i == ALERT_JOINED_MAX) {
        return false;
    }
    joined[i] = rule->joined_ms;
    *count = i < *count ? *count : i + 1;
    return true;
}

int alert_rules_joined(const struct alert_rules *rules, int64_t ret_joined[ALERT_JOINED_MAX])
{
    int count = 0;
    for (int i = 0; i < rules->count; i++) {
        if (is_about_people(&rules->rules[i])) {
            (void)add_joined(&rules->rules[i], ret_joined, &count);
        }
    }
    return count;
}

static void read_rule(struct compiling *compiling, const struct tree_node *node,
                      struct alert_rules *rules)
{
    static const struct schema_word severities[] = {{"milestone", ALERT_MILESTONE},
                                                    {"notice", ALERT_NOTICE},
                                                    {"warning", ALERT_WARNING},
                                                    {"critical", ALERT_CRITICAL},
                                                    {NULL, 0}};
    static const struct schema_word actions[] = {{"investigate", ALERT_INVESTIGATE},
                                                 {"hold", ALERT_HOLD},
                                                 {"rollback", ALERT_ROLLBACK},
                                                 {"simplify", ALERT_SIMPLIFY},
                                                 {NULL, 0}};
#define OF_RULE(field) offsetof(struct rule_words, rule.field)
    static const struct schema_row rows[] = {
        {"name", SCHEMA_NAME, OF_RULE(name), true, NULL, NULL},
        {"metric", SCHEMA_CUSTOM, 0, true, NULL, read_figures},
        {"above", SCHEMA_NUMBER, offsetof(struct rule_words, bounds[KPI_ABOVE]), false, NULL, NULL},
        {"at_least", SCHEMA_NUMBER, offsetof(struct rule_words, bounds[KPI_AT_LEAST]), false, NULL,
         NULL},
        {"below", SCHEMA_NUMBER, offsetof(struct rule_words, bounds[KPI_BELOW]), false, NULL, NULL},
        {"at_most", SCHEMA_NUMBER, offsetof(struct rule_words, bounds[KPI_AT_MOST]), false, NULL,
         NULL},
        {"min_people", SCHEMA_COUNT, OF_RULE(min_people), false, NULL, NULL},
        {"joined", SCHEMA_DURATION, OF_RULE(joined_ms), false, NULL, NULL},
        {"after", SCHEMA_DURATION, OF_RULE(after_ms), false, NULL, NULL},
        {"for", SCHEMA_DURATION, OF_RULE(terms.for_ms), false, NULL, NULL},
        {"severity", SCHEMA_WORD, offsetof(struct rule_words, severity), true, severities, NULL},
        {"owner", SCHEMA_LINE, OF_RULE(owner), true, NULL, NULL},
        {"escalate", SCHEMA_DURATION, OF_RULE(terms.escalate_ms), false, NULL, NULL},
        {"action", SCHEMA_WORD, offsetof(struct rule_words, action), true, actions, NULL},
        {"auto", SCHEMA_YES_NO, OF_RULE(automatic), false, NULL, NULL},
        {"advice", SCHEMA_LINE, OF_RULE(advice), true, NULL, NULL},
    };
#undef OF_RULE
    struct rule_words words = {.rule.min_people = PEOPLE_MIN};
    for (int test = 0; test <= KPI_AT_MOST; test++) {
        words.bounds[test] = (double)NAN;
    }
    struct alert_rule *rule = &words.rule;
    if (!schema_read(compiling, node, "a rule", ROWS(rows), &words)) {
        return;
    }
    rule->terms.severity = (enum alert_severity)words.severity;
    rule->action = (enum alert_action)words.action;
    take_bound(compiling, node, &words, rule);
    check_rule(compiling, node, rules, rule);
    int64_t joined[ALERT_JOINED_MAX];
    int count = alert_rules_joined(rules, joined);
    if (is_about_people(rule) && !add_joined(rule, joined, &count)) {
        schema_mistake_at(compiling, node, "joined",
                          "expected no more than %d different times of joining in all rules",
                          ALERT_JOINED_MAX);
    }
    rules->rules[rules->count++] = *rule;
}

static void read_all(struct compiling *compiling, const struct tree_node *node, void *target)
{
    if (!schema_list(compiling, node, "alerts", ALERT_RULES_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        read_rule(compiling, child, target);
    }
}

enum err alert_rules_read(struct arena *arena, struct str file, struct str yaml,
                          const struct alert_rules **ret_rules, struct mistakes *ret_mistakes)
{
    static const struct schema_row rows[] = {
        {"alerts", SCHEMA_CUSTOM, 0, true, NULL, read_all},
    };
    *ret_mistakes = (struct mistakes){NULL, 0, 0};
    struct tree tree;
    tree_read(arena, file, yaml, &tree, ret_mistakes);
    struct alert_rules *rules = ARENA_NEW(arena, struct alert_rules);
    struct compiling compiling = {
        .arena = arena, .scratch = arena, .mistakes = ret_mistakes, .tree = &tree};
    if (tree.root != NULL) {
        schema_read(&compiling, tree.root, "a file of alerts", ROWS(rows), rules);
    }
    if (ret_mistakes->count > 0) {
        mistakes_sort(ret_mistakes);
        return ERR_INVALID;
    }
    *ret_rules = rules;
    return OK;
}
