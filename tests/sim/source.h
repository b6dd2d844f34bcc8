/* Where updates wait until the engine has confirmed them, as at Telegram's: each is offered again
 * until its transaction committed, some more than once, late, or in another order. */
#pragma once

#include "auditor.h"
#include "core/input.h"

struct sim;

struct update {
    int64_t id;
    int person; /* index */
    enum input_kind kind;
    enum deed deed;
    int64_t value; /* of the deed */
    int64_t sent_at_ms;
    char text[160];
    char token[80];
    char message_id[24];
    bool offered;
    bool confirmed;
};

/* Takes a copy of what a person did just now; person, kind, deed, text, token are set. */
void source_add(struct sim *world, const struct update *update);
/* The engine runs again: what it did not confirm is offered once more. */
void source_offer_all(struct sim *world);
/* Whether everything was confirmed. */
bool source_is_empty(const struct sim *world);
void source_free(struct sim *world);
