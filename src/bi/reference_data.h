/* The rows of the reference dataset (reference_dataset.h loads them). Constant; any thread. */
#pragma once

#include "core/person.h"

struct reference_commitment {
    const char *text;
    int size_s;
    int made_minutes_ago;
    int took_minutes; /* until completed or dropped; 0 else */
    enum commitment_state state;
};

struct reference_person {
    const char *name;
    const char *language;
    const char *source;
    int joined_minutes_ago;
    const struct reference_commitment *commitments; /* as they were made */
    int commitment_count;
};

const struct reference_person *reference_people(int *ret_count);
