/* The decision function as a whole: bytes become what happens to one person (texts, taps, reports,
 * operators, settings, time), and after each decision a judge with rules of its own (judge.h) looks
 * at the rows. */
#include "judge.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 80 };
#define START_MS ((int64_t)1795420800000)

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
static const char *const tracked[] = {"opened", "purchase", "completed", ""};
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

/* What is said without words, in a group, or by integrations, and a chat that moves. */
static void say_otherwise(struct actor *actor, struct bytes *bytes)
{
    struct input input = {.source = STR("telegram"),
                          .channel = CHANNEL_TELEGRAM,
                          .identity = STR("1000"),
                          .address = STR("1000"),
                          .text = STR("hello")};
    switch (draw(bytes, 4)) {
    case 0:
        input.kind = INPUT_UNSUPPORTED;
        break;
    case 1:
        input.kind = INPUT_GROUP;
        input.in_group = true;
        break;
    case 2:
        input.kind = INPUT_TRACK;
        input.source = STR("api");
        input.name = str_of(PICK(tracked, bytes));
        break;
    case 3:
        input.kind = INPUT_MIGRATED;
        input.new_address = STR("779");
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

static void elsewhere(struct actor *actor, struct bytes *bytes)
{
    switch (draw(bytes, 3)) {
    case 0:
        reach(actor, bytes);
        return;
    case 1:
        installation(actor, bytes);
        return;
    case 2:
        say_otherwise(actor, bytes);
        return;
    }
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
        elsewhere(actor, bytes);
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
    struct judge *judge = judge_new();
    actor->log = getenv("FUZZ_LOG") != NULL ? stderr : NULL; /* for whoever reads a finding */
    actor->watch = judge_look;
    actor->context = judge;
    for (int i = 0; i < STEPS_MAX && bytes.left > 0 && !actor->decision.erase; i++) {
        happen(actor, &bytes);
    }
    if (!actor->decision.erase) {
        actor->sending = ACTOR_SENDS;
        actor_pass(actor, 4 * DAY_MS);
        judge_end(judge, actor);
    }
    actor_free(actor);
    judge_free(judge);
    return 0;
}
