/* Making deliveries of runs and asking the gate for them. A message that may go out now is rendered
 * in the same decision; one that waits is rendered when its time comes, with the facts of then.
 * Replies of the bot's own texts and answers to taps stand in compose_reply.c. */
#include "core/compose_parts.h"

#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "core/delivery.h"
#include "core/run.h"

/* Answers lose their sense when the provider was away for a day. */
#define REPLY_EXPIRES_MS     DAY_MS
#define ANSWER_WITHIN_MS     MINUTE_MS
#define BROADCAST_EXPIRES_MS (2 * DAY_MS)

/* ---- what a delivery says ----------------------------------------------------------------------
 */

const struct prompt *compose_prompt(const struct journey *journey, int step_index,
                                    enum message_kind kind)
{
    if (kind == KIND_RATING) {
        return journey->rating;
    }
    if (step_index < 0 || step_index >= journey->step_count) {
        return NULL;
    }
    const struct step *step = &journey->steps[step_index];
    switch (kind) {
    case KIND_STEP:
        return &step->prompt;
    case KIND_RECOVERY:
        return step->recovery;
    case KIND_ULTRA:
        return step->ultra;
    case KIND_CELEBRATION:
    case KIND_ABANDONMENT:
    case KIND_GRADUATION:
    case KIND_RATING:
    case KIND_REPLY:
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
    return NULL;
}

const struct message *compose_source(const struct journey *journey, int step_index,
                                     enum message_kind kind, struct str variant)
{
    const struct prompt *prompt = compose_prompt(journey, step_index, kind);
    if (prompt == NULL) {
        return kind == KIND_ABANDONMENT ? journey->abandonment : NULL;
    }
    if (kind == KIND_STEP && variant.length > 0) {
        const struct step *step = &journey->steps[step_index];
        for (int i = 0; i < step->variant_count; i++) {
            if (str_equal(step->variants[i].id, variant)) {
                return step->variants[i].text;
            }
        }
    }
    return prompt->text;
}

struct facts compose_facts(const struct deciding *deciding, const struct commitment *commitment,
                           const struct run *run)
{
    if (commitment == NULL && run != NULL && run->subject_id != 0) {
        commitment = person_commitment(deciding->person, run->subject_id);
    } else if (commitment == NULL) {
        commitment = deciding->about;
    }
    return (struct facts){.arena = deciding->arena,
                          .world = deciding->world,
                          .person = deciding->person,
                          .run = run,
                          .commitment = commitment,
                          .language = person_language(deciding->world, deciding->person)};
}

struct str compose_message(const struct deciding *deciding, const struct message *message,
                           const struct run *run, bool plain)
{
    struct facts facts = compose_facts(deciding, NULL, run);
    return message_render(deciding->arena, message, deciding->world->catalog, &facts, plain);
}

/* "r:<run>:<step>:", what the tokens of a message's buttons begin with. */
static struct str token_start(struct arena *arena, int64_t run_id, struct str step)
{
    return arena_printf(arena, "r:%lld:%.*s:", (long long)run_id, STR_ARG(step));
}

/* Definitions are checked for length when they are compiled. */
static struct str token_of(struct arena *arena, struct str start, struct str button)
{
    size_t length = start.length + button.length;
    ASSERT(length <= LIMIT_CALLBACK_BYTES);
    char *token = arena_alloc(arena, length + 1);
    memcpy(token, start.ptr, start.length);
    memcpy(token + start.length, button.ptr, button.length);
    return (struct str){token, length};
}

struct button *compose_buttons(struct deciding *deciding, const struct run *run, struct str step_id,
                               const struct prompt *prompt, struct str except, int *ret_count)
{
    *ret_count = 0;
    if (prompt == NULL || prompt->button_count == 0) {
        return NULL;
    }
    struct button *buttons =
        ARENA_ARRAY(deciding->arena, struct button, (size_t)prompt->button_count);
    struct str start = token_start(deciding->arena, run->id, step_id);
    struct facts facts = compose_facts(deciding, NULL, run);
    for (int i = 0; i < prompt->button_count; i++) {
        const struct step_button *source = &prompt->buttons[i];
        if (str_equal(source->id, except)) {
            continue;
        }
        buttons[(*ret_count)++] =
            (struct button){.text = message_render(deciding->arena, source->text,
                                                   deciding->world->catalog, &facts, true),
                            .token = token_of(deciding->arena, start, source->id)};
    }
    return buttons;
}

/* Renders text, picture and buttons of a run's delivery. */
static void render(struct deciding *deciding, struct delivery *delivery, const struct run *run,
                   const struct prompt *prompt, const struct message *text)
{
    delivery->language = str_of(person_language(deciding->world, deciding->person));
    delivery->text = compose_message(deciding, text, run, false);
    struct str step_id = delivery->kind == KIND_RATING ? STR("_rating") : delivery->step;
    delivery->buttons =
        compose_buttons(deciding, run, step_id, prompt, STR_NONE, &delivery->button_count);
    if (prompt != NULL && prompt->picture != NULL) {
        delivery->picture = compose_message(deciding, prompt->picture, run, true);
        delivery->picture_alt = compose_message(deciding, prompt->picture_alt, run, true);
    }
}

/* ---- making one
 * ---------------------------------------------------------------------------------- */

/* Whether the input is something that the person just did. */
static bool is_theirs(const struct deciding *deciding)
{
    enum input_kind kind = deciding->input->kind;
    return kind == INPUT_TEXT || kind == INPUT_TEXT_EDITED || kind == INPUT_BUTTON ||
           kind == INPUT_UNSUPPORTED || kind == INPUT_COMMITMENT || kind == INPUT_ANSWER;
}

/* Whether a step that is meant as a reply answers what the person did within the last minute. */
static bool answers_now(const struct deciding *deciding)
{
    const struct input *input = deciding->input;
    switch (input->kind) {
    case INPUT_TEXT:
    case INPUT_TEXT_EDITED:
    case INPUT_BUTTON:
    case INPUT_UNSUPPORTED:
    case INPUT_COMMITMENT:
    case INPUT_ANSWER:
        return true;
    case INPUT_TRIGGER: /* an integration hands on what the person did; an operator does not */
        return !str_is(input->source, "cli");
    case INPUT_TRACK:
        return deciding->person->user.is_new;
    case INPUT_GROUP:
    case INPUT_BLOCKED:
    case INPUT_UNBLOCKED:
    case INPUT_MIGRATED:
    case INPUT_REPORT:
    case INPUT_TIMER:
        return deciding->person->user.activity_last_at_ms != 0 &&
               deciding->world->now_ms - deciding->person->user.activity_last_at_ms <=
                   ANSWER_WITHIN_MS;
    case INPUT_ADMIN:
    case INPUT_MOVE:
        return false;
    }
    return false;
}

static enum message_class class_of(const struct deciding *deciding, const struct journey *journey,
                                   const struct step *step, enum message_kind kind)
{
    enum message_class proactive = journey->class;
    if (proactive == CLASS_REPLY) {
        proactive = journey->is_onboarding ? CLASS_ONBOARDING : CLASS_NUDGE;
    }
    switch (kind) {
    case KIND_STEP:
        if (is_theirs(deciding) || (step->class == CLASS_REPLY && answers_now(deciding))) {
            return CLASS_REPLY;
        }
        return step->class == CLASS_REPLY ? proactive : step->class;
    case KIND_RECOVERY:
    case KIND_ABANDONMENT:
        return proactive;
    case KIND_ULTRA:
    case KIND_CELEBRATION:
    case KIND_GRADUATION:
    case KIND_RATING:
    case KIND_REPLY:
        return CLASS_REPLY;
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
    return CLASS_NUDGE;
}

static struct str sequence_of(struct arena *arena, const struct journey *journey,
                              enum message_kind kind)
{
    switch (kind) {
    case KIND_RECOVERY:
    case KIND_ULTRA:
    case KIND_ABANDONMENT:
        return arena_printf(arena, "%.*s_recovery", STR_ARG(journey->sequence));
    case KIND_CELEBRATION:
    case KIND_GRADUATION:
        return arena_printf(arena, "%.*s_celebration", STR_ARG(journey->sequence));
    case KIND_STEP:
    case KIND_RATING:
    case KIND_REPLY:
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
    return journey->sequence;
}

/* When a message due at due_at_ms becomes useless; the abandonment message never does (run.h). */
static int64_t expiry_of(const struct journey *journey, const struct step *step,
                         enum message_kind kind, int64_t due_at_ms)
{
    switch (kind) {
    case KIND_STEP:
        return due_at_ms + (step->expires_after_ms > 0 ? step->expires_after_ms : DAY_MS);
    case KIND_RECOVERY:
        return due_at_ms + (journey->abandon_after_ms > 0 ? journey->abandon_after_ms : DAY_MS);
    case KIND_ABANDONMENT:
        return 0;
    case KIND_ULTRA:
    case KIND_CELEBRATION:
    case KIND_GRADUATION:
    case KIND_RATING:
    case KIND_REPLY:
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
    return due_at_ms + REPLY_EXPIRES_MS;
}

/* Where a reply goes: back to where it was asked; where the rest goes: the person's channel, else
 * the first one that reaches them. */
static enum channel_kind channel_of(const struct deciding *deciding, enum message_class class)
{
    const struct user *user = &deciding->person->user;
    enum channel_kind from = deciding->input->channel;
    if (class == CLASS_REPLY && from != CHANNEL_NONE && user->contacts[from].reach == REACH_OK) {
        return from;
    }
    if (user->contacts[user->channel].reach == REACH_OK) {
        return user->channel;
    }
    for (int i = CHANNEL_TELEGRAM; i < CHANNEL_COUNT; i++) {
        if (user->contacts[i].reach == REACH_OK) {
            return (enum channel_kind)i;
        }
    }
    return user->channel;
}

static struct delivery *add_delivery(struct deciding *deciding, enum message_class class)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    struct delivery *delivery = person_add_delivery(deciding->arena, deciding->person);
    delivery->id = id_next(deciding->world->ids, now_ms, id_slot(user->id));
    delivery->user_id = user->id;
    delivery->class = class;
    delivery->channel = channel_of(deciding, class);
    delivery->address = user->contacts[delivery->channel].address;
    delivery->state = DELIVERY_SCHEDULED;
    delivery->created_at_ms = now_ms;
    delivery->step_index = -1;
    delivery->next_at_ms = now_ms;
    return delivery;
}

struct delivery *compose_step(struct deciding *deciding, struct run *run, const struct step *step,
                              enum message_kind kind, const struct prompt *prompt,
                              const struct message *text, struct str variant, int64_t due_at_ms)
{
    const struct journey *journey = run_journey(deciding->world, run);
    struct delivery *delivery = add_delivery(deciding, class_of(deciding, journey, step, kind));
    delivery->run_id = run->id;
    delivery->commitment_id = run->subject_id;
    delivery->journey = run->journey;
    delivery->sequence = sequence_of(deciding->arena, journey, kind);
    delivery->kind = kind;
    delivery->variant = variant;
    delivery->expires_at_ms = expiry_of(journey, step, kind, due_at_ms);
    if (step != NULL) {
        delivery->step = step->id;
        delivery->step_index = (int)(step - journey->steps);
    }
    struct gate gate = pressure_gate(deciding->world, deciding->person, delivery);
    if (gate.verdict == GATE_SEND) {
        pressure_count(deciding->world, deciding->person, delivery);
        render(deciding, delivery, run, prompt, text);
        compose_send(deciding, delivery);
    } else {
        compose_refuse(deciding, delivery, &gate);
    }
    return delivery;
}

struct delivery *compose_reply_text(struct deciding *deciding, struct str markdown,
                                    const struct button *buttons, int button_count)
{
    struct delivery *delivery = add_delivery(deciding, CLASS_REPLY);
    delivery->kind = KIND_REPLY;
    delivery->language = str_of(person_language(deciding->world, deciding->person));
    delivery->text = markdown;
    delivery->expires_at_ms = delivery->created_at_ms + REPLY_EXPIRES_MS;
    if (button_count > 0) {
        delivery->buttons = ARENA_ARRAY(deciding->arena, struct button, (size_t)button_count);
        memcpy(delivery->buttons, buttons, (size_t)button_count * sizeof(*buttons));
        delivery->button_count = button_count;
    }
    compose_claim(deciding, delivery);
    deciding->decision->handled = true;
    return delivery;
}

struct delivery *compose_broadcast(struct deciding *deciding, int64_t broadcast_id,
                                   struct str markdown)
{
    struct delivery *delivery = add_delivery(deciding, CLASS_NUDGE);
    delivery->kind = KIND_BROADCAST;
    delivery->broadcast_id = broadcast_id;
    delivery->text = markdown;
    delivery->expires_at_ms = delivery->created_at_ms + BROADCAST_EXPIRES_MS;
    compose_claim(deciding, delivery);
    if (delivery->state == DELIVERY_SCHEDULED) {
        delivery->next_at_ms += deciding->input->spread_ms;
        delivery->expires_at_ms += deciding->input->spread_ms;
    }
    return delivery;
}

/* ---- asking the gate
 * ------------------------------------------------------------------------------ */

void compose_send(struct deciding *deciding, struct delivery *delivery)
{
    bool moved = delivery_move(delivery, DELIVERY_SENDING, STR_NONE);
    ASSERT(moved);
    delivery->attempts++;
    delivery->dispatch = true;
    delivery->next_at_ms = deciding->world->now_ms + SENDING_LOST_MS;
}

void compose_refuse(struct deciding *deciding, struct delivery *delivery, const struct gate *gate)
{
    int64_t now_ms = deciding->world->now_ms;
    switch (gate->verdict) {
    case GATE_SEND:
        return;
    case GATE_HOLD:
        delivery->next_at_ms = gate->until_ms;
        delivery->reason = str_of(gate->reason);
        if (gate->hold_is_free && !delivery_has_key(delivery)) {
            struct run *run = person_run(deciding->person, delivery->run_id);
            if (delivery->expires_at_ms != 0) {
                delivery->expires_at_ms += gate->until_ms - now_ms;
            }
            if (run != NULL) {
                run->held_ms += gate->until_ms - now_ms;
                run->changed = true;
            }
        }
        delivery->changed = true;
        return;
    case GATE_SUPPRESS:
        delivery_move(delivery, DELIVERY_SUPPRESSED, str_of(gate->reason));
        compose_delivery_event(deciding, delivery, EVENT_MESSAGE_SUPPRESSED);
        return;
    case GATE_EXPIRE:
        delivery_move(delivery, DELIVERY_EXPIRED, str_of(gate->reason));
        compose_delivery_event(deciding, delivery, EVENT_MESSAGE_EXPIRED);
        return;
    }
}

int64_t compose_attempted_at(const struct delivery *delivery)
{
    return delivery->next_at_ms - SENDING_LOST_MS;
}

bool compose_is_of_use(const struct deciding *deciding, const struct delivery *delivery)
{
    if (delivery->run_id == 0 || delivery->kind >= KIND_GRADUATION ||
        delivery->kind == KIND_CELEBRATION) {
        return true;
    }
    const struct run *run = person_run(deciding->person, delivery->run_id);
    return run != NULL && run->outcome == RUN_ACTIVE && run->delivery_id == delivery->id;
}

void compose_count(const struct deciding *deciding, struct delivery *delivery)
{
    if (!pressure_is_counted(delivery)) {
        pressure_count(deciding->world, deciding->person, delivery);
        delivery->language = str_of(person_language(deciding->world, deciding->person));
    }
}

void compose_claim(struct deciding *deciding, struct delivery *delivery)
{
    struct gate gate = pressure_gate(deciding->world, deciding->person, delivery);
    if (!compose_is_of_use(deciding, delivery)) {
        gate = (struct gate){.verdict = GATE_SUPPRESS, .reason = "run_ended"};
    }
    if (gate.verdict == GATE_SEND && delivery->text.length == 0) {
        const struct run *run = person_run(deciding->person, delivery->run_id);
        const struct journey *journey = run != NULL ? run_journey(deciding->world, run) : NULL;
        const struct message *text =
            journey == NULL
                ? NULL
                : compose_source(journey, delivery->step_index, delivery->kind, delivery->variant);
        if (text == NULL) { /* a celebration whose run is not loaded */
            gate = (struct gate){.verdict = GATE_SUPPRESS, .reason = "run_ended"};
        } else {
            compose_count(deciding, delivery);
            render(deciding, delivery, run,
                   compose_prompt(journey, delivery->step_index, delivery->kind), text);
        }
    }
    if (gate.verdict == GATE_SEND) {
        compose_count(deciding, delivery); /* broadcasts, and attempts that were taken back */
        /* The person may have moved to another address or channel since; a reply that is tried
         * again still goes where it was asked. */
        const struct user *user = &deciding->person->user;
        bool stays =
            delivery->state == DELIVERY_UNCERTAIN ||
            (delivery->class == CLASS_REPLY && user->contacts[delivery->channel].reach == REACH_OK);
        delivery->channel = stays ? delivery->channel : channel_of(deciding, delivery->class);
        delivery->address = user->contacts[delivery->channel].address;
        compose_send(deciding, delivery);
    } else {
        compose_refuse(deciding, delivery, &gate);
    }
}

void compose_delivery_event(struct deciding *deciding, const struct delivery *delivery,
                            enum event_type type)
{
    struct event *event = decision_event(deciding->arena, deciding->decision, type);
    event->user_id = delivery->user_id;
    event->at_ms = deciding->world->now_ms;
    event->journey = delivery->journey;
    event->step = delivery->step;
    event->ref_id = delivery->id;
    event->rule = STR("gate");
    struct json_writer data = json_begin(deciding->arena);
    json_put_str(&data, "kind", str_of(message_kind_name(delivery->kind)));
    if (delivery->reason.length > 0) {
        json_put_str(&data, "reason", delivery->reason);
    }
    event->data = json_end(&data);
}

/* A message that this very decision made and nobody has handed to its channel yet: it never was. */
static bool unmade(const struct delivery *delivery)
{
    return delivery->is_new && delivery->dispatch && delivery->attempts == 1;
}

void compose_withdraw(struct deciding *deciding, struct run *run, struct str reason)
{
    for (int i = 0; i < deciding->person->delivery_count; i++) {
        struct delivery *delivery = deciding->person->deliveries[i];
        if (delivery->run_id != run->id || delivery->kind >= KIND_GRADUATION ||
            delivery->kind == KIND_CELEBRATION) {
            continue;
        }
        if (delivery->state == DELIVERY_SCHEDULED || unmade(delivery)) {
            delivery_move(delivery, DELIVERY_SUPPRESSED, reason);
            compose_delivery_event(deciding, delivery, EVENT_MESSAGE_SUPPRESSED);
        } else if (!delivery_state_is_final(delivery->state) && run->delivery_id == delivery->id) {
            run->delivery_id = 0; /* under way: whatever becomes of it, it is not sent once more */
        }
    }
}
