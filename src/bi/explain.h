/* Why a person did or did not get a message: their decisions in plain words, each made again by the
 * rules of this program to see what it looked at, and whether it would still come out alike. Reads
 * only. */
#pragma once

#include "base/json.h"
#include "store/store.h"

struct explain_wish {
    int64_t user_id;
    int64_t from_ms;    /* 0: as far back as they are kept */
    int64_t message_id; /* only what is about this message; 0: all */
};

struct explain_totals {
    int decisions;
    int same, different, unknown; /* unknown: could not be made again */
};

/* *ret_list: a new reference, oldest first. Beside what record_json says, each has: "what" came in,
 * "sentences" about what came of it, "rules" recorded with it, the "facts" its conditions read,
 * "gates" that messages met, the "definitions" that its runs follow, and "verdict": "same",
 * "different" (then "differences" in words) or "unknown" (then "why"). Facts and gates are those of
 * the decision made again, so they are left out when it comes out differently. That another row
 * ("alias") was joined into theirs stands between decisions, with the verdict "joined"; it is none
 * and not counted. */
MUST_CHECK enum err explain_person(struct store *store, struct arena *arena,
                                   const struct explain_wish *wish, json_t **ret_list,
                                   struct explain_totals *ret_totals, struct err_detail *detail);
