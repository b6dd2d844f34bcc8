/* People of the live tables on their way to the engine: read one by one, compared with what was
 * taken over before, and given to it as commands bridge_import of a bounded size. How a command
 * gets there is the caller's: `nudge bridge import` asks whoever serves, the follower its own
 * engine. */
#pragma once

#include <stdatomic.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/live_person.h"
#include "store/live.h"

/* How a person of the live tables stands here. */
enum standing {
    STANDING_NEW,
    STANDING_HERE,      /* came to us by themselves */
    STANDING_CHANGED,   /* imported before, and something changed there */
    STANDING_UNCHANGED, /* imported before */
    STANDING_LEFT_OUT,  /* a bot, or erased here */
    STANDING_COUNT
};
const char *standing_name(enum standing standing);

struct bridge_source {
    struct live *live;
    const char *zone_name; /* where a person has none */
    struct clock *clock;
    const char *doing;   /* for a progress bar; NULL: there is none */
    int64_t *unreadable; /* counts rows that cannot be read; NULL: the first ends the reading */
    const atomic_bool *stopping; /* ends the reading with ERR_CANCELLED; may be NULL */
};

/* What is done with each; `document`: the row they were read from, of so many bytes. The arena is
 * for the present people only. */
typedef enum err bridge_person_function(void *context, struct arena *arena,
                                        const struct live_person *person, json_t *document,
                                        size_t bytes, struct err_detail *detail);
/* Every person that the source gives, once. */
MUST_CHECK enum err bridge_each_person(const struct bridge_source *source,
                                       bridge_person_function *function, void *context,
                                       struct err_detail *detail);

/* `store`: ours, to read; NULL: there is none yet, and everybody is new. */
MUST_CHECK enum err bridge_compare(struct store *store, struct arena *arena,
                                   const struct live_person *person, enum standing *ret_standing,
                                   struct err_detail *detail);

/* Has the engine do one command and waits for it. Takes the payload over; *ret_result is a new
 * reference. */
typedef enum err bridge_send(void *context, json_t *payload, json_t **ret_result,
                             struct err_detail *detail);

struct bridge_taking {
    struct store *store; /* as in bridge_compare */
    bridge_send *send;
    void *context;
    size_t at_once; /* people in a command, at most BRIDGE_PEOPLE_MAX */
    /* What came of it; not STANDING_HERE, who count as changed. */
    int64_t standings[STANDING_COUNT];
    int64_t commitments;
    json_t *people; /* of the next command; private */
    size_t bytes;
};
enum { BRIDGE_PEOPLE_MAX = 500 };
/* Takes over whoever is new or changed. Ended by an error, what was sent before stays taken. */
MUST_CHECK enum err bridge_take(struct bridge_taking *taking, const struct bridge_source *source,
                                struct err_detail *detail);
