/* The decision function: one switch over kinds of input. Texts and taps stand in decide_text.c,
 * reports in decide_report.c, what the API and operators ask in decide_api.c, who the person is in
 * decide_person.c. */
#include "core/decide_parts.h"

#include "base/check.h"

static void blocked(struct deciding *deciding, enum reach reach, const char *rule)
{
    decide_reach(deciding, deciding->input->channel, reach, rule);
    if (reach == REACH_OK) {
        run_wake(deciding);
    }
}

static void migrated(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    struct user *user = &deciding->person->user;
    if (input->channel == CHANNEL_NONE || input->new_address.length == 0) {
        return;
    }
    user->contacts[input->channel].address = input->new_address;
    user->changed = true;
}

static void timer(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    struct person *person = deciding->person;
    switch (input->ref_kind) {
    case DUE_USER:
        run_user_timer(deciding);
        return;
    case DUE_COMMITMENT: {
        struct commitment *commitment = person_commitment(person, input->ref_id);
        if (commitment != NULL && commitment->next_at_ms != 0 &&
            commitment->next_at_ms <= deciding->world->now_ms) {
            commitment_timer(deciding, commitment);
        }
        return;
    }
    case DUE_RUN: {
        struct run *run = person_run(person, input->ref_id);
        if (run != NULL) {
            run_timer(deciding, run);
        }
        return;
    }
    case DUE_DELIVERY: {
        struct delivery *delivery = person_delivery(person, input->ref_id);
        if (delivery != NULL) {
            decide_delivery_timer(deciding, delivery);
        }
        return;
    }
    }
}

static void dispatch(struct deciding *deciding)
{
    switch (deciding->input->kind) {
    case INPUT_TEXT:
        decide_text(deciding);
        return;
    case INPUT_TEXT_EDITED:
        decide_edited(deciding);
        return;
    case INPUT_BUTTON:
        decide_button(deciding);
        return;
    case INPUT_UNSUPPORTED:
        decide_unsupported(deciding);
        return;
    case INPUT_GROUP:
        decide_group(deciding);
        return;
    case INPUT_BLOCKED:
        blocked(deciding, REACH_BLOCKED, "channel.blocked");
        return;
    case INPUT_UNBLOCKED:
        blocked(deciding, REACH_OK, "channel.unblocked");
        return;
    case INPUT_MIGRATED:
        migrated(deciding);
        return;
    case INPUT_REPORT:
        decide_report(deciding);
        return;
    case INPUT_TIMER:
        timer(deciding);
        return;
    case INPUT_TRIGGER:
        decide_trigger(deciding);
        return;
    case INPUT_TRACK:
        decide_track(deciding);
        return;
    case INPUT_COMMITMENT:
        decide_commitment(deciding);
        return;
    case INPUT_ANSWER:
        decide_answer(deciding);
        return;
    case INPUT_ADMIN:
        decide_admin(deciding);
        return;
    case INPUT_MOVE:
        decide_move(deciding);
        return;
    }
}

void decide(struct arena *arena, const struct world *world, struct person *person,
            const struct input *input, struct decision *ret_decision)
{
    *ret_decision = (struct decision){0};
    struct deciding deciding = {.arena = arena,
                                .world = world,
                                .person = person,
                                .input = input,
                                .decision = ret_decision,
                                .first_run = person != NULL ? person->run_count : 0,
                                .first_delivery = person != NULL ? person->delivery_count : 0};
    ASSERT(person != NULL || input->kind == INPUT_GROUP);
    if (person != NULL && person->user.is_erased) {
        return; /* an empty shell: nothing is known, nothing is said */
    }
    dispatch(&deciding);
}
