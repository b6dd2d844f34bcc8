/* Repeating commitments: each occurrence is a row of its own; when one is completed or missed the
 * next is made. A person who has been silent for two weeks gets no further ones: nobody is followed
 * for ever by a habit they have left. Dropping one ends the row. What began as a plan of the
 * onboarding stays one: nobody made a commitment of their own by it. */
#include "core/commitment_parts.h"

#include "base/calendar.h"
#include "base/limits.h"
#include "core/pressure.h"
#include "core/run.h"

#define REPEAT_SILENCE_MS (14 * DAY_MS)
/* The missed timer comes at the instant of the next occurrence, or a little later. */
#define REPEAT_LATE_MS HOUR_MS

static int weekday_of(int64_t day_number)
{
    int64_t weekday = (day_number + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int)(weekday < 0 ? weekday + 7 : weekday) + 1;
}

static bool occurs_on(const struct commitment *commitment, int64_t day_number)
{
    switch (commitment->repeat) {
    case REPEAT_NONE:
        return false;
    case REPEAT_DAILY:
        return true;
    case REPEAT_WEEKDAYS:
        return weekday_of(day_number) <= 5;
    case REPEAT_WEEKLY:
        return weekday_of(day_number) == commitment->repeat_weekday;
    }
    return false;
}

int64_t commitment_next_occurrence(const struct zone *zone, const struct commitment *commitment,
                                   int64_t now_ms)
{
    int64_t day = calendar_local_day(zone, commitment->due_at_ms);
    int64_t today = calendar_local_day(zone, now_ms);
    if (day < today) {
        day = today;
    }
    /* Eight days hold every weekday, and one that is past. One put off past midnight is due on the
     * day of the next, before it. */
    for (int i = 0; i < 9; i++, day++) {
        int64_t at_ms = calendar_instant(zone, day, commitment->repeat_minute);
        if (occurs_on(commitment, day) && at_ms > commitment->due_at_ms &&
            at_ms > now_ms - REPEAT_LATE_MS) {
            return at_ms;
        }
    }
    return 0;
}

void commitment_repeat(struct deciding *deciding, const struct commitment *commitment)
{
    int64_t now_ms = deciding->world->now_ms;
    const struct user *user = &deciding->person->user;
    if (commitment->repeat == REPEAT_NONE ||
        (commitment->state == COMMITMENT_MISSED &&
         now_ms - user->activity_last_at_ms > REPEAT_SILENCE_MS)) {
        return;
    }
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    int64_t next_ms = commitment_next_occurrence(zone, commitment, now_ms);
    if (next_ms == 0) {
        return;
    }
    struct commitment_plan plan = {
        .text = commitment->text,
        .size_s = commitment->size_s,
        .source = commitment_is_onboarding(commitment) ? commitment->source : STR("repeat"),
        .planned_at_ms = next_ms,
        .repeat = commitment->repeat,
        .repeat_weekday = commitment->repeat_weekday,
        .repeat_minute = commitment->repeat_minute,
    };
    struct commitment *next =
        commitment_insert(deciding, &plan, EVENT_COMMITMENT_REPEATED, "commitment.repeated");
    run_trigger(deciding, TRIGGER_COMMITMENT_MADE, next);
}
