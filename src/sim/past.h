/* The past of one person as a store keeps it: their rows as they were at an instant, and what they,
 * operators and integrations did from then on. Reads only; one thread.
 *
 * Rows come from the first decision made after the instant, which kept them as they were before it;
 * whoever had none since is still as they were. Commitments that had ended by then are not in that
 * record and come from their rows of now. */
#pragma once

#include "core/record.h"
#include "store/store.h"

/* Something that happened: not a timer, and no report but that the person cannot be reached. */
struct past_input {
    int64_t at_ms;
    struct input input;
    const struct person *before; /* as they were, where it refers to rows of then */
    const struct installation *installation;
};

struct past {
    struct person *person;
    const struct installation *installation; /* in force at the instant */
    struct past_input *inputs;               /* oldest first */
    int input_count;
    /* Why nothing can be played, NULL all is well: "too many decisions" … */
    const char *left_out;
};

struct past_reader;

/* From the instant until before the other. `fallback` is in force for people of whom no decision is
 * kept. Store and fallback must outlive it. */
struct past_reader *past_reader_new(struct store *store, const struct installation *fallback,
                                    int64_t from_ms, int64_t until_ms);
void past_reader_free(struct past_reader *reader);
/* All in the arena, but installations, which live as long as the reader. Definitions that runs
 * follow are added to the catalog. */
MUST_CHECK enum err past_read(struct past_reader *reader, struct arena *arena, int64_t user_id,
                              struct catalog *catalog, struct past *ret_past,
                              struct err_detail *detail);
/* The first instant from which on all decisions are kept; 0: none are kept at all. */
MUST_CHECK enum err past_kept_since(struct store *store, struct arena *arena, int64_t *ret_at_ms,
                                    struct err_detail *detail);
