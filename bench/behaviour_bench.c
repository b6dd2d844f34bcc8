/* The behaviour log on a made-up history (behaviour_events.h): four questions through its public
 * functions, each also with a condition on people, one on events, and a breakdown. Prints the
 * median of the runs and what was answered, so that it can be compared with what others answer.
 *
 * usage: behaviour_bench [EVENTS [RUNS]]      100000000 and 5
 *        behaviour_bench --csv EVENTS FILE    writes the history for others: person,second,kind */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "behaviour_events.h"
#include "bi/behaviour/activity.h"
#include "bi/behaviour/funnel.h"
#include "bi/behaviour/power.h"
#include "bi/behaviour/retention.h"
#include "bi/behaviour/times.h"

enum { RUNS_MAX = 51, DAY = 86400000 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Of all threads: what the machine does besides does not change it. */
static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void must(enum err error, const struct err_detail *detail)
{
    if (error != OK) {
        fprintf(stderr, "bench: %s\n", detail->text);
        exit(1);
    }
}

static int write_csv(size_t count, const char *path)
{
    struct history history = history_make(count);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    for (size_t i = 0; i < history.count; i++) {
        fprintf(file, "%u,%u,%u\n", history.person[i], history.at_s[i], history.kind[i]);
    }
    history_free(&history);
    return fclose(file) == 0 ? 0 : 1;
}

/* Kinds are tracked events "1" .. "12"; half of the people have language "de"; every third event of
 * a person has the property "screen" = "b". */
static struct behaviour_log *build(const struct history *history)
{
    struct err_detail detail = {""};
    const struct str attributes[] = {STR("language")};
    const struct str properties[] = {STR("screen")};
    struct behaviour_log *log = behaviour_log_new(attributes, 1, properties, 1);
    uint8_t types[13] = {0};
    for (unsigned kind = 1; kind <= 12; kind++) {
        char name[8];
        snprintf(name, sizeof(name), "%u", kind);
        types[kind] = behaviour_tracked_type(log, str_of(name));
    }
    for (uint32_t id = 1; id <= history->people; id++) {
        uint32_t person = behaviour_add_person(log, id, (int64_t)HISTORY_BEGIN_S * 1000);
        must(behaviour_set_attribute(log, person, 0, id % 2 == 0 ? STR("de") : STR("en"), &detail),
             &detail);
    }
    for (size_t i = 0; i < history->count; i++) {
        must(behaviour_add_event(log, history->person[i] - 1, (int64_t)history->at_s[i] * 1000,
                                 types[history->kind[i]], &detail),
             &detail);
        if (history->at_s[i] % 3 == 0) {
            must(behaviour_set_property(log, 0, STR("b"), &detail), &detail);
        }
    }
    behaviour_finish(log);
    return log;
}

struct bench {
    struct behaviour_log *log;
    struct arena *arena;
    int runs;
    struct behaviour_question common;
    bool filtered; /* steps with a condition on events */
};

static void funnel(struct bench *bench, char *said, size_t size)
{
    struct funnel_answer answer;
    struct err_detail detail = {""};
    const struct funnel_question question = {
        .common = bench->common,
        .steps = bench->filtered ? STR("1 > 2{screen=b} > 3 > 4{screen=b}") : STR("1 > 2 > 3 > 4"),
        .window_ms = DAY};
    must(behaviour_funnel(bench->log, bench->arena, &question, &answer, &detail), &detail);
    const int64_t *people = answer.groups[answer.group_count].people;
    snprintf(said, size, "%lld %lld %lld %lld", (long long)people[0], (long long)people[1],
             (long long)people[2], (long long)people[3]);
}

static void retention(struct bench *bench, char *said, size_t size)
{
    struct retention_answer answer;
    struct err_detail detail = {""};
    /* The history begins on a Thursday. */
    const struct retention_question question = {.common = bench->common,
                                                .start = STR("any"),
                                                .back = bench->filtered ? STR("any{screen=b}")
                                                                        : STR("any"),
                                                .period = PERIOD_WEEK,
                                                .week_starts = 4,
                                                .calendar = true};
    must(behaviour_retention(bench->log, bench->arena, &question, &answer, &detail), &detail);
    int64_t cells = 0;
    size_t used = 0;
    const struct retention_group *group = &answer.groups[answer.group_count];
    for (int row = 0; row < answer.row_count; row++) {
        for (int cell = 0; cell < group->rows[row].cells; cell++) {
            cells += group->rows[row].cell[cell].hits;
            if (row == 0 && used < size) {
                used += (size_t)snprintf(said + used, size - used, "%lld ",
                                         (long long)group->rows[row].cell[cell].hits);
            }
        }
    }
    if (used < size) {
        snprintf(said + used, size - used, "all %lld", (long long)cells);
    }
}

static void daily(struct bench *bench, char *said, size_t size)
{
    struct activity_answer activity;
    struct power_answer power;
    struct err_detail detail = {""};
    struct str what = bench->filtered ? STR("any{screen=b}") : STR("any");
    const struct activity_question days = {
        .common = bench->common, .what = what, .period = PERIOD_DAY};
    const struct power_question share = {.common = bench->common, .what = what};
    must(behaviour_activity(bench->log, bench->arena, &days, &activity, &detail), &detail);
    must(behaviour_power(bench->log, bench->arena, &share, &power, &detail), &detail);
    int64_t sum = 0;
    const struct activity_group *group = &activity.groups[activity.group_count];
    for (int row = 0; row < activity.row_count; row++) {
        sum += group->rows[row].active;
    }
    const struct power_group *top = &power.groups[power.group_count];
    snprintf(said, size, "%lld .. %lld sum %lld; top %lld people made %lld",
             (long long)group->rows[0].active,
             (long long)group->rows[activity.row_count - 1].active, (long long)sum,
             (long long)top->top_people[3], (long long)top->top_events[3]);
}

static void times(struct bench *bench, char *said, size_t size)
{
    struct times_answer answer;
    struct err_detail detail = {""};
    const struct times_question question = {
        .common = bench->common, .steps = bench->filtered ? STR("5{screen=b} > 6") : STR("5 > 6")};
    must(behaviour_times(bench->log, bench->arena, &question, &answer, &detail), &detail);
    const struct times_group *group = &answer.groups[answer.group_count];
    int64_t within = 0;
    for (int i = 0; times_bucket_ms(i) <= DAY; i++) {
        within += group->bucket[i];
    }
    snprintf(said, size, "%lld made, %lld followed, median %.0f s, mean %.3f s, %lld in 24 h",
             (long long)group->started, (long long)group->followed, group->median_ms / 1000,
             group->mean_ms / 1000, (long long)within);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double measure(struct bench *bench, const char *name,
                      void (*ask)(struct bench *, char *, size_t))
{
    double took[RUNS_MAX];
    double cpu[RUNS_MAX];
    char said[512] = "";
    for (int run = 0; run < bench->runs; run++) {
        arena_reset(bench->arena);
        double begin = now_ms();
        double cpu_begin = cpu_ms();
        ask(bench, said, sizeof(said));
        took[run] = now_ms() - begin;
        cpu[run] = cpu_ms() - cpu_begin;
    }
    qsort(took, (size_t)bench->runs, sizeof(took[0]), compare_doubles);
    qsort(cpu, (size_t)bench->runs, sizeof(cpu[0]), compare_doubles);
    printf("%-34s %8.1f ms (%.1f .. %.1f), CPU %.1f ms  %s\n", name, took[bench->runs / 2], took[0],
           took[bench->runs - 1], cpu[bench->runs / 2], said);
    fflush(stdout);
    return took[bench->runs / 2];
}

static void ask_all(struct bench *bench, const char *how)
{
    static const struct {
        const char *name;
        void (*ask)(struct bench *, char *, size_t);
    } questions[] = {{"funnel of 4 steps in 24 h", funnel},
                     {"weekly retention", retention},
                     {"daily active + power share", daily},
                     {"time to the next event", times}};
    double sum = 0;
    printf("%s\n", how);
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        sum += measure(bench, questions[i].name, questions[i].ask);
    }
    printf("%-34s %8.1f ms\n", "all four", sum);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--csv") == 0) {
        return write_csv(strtoull(argv[2], NULL, 10), argv[3]);
    }
    size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000000;
    struct bench bench = {.arena = arena_new(1 << 20),
                          .runs = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 5};
    if (count < 1000 || count > 1000000000 || bench.runs < 1 || bench.runs > RUNS_MAX) {
        fprintf(stderr, "usage: behaviour_bench [EVENTS [RUNS]], 1000 .. 1000000000, 1 .. %d\n",
                RUNS_MAX);
        return 2;
    }
    struct history history = history_make(count);
    double begin = now_ms();
    bench.log = build(&history);
    history_free(&history);
    printf("%zu events of %u people, sorted into the log in %.2f s; %.2f bytes an event with one "
           "property, people included\n",
           count, bench.log->person_count, (now_ms() - begin) / 1e3,
           (double)behaviour_log_bytes(bench.log) / (double)count);
    ask_all(&bench, "everybody");
    bench.common.where = STR("language=de");
    ask_all(&bench, "people with language=de");
    bench.common.where = STR("");
    bench.filtered = true;
    ask_all(&bench, "events with screen=b");
    bench.filtered = false;
    bench.common.by = STR("language");
    ask_all(&bench, "by language");
    behaviour_log_free(bench.log);
    arena_free(bench.arena);
    return 0;
}
