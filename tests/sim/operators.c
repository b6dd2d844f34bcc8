/* What they ask is confirmed or not, and never repeated by itself: a crash may have taken it. */
#include "operators.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/embed.h"
#include "base/json.h"
#include "base/limits.h"
#include "people.h"
#include "world.h"

enum { SHARES = 6 };

struct request {
    struct sim *world;
    int life;
    enum deed deed;
    int64_t value;
    int64_t user_id;
    bool switches_sending, on;
};

static void answered(void *context, const struct outcome *outcome)
{
    struct request *request = context;
    struct sim *world = request->world;
    if (outcome->error != OK) {
        const char *why = outcome->detail != NULL ? outcome->detail->text : "";
        world_trace(world, "operator is refused: %s", why);
        if (outcome->error == ERR_INVALID) { /* nobody here asks for nonsense */
            auditor_fail(world->auditor, "an operator is not understood: %s", why);
        }
    }
    if (request->life == world->life && !world->crashed && outcome->error == OK) {
        const struct deed_done done = {.deed = request->deed,
                                       .source = "cli",
                                       .external_id = "",
                                       .user_id = request->user_id,
                                       .value = request->value,
                                       .text = ""};
        if (request->switches_sending) {
            auditor_sending(world->auditor, request->on);
        }
        if (request->user_id != 0) {
            auditor_done(world->auditor, &done, world_clock_ms(world));
        }
    }
    free(request);
}

static struct request *request_new(struct sim *world)
{
    struct request *request = calloc(1, sizeof(*request));
    ASSERT(request != NULL);
    request->world = world;
    request->life = world->life;
    return request;
}

static void command(struct sim *world, struct request *request, const char *kind,
                    const char *payload)
{
    world_trace(world, "operator: %s %.200s", kind, payload);
    if (engine_command(world->engine, str_of(kind), str_of(payload), STR("cli"), answered,
                       request) != OK) {
        free(request);
    }
    world_stir(world);
}

static void set_share(struct sim *world, int64_t share)
{
    char payload[80];
    snprintf(payload, sizeof(payload), "{\"name\":\"superior_onboarding\",\"share\":%" PRId64 "}",
             share);
    command(world, request_new(world), "rollout_set", payload);
}

static void switch_sending(struct sim *world, void *argument)
{
    bool on = argument != NULL;
    if (world->engine == NULL) {
        world_at(world, world->now_ms + HOUR_MS, switch_sending, argument);
        return;
    }
    struct request *request = request_new(world);
    request->switches_sending = true;
    request->on = on;
    if (on) { /* whether it was heard or not: messages may go out again */
        auditor_sending(world->auditor, true);
    }
    command(world, request, "sending", on ? "{\"mode\":\"on\"}" : "{\"mode\":\"off\"}");
}

static void roll_back(struct sim *world)
{
    static const char *const payloads[] = {
        "{\"what\":\"all\"}",
        "{\"what\":\"entries\"}",
        "{\"what\":\"nurture\"}",
        "{\"what\":\"all\",\"move\":true}",
        "{\"what\":\"nurture\",\"move\":true}",
    };
    auditor_sets_may_change(world->auditor);
    command(world, request_new(world), "rollback", DICE_PICK(&world->dice, payloads));
}

static void broadcast(struct sim *world)
{
    char payload[160];
    snprintf(payload, sizeof(payload),
             "{\"text\":{\"en\":\"News {{first_name}}\",\"de\":\"Neues\"},\"filter\":\"%s\","
             "\"per_second\":%d}",
             dice_chance(&world->dice, 5000) ? "commitments_total > 1" : "",
             (int)dice_below(&world->dice, 3));
    command(world, request_new(world), "broadcast", payload);
}

static void about_somebody(struct sim *world)
{
    static const char *const payloads[] = {
        "\"kind\":\"admin\",\"name\":\"pause\",\"data\":{\"days\":2}",
        "\"kind\":\"admin\",\"name\":\"resume\"",
        "\"kind\":\"admin\",\"name\":\"stop\"",
        "\"kind\":\"admin\",\"name\":\"erase\"",
        "\"kind\":\"admin\",\"name\":\"reply\",\"text\":\"Hi\"",
        "\"kind\":\"commitment\",\"text\":\"stretch\"",
        "\"kind\":\"trigger\",\"name\":\"onboarding\"",
        "\"kind\":\"track\",\"name\":\"Order Completed\",\"revenue\":5",
        "\"kind\":\"answer\",\"text\":\"calm\"",
    };
    static const enum deed deeds[] = {DEED_PAUSE, DEED_RESUME, DEED_STOP, DEED_ERASE};
    int64_t which = dice_below(&world->dice, (int64_t)(sizeof(payloads) / sizeof(payloads[0])));
    const struct person_actor *person =
        &world->people[dice_below(&world->dice, world->people_count)];
    char payload[200];
    if (person->user_id == 0) {
        return;
    }
    struct request *request = request_new(world);
    request->user_id = person->user_id;
    request->deed = which < 4 ? deeds[which] : DEED_OTHER;
    request->value = 2;
    snprintf(payload, sizeof(payload), "{%s,\"user_id\":\"%" PRId64 "\"}", payloads[which],
             person->user_id);
    auditor_offered(world->auditor, person->user_id, request->deed, false, world_clock_ms(world));
    command(world, request, "input", payload);
}

/* A new version of a definition: nothing changes, or one step or more comes hours later. */
static struct str version_of(struct sim *world, struct arena *arena, struct str yaml)
{
    static const char delay[] = "    after: ";
    size_t size = 2 * yaml.length + 80;
    char *text = ARENA_ARRAY(arena, char, size);
    size_t length = (size_t)snprintf(text, size, "# of %" PRId64 "\n", world->now_ms);
    for (size_t i = 0; i < yaml.length; i++) {
        bool here =
            i >= strlen(delay) && memcmp(yaml.ptr + i - strlen(delay), delay, strlen(delay)) == 0;
        if (here && dice_chance(&world->dice, 5000)) {
            text[length++] = '1'; /* "2h" becomes "12h" */
        }
        text[length++] = yaml.ptr[i];
    }
    return (struct str){text, length};
}

static bool is_journey(const char *name)
{
    return strncmp(name, "both/", 5) == 0 || strncmp(name, "optimized/", 10) == 0 ||
           strncmp(name, "original/", 9) == 0;
}

/* Who is in the middle of a journey goes on with the version that they began with, or with the new
 * one. */
static void apply_journeys(struct sim *world)
{
    struct arena *arena = arena_new(256 * 1024);
    json_t *files = json_array();
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        const char *name = nudge_journeys[i].name;
        struct str yaml = {(const char *)nudge_journeys[i].data, nudge_journeys[i].length};
        if (is_journey(name) && dice_chance(&world->dice, 3000)) {
            yaml = version_of(world, arena, yaml);
        }
        json_array_append_new(
            files, json_pack("{s:s, s:s%}", "name", name, "yaml", yaml.ptr, yaml.length));
    }
    static const char *const policies[] = {"pin", "pin", "follow", "migrate"};
    int64_t policy = dice_below(&world->dice, 4);
    if (policy > 1) {
        auditor_versions_may_change(world->auditor);
    }
    json_t *payload = json_pack("{s:o, s:s}", "files", files, "policy", policies[policy]);
    command(world, request_new(world), "journeys_apply",
            arena_str(arena, json_write(arena, payload)).ptr);
    json_decref(payload);
    arena_free(arena);
}

static void something(struct sim *world, void *argument)
{
    static const int64_t shares[SHARES] = {0, 5, 25, 50, 75, 100};
    struct dice *dice = &world->dice;
    if (world->people_rest) {
        return;
    }
    world_at(world, world->now_ms + dice_delay(dice, 14 * HOUR_MS), something, argument);
    if (world->engine == NULL) {
        return;
    }
    int64_t what = dice_below(dice, 100);
    if (what < 12) {
        set_share(world, shares[dice_below(dice, SHARES)]);
    } else if (what < 16) {
        roll_back(world);
    } else if (what < 22) {
        switch_sending(world, NULL);
        world_at(world, world->now_ms + dice_range(dice, 1, 300) * MINUTE_MS, switch_sending,
                 world);
    } else if (what < 30) {
        /* Now and then so many that the caps must hold some back. */
        int64_t count = dice_chance(dice, 3000) ? dice_range(dice, 4, 6) : 1;
        for (int64_t i = 0; i < count; i++) {
            broadcast(world);
        }
    } else if (what < 36) {
        command(world, request_new(world), "delivery_retry", "{\"all\":true}");
    } else if (what < 42) {
        command(world, request_new(world), "deliveries_process", "{}");
    } else if (what < 45) {
        auditor_sets_may_change(world->auditor);
        command(world, request_new(world), "rollout_stage",
                "{\"stage\":\"existing_rescue\",\"open\":true}");
    } else if (what < 47) {
        apply_journeys(world);
    } else {
        about_somebody(world);
    }
}

static void begin(struct sim *world, void *argument)
{
    static const int64_t shares[] = {0, 50, 100, 100};
    (void)argument;
    set_share(world, DICE_PICK(&world->dice, shares));
}

void operators_new(struct sim *world)
{
    world_at(world, world->start_ms, begin, NULL);
    world_at(world, world->start_ms + HOUR_MS, something, NULL);
}

void operators_rest(struct sim *world)
{
    switch_sending(world, world);
}
