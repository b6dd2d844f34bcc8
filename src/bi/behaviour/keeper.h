/* The one behaviour log of a serving process: a thread with a reading connection of its own builds
 * it when it is first asked for, brings it up to date whenever it is asked for again, and lets it
 * go after ten minutes in which nobody asked. Whoever asks gets an edition that knows all that was
 * committed before; it stays as it is while the thread goes on to the next. */
#pragma once

#include "base/clock.h"
#include "bi/behaviour/feed.h"

struct behaviour_keeper;

/* Somebody who waits for a log; the asker's, until `ready` was called. */
struct behaviour_waiting {
    const struct behaviour_wants *wants;
    /* On the keeper's thread, or on that which ends it. The log is the asker's, who frees it
     * (behaviour_log_free); NULL with an error, whose detail lives during the call. */
    void (*ready)(void *context, struct behaviour_log *log, enum err error,
                  const struct err_detail *detail);
    void *context;
};

/* Costs a sleeping thread until somebody asks. Address and clock outlive the keeper. A log that
 * would take more than bytes_max is ERR_FULL, and not tried again for ten minutes. */
struct behaviour_keeper *behaviour_keeper_new(const char *database_url, struct clock *clock,
                                              int64_t bytes_max);
/* Any thread. ERR_BUSY when too many wait, ERR_CANCELLED after behaviour_keeper_stop: then `ready`
 * is not called. */
MUST_CHECK enum err behaviour_keeper_ask(struct behaviour_keeper *keeper,
                                         struct behaviour_waiting *waiting);
/* Ends the thread, after what it is at; who still waits is told ERR_CANCELLED. Again it does
 * nothing. */
void behaviour_keeper_stop(struct behaviour_keeper *keeper);
/* After behaviour_keeper_stop. Accepts NULL. */
void behaviour_keeper_free(struct behaviour_keeper *keeper);
