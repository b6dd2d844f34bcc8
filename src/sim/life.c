/* The loop of one life: the earliest of what the core waits for and what the person intends. */
#include "sim/life_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/delivery.h"
#include "core/run.h"

/* Half a core's first cache: the present person and what was decided lately stay in it. */
enum { ARENA_BYTES = 256 * 1024, PACK_BYTES = 24 * 1024 };
/* Serving a row changes its instant, or time would stand still. */
enum { REPEATS_MAX = 100 };

/* Seconds lie all over the memory: many are fetched at a time. */
static void flush_sent(struct life *life)
{
    uint32_t *counts = life->setting->sent_in_second;
    for (int i = 0; i < life->sent_count; i++) {
        __builtin_prefetch(&counts[life->sent_seconds[i]], 1);
    }
    for (int i = 0; i < life->sent_count; i++) {
        __atomic_fetch_add(&counts[life->sent_seconds[i]], 1, __ATOMIC_RELAXED);
    }
    life->sent_count = 0;
}

struct life *life_new(const struct setting *setting, struct tally *tally)
{
    struct life *life = calloc(1, sizeof(*life));
    ASSERT(life != NULL);
    life->setting = setting;
    life->tally = tally;
    life->arena = arena_new(ARENA_BYTES);
    life->spare = arena_new(ARENA_BYTES);
    return life;
}

void life_free(struct life *life)
{
    flush_sent(life);
    arena_free(life->arena);
    arena_free(life->spare);
    free(life);
}

size_t life_memory_most(const struct life *life)
{
    return life->memory_most;
}

/* ---- counting
 * ------------------------------------------------------------------------------------------ */

static struct journey_tally *journey_tally_of(struct life *life, struct str name)
{
    const struct catalog *catalog = life->setting->catalog;
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        if (str_equal(catalog_journey_at(catalog, i)->name, name)) {
            return &life->tally->journeys[i];
        }
    }
    return NULL;
}

static struct step_tally *step_tally_of(struct life *life, const struct event *event)
{
    const struct journey *journey = catalog_journey(life->setting->catalog, event->journey);
    for (int i = 0; journey != NULL && i < journey->step_count; i++) {
        if (str_equal(journey->steps[i].id, event->step)) {
            return &journey_tally_of(life, event->journey)->steps[i];
        }
    }
    return NULL;
}

static void count_completion(struct life *life, const struct event *event)
{
    const struct commitment *commitment = person_commitment(life->person, event->ref_id);
    if (commitment == NULL) {
        return;
    }
    int64_t minutes = (commitment->completed_at_ms - commitment->created_at_ms) / MINUTE_MS;
    minutes = minutes < 0 ? 0 : minutes < TALLY_MINUTES ? minutes : TALLY_MINUTES - 1;
    life->tally->completion_minutes[minutes]++;
}

static enum unsent_why unsent_why_of(const struct delivery *delivery)
{
    static const struct {
        const char *reason;
        enum unsent_why why;
    } reasons[] = {{"cap", UNSENT_CAP},
                   {"blocked", UNSENT_UNREACHABLE},
                   {"stopped", UNSENT_UNREACHABLE},
                   {"gone", UNSENT_UNREACHABLE},
                   {"run_ended", UNSENT_RUN_ENDED},
                   {"completed", UNSENT_RUN_ENDED},
                   {"left", UNSENT_RUN_ENDED},
                   {"late", UNSENT_LATE}};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (str_is(delivery->reason, reasons[i].reason)) {
            return reasons[i].why;
        }
    }
    return UNSENT_OTHER;
}

static void count_unsent(struct life *life, const struct event *event)
{
    const struct delivery *delivery = person_delivery(life->person, event->ref_id);
    if (delivery != NULL) {
        life->tally->unsent[unsent_why_of(delivery)]++;
    }
}

static void count_event(struct life *life, const struct event *event)
{
    enum event_type type = event->type;
    if (type == EVENT_COMMITMENT_MADE) {
        life_promise(life, event->ref_id);
    } else if (type == EVENT_COMMITMENT_COMPLETED) {
        count_completion(life, event);
    } else if (type == EVENT_MESSAGE_SUPPRESSED || type == EVENT_MESSAGE_EXPIRED) {
        count_unsent(life, event);
    } else if (type == EVENT_GRADUATED) {
        struct journey_tally *journey = journey_tally_of(life, event->journey);
        if (journey != NULL) { /* else of a definition that is no more */
            journey->graduated++;
        }
    } else if (type == EVENT_RECOVERY_SENT || type == EVENT_ULTRA_SENT ||
               type == EVENT_STEP_SKIPPED) {
        struct step_tally *step = step_tally_of(life, event);
        if (step != NULL) {
            step->recoveries += type == EVENT_RECOVERY_SENT;
            step->smaller += type == EVENT_ULTRA_SENT;
            step->skipped += type == EVENT_STEP_SKIPPED;
        }
    }
}

static void count_held(struct life *life, const struct delivery *delivery)
{
    if (delivery->state != DELIVERY_SCHEDULED || !delivery->changed) {
        return;
    }
    enum held_why why = str_is(delivery->reason, "quiet_hours") ? HELD_QUIET
                        : str_is(delivery->reason, "cap")       ? HELD_CAP
                                                                : HELD_OTHER;
    life->tally->held[why]++;
}

static void count_sent(struct life *life, const struct delivery *delivery)
{
    const struct setting *setting = life->setting;
    life->tally->messages[delivery->class]++;
    life->received++;
    int64_t second = (life->world.now_ms - setting->start_ms) / 1000;
    if (second >= 0 && second < setting->second_count) {
        life->sent_seconds[life->sent_count++] = (uint32_t)second;
        if (life->sent_count == SENT_BUFFER) {
            flush_sent(life);
        }
    }
}

/* ---- deciding
 * ------------------------------------------------------------------------------------------ */

/* What the store does after a batch. */
static void saved(struct person *person)
{
    person->user.is_new = person->user.changed = false;
    person->answered_delivery_id = 0;
    for (int i = 0; i < person->run_count; i++) {
        person->runs[i]->is_new = person->runs[i]->changed = false;
    }
    for (int i = 0; i < person->commitment_count; i++) {
        person->commitments[i]->is_new = person->commitments[i]->changed = false;
    }
    for (int i = 0; i < person->delivery_count; i++) {
        person->deliveries[i]->is_new = person->deliveries[i]->changed = false;
    }
}

static void decide_once(struct life *life, struct input *input)
{
    struct keep *keep = life->setting->keep;
    if (keep != NULL) {
        life->world.now_ms = keep_instant(keep, life->world.now_ms, &life->ids);
    }
    input->at_ms = life->world.now_ms;
    input->user_id = life->person->user.id;
    struct decision decision;
    decide(life->arena, &life->world, life->person, input, &decision);
    life->tally->decided[input->kind]++;
    for (int i = 0; i < decision.event_count; i++) {
        count_event(life, &decision.events[i]);
    }
    for (int i = 0; i < life->person->delivery_count; i++) {
        count_held(life, life->person->deliveries[i]);
    }
    if (keep != NULL) {
        keep_decision(keep, life->person, &decision, &life->ids);
    }
    saved(life->person);
}

/* Hands over what is to be sent; the channel takes it at once. Its report may cause more. */
static void send_all(struct life *life)
{
    for (int i = 0; i < life->person->delivery_count; i++) {
        struct delivery *delivery = life->person->deliveries[i];
        if (!delivery->dispatch) {
            continue;
        }
        delivery->dispatch = false;
        struct input report = {.kind = INPUT_REPORT,
                               .source = STR("report"),
                               .ref_kind = DUE_DELIVERY,
                               .ref_id = delivery->id,
                               .report = life->has_blocked ? REPORT_BLOCKED : REPORT_SENT,
                               .provider_id = STR("1")};
        if (!life->has_blocked) {
            count_sent(life, delivery);
        }
        decide_once(life, &report);
        if (!life->has_blocked) {
            life_react(life, delivery);
        }
    }
}

void life_take(struct life *life, struct input *input)
{
    decide_once(life, input);
    send_all(life);
    size_t used = arena_used_bytes(life->arena);
    life->memory_most = used > life->memory_most ? used : life->memory_most;
    if (used > PACK_BYTES && life->setting->keep == NULL) {
        life_pack(life);
    }
}

/* ---- what the person does
 * ---------------------------------------------------------------------------------- */

static void take_theirs(struct life *life, struct input *input)
{
    input->source = STR("telegram");
    input->channel = CHANNEL_TELEGRAM;
    input->identity = input->address = str_of(life->address);
    input->language = life->voice->language;
    input->may_create = true;
    life_take(life, input);
}

static void write_text(struct life *life, struct str text)
{
    struct input input = {.kind = INPUT_TEXT, .text = text};
    take_theirs(life, &input);
}

static void tap(struct life *life, const char *token)
{
    struct input input = {.kind = INPUT_BUTTON,
                          .token = str_of(token),
                          .callback_id = STR("1"),
                          .message_id = STR("1")};
    take_theirs(life, &input);
}

static void tell_done(struct life *life, int64_t commitment_id)
{
    const struct commitment *commitment = person_commitment(life->person, commitment_id);
    if (commitment != NULL && commitment->state == COMMITMENT_ACTIVE) {
        char token[TOKEN_BYTES];
        snprintf(token, sizeof(token), "c:%lld:done", (long long)commitment_id);
        tap(life, token);
    }
}

static void block(struct life *life)
{
    life->has_blocked = true;
    life->intention_count = 0; /* whatever they meant to say */
    struct input input = {
        .kind = INPUT_BLOCKED, .source = STR("telegram"), .channel = CHANNEL_TELEGRAM};
    life_take(life, &input);
}

static void act(struct life *life, int index)
{
    struct intention intention = life->intentions[index];
    life->intentions[index] = life->intentions[--life->intention_count];
    switch (intention.intent) {
    case INTENT_DAY:
        life_begin_day(life, intention.ref_id);
        return;
    case INTENT_TAP:
        life->unanswered_count = 0;
        tap(life, intention.token);
        return;
    case INTENT_WRITE:
        life->unanswered_count = 0;
        write_text(life, intention.text);
        return;
    case INTENT_COMMIT:
        life->unanswered_count = 0;
        life->has_committed = true;
        write_text(life, arena_printf(life->arena, "/commit %.*s", STR_ARG(intention.text)));
        return;
    case INTENT_DONE:
        tell_done(life, intention.ref_id);
        return;
    case INTENT_BLOCK:
        block(life);
        return;
    }
}

/* ---- time
 * -------------------------------------------------------------------------------------------- */

struct next {
    int64_t at_ms;
    enum due_kind kind;
    int64_t id;
    int intention; /* or: */
};
enum { OF_THE_CORE = -1, OF_THE_PAST = -2 };

static void consider(struct next *next, int64_t at_ms, enum due_kind kind, int64_t id)
{
    if (at_ms != 0 && (next->at_ms == 0 || at_ms < next->at_ms)) {
        *next = (struct next){at_ms, kind, id, OF_THE_CORE};
    }
}

static struct next find_next(const struct life *life)
{
    const struct person *person = life->person;
    struct next next = {.intention = OF_THE_CORE};
    consider(&next, person->user.next_at_ms, DUE_USER, person->user.id);
    for (int i = 0; i < person->commitment_count; i++) {
        consider(&next, person->commitments[i]->next_at_ms, DUE_COMMITMENT,
                 person->commitments[i]->id);
    }
    for (int i = 0; i < person->run_count; i++) {
        consider(&next, person->runs[i]->next_at_ms, DUE_RUN, person->runs[i]->id);
    }
    for (int i = 0; i < person->delivery_count; i++) {
        consider(&next, person->deliveries[i]->next_at_ms, DUE_DELIVERY, person->deliveries[i]->id);
    }
    for (int i = 0; i < life->intention_count; i++) {
        int64_t at_ms = life->intentions[i].at_ms;
        if (next.at_ms == 0 || at_ms < next.at_ms) {
            next = (struct next){.at_ms = at_ms, .intention = i};
        }
    }
    if (life->past != NULL && life->past_at < life->past->input_count) {
        int64_t at_ms = life->past->inputs[life->past_at].at_ms;
        if (next.at_ms == 0 || at_ms < next.at_ms) {
            next = (struct next){.at_ms = at_ms, .intention = OF_THE_PAST};
        }
    }
    return next;
}

static void live_on(struct life *life)
{
    int64_t before_ms = 0;
    int repeats = 0;
    for (;;) {
        struct next next = find_next(life);
        if (next.at_ms == 0 || next.at_ms >= life->end_ms) {
            return;
        }
        bool moves = next.at_ms > before_ms || next.intention == OF_THE_PAST;
        repeats = moves ? 0 : repeats + 1;
        ASSERT(repeats <= REPEATS_MAX);
        before_ms = next.at_ms > before_ms ? next.at_ms : before_ms;
        life->world.now_ms = before_ms > life->world.now_ms ? before_ms : life->world.now_ms;
        if (next.intention >= 0) {
            act(life, next.intention);
        } else if (next.intention == OF_THE_PAST) {
            life_relive_next(life);
        } else {
            struct input input = {.kind = INPUT_TIMER,
                                  .source = STR("timer"),
                                  .ref_kind = next.kind,
                                  .ref_id = next.id};
            life_take(life, &input);
        }
    }
}

/* ---- the beginning and the end
 * ----------------------------------------------------------------------------- */

static int64_t joining_ms(const struct setting *setting)
{
    return setting->keep == NULL ? setting->people->joining_ms
                                 : keep_until_ms(setting->keep) - setting->start_ms;
}

/* An hour at which they are about, a day of the time in which people join. */
static int64_t joining_instant(const struct life *life, struct draws *draws)
{
    const struct setting *setting = life->setting;
    int64_t days = joining_ms(setting) / DAY_MS;
    int64_t day = setting->start_ms / DAY_MS + (days > 0 ? draw_below(draws, (uint32_t)days) : 0);
    int hour = draw_weighted(draws, life->persona->hours, 24);
    int minute = (int)draw_below(draws, 60);
    int64_t at_ms = calendar_instant(life->zone, day, hour * 60 + minute);
    at_ms += draw_below(draws, (uint32_t)MINUTE_MS);
    if (setting->keep != NULL) { /* no crowd at the first instant */
        return at_ms > setting->start_ms ? at_ms : at_ms + DAY_MS;
    }
    return at_ms > setting->start_ms ? at_ms : setting->start_ms;
}

static void begin(struct life *life, int64_t number)
{
    const struct people *people = life->setting->people;
    struct draws draws = draws_of(life->setting->seed, (uint64_t)number, DRAW_TRAITS, 0);
    life->number = (uint64_t)number;
    life->persona_index = draw_weighted(&draws, people->shares, people->persona_count);
    life->persona = &people->personas[life->persona_index];
    const struct choices *languages = &life->persona->languages;
    int language = draw_weighted(&draws, languages->weights, languages->count);
    life->voice = people_voice(people, languages->names[language]);
    int zone = draw_weighted(&draws, life->persona->zones.weights, life->persona->zones.count);
    life->zone = life->persona->zone_of[zone];
    int64_t joined_at_ms = joining_instant(life, &draws);
    struct keep *keep = life->setting->keep;
    life->end_ms = keep != NULL ? keep_until_ms(keep) : joined_at_ms + life->setting->span_ms;
    life->messages = life->commitments = 0;
    life->received = 0;
    life->has_blocked = life->has_committed = false;
    life->intention_count = life->deed_count = life->unanswered_count = 0;
    arena_reset(life->arena);
    life->ids = (struct id_source){0};
    life->world = (struct world){.catalog = life->setting->catalog,
                                 .installation = &life->setting->installation,
                                 .now_ms = joined_at_ms,
                                 .ids = &life->ids};
    life->person = ARENA_NEW(life->arena, struct person);
    person_init(life->person, keep != NULL ? keep_begin(keep, number, joined_at_ms) : number + 1,
                joined_at_ms);
    snprintf(life->address, sizeof(life->address), "%lld", (long long)number + 1);
    str_copy(life->person->user.zone, sizeof(life->person->user.zone),
             life->persona->zones.names[zone]);
}

static void count_standing(struct life *life)
{
    const struct person *person = life->person;
    const struct user *user = &person->user;
    struct tally *tally = life->tally;
    tally->broken += run_check(&life->world, person) != NULL;
    bool reachable = user->contacts[user->channel].reach == REACH_OK && !user->stopped;
    tally->blocked += life->has_blocked;
    bool waits = user->next_at_ms != 0;
    for (int i = 0; i < person->run_count; i++) {
        waits = waits || person->runs[i]->outcome == RUN_ACTIVE;
    }
    for (int i = 0; i < person->commitment_count; i++) {
        waits = waits || person->commitments[i]->next_at_ms != 0;
    }
    bool brought_back = false; /* an inactivity journey was entered in this silence */
    const struct catalog *catalog = life->setting->catalog;
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        brought_back =
            brought_back || (journey->trigger == TRIGGER_INACTIVITY &&
                             run_entered_at(user, journey->name) >= user->activity_last_at_ms);
    }
    tally->unreachable += !reachable;
    tally->waiting += reachable && waits;
    bool rests = brought_back || user->is_held; /* those from before wait for their stage */
    tally->at_rest += reachable && !waits && rests;
    tally->without_next += reachable && !waits && !rests;
}

static void finish(struct life *life)
{
    const struct user *user = &life->person->user;
    struct tally *tally = life->tally;
    struct persona_tally *persona = &tally->personas[life->persona_index];
    life->world.now_ms = life->end_ms;
    count_standing(life);
    for (int i = 0; i < life->person->run_count; i++) {
        life_count_run(life, life->person->runs[i]);
    }
    tally->people++;
    tally->converted += user->commitments_total > 0;
    tally->converted_outside += user->commitments_outside > 0;
    tally->activated += user->commitments_completed > 0;
    tally->commitments += user->commitments_total;
    tally->completed += user->commitments_completed;
    tally->quick += user->commitments_quick;
    tally->missed += user->commitments_missed;
    tally->dropped += user->commitments_dropped;
    tally->outside += user->commitments_outside;
    tally->outside_completed += user->commitments_outside_completed;
    tally->completion_ms_sum += user->completion_ms_sum;
    bool power = user->commitments_total >= 10 &&
                 5 * user->commitments_completed >= 4 * user->commitments_total;
    tally->power_people += power;
    tally->power_commitments += power ? user->commitments_total : 0;
    tally->messages_squared += life->received * life->received;
    tally->most_messages =
        life->received > tally->most_messages ? life->received : tally->most_messages;
    persona->people++;
    persona->converted += user->commitments_total > 0;
    persona->converted_outside += user->commitments_outside > 0;
    persona->commitments += user->commitments_total;
    persona->completed += user->commitments_completed;
    persona->messages += life->received;
    persona->blocked += life->has_blocked;
}

void life_play(struct life *life)
{
    send_all(life);
    live_on(life);
    finish(life);
    if (life->setting->keep != NULL) {
        keep_person(life->setting->keep, life->person);
    }
}

int64_t life_joins_at(struct life *life, int64_t number)
{
    begin(life, number);
    return life->person->user.joined_at_ms;
}

void life_live(struct life *life, int64_t number)
{
    begin(life, number);
    life_intend(life, INTENT_DAY, life->world.now_ms);
    write_text(life, STR("/start"));
    life_play(life);
}
