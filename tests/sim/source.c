/* Offers carry the life of the process they were made to: what a dead one answers is not heard. */
#include "source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "people.h"
#include "world.h"

struct offer {
    struct sim *world;
    struct update *update;
    int life;
};

static void offer_now(struct sim *world, void *argument);

static void confirmed(struct sim *world, struct update *update, const struct outcome *outcome)
{
    const struct person_actor *person = &world->people[update->person];
    bool first = !update->confirmed;
    char id[24];
    snprintf(id, sizeof(id), "%" PRId64, update->id);
    update->confirmed = true;
    if (!first && !outcome->duplicate) {
        auditor_fail(world->auditor, "update %" PRId64 " was taken in twice: %.60s", update->id,
                     update->text);
    }
    if (!first) {
        return;
    }
    /* Of what was seen before the engine does not say whose it was. */
    int64_t user_id = outcome->user_id != 0 ? outcome->user_id : person->user_id;
    const struct deed_done done = {.deed = update->deed,
                                   .source = people_source(person),
                                   .external_id = id,
                                   .user_id = user_id,
                                   .value = update->value,
                                   .text = update->text + (update->deed == DEED_COMMITMENT ? 8 : 0),
                                   .duplicate = outcome->duplicate,
                                   .by_person = true};
    auditor_done(world->auditor, &done, world_clock_ms(world));
    people_known(world, update->person, user_id);
    if (faults_happen(&world->faults, FAULT_UPDATE_UNCONFIRMED)) {
        world_at(world, world->now_ms + dice_range(&world->dice, 1, 30) * 1000, offer_now, update);
    }
}

static void answered(void *context, const struct outcome *outcome)
{
    struct offer *offer = context;
    struct sim *world = offer->world;
    bool armed = world->armed;
    world->armed = false; /* what the auditor reads is no business of the process */
    if (offer->life == world->life && !world->crashed && outcome->error != ERR_CANCELLED) {
        world_trace(world, "confirmed update %" PRId64 "%s", offer->update->id,
                    outcome->duplicate ? " (duplicate)" : "");
        confirmed(world, offer->update, outcome);
    }
    world->armed = armed;
    free(offer);
}

static struct input input_of(const struct sim *world, const struct update *update, char *id,
                             size_t id_size)
{
    const struct person_actor *person = &world->people[update->person];
    snprintf(id, id_size, "%" PRId64, update->id);
    return (struct input){.kind = update->kind,
                          .sent_at_ms = update->sent_at_ms,
                          .source = str_of(people_source(person)),
                          .external_id = str_of(id),
                          .channel = person->channel,
                          .identity = str_of(person->address),
                          .address = str_of(person->address),
                          .first_name = str_of(person->name),
                          .language = str_of(person->language),
                          .may_create = update->kind == INPUT_TEXT,
                          .text = str_of(update->text),
                          .token = str_of(update->token),
                          .callback_id = str_of(update->kind == INPUT_BUTTON ? id : ""),
                          .message_id = str_of(update->message_id)};
}

static void offer_now(struct sim *world, void *argument)
{
    struct update *update = argument;
    update->offered = true;
    if (world->engine == NULL || world->crashed) {
        return; /* source_offer_all comes back to it */
    }
    struct offer *offer = calloc(1, sizeof(*offer));
    ASSERT(offer != NULL);
    *offer = (struct offer){world, update, world->life};
    char id[24];
    struct input input = input_of(world, update, id, sizeof(id));
    auditor_offered(world->auditor, world->people[update->person].user_id, update->deed, true,
                    world_clock_ms(world));
    enum err error = engine_submit(world->engine, &input, answered, offer);
    if (error != OK) {
        free(offer);
        world_at(world, world->now_ms + 5000, offer_now, update);
    }
    world_stir(world);
}

void source_add(struct sim *world, const struct update *update)
{
    if (world->update_count == world->update_capacity) {
        world->update_capacity = world->update_capacity == 0 ? 256 : 2 * world->update_capacity;
        world->updates = realloc((void *)world->updates,
                                 (size_t)world->update_capacity * sizeof(*world->updates));
        ASSERT(world->updates != NULL);
    }
    struct update *kept = malloc(sizeof(*kept));
    ASSERT(kept != NULL);
    *kept = *update;
    kept->id = 1000 + world->update_count;
    kept->sent_at_ms = world_clock_ms(world);
    world->updates[world->update_count++] = kept;
    world_trace(world, "person %d: update %" PRId64 " \"%s\" %s", kept->person, kept->id,
                kept->text, kept->token);
    int64_t at_ms = world->now_ms + dice_range(&world->dice, 1, 400);
    if (faults_happen(&world->faults, FAULT_UPDATE_LATE)) {
        at_ms += dice_range(&world->dice, 1, 600) * MINUTE_MS / 10;
    } else if (faults_happen(&world->faults, FAULT_UPDATE_SWAPPED)) {
        at_ms += dice_range(&world->dice, 1, 20) * 1000;
    }
    world_at(world, at_ms, offer_now, kept);
    if (faults_happen(&world->faults, FAULT_UPDATE_TWICE)) {
        world_at(world,
                 at_ms + dice_below(&world->dice, 2) * dice_below(&world->dice, 12 * HOUR_MS),
                 offer_now, kept);
    }
}

void source_offer_all(struct sim *world)
{
    for (int i = 0; i < world->update_count; i++) {
        struct update *update = world->updates[i];
        if (update->offered && !update->confirmed) {
            offer_now(world, update);
        }
    }
}

bool source_is_empty(const struct sim *world)
{
    for (int i = 0; i < world->update_count; i++) {
        if (!world->updates[i]->confirmed) {
            return false;
        }
    }
    return true;
}

void source_free(struct sim *world)
{
    for (int i = 0; i < world->update_count; i++) {
        free(world->updates[i]);
    }
    free((void *)world->updates);
}
