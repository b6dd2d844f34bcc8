/* Deciding on a batch: who is meant, load, decide, save. Inputs of one person are decided in order
 * on the same rows. A person is loaded once with the rows that the inputs refer to; when two inputs
 * of a batch want different rows, the second waits for the next round of the same transaction. */
#include <string.h>
#include <uthash.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/internal.h"

enum { RESERVED_LATE_MS = 1000 };

struct slot {
    UT_hash_handle hh;
    int64_t user_id;
    struct person_want want;
    struct person *person;
    bool is_new;
    bool blocked; /* later inputs wait for the next round */
    bool erase;
    bool settled; /* its definitions are there */
    bool mixed;   /* loaded with rows that only timers and reports want */
};

/* What one round collects for the store. */
struct round {
    struct slot *slots; /* hash by user id, in order of appearance */
    struct event *events;
    int event_count, event_capacity;
    struct decision_row *decisions;
    int decision_count, decision_capacity;
    bool closed; /* what opens a link comes first in a round of its own, so that who is who is
                  * settled before anybody is loaded; later inputs keep behind it */
};

/* ---- who is meant ---- */

uint8_t engine_next_slot(struct engine *engine)
{
    /* splitmix64: slots of new people are spread evenly, and the same seed gives the same ones. */
    uint64_t z = (engine->seed += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint8_t)(z >> 56);
}

static struct person *new_person(const struct batch *batch, const struct input *input, int64_t id)
{
    struct person *person = ARENA_NEW(batch->arena, struct person);
    person_init(person, id, batch->now_ms);
    person->user.channel = input->channel;
    if (input->channel != CHANNEL_NONE) {
        struct contact *contact = &person->user.contacts[input->channel];
        contact->address = input->address.length > 0 ? input->address : input->identity;
        contact->reach = REACH_OK;
    }
    return person;
}

static bool is_by_identity(const struct input *input)
{
    return input->user_id == 0 && input->identity.length > 0 && input->channel != CHANNEL_NONE;
}

/* Finds the user, or makes one: then *ret_person is the new person. */
static enum err resolve(struct engine *engine, struct batch *batch, struct work *work,
                        struct person **ret_person, struct err_detail *detail)
{
    struct input *input = &work->input;
    if (!is_by_identity(input)) {
        return OK;
    }
    enum err error = store_identity_find(engine->store, input->channel, input->identity,
                                         &input->user_id, detail);
    if (error != OK || input->user_id != 0 || !input_creates_user(input)) {
        return error;
    }
    int64_t id = id_next(&engine->ids, batch->now_ms, engine_next_slot(engine));
    error = store_identity_claim(engine->store, input->channel, input->identity, id, batch->now_ms,
                                 detail);
    if (error == OK) {
        input->user_id = id;
        *ret_person = new_person(batch, input, id);
    }
    return error;
}

static struct person_want want_of(const struct input *input, int64_t now_ms)
{
    struct person_want want = {.user_id = input->user_id, .now_ms = now_ms};
    want.history = input_needs_history(input);
    switch (input->kind) {
    case INPUT_BUTTON:
        input_token_refs(input->token, &want.run_id, &want.commitment_id);
        break;
    case INPUT_REPORT:
        want.delivery_id = input->ref_id;
        break;
    case INPUT_COMMITMENT:
        want.commitment_id = input->ref_id;
        break;
    case INPUT_ADMIN:
        want.delivery_id =
            str_is(input->name, "retry") || str_is(input->name, "withdraw") ? input->ref_id : 0;
        break;
    case INPUT_TIMER:
        want.run_id = input->ref_kind == DUE_RUN ? input->ref_id : 0;
        want.commitment_id = input->ref_kind == DUE_COMMITMENT ? input->ref_id : 0;
        want.delivery_id = input->ref_kind == DUE_DELIVERY ? input->ref_id : 0;
        break;
    case INPUT_TEXT:
    case INPUT_TEXT_EDITED:
    case INPUT_UNSUPPORTED:
    case INPUT_GROUP:
    case INPUT_BLOCKED:
    case INPUT_UNBLOCKED:
    case INPUT_MIGRATED:
    case INPUT_TRIGGER:
    case INPUT_TRACK:
    case INPUT_ANSWER:
    case INPUT_MOVE:
        break;
    }
    return want;
}

static bool merge_id(int64_t *into, int64_t id)
{
    if (id == 0 || *into == id) {
        return true;
    }
    if (*into != 0) {
        return false;
    }
    *into = id;
    return true;
}

/* False: the person is to be loaded with other rows. */
static bool merge_want(struct person_want *into, const struct person_want *want)
{
    struct person_want merged = *into;
    merged.history |= want->history;
    if (!merge_id(&merged.run_id, want->run_id) ||
        !merge_id(&merged.commitment_id, want->commitment_id) ||
        !merge_id(&merged.delivery_id, want->delivery_id)) {
        return false;
    }
    *into = merged;
    return true;
}

/* ---- a round ---- */

static void end_unknown(struct batch *batch, struct engine *engine, struct work *work)
{
    const struct input *input = &work->input;
    struct decision *decision = &work->decision;
    bool by_operator = input->kind >= INPUT_TRIGGER;
    if (by_operator) {
        decision->error = err_set(&decision->detail, ERR_NOT_FOUND, "there is no such person");
    } else if (input->kind == INPUT_BUTTON) {
        /* Of nobody we know: the spinner on the button must end all the same. */
        struct act *act = decision_act(batch->arena, decision, ACT_ANSWER_TAP);
        act->channel = input->channel;
        act->address = input->address;
        act->callback_id = input->callback_id;
        dispatch_acts(engine, batch, work);
    }
    work->done = true;
}

/* In a group nobody needs to be known. */
static void decide_alone(struct engine *engine, struct batch *batch, struct work *work)
{
    decide(batch->arena, &batch->world, NULL, &work->input, &work->decision);
    dispatch_acts(engine, batch, work);
    batch->decisions++;
    work->done = true;
}

/* Puts the work into the round; false when it has to wait for the next one. */
static enum err enter_round(struct engine *engine, struct batch *batch, struct round *round,
                            struct work *work, bool *ret_entered, struct err_detail *detail)
{
    struct person *person = NULL;
    int64_t linked_user_id = 0;
    enum err error = OK;
    bool has_link = join_is_asked(engine, batch, &work->input, &linked_user_id);
    round->closed = round->closed || (has_link && round->slots != NULL);
    *ret_entered = !round->closed;
    if (round->closed) {
        return OK;
    }
    if (has_link) {
        error = join_by_link(engine, batch, &work->input, linked_user_id, detail);
    }
    if (error == OK) {
        error = resolve(engine, batch, work, &person, detail);
    }
    if (error != OK) {
        return error;
    }
    if (work->input.user_id == 0) {
        if (work->input.kind == INPUT_GROUP) {
            decide_alone(engine, batch, work);
        } else {
            end_unknown(batch, engine, work);
        }
        return OK;
    }
    struct person_want want = want_of(&work->input, batch->now_ms);
    struct slot *slot = NULL;
    HASH_FIND(hh, round->slots, &want.user_id, sizeof(want.user_id), slot);
    if (slot == NULL) {
        slot = ARENA_NEW(batch->arena, struct slot);
        slot->user_id = want.user_id;
        slot->want = want;
        slot->person = person;
        slot->is_new = person != NULL;
        HASH_ADD(hh, round->slots, user_id, sizeof(slot->user_id), slot);
    } else if (slot->blocked || !merge_want(&slot->want, &want)) {
        slot->blocked = true;
        *ret_entered = false;
        return OK;
    }
    work->slot = slot;
    slot->mixed |= work->input.kind == INPUT_TIMER || work->input.kind == INPUT_REPORT;
    return OK;
}

static enum err load_people(struct engine *engine, struct batch *batch, struct round *round,
                            struct err_detail *detail)
{
    size_t count = HASH_COUNT(round->slots);
    struct person_want *wants = ARENA_ARRAY(batch->arena, struct person_want, count);
    struct person **people = ARENA_ARRAY(batch->arena, struct person *, count);
    int wanted = 0;
    for (struct slot *slot = round->slots; slot != NULL; slot = slot->hh.next) {
        if (!slot->is_new) {
            wants[wanted++] = slot->want;
        }
    }
    if (wanted == 0) {
        return OK;
    }
    enum err error = store_people_load(engine->store, batch->arena, wants, wanted, people, detail);
    int next = 0;
    for (struct slot *slot = round->slots; error == OK && slot != NULL; slot = slot->hh.next) {
        if (!slot->is_new) {
            slot->person = people[next++];
        }
    }
    return error;
}

static enum err pin_definitions(struct engine *engine, struct batch *batch, struct slot *slot,
                                struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; error == OK && !slot->settled && i < slot->person->run_count; i++) {
        error = settings_pin(engine, batch->arena, slot->person->runs[i], detail);
    }
    slot->settled = true;
    return error;
}

/* Chains the decision's events to the person's and keeps them for the store. */
static void keep_events(struct engine *engine, struct batch *batch, struct round *round,
                        struct person *person, struct decision *decision)
{
    decision_chain_events(decision, &person->user, batch->now_ms, &engine->ids);
    int needed = round->event_count + decision->event_count;
    if (needed > round->event_capacity) {
        int capacity = PORTION(2, 1) * needed;
        round->events = arena_grow(batch->arena, round->events,
                                   (size_t)round->event_count * sizeof(struct event),
                                   (size_t)capacity * sizeof(struct event));
        round->event_capacity = capacity;
    }
    if (decision->event_count > 0) {
        memcpy(round->events + round->event_count, decision->events,
               (size_t)decision->event_count * sizeof(struct event));
        round->event_count = needed;
    }
}

static void keep_decision(struct batch *batch, struct round *round, struct decision_row row)
{
    if (round->decision_count == round->decision_capacity) {
        int capacity = 2 * round->decision_capacity + PORTION(16, 1);
        round->decisions =
            arena_grow(batch->arena, round->decisions, (size_t)round->decision_count * sizeof(row),
                       (size_t)capacity * sizeof(row));
        round->decision_capacity = capacity;
    }
    round->decisions[round->decision_count++] = row;
}

/* Whether the message comes at the instant that its chat kept for it; one much too late asks anew,
 * since others of the chat may be as late. */
static bool is_reserved(const struct work *work, const struct person *person, int64_t now_ms)
{
    const struct delivery *delivery =
        work->due.line != 0 ? person_delivery(person, work->due.id) : NULL;
    return delivery != NULL && str_is(delivery->reason, DISPATCH_RESERVED) &&
           now_ms - delivery->next_at_ms < RESERVED_LATE_MS;
}

static void decide_on(struct engine *engine, struct batch *batch, struct round *round,
                      struct work *work)
{
    struct person *person = work->slot->person;
    struct decision *decision = &work->decision;
    struct population population = {0};
    struct world world = batch->world;
    if (engine->population.read != NULL && input_needs_history(&work->input)) {
        engine->population.read(engine->population.context, engine->store, batch->arena,
                                &person->user, &work->input, batch->now_ms, &population);
        world.population = &population;
    }
    bool reserved = is_reserved(work, person, batch->now_ms);
    int64_t record_id = remember_begin(engine, &world, person, &work->input);
    decide(batch->arena, &world, person, &work->input, decision);
    if (record_id != 0 && remember_is_idle(person, &work->input, decision)) {
        record_id = 0;
    }
    if (record_id != 0) {
        recorder_decided(engine->recorder, person, decision);
    }
    struct deciding deciding = {batch->arena, &world, person, &work->input, decision};
    dispatch_decided(engine, batch, &deciding, work->due.line != 0 ? work->due.id : 0, reserved);
    dispatch_acts(engine, batch, work);
    keep_events(engine, batch, round, person, decision);
    if (work->input.kind == INPUT_TIMER) {
        due_unstick(engine, person, &work->due, batch->now_ms);
    }
    if (record_id != 0) {
        keep_decision(batch, round, remember_end(engine, batch, record_id, person, decision));
    }
    if (decision->erase) {
        work->slot->erase = true;
        work->slot->blocked = true;
    }
    status_note_person(engine, person);
    batch->decisions++;
    work->done = true;
}

/* Nobody has this id. Where it was joined into somebody, the input is theirs, in the next round. */
static enum err follow_alias(struct engine *engine, struct work *work, bool *ret_followed,
                             struct err_detail *detail)
{
    int64_t user_id = 0;
    enum err error = store_alias_find(engine->store, work->slot->user_id, &user_id, detail);
    *ret_followed = error == OK && user_id != 0 && user_id != work->slot->user_id;
    if (*ret_followed) {
        work->input.user_id = user_id;
        work->due.user_id = user_id;
    }
    return error;
}

/* Some row of the person cannot be read. What is due is set aside, reports are of no use, and who
 * asks is told; but first it is tried without the rows that only timers and reports want. */
static enum err leave_broken(struct engine *engine, struct batch *batch, struct work *work,
                             struct err_detail *detail)
{
    struct slot *slot = work->slot;
    struct decision *decision = &work->decision;
    struct str why = slot->person->broken;
    if (work->input.kind == INPUT_TIMER) {
        work->done = true;
        return due_set_aside(engine, batch->arena, &work->due, why, batch->now_ms, detail);
    }
    bool by_operator = work->input.kind == INPUT_ADMIN && str_is(work->input.name, "erase");
    if (slot->mixed && work->input.kind != INPUT_REPORT) {
        return OK; /* waits for the next round */
    }
    work->done = true;
    slot->erase = decision->handled = by_operator;
    if (!by_operator) {
        engine_count_error(engine, ENGINE_ERROR_INVARIANT);
        log_error("engine", "a person cannot be read; what came is left out",
                  "user=%lld detail=\"%.*s\"", (long long)slot->user_id, STR_ARG(why));
        decision->error = err_set(&decision->detail, ERR_STORE, "%.*s", STR_ARG(why));
    }
    return OK;
}

/* That an attempt failed or is uncertain says nothing about the one that is under way now: a report
 * can come twice, or after it was given up. */
static bool is_of_another_attempt(const struct person *person, const struct work *work)
{
    enum report_kind report = work->input.report;
    if (work->attempt_ms == 0 ||
        (report != REPORT_RETRY && report != REPORT_PAUSED && report != REPORT_UNCERTAIN)) {
        return false;
    }
    const struct delivery *delivery = person_delivery(person, work->input.ref_id);
    return delivery != NULL && delivery->state == DELIVERY_SENDING &&
           delivery->next_at_ms != work->attempt_ms;
}

static enum err decide_work(struct engine *engine, struct batch *batch, struct round *round,
                            struct work *work, struct err_detail *detail)
{
    struct slot *slot = work->slot;
    if (slot->erase) {
        return OK; /* waits for the next round, where there is nobody any more */
    }
    bool followed = false;
    if (slot->person == NULL) {
        enum err error = follow_alias(engine, work, &followed, detail);
        if (error != OK || followed) {
            return error;
        }
    }
    if (slot->person != NULL && slot->person->broken.length > 0) {
        return leave_broken(engine, batch, work, detail);
    }
    bool is_timer = work->input.kind == INPUT_TIMER;
    if (is_timer) {
        bool is_due = false;
        enum err error = due_check(engine, batch->arena, slot->person, &work->due, batch->now_ms,
                                   &is_due, detail);
        work->done = error == OK && !is_due;
        if (error != OK || !is_due) {
            return error;
        }
    } else if (slot->person == NULL) {
        end_unknown(batch, engine, work);
        return OK;
    } else if (is_of_another_attempt(slot->person, work)) {
        work->done = true;
        return OK;
    }
    enum err error = pin_definitions(engine, batch, slot, detail);
    if (error == OK) {
        decide_on(engine, batch, round, work);
    }
    return error;
}

static enum err export_person(struct engine *engine, struct batch *batch, struct work *work,
                              struct err_detail *detail)
{
    struct str json;
    enum err error =
        store_user_export(engine->store, batch->arena, work->input.user_id, &json, detail);
    if (error != OK) {
        return error;
    }
    struct decision file = {0};
    struct act *act = decision_act(batch->arena, &file, ACT_SEND_FILE);
    act->channel = work->input.channel;
    act->address = work->input.address;
    act->text = json;
    act->file_name = STR("my-data.json");
    dispatch_act(engine, batch, act, work->input.user_id);
    return OK;
}

/* What a decision changes beside the person's rows. */
static enum err save_rest(struct engine *engine, struct batch *batch, struct work *work,
                          struct err_detail *detail)
{
    struct decision *decision = &work->decision;
    struct store *store = engine->store;
    enum err error = OK;
    if (decision->feedback_count > 0) {
        error = store_feedback_append(store, decision->feedback, decision->feedback_count,
                                      batch->now_ms, &engine->ids, detail);
    }
    if (error == OK && decision->notice_count > 0) {
        error = operators_tell(engine, batch, decision->notices, decision->notice_count, detail);
    }
    for (int i = 0; error == OK && i < decision->identity_count; i++) {
        error = store_identity_change(store, work->input.user_id, &decision->identities[i],
                                      batch->now_ms, detail);
        if (error == ERR_CONFLICT) {
            /* Another person has it. Nothing was changed; the rest of the batch is not to suffer.
             */
            log_warn("engine", "identity refused", "user=%lld", (long long)work->input.user_id);
            error = OK;
        }
    }
    if (error == OK && decision->export_file) {
        error = export_person(engine, batch, work, detail);
    }
    return error;
}

/* Whoever writes after being erased is somebody new. */
static void forget_erased(struct batch *batch, int64_t user_id)
{
    for (int i = 0; i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        if (!work->done && work->input.user_id == user_id && work->input.identity.length > 0) {
            work->input.user_id = 0;
        }
    }
}

/* The core puts messages into the order of sending; the store chains them by age. */
static void sort_deliveries(struct person *person)
{
    for (int i = 1; i < person->delivery_count; i++) {
        struct delivery *moved = person->deliveries[i];
        int to = i;
        for (; to > 0 && person->deliveries[to - 1]->id > moved->id; to--) {
            person->deliveries[to] = person->deliveries[to - 1];
        }
        person->deliveries[to] = moved;
    }
}

static enum err save_round(struct engine *engine, struct batch *batch, struct round *round,
                           struct err_detail *detail)
{
    size_t count = HASH_COUNT(round->slots);
    struct person **people = ARENA_ARRAY(batch->arena, struct person *, count);
    int filled = 0;
    for (struct slot *slot = round->slots; slot != NULL; slot = slot->hh.next) {
        if (slot->person != NULL) {
            sort_deliveries(slot->person);
            people[filled++] = slot->person;
        }
    }
    for (int i = 0; i < filled; i++) {
        for (int k = 0; k < people[i]->delivery_count; k++) {
            lines_note(engine, people[i]->deliveries[k]);
        }
    }
    enum err error = filled > 0 ? store_people_save(engine->store, people, filled, detail) : OK;
    if (error == OK && round->event_count > 0) {
        error = store_events_append(engine->store, round->events, round->event_count, detail);
    }
    if (error == OK) {
        error =
            store_decisions_append(engine->store, round->decisions, round->decision_count, detail);
    }
    for (int i = 0; error == OK && i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        if (work->slot != NULL && work->done) {
            error = save_rest(engine, batch, work, detail);
        }
    }
    for (struct slot *slot = round->slots; error == OK && slot != NULL; slot = slot->hh.next) {
        if (slot->erase) {
            error = store_user_erase(engine->store, slot->user_id, batch->now_ms, detail);
            forget_erased(batch, slot->user_id);
        }
    }
    return error;
}

static enum err run_round(struct engine *engine, struct batch *batch, bool *ret_left,
                          struct err_detail *detail)
{
    struct round round = {0};
    enum err error = OK;
    for (int i = 0; error == OK && i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        bool entered = true;
        work->slot = NULL;
        if (!work->done) {
            error = enter_round(engine, batch, &round, work, &entered, detail);
        }
    }
    if (error == OK && round.slots != NULL) {
        error = load_people(engine, batch, &round, detail);
    }
    for (int i = 0; error == OK && i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        if (work->slot != NULL && !work->done) {
            error = decide_work(engine, batch, &round, work, detail);
        }
    }
    if (error == OK) {
        error = save_round(engine, batch, &round, detail);
    }
    HASH_CLEAR(hh, round.slots);
    *ret_left = false;
    for (int i = 0; i < batch->work_count; i++) {
        *ret_left |= !batch->works[i]->done;
    }
    return error;
}

static bool is_remembered(const struct work *work)
{
    return !work->done && work->input.external_id.length > 0 && work->input.kind != INPUT_TIMER;
}

/* What was seen before is not decided again; the first one counts. */
static enum err drop_duplicates(struct engine *engine, struct batch *batch,
                                struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; error == OK && i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        work->input.at_ms = batch->now_ms;
        if (is_remembered(work)) {
            bool is_new = true;
            error = store_seen(engine->store, work->input.source, work->input.external_id,
                               batch->now_ms, &is_new, detail);
            work->duplicate = work->done = error == OK && !is_new;
        }
    }
    return error;
}

/* What every input will be looked up by. */
static enum err look_ahead(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    struct look *looks = ARENA_ARRAY(batch->arena, struct look, 2 * (size_t)batch->work_count);
    int count = 0;
    for (int i = 0; i < batch->work_count; i++) {
        const struct input *input = &batch->works[i]->input;
        if (is_remembered(batch->works[i])) {
            looks[count++] = (struct look){.first = input->source, .second = input->external_id};
        }
        if (is_by_identity(input)) {
            looks[count++] = (struct look){.is_identity = true,
                                           .first = str_of(channel_kind_name(input->channel)),
                                           .second = input->identity};
        }
    }
    return store_look_ahead(engine->store, looks, count, detail);
}

enum err engine_decide(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = look_ahead(engine, batch, detail);
    if (error == OK) {
        error = drop_duplicates(engine, batch, detail);
    }
    bool left = batch->work_count > 0;
    if (error == OK && left) {
        error = remember_world(engine, batch, detail);
    }
    /* Each round deals with at least one input of every person left. */
    while (error == OK && left) {
        error = run_round(engine, batch, &left, detail);
    }
    return error;
}
