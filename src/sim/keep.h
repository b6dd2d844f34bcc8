/* Keeps the people of a rehearsal in a store that was empty, as if they had been there: so that
 * what reads a store can be looked at with as many people as one likes. Each person is written when
 * their life is over. One thread. */
#pragma once

#include "core/decide.h"
#include "store/store.h"

enum { KEEP_PEOPLE_MAX = 256 * 1024 };

struct keep;

/* people: how many there will be, 1 .. KEEP_PEOPLE_MAX. All of them live until until_ms. */
struct keep *keep_new(struct store *store, int64_t people, int64_t until_ms);
void keep_free(struct keep *keep);
int64_t keep_until_ms(const struct keep *keep);

/* The user id of the person of that number (from 0), who joins then and comes next. */
int64_t keep_begin(struct keep *keep, int64_t number, int64_t joined_at_ms);
/* When a decision of that instant is made: no two of a person have the same millisecond, so that
 * the ids of people who are lived through one after the other never meet. *ids is set for it. */
int64_t keep_instant(struct keep *keep, int64_t now_ms, struct id_source *ids);
/* Writes what happened by the decision, and notes in the person's rows what a store would. */
void keep_decision(struct keep *keep, struct person *person, struct decision *decision,
                   struct id_source *ids);
/* Writes the person with all rows they ever had, without addresses. After a mistake nothing is
 * written any more. */
void keep_person(struct keep *keep, struct person *person);
bool keep_has_failed(const struct keep *keep);
/* Commits; what went wrong. */
MUST_CHECK enum err keep_end(struct keep *keep, struct err_detail *detail);
