/* Go or no-go for the server's API: one question at a time, on a thread of its own, since providers
 * and the engine are waited for. */
#pragma once

#include "base/config.h"
#include "http/server.h"

struct preflight_service;

/* Borrows both. */
struct preflight_service *preflight_service_new(const struct config *config, struct clock *clock);
/* As http_app.preflight has it; `service` is one. Any thread. */
MUST_CHECK enum err preflight_service_ask(void *service, const struct preflight_wish *wish,
                                          preflight_done *done, void *context,
                                          struct err_detail *detail);
/* Answers whoever waits with ERR_CANCELLED; nothing is taken afterwards, nobody is answered. */
void preflight_service_stop(struct preflight_service *service);
/* Waits until the thread has ended: at most as long as a provider takes to answer. Accepts NULL. */
void preflight_service_free(struct preflight_service *service);
