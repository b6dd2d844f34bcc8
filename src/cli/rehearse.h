/* Rehearsals: what made-up people would live through, for the command line and for the server. */
#pragma once

#include "base/config.h"
#include "http/server.h"
#include "sim/sim.h"

/* Monday, 5 January 2026: when made-up people begin to join. */
#define REHEARSAL_START_MS INT64_C(1767571200000)

/* Quiet hours, caps, zone and language of the settings. */
struct installation rehearse_installation(const struct config *config);
/* The draft beside what is in force, as http_app.rehearse has it; the answer is that of `nudge
 * simulate --compare --json`. One thread is used, the caller's. */
MUST_CHECK enum err rehearse(const struct config *config, const struct rehearsal_wish *wish,
                             json_t **ret_json, struct err_detail *detail);
