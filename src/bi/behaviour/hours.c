/* The hour of the week of each quarter of an hour that the log touches is looked up once: no zone
 * changes its clock within one. */
#include "bi/behaviour/hours.h"

#include "base/calendar.h"
#include "bi/behaviour/scan.h"

enum { QUARTER_S = 900, MS = 1000 };

struct hours {
    const struct behaviour_log *log;
    struct behaviour_who who;
    struct behaviour_events what;
    uint32_t begin_s;
    uint8_t *hour_of; /* by quarters since begin_s */
};

static void count_people(const void *question, void *part, uint32_t from, uint32_t to)
{
    const struct hours *hours = question;
    for (uint32_t person = from; person < to; person++) {
        if (!behaviour_is_meant(&hours->who, person)) {
            continue;
        }
        uint32_t first;
        uint32_t last = behaviour_trail(&hours->who, person, &first);
        int64_t *counts = (int64_t *)part + behaviour_group(&hours->who, person) * HOURS_OF_WEEK;
        for (uint32_t event = first; event < last; event++) {
            if (behaviour_counts(hours->log, &hours->what, event)) {
                counts[hours->hour_of[(hours->log->at_s[event] - hours->begin_s) / QUARTER_S]]++;
            }
        }
    }
}

static void look_up(struct hours *hours, struct arena *arena, const struct zone *zone)
{
    const struct behaviour_log *log = hours->log;
    int64_t begin_s = log->oldest_ms / MS / QUARTER_S * QUARTER_S;
    size_t count = (size_t)((log->newest_ms / MS - begin_s) / QUARTER_S) + 1;
    hours->begin_s = (uint32_t)begin_s;
    hours->hour_of = ARENA_ARRAY(arena, uint8_t, count);
    for (size_t i = 0; i < count; i++) {
        struct local_time local = calendar_local(zone, (begin_s + (int64_t)i * QUARTER_S) * MS);
        hours->hour_of[i] = (uint8_t)((local.weekday - 1) * 24 + local.hour);
    }
}

enum err behaviour_hours(const struct behaviour_log *log, struct arena *arena,
                         const struct hours_question *question, struct hours_answer *ret_answer,
                         struct err_detail *detail)
{
    struct hours hours = {.log = log};
    struct str what = question->what.length > 0 ? question->what : STR("active");
    const struct zone *zone = question->zone.length > 0 ? zone_find(question->zone) : zone_utc();
    if (zone == NULL) {
        return err_set(detail, ERR_INVALID, "zone: \"%.*s\" is no time zone such as Europe/Berlin",
                       STR_ARG(question->zone));
    }
    enum err error = behaviour_events_read(log, arena, "what", what, &hours.what, detail);
    if (error == OK) {
        error = behaviour_who_of(log, arena, &question->common, &hours.who, detail);
    }
    if (error != OK) {
        return error;
    }
    look_up(&hours, arena, zone);
    int groups = hours.who.group_count;
    int64_t *counts = behaviour_scan_counts(&hours.who, arena, count_people, &hours,
                                            (size_t)(groups > 0 ? groups : 1) * HOURS_OF_WEEK);
    struct hours_answer answer = {groups,
                                  ARENA_ARRAY(arena, struct hours_group, (size_t)groups + 1)};
    for (int group = 0; group < groups; group++) {
        answer.groups[group].name = hours.who.groups[group];
        for (int hour = 0; hour < HOURS_OF_WEEK; hour++) {
            int64_t count = counts[group * HOURS_OF_WEEK + hour];
            answer.groups[group].events[hour] = count;
            answer.groups[groups].events[hour] += count;
        }
    }
    *ret_answer = answer;
    return OK;
}

static json_t *week_json(const struct hours_group *group)
{
    json_t *week = json_array();
    for (int day = 0; day < 7; day++) {
        json_t *hours = json_array();
        for (int hour = 0; hour < 24; hour++) {
            json_array_append_new(hours, json_integer(group->events[day * 24 + hour]));
        }
        json_array_append_new(week, hours);
    }
    return week;
}

json_t *behaviour_hours_json(const struct hours_answer *answer)
{
    json_t *json = json_object();
    json_t *groups = json_array();
    for (int i = 0; i < answer->group_count; i++) {
        json_t *group = json_object();
        json_object_set_new(group, "group", json_str(answer->groups[i].name));
        json_object_set_new(group, "week", week_json(&answer->groups[i]));
        json_array_append_new(groups, group);
    }
    json_object_set_new(json, "week", week_json(&answer->groups[answer->group_count]));
    json_object_set_new(json, "groups", groups);
    return json;
}
