/* People and their messages as JSON, the same for the terminal and the API: numbers that the store
 * keeps become words, ids travel as text. One thread, the store's. */
#pragma once

#include "base/json.h"
#include "store/store.h"

/* Rows as a list of objects by their columns' names. New reference. */
json_t *people_rows_json(const struct rows *rows);

/* Whom a word names: a user id, telegram:ID, webchat:SESSION, email:ADDRESS. 0: nobody. */
MUST_CHECK enum err people_find(struct store *store, struct arena *arena, struct str word,
                                int64_t *ret_user_id, struct err_detail *detail);

/* The newest whose name begins so ("": all), at most `limit`, with ids below `before` (0: any). */
MUST_CHECK enum err people_list(struct store *store, struct arena *arena, struct str beginning,
                                int limit, int64_t before, struct rows *ret_rows,
                                struct err_detail *detail);

/* The card of one person, runs, commitments and the last events. New reference. ERR_NOT_FOUND. */
MUST_CHECK enum err people_card(struct store *store, struct arena *arena, int64_t user_id,
                                json_t **ret_person, struct err_detail *detail);

/* One row of the block deliveries_list. New reference. */
json_t *people_delivery_json(const struct cell *cells);
