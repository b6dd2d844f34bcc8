/* Packing: what the next decisions may need moves to the other arena, the rest is let go, as when a
 * store saves a person and loads them again: the user, active runs and those that wait for a
 * rating, commitments of the last 90 days, and messages that are under way. */
#include "sim/life_parts.h"

#include "core/delivery.h"

static void copy(struct arena *arena, struct str *text)
{
    if (text->length > 0) {
        *text = arena_str(arena, *text);
    }
}

static void pack_user(struct arena *arena, struct user *user)
{
    copy(arena, &user->first_name);
    copy(arena, &user->username);
    copy(arena, &user->source);
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        copy(arena, &user->contacts[i].address);
    }
    copy(arena, &user->onboarding_version);
    copy(arena, &user->feeling_word);
    copy(arena, &user->amplification_choice);
    copy(arena, &user->entered);
}

/* Names come from the catalog, which outlives the person. */
static void pack_run(struct arena *arena, struct person *person, const struct run *old)
{
    struct run *run = person_add_run(arena, person);
    *run = *old;
    copy(arena, &run->answers);
    copy(arena, &run->variants);
}

static void pack_commitment(struct arena *arena, struct person *person,
                            const struct commitment *old)
{
    struct commitment *commitment = person_add_commitment(arena, person);
    *commitment = *old;
    copy(arena, &commitment->text);
    copy(arena, &commitment->source);
    copy(arena, &commitment->external_id);
}

static void pack_delivery(struct arena *arena, struct person *person, const struct delivery *old)
{
    struct delivery *delivery = person_add_delivery(arena, person);
    *delivery = *old;
    copy(arena, &delivery->sequence);
    copy(arena, &delivery->address);
    copy(arena, &delivery->text);
    copy(arena, &delivery->picture);
    copy(arena, &delivery->reason);
    copy(arena, &delivery->provider_id);
    delivery->buttons = NULL;
    if (old->button_count > 0) {
        delivery->buttons = ARENA_ARRAY(arena, struct button, (size_t)old->button_count);
        for (int i = 0; i < old->button_count; i++) {
            delivery->buttons[i] = old->buttons[i];
            copy(arena, &delivery->buttons[i].text);
            copy(arena, &delivery->buttons[i].token);
            copy(arena, &delivery->buttons[i].url);
        }
    }
}

static bool is_needed(const struct run *run)
{
    return run->outcome == RUN_ACTIVE || run->phase == PHASE_RATING;
}

void life_pack(struct life *life)
{
    const struct person *old = life->person;
    struct arena *arena = life->spare;
    arena_reset(arena);
    struct person *person = ARENA_NEW(arena, struct person);
    person->user = old->user;
    pack_user(arena, &person->user);
    for (int i = 0; i < old->run_count; i++) {
        if (is_needed(old->runs[i])) {
            pack_run(arena, person, old->runs[i]);
        } else {
            life_count_run(life, old->runs[i]);
        }
    }
    for (int i = 0; i < old->commitment_count; i++) {
        if (old->commitments[i]->state == COMMITMENT_ACTIVE ||
            life->world.now_ms - old->commitments[i]->created_at_ms < 90 * DAY_MS) {
            pack_commitment(arena, person, old->commitments[i]);
        }
    }
    for (int i = 0; i < old->delivery_count; i++) {
        if (!delivery_state_is_final(old->deliveries[i]->state) &&
            old->deliveries[i]->next_at_ms != 0) {
            pack_delivery(arena, person, old->deliveries[i]);
        }
    }
    life->spare = life->arena;
    life->arena = arena;
    life->person = person;
}

static void count_step(const struct life *life, struct step_tally *tally, const struct run *run,
                       const struct step *step, int index)
{
    bool completed = run->step_completed_at_ms[index] != 0;
    int64_t sent_at_ms = run->step_sent_at_ms[index];
    bool is_young = life->end_ms - sent_at_ms < step->no_answer_ms;
    if (sent_at_ms == 0 || sent_at_ms < life->setting->start_ms || is_young) {
        return;
    }
    tally->sent++;
    tally->completed += completed;
    tally->assisted += completed && (run->steps_assisted & (1u << index)) != 0;
}

void life_count_run(struct life *life, const struct run *run)
{
    const struct catalog *catalog = life->setting->catalog;
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        if (!str_equal(journey->name, run->journey)) {
            continue;
        }
        struct journey_tally *tally = &life->tally->journeys[i];
        tally->entered += run->entered_at_ms >= life->setting->start_ms;
        tally->ended[run->outcome]++;
        for (int step = 0; step < journey->step_count && step < RUN_STEPS_MAX; step++) {
            count_step(life, &tally->steps[step], run, &journey->steps[step], step);
        }
    }
}
