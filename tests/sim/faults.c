/* The plan varies from seed to seed: a fault that is rare everywhere never meets itself. */
#include "faults.h"

static const struct {
    const char *name;
    int64_t per_million;
} KINDS[FAULT_COUNT] = {
#define FAULT_ROW(constant, name, chance) [constant] = {name, chance},
    FAULT_LIST(FAULT_ROW)
#undef FAULT_ROW
};

const char *fault_name(enum fault fault)
{
    return KINDS[fault].name;
}

void faults_plan(struct faults *faults, uint64_t seed)
{
    *faults = (struct faults){.on = true, .dice = dice_of(seed, 1)};
    for (int i = 0; i < FAULT_COUNT; i++) {
        int64_t mood = dice_below(&faults->dice, 10);
        int64_t factor = mood < 2 ? 0 : mood < 8 ? 2 : 8; /* of a half */
        faults->per_million[i] = KINDS[i].per_million * factor / 2;
    }
}

bool faults_happen(struct faults *faults, enum fault fault)
{
    if (!faults->on || faults->per_million[fault] == 0 ||
        dice_below(&faults->dice, 1000000) >= faults->per_million[fault]) {
        return false;
    }
    faults->hits[fault]++;
    return true;
}

void faults_note(struct faults *faults, enum fault fault)
{
    faults->hits[fault]++;
}
