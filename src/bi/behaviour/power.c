/* Counts of people are small numbers, so that they are put in order by counting them; the few above
 * that are sorted. */
#include "bi/behaviour/power.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "bi/behaviour/scan.h"

enum { SMALL = 1 << 16 };
static const int TOPS[POWER_TOPS] = {10, 50, 100, 167, 200, 500};

int power_top_permille(int top)
{
    return TOPS[top];
}

struct power {
    const struct behaviour_log *log;
    struct behaviour_who who;
    struct behaviour_events what;
    uint32_t *count_of; /* by person; threads have different ones */
};

static void count_people(const void *question, void *part, uint32_t from, uint32_t to)
{
    (void)part;
    const struct power *power = question;
    for (uint32_t person = from; person < to; person++) {
        if (!behaviour_is_meant(&power->who, person)) {
            continue;
        }
        uint32_t first;
        uint32_t last = behaviour_trail(&power->who, person, &first);
        uint32_t count = power->what.all ? last - first : 0;
        for (uint32_t event = first; !power->what.all && event < last; event++) {
            count += behaviour_counts(power->log, &power->what, event);
        }
        power->count_of[person] = count;
    }
}

/* How many people of a group have how many events: in rising order, (events, people). */
struct step {
    int64_t events, people;
};

static int compare_large(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* group < 0: everybody. */
static int make_steps(const struct power *power, int group, struct step **ret_steps)
{
    int64_t *small = calloc(SMALL, sizeof(*small));
    uint32_t *large = NULL;
    size_t large_count = 0;
    size_t large_room = 0;
    ASSERT(small != NULL);
    for (uint32_t person = 0; person < power->log->person_count; person++) {
        if (!behaviour_is_meant(&power->who, person) ||
            (group >= 0 && behaviour_group(&power->who, person) != group)) {
            continue;
        }
        uint32_t count = power->count_of[person];
        if (count < SMALL) {
            small[count]++;
            continue;
        }
        if (large_count == large_room) {
            large_room = large_room == 0 ? 64 : large_room * 2;
            large = reallocarray(large, large_room, sizeof(*large));
            ASSERT(large != NULL);
        }
        large[large_count++] = count;
    }
    struct step *steps = calloc(SMALL + large_count, sizeof(*steps));
    ASSERT(steps != NULL);
    int step_count = 0;
    for (int64_t count = 0; count < SMALL; count++) {
        if (small[count] > 0) {
            steps[step_count++] = (struct step){count, small[count]};
        }
    }
    if (large_count > 0) {
        qsort(large, large_count, sizeof(*large), compare_large);
    }
    for (size_t i = 0; i < large_count; i++) {
        steps[step_count++] = (struct step){large[i], 1};
    }
    free(small);
    free(large);
    *ret_steps = steps;
    return step_count;
}

/* The curve is a line between the groups of people with the same count. */
static void fill_curve(const struct step *steps, int step_count, struct power_group *group)
{
    double people = (double)group->people;
    double all = (double)group->events;
    double seen_people = 0;
    double seen = 0;
    double area = 0;
    int point = 1;
    group->lorenz[0] = 0;
    for (int i = 0; i < step_count; i++) {
        double count = (double)steps[i].people;
        double events = (double)steps[i].events;
        for (; point < POWER_LORENZ_POINTS &&
               (double)point * people <= (seen_people + count) * (POWER_LORENZ_POINTS - 1);
             point++) {
            double inside = (double)point * people / (POWER_LORENZ_POINTS - 1) - seen_people;
            group->lorenz[point] = (seen + inside * events) / all;
        }
        area += count * (2 * seen + count * events);
        seen_people += count;
        seen += count * events;
    }
    group->gini = 1.0 - area / (people * all);
}

static void fill_tops(const struct step *steps, int step_count, struct power_group *group)
{
    for (int top = 0; top < POWER_TOPS; top++) {
        int64_t left = group->people * TOPS[top] / 1000;
        group->top_people[top] = left;
        for (int i = step_count - 1; i >= 0 && left > 0; i--) {
            int64_t taken = steps[i].people < left ? steps[i].people : left;
            group->top_events[top] += taken * steps[i].events;
            left -= taken;
        }
    }
}

static void fill_group(const struct power *power, int number, struct power_group *group)
{
    struct step *steps;
    int step_count = make_steps(power, number, &steps);
    for (int i = 0; i < step_count; i++) {
        group->people += steps[i].people;
        group->events += steps[i].people * steps[i].events;
        group->most = steps[i].events;
    }
    group->gini = (double)NAN;
    for (int i = 0; i < POWER_LORENZ_POINTS; i++) {
        group->lorenz[i] = (double)NAN;
    }
    if (group->events > 0) {
        fill_curve(steps, step_count, group);
    }
    fill_tops(steps, step_count, group);
    free(steps);
}

enum err behaviour_power(const struct behaviour_log *log, struct arena *arena,
                         const struct power_question *question, struct power_answer *ret_answer,
                         struct err_detail *detail)
{
    struct power power = {.log = log};
    struct str what = question->what.length > 0 ? question->what : STR("active");
    enum err error = behaviour_events_read(log, arena, "what", what, &power.what, detail);
    if (error == OK) {
        error = behaviour_who_of(log, arena, &question->common, &power.who, detail);
    }
    if (error != OK) {
        return error;
    }
    power.count_of = calloc((size_t)log->person_count + 1, sizeof(uint32_t));
    ASSERT(power.count_of != NULL);
    behaviour_scan(&power.who, count_people, &power, NULL, 0);
    int groups = power.who.group_count;
    struct power_answer answer = {groups,
                                  ARENA_ARRAY(arena, struct power_group, (size_t)groups + 1)};
    for (int group = 0; question->common.by.length > 0 && group < groups; group++) {
        answer.groups[group].name = power.who.groups[group];
        fill_group(&power, group, &answer.groups[group]);
    }
    fill_group(&power, -1, &answer.groups[groups]);
    if (question->common.by.length == 0) {
        answer.groups[0] = answer.groups[groups];
    }
    free(power.count_of);
    *ret_answer = answer;
    return OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *group_json(const struct power_group *group)
{
    json_t *json = json_object();
    json_t *lorenz = json_array();
    json_t *tops = json_array();
    for (int i = 0; i < POWER_LORENZ_POINTS; i++) {
        json_array_append_new(lorenz,
                              isnan(group->lorenz[i]) ? json_null() : json_real(group->lorenz[i]));
    }
    for (int i = 0; i < POWER_TOPS; i++) {
        json_t *top = json_object();
        json_object_set_new(top, "top_percent", json_real(TOPS[i] / 10.0));
        json_object_set_new(top, "people", json_integer(group->top_people[i]));
        json_object_set_new(top, "events", json_integer(group->top_events[i]));
        json_array_append_new(tops, top);
    }
    json_object_set_new(json, "group", json_str(group->name));
    json_object_set_new(json, "people", json_integer(group->people));
    json_object_set_new(json, "events", json_integer(group->events));
    json_object_set_new(json, "most", json_integer(group->most));
    json_object_set_new(json, "gini", isnan(group->gini) ? json_null() : json_real(group->gini));
    json_object_set_new(json, "lorenz", lorenz);
    json_object_set_new(json, "top", tops);
    return json;
}

json_t *behaviour_power_json(const struct power_answer *answer)
{
    json_t *json = group_json(&answer->groups[answer->group_count]);
    json_t *groups = json_array();
    for (int i = 0; i < answer->group_count; i++) {
        json_array_append_new(groups, group_json(&answer->groups[i]));
    }
    json_object_del(json, "group");
    json_object_set_new(json, "groups", groups);
    return json;
}
