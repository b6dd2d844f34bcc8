/* The analyst: one thread with a read-only store of its own, which answers what would keep the HTTP
 * thread from its other requests. A request waits in a bounded line, suspended. Private to
 * src/http. */
#pragma once

#include "bi/behaviour/keeper.h"
#include "http/request.h"

struct analyst;

/* Answers the request (true), or has handed it on to whoever answers and resumes it (false). On the
 * analyst's thread. */
typedef bool analyst_job(struct request *request, struct analyst *analyst, void *context);

/* Borrows the keeper; and the store, which nobody else may use while it lives. */
struct analyst *analyst_new(const struct http_app *app, struct behaviour_keeper *keeper);
/* Refuses what waits, ends the thread; nothing is taken afterwards. */
void analyst_stop(struct analyst *analyst);
/* After analyst_stop. Accepts NULL. */
void analyst_free(struct analyst *analyst);

/* Suspends the request and has the job done; answers 503 itself when too many wait. HTTP thread. */
void analyst_ask(struct request *request, analyst_job *job);

/* Has another job done on a request that is suspended already; it is done also when the analyst
 * stops. False when too many wait, or it has stopped: then the caller answers and resumes the
 * request. The context is not NULL. Any thread. */
MUST_CHECK bool analyst_go_on(struct analyst *analyst, struct request *request, analyst_job *job,
                              void *context);

/* ---- for jobs ---- */

struct behaviour_keeper *analyst_keeper(struct analyst *analyst);
struct store *analyst_store(struct analyst *analyst);
/* Answers that took long. */
struct kept *analyst_kept(struct analyst *analyst);
/* Limits of wrong keys, by client address. */
struct throttle *analyst_throttle(struct analyst *analyst);
/* The journeys in force; valid during the job. */
MUST_CHECK enum err analyst_catalog(struct analyst *analyst, const struct catalog **ret_catalog,
                                    struct err_detail *detail);
