/* A behaviour log that follows its store: built once, then brought up to date by what is new, each
 * time as the next edition (log.h). It knows all that was committed when it was read: also what was
 * committed out of the order of ids (within a minute), who was erased, and who was joined into
 * somebody else. Not noticed are attributes that change without an event, and events that are
 * removed from the store by age: for them a log is built anew now and then. One thread. */
#pragma once

#include "bi/behaviour/load.h"

struct behaviour_feed;

/* Errors as of behaviour_load; ERR_FULL, now and later, when the log would take more than bytes_max
 * (0: no bound). */
MUST_CHECK enum err behaviour_feed_new(struct store *store, const struct behaviour_wants *wants,
                                       int64_t bytes_max, struct behaviour_feed **ret_feed,
                                       struct err_detail *detail);
/* Reads what is new. After an error the feed still has the edition before, and can try again. */
MUST_CHECK enum err behaviour_feed_read(struct behaviour_feed *feed, struct store *store,
                                        struct err_detail *detail);
/* What the feed was made for; texts are those of its log. */
void behaviour_feed_wants(const struct behaviour_feed *feed, struct behaviour_wants *ret_wants);
/* Whether its log can answer what wants these. */
bool behaviour_feed_has(const struct behaviour_feed *feed, const struct behaviour_wants *wants);
/* The newest edition; borrowed, behaviour_log_share keeps it. */
struct behaviour_log *behaviour_feed_log(const struct behaviour_feed *feed);
/* Accepts NULL. Editions that others hold stay. */
void behaviour_feed_free(struct behaviour_feed *feed);
