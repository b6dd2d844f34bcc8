/* Playing a past again: what the person did happens as it did, at its instant; what they would have
 * got follows from the definitions. Rows made meanwhile have other ids than they had, so what a tap
 * was about is found by what it was: the run of that journey about that commitment, the commitment
 * of those words. */
#include "sim/life_parts.h"

#include <stdio.h>
#include <string.h>

/* The person's commitment that is the one of then: by id where it is older than the instant, else
 * the newest open one of the same words. */
static const struct commitment *same_commitment(const struct life *life,
                                                const struct person *before, int64_t id)
{
    const struct commitment *then = person_commitment(before, id);
    const struct commitment *same = person_commitment(life->person, id);
    for (int i = 0; same == NULL && then != NULL && i < life->person->commitment_count; i++) {
        const struct commitment *other =
            life->person->commitments[life->person->commitment_count - 1 - i];
        if (other->state == COMMITMENT_ACTIVE && str_equal(other->text, then->text)) {
            same = other;
        }
    }
    return same;
}

static const struct run *same_run(const struct life *life, const struct person *before, int64_t id)
{
    const struct run *then = person_run(before, id);
    const struct run *same = person_run(life->person, id);
    if (same != NULL || then == NULL) {
        return same;
    }
    const struct commitment *subject =
        then->subject_id != 0 ? same_commitment(life, before, then->subject_id) : NULL;
    if (then->subject_id != 0 && subject == NULL) {
        return NULL;
    }
    return person_active_run(life->person, then->journey, subject != NULL ? subject->id : 0);
}

/* "r:<id>:…" and "c:<id>:…" with the id of now; false when there is no such row. */
static bool translate(struct life *life, const struct past_input *item, struct input *input)
{
    int64_t run_id, commitment_id;
    input_token_refs(input->token, &run_id, &commitment_id);
    if (run_id == 0 && commitment_id == 0) {
        return true;
    }
    const struct run *run = run_id != 0 ? same_run(life, item->before, run_id) : NULL;
    const struct commitment *commitment =
        commitment_id != 0 ? same_commitment(life, item->before, commitment_id) : NULL;
    if (run == NULL && commitment == NULL) {
        return false;
    }
    struct str rest, verb;
    struct str kind = str_split(input->token, ':', &rest);
    (void)str_split(rest, ':', &verb);
    input->token = arena_printf(life->arena, "%.*s:%lld:%.*s", STR_ARG(kind),
                                (long long)(run != NULL ? run->id : commitment->id), STR_ARG(verb));
    return true;
}

void life_relive_next(struct life *life)
{
    const struct past_input *item = &life->past->inputs[life->past_at++];
    struct input input = item->input;
    life->world.installation = item->installation;
    bool found = true;
    if (input.kind == INPUT_BUTTON) {
        found = translate(life, item, &input);
    } else if (input.kind == INPUT_COMMITMENT && input.ref_id != 0) {
        const struct commitment *commitment = same_commitment(life, item->before, input.ref_id);
        found = commitment != NULL;
        input.ref_id = found ? commitment->id : input.ref_id;
    } else if (input.kind == INPUT_BLOCKED || input.kind == INPUT_UNBLOCKED) {
        life->has_blocked = input.kind == INPUT_BLOCKED;
    }
    life->tally->deeds++;
    life->tally->deeds_lost += !found;
    life_take(life, &input);
}

void life_relive(struct life *life, const struct past *past, int64_t until_ms)
{
    life->past = past;
    life->past_at = 0;
    life->world = (struct world){.catalog = life->setting->catalog,
                                 .installation = past->installation,
                                 .now_ms = life->setting->start_ms,
                                 .ids = &life->ids};
    life->ids = (struct id_source){0};
    life->person = past->person;
    life->end_ms = until_ms;
    life->received = 0;
    life->has_blocked = false;
    life->intention_count = 0;
    arena_reset(life->arena);
    for (int i = 0; i < life->person->delivery_count; i++) { /* at their channel at the instant */
        life->person->deliveries[i]->dispatch |=
            life->person->deliveries[i]->state == DELIVERY_SENDING;
    }
    life_play(life);
}
