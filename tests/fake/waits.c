/* The list of waits.h. It is short (a few for each test that runs), so it is simply walked. */
#include "waits.h"

#include "deliver.h"

#include <stdlib.h>
#include <utlist.h>

struct waiter *wait_add(struct bot *bot, struct request *request, enum wait_kind kind,
                        void (*done)(struct waiter *waiter))
{
    struct waiter *waiter = fake_alloc(sizeof *waiter);
    waiter->kind = kind;
    waiter->bot = bot;
    waiter->request = request;
    waiter->steady_until_ms = -1;
    waiter->bot_until_ms = -1;
    waiter->done = done;
    DL_APPEND(bot->world->waiters, waiter);
    deliverer_wake(bot->world);
    return waiter;
}

void wait_forget(struct waiter *waiter)
{
    DL_DELETE(waiter->bot->world->waiters, waiter);
    free(waiter->data);
    free(waiter);
}

void wait_end(struct waiter *waiter)
{
    waiter->done(waiter);
    wait_forget(waiter);
}

void waits_end(struct bot *bot)
{
    struct waiter *waiter;
    struct waiter *next;
    DL_FOREACH_SAFE(bot->world->waiters, waiter, next)
    {
        if (waiter->bot == bot) {
            request_close(waiter->request);
            wait_forget(waiter);
        }
    }
}

/* -1 means never. */
static int64_t sooner(int64_t a, int64_t b)
{
    if (a < 0 || b < 0) {
        return a < 0 ? b : a;
    }
    return a < b ? a : b;
}

int64_t waits_tick(struct world *world)
{
    int64_t next_ms = -1;
    int64_t now_ms = steady_now_ms();
    struct waiter *waiter;
    struct waiter *next;
    DL_FOREACH_SAFE(world->waiters, waiter, next)
    {
        int64_t left_ms = -1;
        if (waiter->steady_until_ms >= 0) {
            left_ms = waiter->steady_until_ms > now_ms ? waiter->steady_until_ms - now_ms : 0;
        }
        if (waiter->bot_until_ms >= 0) {
            left_ms = sooner(left_ms, bot_wait_ms(waiter->bot, waiter->bot_until_ms));
        }
        if (left_ms == 0) {
            wait_end(waiter);
        } else {
            next_ms = sooner(next_ms, left_ms);
        }
    }
    return next_ms;
}
