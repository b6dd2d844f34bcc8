/* The plan varies from seed to seed: a fault that is rare everywhere never meets itself. */
#include "faults.h"

static const struct {
    const char *name;
    int64_t per_million;
} KINDS[FAULT_COUNT] = {
#define FAULT_ROW(constant, name, chance) [constant] = {name, chance},
    FAULT_LIST(FAULT_ROW) FAULT_CALLS(FAULT_ROW)
#undef FAULT_ROW
};

const char *fault_name(enum fault fault)
{
    return KINDS[fault].name;
}

void faults_plan(struct faults *faults, uint64_t seed)
{
    *faults = (struct faults){.on = true, .dice = dice_of(seed, 1)};
    for (int i = 0; i < FAULT_BY_CHANCE; i++) {
        int64_t mood = dice_below(&faults->dice, 10);
        int64_t factor = mood < 2 ? 0 : mood < 8 ? 2 : 8; /* of a half */
        faults->per_million[i] = KINDS[i].per_million * factor / 2;
    }
}

static bool is_by_chance(struct faults *faults, enum fault fault)
{
    return faults->per_million[fault] != 0 &&
           dice_below(&faults->dice, 1000000) < faults->per_million[fault];
}

bool faults_happen_in(struct faults *faults, enum fault fault, const char *call)
{
    bool happens =
        faults->on && (faults->turn != NULL ? faults->turn(faults->turn_context, fault, call)
                                            : is_by_chance(faults, fault));
    faults->hits[fault] += happens;
    return happens;
}

bool faults_happen(struct faults *faults, enum fault fault)
{
    return faults_happen_in(faults, fault, "");
}

void faults_note(struct faults *faults, enum fault fault)
{
    faults->hits[fault]++;
}
