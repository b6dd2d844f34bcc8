/* What becomes of a run when its journey has a newer definition than the one it began with: it may
 * go on by that at the same place, or has to finish as it began. Asked before anything changes (to
 * show it) and when a run moves (run_version.c). Pure, any thread. */
#pragma once

#include "core/journey.h"

/* Steps of the old definition in the new one. */
struct step_names {
    bool renamed;     /* steps may have other names: `was` of the new definition, and `pairs` */
    struct str pairs; /* "old=new,other=another", before `was`; "" none */
};

/* Where a run is, by its old definition. */
struct run_place {
    int step;
    enum run_phase phase;
    enum message_kind kind; /* of the message under way; only in PHASE_SENDING */
    bool has_subject;
};

enum { STEP_PAIRS_MAX = 64 };

/* Whether it is such a list of names, of at most STEP_PAIRS_MAX pairs. */
bool step_pairs_are_names(struct str pairs);
/* The next pair: false when there is none left. */
bool step_pairs_next(struct str *rest, struct str *ret_old, struct str *ret_new);
/* Index of the old definition's step in the new one; -1: it is gone. */
int version_step(const struct journey *from, int step, const struct journey *to,
                 const struct step_names *names);
/* Why a run at the place finishes by the definition it began with, in words for people; NULL: it
 * can go on by the new one. */
const char *version_refusal(const struct journey *from, const struct journey *to,
                            const struct run_place *place, const struct step_names *names);
