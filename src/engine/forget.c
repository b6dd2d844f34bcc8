/* Events that nobody needs any more, one by one, leave (EVENTS_KEEP_MONTHS). Whatever looks back
 * over people's days reaches no further than the least time here, whatever the setting says. */
#include "base/calendar.h"
#include "base/limits.h"
#include "engine/internal.h"

#define LOOKED_BACK_MS    (62 * DAY_MS) /* two months: facts, alerts, monthly figures */
#define BEFORE_EXPOSED_MS (28 * DAY_MS) /* an experiment compares with what people did until then */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The beginning of the month, UTC, so many months before that of the instant. */
static int64_t month_start_ms(int64_t now_ms, int months_before)
{
    int year;
    int month;
    int day;
    calendar_civil(now_ms / DAY_MS, &year, &month, &day);
    int months = year * 12 + month - 1 - months_before;
    return calendar_day_number(months / 12, months % 12 + 1, 1) * DAY_MS;
}

/* Running experiments count people from their start, and decisions that are kept tell of events. */
static int64_t needed_since_ms(const struct engine *engine, int64_t now_ms)
{
    int64_t since_ms = now_ms - LOOKED_BACK_MS;
    since_ms = earlier(since_ms, now_ms - engine->config->decisions_kept_days * DAY_MS);
    const struct experiments *experiments = engine->installation.experiments;
    for (int i = 0; experiments != NULL && i < experiments->count; i++) {
        const struct experiment *experiment = &experiments->items[i];
        if (experiment->state == EXPERIMENT_RUNNING) {
            since_ms = earlier(since_ms, experiment->started_at_ms - BEFORE_EXPOSED_MS);
        }
    }
    return since_ms;
}

enum err forget_events(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    int months = engine->config->events_keep_months;
    if (months == 0) {
        return OK;
    }
    int64_t before_ms = month_start_ms(batch->now_ms, months);
    before_ms = earlier(before_ms, month_start_ms(needed_since_ms(engine, batch->now_ms), 0));
    bool more = false;
    enum err error =
        store_events_leave(engine->store, before_ms, LIMIT_BATCH_PRUNED, &more, detail);
    batch->prune_left |= more;
    return error;
}
