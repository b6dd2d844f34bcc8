/* Answers that took the analyst long: they are given again for ten times as long as they took, a
 * minute at most, so that many who look cost no more than one. What is answered quickly is never
 * kept, and nothing is after something was changed. The analyst's thread. Private to src/http. */
#pragma once

#include <stdint.h>

#include "base/str.h"

struct kept;

struct kept *kept_new(void);
void kept_free(struct kept *kept);

struct kept_answer {
    struct str etag, body; /* the table's, until the next call */
};
/* The answer to a target (who asks what) that is still good. */
bool kept_find(struct kept *kept, struct str target, int64_t now_ms,
               struct kept_answer *ret_answer);
/* Keeps it when the work of so many ms of the processor was much. */
void kept_offer(struct kept *kept, struct str target, int64_t now_ms, int64_t took_ms,
                const struct kept_answer *answer);
/* Something is changed: all are forgotten, and for a second none is kept. */
void kept_forget(struct kept *kept, int64_t now_ms);
