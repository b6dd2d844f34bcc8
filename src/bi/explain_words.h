/* Sentences about decisions, in English, for operators; times are in the person's zone. */
#pragma once

#include "bi/redo.h"

struct explaining {
    struct arena *arena;
    const struct redone *redone;
    const struct zone *zone; /* the person's */
};

/* What came in: "wrote \"…\"", "the time of a message came". */
struct str explain_what(const struct explaining *explaining);
/* What became of a message: "waits until …: quiet hours …". */
struct str explain_message(const struct explaining *explaining,
                           const struct record_message *message);
struct str explain_run(const struct explaining *explaining, const struct record_run *run);
/* "2026-11-23 08:00 Europe/Berlin". */
struct str explain_when(const struct explaining *explaining, int64_t at_ms);
