/* One pass over a person's events keeps, for each step, the latest first step from which it was
 * reached: the latest is as good as any other, since it leaves the most time for what follows. */
#include "bi/behaviour/funnel.h"

#include "base/limits.h"
#include "bi/behaviour/scan.h"

static const int64_t NEVER_MS = INT64_MIN / 2; /* so that differences fit */

struct funnel {
    const struct behaviour_log *log;
    struct behaviour_who who;
    int step_count;
    struct behaviour_events steps[BEHAVIOUR_STEPS_MAX];
    uint16_t steps_of_type[BEHAVIOUR_TYPES_MAX]; /* bit k: an event of the type may be step k */
    uint8_t wanted[BEHAVIOUR_TYPES_MAX];         /* 1: of some step */
    bool between[BEHAVIOUR_TYPES_MAX];           /* strict: stands between steps */
    bool has_tests, strict;
    int64_t window_ms;
};

static inline unsigned steps_of(const struct funnel *funnel, uint32_t event)
{
    unsigned steps = funnel->steps_of_type[funnel->log->type[event]];
    if (!funnel->has_tests) {
        return steps;
    }
    unsigned fitting = 0;
    for (unsigned left = steps; left != 0; left &= left - 1) {
        int step = __builtin_ctz(left);
        if (behaviour_has_properties(&funnel->steps[step], event)) {
            fitting |= 1U << step;
        }
    }
    return fitting;
}

/* Goes on with the events that were picked; `start_ms` is of the steps reached so far. */
static int reach_further(const struct funnel *funnel, const uint32_t *picked, uint32_t count,
                         int reached, int64_t start_ms[BEHAVIOUR_STEPS_MAX])
{
    for (uint32_t i = 0; i < count && reached < funnel->step_count; i++) {
        unsigned steps = steps_of(funnel, picked[i]);
        int64_t at_ms = behaviour_at_ms(funnel->log, picked[i]);
        while (steps != 0) { /* the latest first: an event is one step of a way */
            int step = 31 - __builtin_clz(steps);
            steps ^= 1U << step;
            if (step == 0) {
                start_ms[0] = at_ms;
            } else if (at_ms - start_ms[step - 1] <= funnel->window_ms) {
                start_ms[step] = start_ms[step - 1];
            } else {
                continue;
            }
            reached = step >= reached ? step + 1 : reached;
        }
    }
    return reached;
}

static int reach_loosely(const struct funnel *funnel, uint32_t first, uint32_t last)
{
    uint32_t picked[BEHAVIOUR_PICKED_MAX];
    int64_t start_ms[BEHAVIOUR_STEPS_MAX];
    int reached = 0;
    for (int i = 0; i < funnel->step_count; i++) {
        start_ms[i] = NEVER_MS;
    }
    while (first < last && reached < funnel->step_count) {
        uint32_t end = last - first > BEHAVIOUR_PICKED_MAX ? first + BEHAVIOUR_PICKED_MAX : last;
        uint32_t count = behaviour_pick(funnel->log, funnel->wanted, first, end, picked);
        reached = reach_further(funnel, picked, count, reached, start_ms);
        first = end;
    }
    return reached;
}

static int reach_strictly(const struct funnel *funnel, uint32_t first, uint32_t last)
{
    const struct behaviour_log *log = funnel->log;
    /* Of ways that end with the event before: where they began, by their number of steps. */
    int64_t start_ms[BEHAVIOUR_STEPS_MAX];
    unsigned ways = 0;
    int reached = 0;
    for (uint32_t event = first; event < last && reached < funnel->step_count; event++) {
        if (!funnel->between[log->type[event]]) {
            continue;
        }
        unsigned longer = ((ways << 1) | 1U) & steps_of(funnel, event);
        int64_t at_ms = behaviour_at_ms(log, event);
        ways = 0;
        for (; longer != 0; longer ^= 1U << (31 - __builtin_clz(longer))) {
            int step = 31 - __builtin_clz(longer);
            int64_t began_ms = step == 0 ? at_ms : start_ms[step - 1];
            if (at_ms - began_ms > funnel->window_ms) {
                continue;
            }
            start_ms[step] = began_ms;
            ways |= 1U << step;
            reached = step >= reached ? step + 1 : reached;
        }
    }
    return reached;
}

static void count_people(const void *question, void *part, uint32_t from, uint32_t to)
{
    const struct funnel *funnel = question;
    int64_t *counts = part;
    for (uint32_t person = from; person < to; person++) {
        if (!behaviour_is_meant(&funnel->who, person)) {
            continue;
        }
        uint32_t first;
        uint32_t last = behaviour_trail(&funnel->who, person, &first);
        int reached = funnel->strict ? reach_strictly(funnel, first, last)
                                     : reach_loosely(funnel, first, last);
        counts[behaviour_group(&funnel->who, person) * (BEHAVIOUR_STEPS_MAX + 1) + reached]++;
    }
}

static enum err prepare(struct funnel *funnel, struct arena *arena,
                        const struct funnel_question *question, struct funnel_answer *answer,
                        struct err_detail *detail)
{
    struct behaviour_term *terms;
    enum err error = behaviour_parse_steps(arena, "steps", question->steps, BEHAVIOUR_STEPS_MAX,
                                           &terms, &funnel->step_count, detail);
    for (int i = 0; error == OK && i < funnel->step_count; i++) {
        struct behaviour_events *events = &funnel->steps[i];
        error = behaviour_events_of(funnel->log, "steps", &terms[i], events, detail);
        funnel->has_tests |= events->test_count > 0;
        answer->steps[i] = arena_str(arena, terms[i].text);
        for (int type = 0; error == OK && type < BEHAVIOUR_TYPES_MAX; type++) {
            if (events->type[type]) {
                funnel->steps_of_type[type] |= (uint16_t)(1U << i);
                funnel->wanted[type] = 1;
                funnel->between[type] = true;
            }
        }
    }
    if (error != OK) {
        return error;
    }
    if (question->window_ms < 0 || question->window_ms > 3650 * DAY_MS) {
        return err_set(detail, ERR_INVALID, "window: must be from 1s to 3650d");
    }
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        funnel->between[behaviour_own_type((enum event_type)type)] |=
            event_type_is_activity((enum event_type)type);
    }
    funnel->strict = question->strict;
    funnel->window_ms = question->window_ms > 0 ? question->window_ms : INT64_MAX / 4;
    answer->step_count = funnel->step_count;
    return behaviour_who_of(funnel->log, arena, &question->common, &funnel->who, detail);
}

enum err behaviour_funnel(const struct behaviour_log *log, struct arena *arena,
                          const struct funnel_question *question, struct funnel_answer *ret_answer,
                          struct err_detail *detail)
{
    struct funnel funnel = {.log = log};
    struct funnel_answer answer = {0};
    enum err error = prepare(&funnel, arena, question, &answer, detail);
    if (error != OK) {
        return error;
    }
    enum { CELLS = BEHAVIOUR_STEPS_MAX + 1 };
    int groups = funnel.who.group_count;
    int64_t *counts = behaviour_scan_counts(&funnel.who, arena, count_people, &funnel,
                                            (size_t)(groups > 0 ? groups : 1) * CELLS);
    answer.group_count = groups;
    answer.groups = ARENA_ARRAY(arena, struct funnel_group, (size_t)groups + 1);
    for (int group = 0; group < groups; group++) {
        answer.groups[group].name = funnel.who.groups[group];
        int64_t people = 0;
        for (int step = answer.step_count; step > 0; step--) {
            people += counts[group * CELLS + step];
            answer.groups[group].people[step - 1] = people;
            answer.groups[groups].people[step - 1] += people;
        }
    }
    *ret_answer = answer;
    return OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *group_json(const struct funnel_answer *answer, const struct funnel_group *group)
{
    json_t *steps = json_array();
    for (int i = 0; i < answer->step_count; i++) {
        struct rate first = rate_of(group->people[i], group->people[0]);
        struct rate before = rate_of(group->people[i], group->people[i > 0 ? i - 1 : 0]);
        json_t *step = json_object();
        json_object_set_new(step, "step", json_str(answer->steps[i]));
        json_object_set_new(step, "people", json_integer(group->people[i]));
        json_object_set_new(step, "of_first", first.n > 0 ? json_real(first.percent) : json_null());
        json_object_set_new(step, "of_previous",
                            before.n > 0 ? json_real(before.percent) : json_null());
        json_array_append_new(steps, step);
    }
    return steps;
}

json_t *behaviour_funnel_json(const struct funnel_answer *answer)
{
    json_t *json = json_object();
    json_t *groups = json_array();
    for (int i = 0; i < answer->group_count; i++) {
        json_t *group = json_object();
        json_object_set_new(group, "group", json_str(answer->groups[i].name));
        json_object_set_new(group, "steps", group_json(answer, &answer->groups[i]));
        json_array_append_new(groups, group);
    }
    json_object_set_new(json, "steps", group_json(answer, &answer->groups[answer->group_count]));
    json_object_set_new(json, "groups", groups);
    return json;
}
