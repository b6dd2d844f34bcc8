/* The tables of the previous bot, as they stand in schema public of a PostgreSQL database: read
 * only, in one snapshot, whatever columns they have. Nothing is ever written there. One thread. */
#pragma once

#include "store/store.h"

/* How the tables users and commitments are made there.
 * A: users by telegram_user_id, commitments with telegram_user_id and "commitment";
 * B: users by id, commitments with user_id and "commitment";
 * C: users with telegram_id, commitments with telegram_id and "text". */
enum live_shape { LIVE_SHAPE_A, LIVE_SHAPE_B, LIVE_SHAPE_C };

struct live;

/* Room for a mark. */
enum { LIVE_MARK_BYTES = 16 };

/* url: postgres://…, as of a store; its schema does not matter. since: the mark of an earlier
 * snapshot of the same server, then only people of whom some row was written since are given (some
 * others may be among them); "" or a mark that does not apply: everybody. Rows that were deleted
 * are not noticed. ERR_CONFIG when it is no PostgreSQL; ERR_SCHEMA says what was found when the
 * tables have none of the shapes; ERR_FORBIDDEN when this role may not see all rows. */
MUST_CHECK enum err live_open(const char *url, const char *since, struct live **ret_live,
                              struct err_detail *detail);
void live_close(struct live *live);

enum live_shape live_shape(const struct live *live);
const char *live_shape_name(enum live_shape shape);
/* Of this snapshot: whatever it does not see is written by a transaction that comes after it, also
 * one that began before and is not yet committed. */
const char *live_mark(const struct live *live);
/* How many people there are. */
int64_t live_people(const struct live *live);
/* The next people, in a fixed order, at most `max`; 0 at the end. Each is a JSON document in the
 * arena: {"user": row, "commitments": [rows], "communication_preferences": [rows], …}, without
 * what is null (core/live_person.h reads it). */
MUST_CHECK enum err live_next(struct live *live, struct arena *arena, int max,
                              struct str **ret_documents, int *ret_count,
                              struct err_detail *detail);
