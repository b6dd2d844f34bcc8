/* Each minute has room for so many; what does not fit waits for the next, oldest first. */
#include "bi/forecast.h"

enum { MINUTE_S = 60 };

/* What of one priority waits: all that is due in minutes [oldest, now], less `gone` of the
 * oldest. */
struct line {
    int oldest;
    int64_t gone;
};

/* Takes at most `room` out of the line in this minute; how many it took. */
static int64_t serve(struct forecast *forecast, int channel, int priority, struct line *line,
                     int64_t minute, int64_t room)
{
    int64_t taken = 0;
    while (line->oldest < FORECAST_MINUTES && line->oldest <= minute && taken < room) {
        int64_t left = forecast->due[channel][priority][line->oldest] - line->gone;
        int64_t take = left < room - taken ? left : room - taken;
        taken += take;
        if (take > 0) {
            int64_t waited_s = (minute - line->oldest) * MINUTE_S;
            int64_t *most = &forecast->waits_most_s[channel][priority];
            *most = waited_s > *most ? waited_s : *most;
            forecast->out_after_s[channel][priority] = (minute + 1) * MINUTE_S;
        }
        line->gone = take < left ? line->gone + take : 0;
        line->oldest += take == left;
    }
    return taken;
}

static void make_channel(struct forecast *forecast, int channel)
{
    struct line lines[PRIORITY_COUNT] = {0};
    int64_t left = 0;
    for (int priority = 0; priority < PRIORITY_COUNT; priority++) {
        for (int minute = 0; minute < FORECAST_MINUTES; minute++) {
            forecast->messages[channel][priority] += forecast->due[channel][priority][minute];
        }
        left += forecast->messages[channel][priority];
    }
    int64_t room_a_minute = (int64_t)(forecast->per_second[channel] * MINUTE_S);
    if (forecast->per_second[channel] <= 0 || room_a_minute == 0) {
        room_a_minute = left;
    }
    for (int64_t minute = 0; left > 0; minute++) {
        int64_t room = room_a_minute;
        for (int priority = 0; priority < PRIORITY_COUNT; priority++) {
            room -= serve(forecast, channel, priority, &lines[priority], minute, room);
        }
        left -= room_a_minute - room;
    }
}

void forecast_make(struct forecast *forecast)
{
    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        make_channel(forecast, channel);
    }
}
