/* What questions to the behaviour log are written in, without looking at a log:
 *
 *   steps       EVENT{PROPERTY=VALUE,…} > EVENT|EVENT > …
 *   conditions  ATTRIBUTE=VALUE, ATTRIBUTE!=VALUE, …
 *
 * Names and values that hold one of > | { } , = ! " stand in double quotes. Mistakes are
 * ERR_INVALID or ERR_LIMIT and name the field that was asked for. What is
 * parsed refers to the text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    BEHAVIOUR_TEXT_MAX = 4096, /* bytes of steps or of conditions */
    BEHAVIOUR_STEPS_MAX = 16,
    BEHAVIOUR_ALTERNATIVES_MAX = 8,
    BEHAVIOUR_CONDITIONS_MAX = 8,
};

struct behaviour_condition {
    struct str name, value;
    bool negate;
};

/* Events that count: of one of the names, with all of the properties. */
struct behaviour_term {
    struct str text; /* as written, without the spaces around it */
    struct str names[BEHAVIOUR_ALTERNATIVES_MAX];
    int name_count;
    struct behaviour_condition conditions[BEHAVIOUR_CONDITIONS_MAX];
    int condition_count;
};

/* At least one step, at most `max`. */
MUST_CHECK enum err behaviour_parse_steps(struct arena *arena, const char *field, struct str text,
                                          int max, struct behaviour_term **ret_terms,
                                          int *ret_count, struct err_detail *detail);
/* None is fine. */
MUST_CHECK enum err
behaviour_parse_conditions(const char *field, struct str text,
                           struct behaviour_condition ret_conditions[BEHAVIOUR_CONDITIONS_MAX],
                           int *ret_count, struct err_detail *detail);
/* "2026-01-01" (its beginning in UTC), or an instant of ISO 8601. */
MUST_CHECK enum err behaviour_parse_instant(struct arena *arena, const char *field, struct str text,
                                            int64_t *ret_at_ms, struct err_detail *detail);
/* "90s", "15m", "24h", "7d": from a second to ten years. */
MUST_CHECK enum err behaviour_parse_duration(const char *field, struct str text, int64_t *ret_ms,
                                             struct err_detail *detail);
