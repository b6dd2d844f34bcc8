/* Texts and taps are drawn from what people do and should not do; a reaction refers to the
 * message it is about, so taps on old and on twice received messages come by themselves. */
#include "people.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "script.h"
#include "world.h"

enum { FIRST_ADDRESS = 5000 };

/* What a person may do about a message: a copy of what they see. */
struct reaction {
    int person;
    int64_t message_id;
    int token_count;
    char tokens[PEOPLE_TOKENS][80];
};

static const char *const ANSWERS[] = {
    "calm",
    "done",
    "I drank a glass of water",
    "too much",
    "hello",
    "ja",
    "read two pages",
    "read two pages at 8",
    "at 9:30",
    "tomorrow morning",
    "I give up",
    "walk tomorrow",
    "five push-ups",
    "happy",
    "das ist mir zu viel",
    "10 squats",
    "stretch at 7",
    "🙂",
    "no",
    "water tomorrow at 10",
};
static const char *const COMMANDS[] = {
    "/start",    "/list",       "/done",        "/metrics",     "/insights", "/streaks",
    "/help",     "/settings",   "/sequences",   "/leaderboard", "/export",   "/feedback nice",
    "/feedback", "hello there", "what is this", "/start abc",   "/unknown",  "/metrics",
    "/done",     "/done",       "/list",        "/commit",
};

int people_find(const struct sim *world, enum channel_kind channel, struct str address)
{
    int64_t number = 0;
    struct str domain;
    if (!str_to_int64(str_split(address, '@', &domain), &number) || number < FIRST_ADDRESS ||
        number >= FIRST_ADDRESS + world->people_count) {
        return -1;
    }
    int person = (int)(number - FIRST_ADDRESS);
    return world->people[person].channel == channel ? person : -1;
}

const char *people_source(const struct person_actor *person)
{
    return person->channel == CHANNEL_WEBCHAT ? "webchat" : "telegram";
}

void people_known(struct sim *world, int person, int64_t user_id)
{
    world->people[person].user_id = user_id;
}

/* ---- doing ---- */

void people_say(struct sim *world, int person, enum deed deed, int64_t value, const char *text)
{
    struct update update = {.person = person, .kind = INPUT_TEXT, .deed = deed, .value = value};
    snprintf(update.text, sizeof(update.text), "%s", text);
    source_add(world, &update);
}

void people_block(struct sim *world, int person, bool blocks)
{
    struct update update = {.person = person,
                            .kind = blocks ? INPUT_BLOCKED : INPUT_UNBLOCKED,
                            .deed = blocks ? DEED_BLOCK : DEED_UNBLOCK};
    world->people[person].blocked = blocks;
    source_add(world, &update);
}

static void commit(struct sim *world, int person)
{
    struct person_actor *actor = &world->people[person];
    char text[64];
    snprintf(text, sizeof(text), "/commit walk p%dn%d", person, ++actor->commitments);
    people_say(world, person, DEED_COMMITMENT, 0, text);
}

static void set_up(struct sim *world, int person)
{
    static const char *const tokens[] = {
        "s:zone:Europe/Berlin",
        "s:zone:America/New_York",
        "s:zone:Australia/Lord_Howe",
        "s:zone:Asia/Kathmandu",
        "s:zone:Africa/Casablanca",
        "s:quiet:20-7",
        "s:quiet:off",
        "s:quiet:22-8",
        "s:language:de",
        "s:zone:Pacific/Auckland",
        "s:zone:America/Los_Angeles",
        "s:language:en",
    };
    struct update update = {.person = person, .kind = INPUT_BUTTON};
    snprintf(update.token, sizeof(update.token), "%s", DICE_PICK(&world->dice, tokens));
    snprintf(update.message_id, sizeof(update.message_id), "5");
    source_add(world, &update);
}

static void rare_deed(struct sim *world, int person)
{
    char text[32];
    int64_t days = dice_range(&world->dice, 1, 5);
    switch (dice_below(&world->dice, 8)) {
    case 0:
        people_say(world, person, DEED_STOP, 0,
                   dice_chance(&world->dice, 5000) ? "/stop" : "/stop_sequences");
        return;
    case 1:
        snprintf(text, sizeof(text), "/pause %d", (int)days);
        people_say(world, person, DEED_PAUSE, days, text);
        return;
    case 2:
        people_say(world, person, DEED_CRISIS, 0, "I want to kill myself");
        return;
    case 3:
        people_say(world, person, DEED_OTHER, 0, "/delete");
        return;
    case 4:
        people_block(world, person, true);
        return;
    default:
        people_say(world, person, DEED_RESUME, 0, "/resume");
        return;
    }
}

static void deed(struct sim *world, void *argument)
{
    int person = (int)(intptr_t)argument;
    struct person_actor *actor = &world->people[person];
    struct dice *dice = &world->dice;
    if (world->people_rest) {
        return;
    }
    int64_t what = dice_below(dice, 100);
    if (actor->blocked) {
        people_block(world, person, false);
    }
    if (what < 30) {
        commit(world, person);
    } else if (what < 65) {
        people_say(world, person, DEED_OTHER, 0, DICE_PICK(dice, COMMANDS));
    } else if (what < 85) {
        people_say(world, person, DEED_OTHER, 0, DICE_PICK(dice, ANSWERS));
    } else if (what < 93) {
        set_up(world, person);
    } else {
        rare_deed(world, person);
    }
    if (dice_chance(dice, 1500)) { /* in a row, faster than anybody answers */
        commit(world, person);
        people_say(world, person, DEED_OTHER, 0, "/done");
    }
    world_at(world, world->now_ms + dice_delay(dice, actor->deed_interval_ms), deed, argument);
}

static void join(struct sim *world, void *argument)
{
    int person = (int)(intptr_t)argument;
    people_say(world, person, DEED_OTHER, 0, "/start");
    world_at(world,
             world->now_ms + dice_delay(&world->dice, world->people[person].deed_interval_ms), deed,
             argument);
}

/* ---- reacting ---- */

enum deed people_deed_of(const char *token)
{
    if (strcmp(token, "x:resume") == 0) {
        return DEED_RESUME;
    }
    if (strcmp(token, "x:delete") == 0) {
        return DEED_ERASE;
    }
    bool renames = strstr(token, ":rename") != NULL || strstr(token, ":again") != NULL ||
                   strstr(token, ":smaller") != NULL;
    return renames ? DEED_RENAMES : DEED_OTHER;
}

void people_tap(struct sim *world, int person, int64_t message_id, const char *token)
{
    struct update update = {.person = person, .kind = INPUT_BUTTON, .deed = people_deed_of(token)};
    snprintf(update.token, sizeof(update.token), "%s", token);
    snprintf(update.message_id, sizeof(update.message_id), "%lld", (long long)message_id);
    source_add(world, &update);
}

static void react(struct sim *world, void *argument)
{
    struct reaction *reaction = argument;
    if (!world->people_rest) {
        if (reaction->token_count > 0 && dice_chance(&world->dice, 7500)) {
            int64_t index = dice_below(&world->dice, reaction->token_count);
            people_tap(world, reaction->person, reaction->message_id, reaction->tokens[index]);
        } else {
            people_say(world, reaction->person, DEED_OTHER, 0, DICE_PICK(&world->dice, ANSWERS));
        }
    }
    free(reaction);
}

void people_receive(struct sim *world, int person, int64_t message_id,
                    const struct outgoing *outgoing)
{
    struct person_actor *actor = &world->people[person];
    struct dice *dice = &world->dice;
    if (world->script != NULL) {
        script_receive(world->script, person, message_id, outgoing);
        return;
    }
    if (dice_chance(dice, actor->blocks_permyriad)) {
        people_block(world, person, true);
        return;
    }
    int64_t chance = actor->answers_permyriad;
    chance = outgoing->class == CLASS_REPLY ? chance / 3 : chance;
    if (outgoing->button_count == 0) {
        chance /= 3;
    }
    if (!dice_chance(dice, chance)) {
        return;
    }
    struct reaction *reaction = calloc(1, sizeof(*reaction));
    ASSERT(reaction != NULL);
    reaction->person = person;
    reaction->message_id = message_id;
    for (int i = 0; i < outgoing->button_count && i < PEOPLE_TOKENS; i++) {
        if (outgoing->buttons[i].token.length > 0) {
            str_copy(reaction->tokens[reaction->token_count++], sizeof(reaction->tokens[0]),
                     outgoing->buttons[i].token);
        }
    }
    world_at(world, world->now_ms + dice_delay(dice, actor->answer_delay_ms), react, reaction);
}

/* ---- who they are ---- */

int people_add(struct sim *world, const char *name, enum channel_kind channel)
{
    size_t count = (size_t)world->people_count + 1;
    world->people = realloc(world->people, count * sizeof(*world->people));
    ASSERT(world->people != NULL);
    struct person_actor *person = &world->people[world->people_count];
    *person = (struct person_actor){.channel = channel, .language = "en"};
    snprintf(person->address, sizeof(person->address), "%d%s", FIRST_ADDRESS + world->people_count,
             channel == CHANNEL_EMAIL ? "@example.org" : "");
    snprintf(person->name, sizeof(person->name), "%s", name);
    return world->people_count++;
}

void people_new(struct sim *world)
{
    struct dice *dice = &world->dice;
    world->people_count = (int)dice_range(dice, 44, 60);
    world->people = calloc((size_t)world->people_count, sizeof(*world->people));
    ASSERT(world->people != NULL);
    int64_t days = (world->faults_end_ms - world->start_ms) / DAY_MS;
    for (int i = 0; i < world->people_count; i++) {
        struct person_actor *person = &world->people[i];
        person->channel = dice_chance(dice, 2000) ? CHANNEL_WEBCHAT : CHANNEL_TELEGRAM;
        snprintf(person->address, sizeof(person->address), "%d", FIRST_ADDRESS + i);
        snprintf(person->name, sizeof(person->name), "P%d", i);
        snprintf(person->language, sizeof(person->language), "%s",
                 dice_chance(dice, 2500) ? "de" : "en");
        person->answers_permyriad = dice_range(dice, 500, 7500);
        person->answer_delay_ms = dice_delay(dice, 20 * MINUTE_MS);
        person->deed_interval_ms = dice_delay(dice, 60 * HOUR_MS);
        person->blocks_permyriad = dice_chance(dice, 1000) ? 200 : 0;
        person->joins_at_ms =
            world->start_ms +
            dice_below(dice, dice_chance(dice, 5000) ? DAY_MS : days / 2 * DAY_MS);
        world_at(world, person->joins_at_ms, join, (void *)(intptr_t)i);
    }
}
