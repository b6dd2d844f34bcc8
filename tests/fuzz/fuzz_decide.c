/* The decision function as a whole: bytes become what happens to one person (texts, taps, reports,
 * operators, settings, time), and after each decision a judge with rules of its own looks at the
 * rows. It shares no code with the core's checks: who may be sent what and when, how often, and
 * what a run waits for is worked out here again, from what was sent so far. */
#include "actor.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    DELIVERIES_MAX = 1000,
    STEPS_MAX = 80,
    FOLLOWUPS_PER_COMMITMENT = 5,
    FOLLOWUPS_PER_DAY = 6,
    TOKEN_BYTES_MAX = 64,
    TEXT_BYTES_MAX = 16 * 1024,
};
#define START_MS         ((int64_t)1795420800000)
#define NAG(actor, rule) nag(actor, rule, #rule, __LINE__)

/* ---- the judge ---- */

/* What was known of a delivery after the decision before. */
struct known {
    int64_t id;
    enum delivery_state state;
    int attempts;
    int64_t sent_at_ms; /* of the last attempt, as long as it may have arrived; 0: none */
    int64_t sent_day;
};

struct judge {
    struct known known[DELIVERIES_MAX];
    int count;
    const struct zone *zone;
};

static void nag(const struct actor *actor, bool holds, const char *rule, int line)
{
    if (!holds) {
        fprintf(stderr, "line %d, user at %lld: %s\n", line, (long long)actor->world.now_ms, rule);
    }
    ASSERT(holds);
}

static const struct zone *zone_of(const struct actor *actor)
{
    const char *name = actor->person->user.zone;
    return name[0] != '\0' ? zone_find(str_of(name)) : actor->installation.default_zone;
}

static bool is_quiet(const struct actor *actor)
{
    const struct user *user = &actor->person->user;
    bool own = user->quiet_from_minute >= 0;
    int from = own ? user->quiet_from_minute : actor->installation.quiet_from_minute;
    int to = own ? user->quiet_to_minute : actor->installation.quiet_to_minute;
    struct local_time local = calendar_local(zone_of(actor), actor->world.now_ms);
    int minute = local.hour * 60 + local.minute;
    return from < to ? minute >= from && minute < to : from > to && (minute >= from || minute < to);
}

static void judge_caps(const struct actor *actor, const struct judge *judge,
                       const struct delivery *sent)
{
    int64_t now_ms = actor->world.now_ms;
    int64_t day = calendar_local_day(zone_of(actor), now_ms);
    int nudges = 0, followups = 0, about = 0;
    for (int i = 0; i < judge->count; i++) {
        const struct known *known = &judge->known[i];
        const struct delivery *other = actor->person->deliveries[i];
        if (known->sent_at_ms == 0 || other == sent || other->class != sent->class) {
            continue;
        }
        nudges += known->sent_day == day;
        followups += known->sent_day == day;
        about += sent->commitment_id != 0 && other->commitment_id == sent->commitment_id;
        NAG(actor, sent->class != CLASS_NUDGE ||
                       now_ms - known->sent_at_ms >= actor->installation.nudge_min_gap_ms);
    }
    NAG(actor, sent->class != CLASS_NUDGE || nudges < actor->installation.nudge_per_day);
    NAG(actor, sent->class != CLASS_FOLLOWUP || followups < FOLLOWUPS_PER_DAY);
    NAG(actor, sent->class != CLASS_FOLLOWUP || about < FOLLOWUPS_PER_COMMITMENT);
}

static void judge_sent(const struct actor *actor, const struct judge *judge,
                       const struct delivery *sent)
{
    const struct user *user = &actor->person->user;
    NAG(actor, sent->state == DELIVERY_SENDING && sent->address.length > 0);
    NAG(actor, sent->text.length > 0 && sent->text.length <= TEXT_BYTES_MAX);
    NAG(actor, text_is_utf8(sent->text) && sent->button_count <= 12);
    for (int i = 0; i < sent->button_count; i++) {
        const struct button *button = &sent->buttons[i];
        NAG(actor, button->text.length > 0 && button->token.length <= TOKEN_BYTES_MAX);
        NAG(actor, button->token.length > 0 || button->url.length > 0);
    }
    if (sent->class == CLASS_REPLY) {
        return;
    }
    NAG(actor, !user->stopped && !user->crisis_hold);
    NAG(actor, user->paused_until_ms <= actor->world.now_ms);
    NAG(actor, user->contacts[sent->channel].reach == REACH_OK);
    NAG(actor, !user->is_held || sent->class != CLASS_NUDGE);
    NAG(actor, !is_quiet(actor));
    judge_caps(actor, judge, sent);
}

/* Whether it is known not to have arrived, or was never under way. */
static bool has_failed(enum delivery_state state)
{
    return state == DELIVERY_SCHEDULED || state == DELIVERY_FAILED || state == DELIVERY_DEAD ||
           state == DELIVERY_SUPPRESSED || state == DELIVERY_EXPIRED;
}

static bool has_arrived(enum delivery_state state)
{
    return state >= DELIVERY_SENT && state <= DELIVERY_CLICKED;
}

static void judge_deliveries(const struct actor *actor, struct judge *judge,
                             const struct input *input)
{
    bool retried = input->kind == INPUT_ADMIN && str_is(input->name, "retry");
    if (judge->zone != zone_of(actor)) {
        judge->zone = zone_of(actor);
        for (int i = 0; i < judge->count; i++) {
            judge->known[i].sent_day = INT64_MIN; /* who moves begins another day */
        }
    }
    for (int i = 0; i < actor->person->delivery_count && i < DELIVERIES_MAX; i++) {
        const struct delivery *delivery = actor->person->deliveries[i];
        if (i == judge->count) {
            judge->known[judge->count++] = (struct known){.id = delivery->id};
        }
        struct known *known = &judge->known[i];
        NAG(actor, known->id == delivery->id);
        NAG(actor, !has_arrived(known->state) || delivery->state >= known->state);
        NAG(actor, known->state < DELIVERY_SUPPRESSED || delivery->state == known->state ||
                       retried || has_arrived(delivery->state));
        if (has_failed(delivery->state)) {
            known->sent_at_ms = 0;
        }
        if (delivery->dispatch && delivery->attempts > known->attempts) {
            judge_sent(actor, judge, delivery);
            known->sent_at_ms = actor->world.now_ms;
            known->sent_day = calendar_local_day(zone_of(actor), actor->world.now_ms);
        }
        known->state = delivery->state;
        known->attempts = delivery->attempts;
    }
}

/* The one thing that an active run waits for, counted over everything that could be it. */
static int next_actions(const struct actor *actor, const struct run *run)
{
    int count = run->next_at_ms > 0;
    for (int i = 0; i < actor->person->delivery_count; i++) {
        const struct delivery *delivery = actor->person->deliveries[i];
        count += run->phase == PHASE_SENDING && delivery->id == run->delivery_id &&
                 delivery->next_at_ms > 0;
    }
    return count;
}

static bool is_onboarding(struct str journey)
{
    return str_is(journey, "onboarding") || str_is(journey, "superior_onboarding") ||
           str_is(journey, "micro_onboarding");
}

static void judge_runs(const struct actor *actor)
{
    const struct person *person = actor->person;
    int onboardings = 0;
    for (int i = 0; i < person->run_count; i++) {
        const struct run *run = person->runs[i];
        if (run->outcome != RUN_ACTIVE) {
            NAG(actor, run->next_at_ms == 0 && run->ended_at_ms > 0);
            continue;
        }
        NAG(actor, !person->user.stopped);
        NAG(actor, next_actions(actor, run) == 1);
        onboardings += is_onboarding(run->journey);
        for (int k = 0; k < i; k++) {
            const struct run *other = person->runs[k];
            NAG(actor, other->outcome != RUN_ACTIVE || !str_equal(other->journey, run->journey) ||
                           other->subject_id != run->subject_id);
        }
    }
    NAG(actor, onboardings <= 1);
}

static void judge_counters(const struct actor *actor)
{
    const struct person *person = actor->person;
    int states[4] = {0};
    for (int i = 0; i < person->commitment_count; i++) {
        const struct commitment *commitment = person->commitments[i];
        states[commitment->state]++;
        NAG(actor, commitment->state == COMMITMENT_ACTIVE || commitment->next_at_ms == 0);
    }
    NAG(actor, person->user.commitments_total == person->commitment_count);
    NAG(actor, person->user.commitments_completed == states[COMMITMENT_COMPLETED]);
    NAG(actor, person->user.commitments_missed == states[COMMITMENT_MISSED]);
    NAG(actor, person->user.commitments_dropped == states[COMMITMENT_DROPPED]);
}

static void look(void *context, const struct actor *actor, const struct input *input)
{
    if (!actor->decision.erase) {
        judge_deliveries(actor, context, input);
        judge_runs(actor);
        judge_counters(actor);
    }
}

/* ---- what happens ---- */

struct bytes {
    const uint8_t *next;
    size_t left;
};

static uint32_t draw(struct bytes *bytes, uint32_t below)
{
    if (bytes->left == 0) {
        return 0;
    }
    bytes->left--;
    return *bytes->next++ % below;
}

#define PICK(list, bytes) list[draw(bytes, sizeof(list) / sizeof(list[0]))]

static const char *const texts[] = {
    "/start",
    "hello",
    "calm",
    "/commit walk",
    "/commit run by 18:00",
    "/stop",
    "/resume",
    "/pause 2",
    "read a page at 8",
    "/commit drink every day",
    "too much",
    "at 9:30",
    "kill myself",
    "/commit",
    "tomorrow morning",
    "/list",
    "/done",
    "/settings",
    "/metrics",
    "/sequences",
    "/delete",
    "/feedback",
    "great",
    "/help",
    "/leaderboard",
    "das ist viel",
    "/nothing",
    "\xff\xf0\x9f",
    "",
    "/commit at 9 every Monday",
};
static const char *const settings[] = {
    "s:zone:America/Los_Angeles",
    "s:zone:Asia/Tokyo",
    "s:quiet:off",
    "s:quiet:20:00-10:00",
    "s:lang:de",
    "s:board:on",
    "s:zone:",
    "x:resume",
    "x:commit",
    "x:keep",
    "s:channel:",
    "s:quiet:22:00-07:00",
};
static const char *const admin_names[] = {"pause",     "resume", "stop", "lift_crisis", "reply",
                                          "broadcast", "retry",  "test", "withdraw",    "no_test"};
static const char *const moves[] = {"rollback", "existing_rescue", "existing_amplification"};
static const char *const journeys[] = {"onboarding", "superior_onboarding", "inactive_rescue",
                                       "streak_celebration", "power_user_amplification"};
static const enum report_kind reports[] = {
    REPORT_SENT,    REPORT_RETRY,   REPORT_PAUSED,     REPORT_UNCERTAIN, REPORT_FAILED,
    REPORT_BLOCKED, REPORT_GONE,    REPORT_MIGRATED,   REPORT_DELIVERED, REPORT_OPENED,
    REPORT_CLICKED, REPORT_BOUNCED, REPORT_COMPLAINED,
};
static const int64_t spans[] = {MINUTE_MS,   30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS,
                                6 * HOUR_MS, 12 * HOUR_MS,   DAY_MS,  3 * DAY_MS,  8 * DAY_MS};

/* A button of one of the newest messages. */
static void tap(struct actor *actor, struct bytes *bytes)
{
    int back = (int)draw(bytes, 6);
    uint32_t which = draw(bytes, 12);
    for (int i = actor->person->delivery_count - 1; i >= 0; i--) {
        const struct delivery *delivery = actor->person->deliveries[i];
        if (delivery->button_count > 0 && back-- == 0) {
            actor_tap_token(actor,
                            delivery->buttons[which % (uint32_t)delivery->button_count].token);
            return;
        }
    }
}

static void stray_report(struct actor *actor, struct bytes *bytes)
{
    int count = actor->person->delivery_count;
    enum report_kind kind = PICK(reports, bytes);
    int back = (int)draw(bytes, 32);
    if (back < count) {
        struct input input = {.kind = INPUT_REPORT,
                              .ref_kind = DUE_DELIVERY,
                              .ref_id = actor->person->deliveries[count - 1 - back]->id,
                              .report = kind,
                              .new_address = STR("778")};
        actor_input(actor, &input);
    }
}

static void operate(struct actor *actor, struct bytes *bytes)
{
    const struct person *person = actor->person;
    struct input input = {.source = STR("api"), .text = STR("Hello")};
    switch (draw(bytes, 6)) {
    case 0:
        input.kind = INPUT_TRIGGER;
        input.name = str_of(PICK(journeys, bytes));
        break;
    case 1:
        input.kind = INPUT_COMMITMENT;
        input.text = str_of(PICK(texts, bytes));
        break;
    case 2:
        input.kind = INPUT_COMMITMENT;
        input.ref_id = person->commitment_count > 0 ? person->commitments[0]->id : 5;
        break;
    case 3:
        input.kind = INPUT_ANSWER;
        input.text = str_of(PICK(texts, bytes));
        break;
    case 4:
        input.kind = INPUT_ADMIN;
        input.name = str_of(PICK(admin_names, bytes));
        input.ref_id = person->delivery_count > 0
                           ? person->deliveries[draw(bytes, (uint32_t)person->delivery_count)]->id
                           : 5;
        break;
    case 5:
        input.kind = INPUT_MOVE;
        input.name = str_of(PICK(moves, bytes));
        break;
    }
    actor_input(actor, &input);
}

static void reach(struct actor *actor, struct bytes *bytes)
{
    struct input input = {.kind = draw(bytes, 2) == 0 ? INPUT_BLOCKED : INPUT_UNBLOCKED,
                          .channel = CHANNEL_TELEGRAM};
    actor_input(actor, &input);
}

static void installation(struct actor *actor, struct bytes *bytes)
{
    struct rollout *rollout = &actor->installation.rollout;
    uint32_t bits = draw(bytes, 16);
    rollout->rolled_back_entries = (bits & 1) != 0;
    rollout->rolled_back_nurture = (bits & 2) != 0;
    rollout->stage_existing_rescue = (bits & 4) != 0;
    rollout->stage_existing_amplification = (bits & 8) != 0;
}

static void happen(struct actor *actor, struct bytes *bytes)
{
    switch (draw(bytes, 12)) {
    case 0:
    case 1:
        actor_text(actor, PICK(texts, bytes));
        return;
    case 2:
        actor_edit(actor, PICK(texts, bytes));
        return;
    case 3:
    case 4:
        tap(actor, bytes);
        return;
    case 5:
        actor_tap_token(actor, str_of(PICK(settings, bytes)));
        return;
    case 6:
        stray_report(actor, bytes);
        return;
    case 7:
        operate(actor, bytes);
        return;
    case 8:
        actor->sending = draw(bytes, 3);
        actor->report = PICK(reports, bytes);
        if (actor->report == REPORT_PAUSED) {
            actor->sending = ACTOR_SENDS; /* every three minutes for days says nothing new */
        }
        return;
    case 9:
        draw(bytes, 2) == 0 ? reach(actor, bytes) : installation(actor, bytes);
        return;
    case 10:
        actor_pass(actor, PICK(spans, bytes));
        return;
    case 11:
        actor_outage(actor, PICK(spans, bytes));
        actor_pass(actor, 0);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct catalog *catalog;
    /* Nobody reads it again, but the search for leaks must find it where it is. */
    static struct arena *volatile arena;
    if (catalog == NULL) {
        struct mistakes mistakes;
        arena = arena_new(256 * 1024);
        enum err error = catalog_build_embedded(arena, &catalog, &mistakes);
        ASSERT(error == OK);
    }
    struct bytes bytes = {data, size};
    uint32_t kind = draw(&bytes, 8);
    struct actor *actor = actor_new_of(catalog, 1000 + (int64_t)draw(&bytes, 32), START_MS);
    actor->installation.rollout.share_permyriad = (kind & 1) != 0 ? 0 : 10000;
    actor->installation.rollout.started_at_ms = (kind & 2) != 0 ? START_MS + 1 : 0;
    actor->person->user.is_held = (kind & 6) == 6;
    struct judge *judge = calloc(1, sizeof(*judge));
    ASSERT(judge != NULL);
    actor->watch = look;
    actor->context = judge;
    for (int i = 0; i < STEPS_MAX && bytes.left > 0 && !actor->decision.erase; i++) {
        happen(actor, &bytes);
    }
    if (!actor->decision.erase) {
        actor->sending = ACTOR_SENDS;
        actor_pass(actor, 4 * DAY_MS);
    }
    actor_free(actor);
    free(judge);
    return 0;
}
