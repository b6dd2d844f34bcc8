/* Watches many months with the shipped rules of alerting, every five minutes, as in production
 * (bi/alerts, core/alert.h): months in which each week's targets are just met, at 20, 100 and 1000
 * people a day, and months in which something breaks on the fifteenth day. How often is there a
 * false alarm, and how long does it take until a real one? People are made up here, each figure is
 * counted by its definition (docs/reference/metrics.md, alerts.md); nothing is stored. What is no
 * matter of chance (a backlog, a late scheduler, failing requests) is not watched.
 *
 * usage: months RULES.yaml MONTHS    prints one JSON document, the same each time; exit status 1
 * when what is promised does not hold. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "bi/alerts/evaluate.h"
#include "bi/experiments/analysis.h"

enum {
    TICK_MINUTES = 5,
    HOUR = 60 / TICK_MINUTES, /* ticks */
    DAY = 24 * HOUR,
    DAYS = 30,
    TICKS = DAYS * DAY,
    BREAKS_AT = 14 * DAY,
    STEPS = METRICS_STEPS,
    WRITTEN_FOR = 3 * DAY, /* a newcomer is written to each day */
    SEQUENCES = 4,
    RATES = 3
};

static const int64_t START_MS = 1767225600000; /* 2026-01-01 */
static const int JOINS_A_DAY[RATES] = {20, 100, 1000};
/* When a step is sent after joining, and how long it waits for its answer. */
static const int STEP_SENT[STEPS] = {0, 4 * HOUR, 10 * HOUR, 20 * HOUR};
static const int STEP_WAITS[STEPS] = {6 * HOUR, 12 * HOUR, 8 * HOUR, 24 * HOUR};
/* The targets of journeys/kpi/plan.yaml: week 1, week 2, from then on. */
static const double STEP_TARGETS[STEPS][3] = {
    {0.85, 0.90, 0.95}, {0.75, 0.80, 0.85}, {0.65, 0.70, 0.75}, {0.70, 0.75, 0.80}};
static const double CONVERSION_TARGETS[3] = {0.40, 0.55, 0.65};
/* Messages of a sequence for each person who joins: from the onboarding to a rescue. */
static const double SEQUENCE_SHARE[SEQUENCES] = {4, 0.5, 0.1, 0.03};

/* What breaks; the rule that must see it. */
struct fault {
    const char *rule;
    int step;          /* completion of that step falls to step_share */
    double step_share; /* 0: none does */
    double conversion; /* 0: as it was */
    double leaving;    /* of those written to, a day; 0: as it was */
    double failing;    /* of messages */
    double first_arm;  /* of an experiment's people */
    bool is_silent;    /* the largest sequence */
};
static const struct fault FAULTS[] = {
    {.rule = "first_step_low", .step = 0, .step_share = 0.65},
    {.rule = "step_emergency", .step = 2, .step_share = 0.35},
    {.rule = "conversion_low", .conversion = 0.20},
    {.rule = "people_leaving", .leaving = 0.12},
    {.rule = "sends_failing", .failing = 0.20},
    {.rule = "sample_ratio", .first_arm = 0.65},
    {.rule = "journey_silent", .is_silent = true},
};
enum { FAULT_COUNT = sizeof(FAULTS) / sizeof(FAULTS[0]) };

/* Counts of the people who joined, or of what happened, before each tick. */
struct counts {
    int64_t before[TICKS + 1];
};
struct month {
    gsl_rng *dice;
    const struct fault *fault; /* NULL: a healthy month */
    struct counts joined, converted, completed[STEPS], left, sent, failed, first_arm;
    int writes[SEQUENCES][DAYS];
};

/* ---- living through a month ---- */

static int happenings(const gsl_rng *dice, double mean)
{
    return (int)gsl_ran_poisson(dice, mean);
}

static int hits(const gsl_rng *dice, int people, double share)
{
    return (int)gsl_ran_binomial(dice, share, (unsigned)people);
}

static void put(struct counts *counts, int tick, int count)
{
    counts->before[tick + 1] = counts->before[tick] + count;
}

static int64_t between(const struct counts *counts, int from, int to)
{
    from = from < 0 ? 0 : from;
    return to <= from ? 0 : counts->before[to] - counts->before[from];
}

static double share_now(int tick, const double targets[3])
{
    int week = tick / (7 * DAY);
    return targets[week < 2 ? week : 2];
}

static void live_tick(struct month *month, int tick, double joins_a_tick)
{
    const struct fault *fault = tick >= BREAKS_AT ? month->fault : NULL;
    gsl_rng *dice = month->dice;
    int joins = happenings(dice, joins_a_tick);
    put(&month->joined, tick, joins);
    for (int step = 0; step < STEPS; step++) {
        bool is_broken = fault != NULL && fault->step_share > 0 && fault->step == step;
        double share = is_broken ? fault->step_share : share_now(tick, STEP_TARGETS[step]);
        put(&month->completed[step], tick, hits(dice, joins, share));
    }
    double conversion = fault != NULL && fault->conversion > 0
                            ? fault->conversion
                            : share_now(tick, CONVERSION_TARGETS);
    put(&month->converted, tick, hits(dice, joins, conversion));
    double leaving = fault != NULL && fault->leaving > 0 ? fault->leaving : 0.01;
    double written = (double)between(&month->joined, tick + 1 - WRITTEN_FOR, tick + 1);
    put(&month->left, tick, happenings(dice, written * leaving / DAY));
    int sent = happenings(dice, joins_a_tick * SEQUENCE_SHARE[0]);
    put(&month->sent, tick, sent);
    put(&month->failed, tick,
        hits(dice, sent, fault != NULL && fault->failing > 0 ? fault->failing : 0.005));
    put(&month->first_arm, tick,
        hits(dice, joins, fault != NULL && fault->first_arm > 0 ? fault->first_arm : 0.5));
    for (int sequence = 0; sequence < SEQUENCES; sequence++) {
        bool is_silent = fault != NULL && fault->is_silent && sequence == 0;
        month->writes[sequence][tick / DAY] +=
            is_silent ? 0 : happenings(dice, joins_a_tick * SEQUENCE_SHARE[sequence]);
    }
}

/* ---- what is seen of it at a tick ---- */

static struct metrics people_since(const struct month *month, int from, int tick)
{
    struct metrics metrics = {0};
    struct rate *const steps[STEPS] = {&metrics.step_1_completion, &metrics.step_2_completion,
                                       &metrics.step_3_completion, &metrics.step_4_completion};
    for (int step = 0; step < STEPS; step++) {
        int to = tick - STEP_SENT[step] - STEP_WAITS[step];
        *steps[step] =
            rate_of(between(&month->completed[step], from, to), between(&month->joined, from, to));
    }
    int to = tick - 2 * DAY;
    metrics.conversion_rate =
        rate_of(between(&month->converted, from, to), between(&month->joined, from, to));
    metrics.total_users = between(&month->joined, from, tick);
    return metrics;
}

/* As alert_silent_sequences of sql/metrics.sql has it. */
static bool is_silent(const int writes[DAYS], int today)
{
    int last = today;
    while (last >= 0 && writes[last] == 0) {
        last--;
    }
    int first = last;
    int active = 0;
    int64_t total = 0;
    for (int day = last < 28 ? 0 : last - 27; day <= last; day++) {
        first = writes[day] > 0 && total == 0 ? day : first;
        active += writes[day] > 0;
        total += writes[day];
    }
    int span = last - first + 1;
    return active >= 7 && active * 2 > span && (today - last - 1) * total >= (int64_t)10 * span;
}

static double split_of(const struct month *month, int tick)
{
    const struct experiment experiment = {
        .arms = {{STR("a"), 0.5}, {STR("b"), 0.5}}, .arm_count = 2, .coverage = 1};
    struct analysis analysis = {.experiment = &experiment, .is_share = true, .arm_count = 2};
    struct paired_sums sums[2] = {0};
    int64_t first = between(&month->first_arm, 0, tick);
    const int64_t people[2] = {first, between(&month->joined, 0, tick) - first};
    for (int arm = 0; arm < 2; arm++) {
        sums[arm].people = (double)people[arm];
        analysis.arms[arm].exposed = people[arm];
        analysis.arms[arm].weight = 0.5;
    }
    analysis_judge(&analysis, sums);
    return analysis.split_p;
}

static struct alert_signals signals_at(const struct month *month, int tick)
{
    struct alert_signals signals = {.silent = STR_NONE};
    signals.shares[SIGNAL_SEND_FAILURE_RATE] =
        rate_of(between(&month->failed, tick - 6 * HOUR, tick),
                between(&month->sent, tick - 6 * HOUR, tick));
    int64_t written = between(&month->joined, tick - WRITTEN_FOR, tick);
    int64_t left = between(&month->left, tick - DAY, tick);
    signals.shares[SIGNAL_OPT_OUT_RATE] = rate_of(left < written ? left : written, written);
    for (int sequence = 0; sequence < SEQUENCES; sequence++) {
        signals.values[SIGNAL_SILENT_JOURNEYS] +=
            tick > 0 && is_silent(month->writes[sequence], (tick - 1) / DAY);
    }
    signals.values[SIGNAL_SAMPLE_RATIO_P] = split_of(month, tick);
    return signals;
}

/* ---- watching ---- */

/* Of one rule. */
struct watched {
    struct alert alert;
    int fired;         /* so often */
    int fired_at_tick; /* first after BREAKS_AT; 0: never */
};

static void look(const struct month *month, const struct alert_rules *rules, int tick,
                 struct watched *watched)
{
    struct alert_people people[ALERT_JOINED_MAX];
    int64_t joined[ALERT_JOINED_MAX];
    bool is_hour = tick % HOUR == 0;
    struct alert_signals signals = signals_at(month, tick);
    int64_t now_ms = START_MS + (int64_t)tick * TICK_MINUTES * MINUTE_MS;
    struct alert_view view = {
        .people = people, .signals = &signals, .started_at_ms = START_MS, .now_ms = now_ms};
    view.people_count = is_hour ? alert_rules_joined(rules, joined) : 0;
    for (int i = 0; i < view.people_count; i++) {
        int since = joined[i] == 0 ? 0 : tick - (int)(joined[i] / (TICK_MINUTES * MINUTE_MS));
        people[i].joined_ms = joined[i];
        people[i].figures = people_since(month, since, tick);
    }
    for (int i = 0; i < rules->count; i++) {
        const struct alert_rule *rule = &rules->rules[i];
        if (rule->figures[0].metric != NULL && !is_hour) {
            continue;
        }
        struct alert_result result = alert_judge(rule, &view);
        struct alert_outcome outcome =
            alert_look(&watched[i].alert, &rule->terms, result.finding, now_ms);
        watched[i].fired += outcome.fired;
        if (outcome.fired && tick > BREAKS_AT && watched[i].fired_at_tick == 0) {
            watched[i].fired_at_tick = tick;
        }
    }
}

static void watch(struct month *month, const struct alert_rules *rules, int joins_a_day,
                  struct watched *watched)
{
    memset(watched, 0, sizeof(*watched) * ALERT_RULES_MAX);
    memset(month->writes, 0, sizeof(month->writes));
    for (int tick = 0; tick < TICKS; tick++) {
        live_tick(month, tick, (double)joins_a_day / DAY);
        look(month, rules, tick + 1, watched);
    }
}

/* False alarms of each rule in a healthy month; true: fewer than one of each. */
static bool watch_healthy(struct month *month, const struct alert_rules *rules, int months)
{
    static struct watched watched[ALERT_RULES_MAX];
    bool holds = true;
    month->fault = NULL;
    printf(" \"healthy\": [");
    for (int rate = 0; rate < RATES; rate++) {
        int fired[ALERT_RULES_MAX] = {0};
        for (int i = 0; i < months; i++) {
            watch(month, rules, JOINS_A_DAY[rate], watched);
            for (int rule = 0; rule < rules->count; rule++) {
                fired[rule] += watched[rule].fired;
            }
        }
        printf("%s\n  {\"joins\": %d, \"alarms\": {", rate > 0 ? "," : "", JOINS_A_DAY[rate]);
        const char *comma = "";
        for (int rule = 0; rule < rules->count; rule++) {
            if (rules->rules[rule].terms.severity > ALERT_MILESTONE) {
                printf("%s\"%.*s\": %.3f", comma, STR_ARG(rules->rules[rule].name),
                       (double)fired[rule] / months);
                holds = holds && fired[rule] < months;
                comma = ", ";
            }
        }
        printf("}}");
    }
    printf("],\n");
    return holds;
}

static int by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* How long one fault goes unseen; true: at a thousand people a day nearly all months see it. */
static bool watch_broken(struct month *month, const struct alert_rules *rules, int months,
                         const struct fault *fault, double *delays)
{
    static struct watched watched[ALERT_RULES_MAX];
    bool holds = true;
    int rule = 0;
    while (rule < rules->count && !str_is(rules->rules[rule].name, fault->rule)) {
        rule++;
    }
    month->fault = fault;
    printf("\n  {\"rule\": \"%s\"", fault->rule);
    for (int rate = 0; rate < RATES; rate++) {
        int seen = 0;
        for (int i = 0; i < months; i++) {
            watch(month, rules, JOINS_A_DAY[rate], watched);
            if (watched[rule].fired_at_tick > 0) {
                delays[seen++] = (double)(watched[rule].fired_at_tick - BREAKS_AT) / HOUR;
            }
        }
        qsort(delays, (size_t)seen, sizeof(*delays), by_size);
        printf(", \"%d\": {\"seen\": %.2f, \"median_hours\": %.1f, \"nine_of_ten_hours\": %.1f}",
               JOINS_A_DAY[rate], (double)seen / months, seen > 0 ? delays[seen / 2] : 0,
               seen > 0 ? delays[seen * 9 / 10] : 0);
        holds = holds && (rate < RATES - 1 || seen * 20 >= months * 19);
    }
    printf("}");
    return holds && rule < rules->count;
}

static const struct alert_rules *read_rules(struct arena *arena, const char *path)
{
    enum { RULES_BYTES_MAX = 64 * 1024 };
    char *text = arena_alloc(arena, RULES_BYTES_MAX);
    FILE *file = fopen(path, "r");
    struct str yaml = {text, file == NULL ? 0 : fread(text, 1, RULES_BYTES_MAX, file)};
    const struct alert_rules *rules = NULL;
    struct mistakes mistakes;
    if (file != NULL) {
        (void)fclose(file);
    }
    return alert_rules_read(arena, str_of(path), yaml, &rules, &mistakes) == OK ? rules : NULL;
}

int main(int argc, char **argv)
{
    static struct month month;
    int months = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    struct arena *arena = arena_new(64 * 1024);
    const struct alert_rules *rules = months > 0 ? read_rules(arena, argv[1]) : NULL;
    if (rules == NULL) {
        (void)fprintf(stderr, "usage: months RULES.yaml MONTHS\n");
        return 2;
    }
    double *delays = ARENA_ARRAY(arena, double, (size_t)months);
    month.dice = gsl_rng_alloc(gsl_rng_mt19937);
    printf("{\"months\": %d,\n", months);
    bool holds = watch_healthy(&month, rules, months);
    printf(" \"broken\": [");
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        printf("%s", fault > 0 ? "," : "");
        holds = watch_broken(&month, rules, months, &FAULTS[fault], delays) && holds;
    }
    printf("]}\n");
    gsl_rng_free(month.dice);
    arena_free(arena);
    return holds ? 0 : 1;
}
