/* The planned time in what a person wrote: "read 10 pages tomorrow at 9", "jeden Morgen laufen".
 * English and German; docs/reference/time-phrases.md lists what is understood. A phrase is taken at
 * the end or the start of the text, in the middle only when it cannot be anything else: a text that
 * is misread is worse than a time that is overlooked. Pure, any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/str.h"
#include "core/person.h"

struct time_phrase {
    bool found;
    int64_t at_ms;  /* the planned instant, of a repeating one the first; 0: none */
    bool has_clock; /* the person named a time of day or a span; false: an hour was assumed */
    bool has_hours; /* they named a part of the day, such as the evening */
    bool is_span;   /* counted from now: "in 20 minutes" */
    enum repeat_kind repeat;
    int repeat_weekday; /* of REPEAT_WEEKLY: 1 Monday .. 7 Sunday */
    int repeat_minute;  /* of the local day, of repeating ones */
    struct str rest; /* the text without the phrase, trimmed; the whole text when none was found */
};

/* Looks for a phrase of the language first ("de-AT" is German; others count as English), then of
 * the other one. at_ms is after now_ms. Texts of more than 256 words have none. `rest` is in the
 * arena or a part of `text`. */
void time_phrase_parse(struct arena *arena, struct str text, const char *language,
                       const struct zone *zone, int64_t now_ms, struct time_phrase *ret);
