/* Whatever a person does with a mail is one request, which nobody repeats: it was answered, or the
 * person saw that it was not. Only events are sure to come. */
#include "mail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/check.h"
#include "people.h"
#include "world.h"

enum { AGAIN_MS = 5 * MINUTE_MS };
#define KEY_MS DAY_MS /* keys are remembered so long */

/* A key under which a mail was taken. */
struct key {
    UT_hash_handle hh;
    int64_t delivery_id;
    int64_t taken_at_ms;
};

/* What the server has to tell about a mail. */
struct mail_event {
    int64_t id;
    int64_t user_id, delivery_id;
    enum report_kind report;
    enum deed deed;
    int64_t at_ms; /* when it is told for the first time */
    bool confirmed;
};

/* A mail in somebody's inbox. */
struct letter {
    int person;
    int64_t user_id, delivery_id;
    int token_count;
    char tokens[PEOPLE_TOKENS][80];
};

/* A request that waits for its answer. */
struct request {
    struct sim *world;
    int life;
    int person;
    int64_t user_id;
    enum deed deed;
    struct mail_event *event; /* NULL: of a person */
};

struct mail {
    struct dice dice;
    struct key *keys;
    struct mail_event **events;
    int event_count, event_capacity;
};

/* ---- life ---- */

struct mail *mail_new(struct sim *world)
{
    struct mail *mail = calloc(1, sizeof(*mail));
    ASSERT(mail != NULL);
    mail->dice = dice_of(world->options.seed, 25);
    return mail;
}

void mail_free(struct mail *mail)
{
    struct key *key, *next;
    if (mail == NULL) {
        return;
    }
    HASH_ITER (hh, mail->keys, key, next) {
        HASH_DEL(mail->keys, key);
        free(key);
    }
    for (int i = 0; i < mail->event_count; i++) {
        free(mail->events[i]);
    }
    free((void *)mail->events);
    free(mail);
}

bool mail_takes(struct sim *world, int64_t delivery_id)
{
    struct mail *mail = world->mail;
    struct key *key = NULL;
    HASH_FIND(hh, mail->keys, &delivery_id, sizeof(delivery_id), key);
    if (key != NULL && world->now_ms - key->taken_at_ms < KEY_MS) {
        return false;
    }
    if (key == NULL) {
        key = calloc(1, sizeof(*key));
        ASSERT(key != NULL);
        key->delivery_id = delivery_id;
        HASH_ADD(hh, mail->keys, delivery_id, sizeof(key->delivery_id), key);
    }
    key->taken_at_ms = world->now_ms;
    return true;
}

bool mail_is_empty(const struct sim *world)
{
    for (int i = 0; i < world->mail->event_count; i++) {
        const struct mail_event *event = world->mail->events[i];
        if (!event->confirmed && event->at_ms + 2 * AGAIN_MS < world->now_ms) {
            return false;
        }
    }
    return true;
}

/* ---- requests ---- */

static bool is_heard(const struct request *request, const struct outcome *outcome)
{
    const struct sim *world = request->world;
    return request->life == world->life && !world->crashed && outcome->error != ERR_CANCELLED &&
           outcome->error != ERR_BUSY;
}

static void hear(struct request *request, const struct outcome *outcome)
{
    struct sim *world = request->world;
    char id[24] = "";
    if (request->event != NULL) {
        snprintf(id, sizeof(id), "%" PRId64, request->event->id);
        bool first = !request->event->confirmed;
        request->event->confirmed = true;
        if (!first || outcome->error != OK) { /* of somebody who is not there any more */
            return;
        }
    }
    const struct deed_done done = {.deed = request->deed,
                                   .source = "resend",
                                   .external_id = id,
                                   .user_id = request->user_id,
                                   .text = "",
                                   .duplicate = outcome->duplicate,
                                   .by_person = request->person >= 0};
    if (outcome->error == OK && request->user_id != 0) {
        auditor_done(world->auditor, &done, world_clock_ms(world));
    }
    if (outcome->error == OK && request->person >= 0 && outcome->user_id != 0) {
        people_known(world, request->person, outcome->user_id);
    }
}

static void answered(void *context, const struct outcome *outcome)
{
    struct request *request = context;
    struct sim *world = request->world;
    bool armed = world->armed;
    world->armed = false; /* what the auditor reads is no business of the process */
    if (is_heard(request, outcome)) {
        hear(request, outcome);
    }
    world->armed = armed;
    free(request);
}

static void submit(struct sim *world, const struct request *request, const struct input *input)
{
    struct request *kept = malloc(sizeof(*kept));
    ASSERT(kept != NULL);
    *kept = *request;
    kept->world = world;
    kept->life = world->life;
    auditor_offered(world->auditor, request->user_id, request->deed, request->person >= 0,
                    world_clock_ms(world));
    if (engine_submit(world->engine, input, answered, kept) != OK) {
        free(kept);
    }
    world_stir(world);
}

static bool is_up(const struct sim *world)
{
    return world->engine != NULL && !world->crashed;
}

/* ---- events ---- */

static void offer(struct sim *world, void *argument)
{
    struct mail_event *event = argument;
    if (event->confirmed) {
        return;
    }
    world_at(world, world->now_ms + AGAIN_MS, offer, event);
    if (!is_up(world)) {
        return;
    }
    char id[24];
    snprintf(id, sizeof(id), "%" PRId64, event->id);
    world_trace(world, "event %s: report %d about %" PRId64, id, (int)event->report,
                event->delivery_id);
    const struct request request = {
        .person = -1, .user_id = event->user_id, .deed = event->deed, .event = event};
    const struct input input = {.kind = INPUT_REPORT,
                                .source = STR("resend"),
                                .external_id = str_of(id),
                                .user_id = event->user_id,
                                .channel = CHANNEL_EMAIL,
                                .ref_kind = DUE_DELIVERY,
                                .ref_id = event->delivery_id,
                                .report = event->report,
                                .provider_id = STR("mail")};
    submit(world, &request, &input);
}

/* It comes for sure, at some time. */
static void tell(struct sim *world, const struct letter *letter, enum report_kind report,
                 enum deed deed, int64_t after_ms)
{
    struct mail *mail = world->mail;
    if (mail->event_count == mail->event_capacity) {
        mail->event_capacity = mail->event_capacity == 0 ? 64 : 2 * mail->event_capacity;
        mail->events =
            realloc((void *)mail->events, (size_t)mail->event_capacity * sizeof(*mail->events));
        ASSERT(mail->events != NULL);
    }
    struct mail_event *event = calloc(1, sizeof(*event));
    ASSERT(event != NULL);
    *event = (struct mail_event){.id = 700000 + mail->event_count,
                                 .user_id = letter->user_id,
                                 .delivery_id = letter->delivery_id,
                                 .report = report,
                                 .deed = deed};
    mail->events[mail->event_count++] = event;
    if (faults_happen(&world->faults, FAULT_EVENT_LATE)) {
        after_ms += dice_range(&mail->dice, 1, 600) * MINUTE_MS;
    }
    event->at_ms = world->now_ms + after_ms;
    world_at(world, event->at_ms, offer, event);
    if (faults_happen(&world->faults, FAULT_EVENT_TWICE)) {
        world_at(world, event->at_ms, offer, event);
    }
}

/* ---- people ---- */

static void press(struct sim *world, const struct letter *letter)
{
    struct mail *mail = world->mail;
    const char *token = letter->tokens[dice_below(&mail->dice, letter->token_count)];
    tell(world, letter, REPORT_CLICKED, DEED_REPORT, dice_range(&mail->dice, 200, 20000));
    if (!is_up(world)) {
        return; /* the page does not come */
    }
    world_trace(world, "person %d presses %s in a mail", letter->person, token);
    const struct request request = {
        .person = letter->person, .user_id = letter->user_id, .deed = people_deed_of(token)};
    const struct input input = {.kind = INPUT_BUTTON,
                                .source = STR("email"),
                                .user_id = letter->user_id,
                                .channel = CHANNEL_EMAIL,
                                .token = str_of(token),
                                .answers_tap = true};
    submit(world, &request, &input);
}

static void unsubscribe(struct sim *world, const struct letter *letter)
{
    if (!is_up(world)) {
        return;
    }
    faults_note(&world->faults, FAULT_UNSUBSCRIBED);
    world_trace(world, "person %d unsubscribes", letter->person);
    const struct request request = {
        .person = letter->person, .user_id = letter->user_id, .deed = DEED_STOP};
    const struct input input = {.kind = INPUT_ADMIN,
                                .source = STR("unsubscribe"),
                                .user_id = letter->user_id,
                                .name = STR("stop")};
    submit(world, &request, &input);
}

static void read_letter(struct sim *world, void *argument)
{
    struct letter *letter = argument;
    struct mail *mail = world->mail;
    if (!world->people_rest) {
        tell(world, letter, REPORT_OPENED, DEED_REPORT, dice_range(&mail->dice, 200, 20000));
        if (faults_happen(&world->faults, FAULT_COMPLAINED)) {
            tell(world, letter, REPORT_COMPLAINED, DEED_COMPLAINED,
                 dice_range(&mail->dice, 1, 90) * MINUTE_MS);
        } else if (dice_chance(&mail->dice, 100)) {
            unsubscribe(world, letter);
        } else if (letter->token_count > 0) {
            press(world, letter);
        }
    }
    free(letter);
}

void mail_goes_out(struct sim *world, int person, const struct outgoing *outgoing)
{
    struct mail *mail = world->mail;
    struct dice *dice = &mail->dice;
    const struct person_actor *actor = &world->people[person];
    struct letter letter = {
        .person = person, .user_id = outgoing->user_id, .delivery_id = outgoing->delivery_id};
    if (faults_happen(&world->faults, FAULT_BOUNCED)) {
        auditor_returned(world->auditor, outgoing->delivery_id);
        tell(world, &letter, REPORT_BOUNCED, DEED_BOUNCED, dice_range(dice, 200, 200000));
        return;
    }
    if (faults_happen(&world->faults, FAULT_BOUNCED_FOR_NOW)) {
        return; /* the event of that says nothing to us */
    }
    tell(world, &letter, REPORT_DELIVERED, DEED_REPORT, dice_range(dice, 10, 60000));
    if (!dice_chance(dice, actor->answers_permyriad)) {
        return;
    }
    for (int i = 0; i < outgoing->button_count && i < PEOPLE_TOKENS; i++) {
        if (outgoing->buttons[i].token.length > 0) {
            str_copy(letter.tokens[letter.token_count++], sizeof(letter.tokens[0]),
                     outgoing->buttons[i].token);
        }
    }
    struct letter *kept = malloc(sizeof(*kept));
    ASSERT(kept != NULL);
    *kept = letter;
    world_at(world, world->now_ms + dice_delay(dice, actor->answer_delay_ms), read_letter, kept);
}

/* ---- who they are ---- */

/* Somebody enters the address elsewhere; once more when nothing is known of it a day later. */
static void join(struct sim *world, void *argument)
{
    int person = (int)(intptr_t)argument;
    const struct person_actor *actor = &world->people[person];
    if (actor->user_id != 0 || world->people_rest) {
        return;
    }
    world_at(world, world->now_ms + DAY_MS, join, argument);
    if (!is_up(world)) {
        return;
    }
    const struct request request = {.person = person, .deed = DEED_OTHER};
    const struct input input = {.kind = INPUT_TRIGGER,
                                .source = STR("cli"),
                                .name = STR("onboarding"),
                                .channel = CHANNEL_EMAIL,
                                .identity = str_of(actor->address),
                                .address = str_of(actor->address),
                                .first_name = str_of(actor->name),
                                .language = str_of(actor->language),
                                .may_create = true};
    submit(world, &request, &input);
}

void mail_people_new(struct sim *world)
{
    struct dice *dice = &world->mail->dice;
    int64_t days = (world->faults_end_ms - world->start_ms) / DAY_MS;
    for (int64_t left = dice_range(dice, 4, 8); left > 0; left--) {
        char name[16];
        snprintf(name, sizeof(name), "M%d", world->people_count);
        int person = people_add(world, name, CHANNEL_EMAIL);
        struct person_actor *actor = &world->people[person];
        snprintf(actor->language, sizeof(actor->language), "%s",
                 dice_chance(dice, 2500) ? "de" : "en");
        actor->answers_permyriad = dice_range(dice, 2000, 9000);
        actor->answer_delay_ms = dice_delay(dice, 60 * MINUTE_MS);
        actor->joins_at_ms = world->start_ms + dice_below(dice, days / 2 * DAY_MS);
        world_at(world, actor->joins_at_ms, join, (void *)(intptr_t)person);
    }
}
