/* What people make of messages, and what they do by themselves. Every choice comes from a stream of
 * draws of its own, so that a message more or less in a definition does not change everybody's
 * luck. */
#include "sim/life_parts.h"

#include <string.h>

#include "base/check.h"
#include "core/compose.h"

/* Who may tap or write does the former in so many of 10000 cases. */
enum { TAPS_RATHER = 6500, CERTAIN = 10000 };

struct intention *life_intend(struct life *life, enum intent intent, int64_t at_ms)
{
    if (life->intention_count == INTENTS_MAX) {
        return NULL;
    }
    struct intention *intention = &life->intentions[life->intention_count++];
    intention->intent = intent;
    intention->at_ms = at_ms;
    intention->ref_id = 0;
    intention->text = STR_NONE;
    intention->token[0] = '\0';
    return intention;
}

struct str life_saying(const struct life *life, struct draws *draws, enum saying saying)
{
    const struct sayings *says = &life->voice->says[saying];
    return says->items[draw_below(draws, (uint32_t)says->count)];
}

int64_t life_awake(const struct life *life, struct draws *draws, int64_t at_ms)
{
    int minute = calendar_local_minute(life->zone, at_ms);
    if (life->persona->hours[minute / 60] > 0) {
        return at_ms;
    }
    int hour = minute / 60;
    int hours = 0;
    while (life->persona->hours[(hour + hours) % 24] == 0) {
        hours++;
    }
    return at_ms + hours * HOUR_MS - (minute % 60) * MINUTE_MS +
           draw_below(draws, (uint32_t)HOUR_MS);
}

/* ---- what a message asks
 * ----------------------------------------------------------------------------------- */

static enum ask ask_of_step(const struct journey *journey, const struct step *step,
                            enum message_class class)
{
    if (!journey->is_onboarding) {
        bool invites = journey->trigger == TRIGGER_INACTIVITY && step->prompt.button_count == 0;
        return class == CLASS_FOLLOWUP         ? ASK_FOLLOWUP
               : invites                       ? ASK_INVITATION
               : step->prompt.button_count > 0 ? ASK_NUDGE
                                               : ASK_NOTHING;
    }
    if (step->expects == EXPECTS_NOTHING) {
        return step->prompt.button_count > 0 ? ASK_TAP : ASK_INVITATION;
    }
    if (step->expects == EXPECTS_BUTTON) {
        return ASK_TAP;
    }
    switch (step->takes) {
    case TAKES_TEXT:
    case TAKES_WORD:
        return ASK_WORD;
    case TAKES_ACTION:
        return ASK_ACTION;
    case TAKES_PLAN:
        return ASK_PLAN;
    }
    return ASK_WORD;
}

static enum ask ask_of(const struct journey *journey, const struct delivery *delivery)
{
    switch (delivery->kind) {
    case KIND_STEP:
        return ask_of_step(journey, &journey->steps[delivery->step_index], journey->class);
    case KIND_RECOVERY:
        return ASK_RECOVERY;
    case KIND_ULTRA:
        return ASK_SMALLER;
    case KIND_ABANDONMENT:
        return ASK_LAST_CALL;
    case KIND_RATING:
        return ASK_RATING;
    case KIND_CELEBRATION:
    case KIND_GRADUATION:
    case KIND_REPLY:
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
    return ASK_NOTHING;
}

/* ---- whether they answer
 * ----------------------------------------------------------------------------------- */

/* Messages of the last day that we began and they did not answer. */
static int unanswered(struct life *life)
{
    int64_t since_ms = life->world.now_ms - DAY_MS;
    int old = 0;
    while (old < life->unanswered_count && life->unanswered_at_ms[old] < since_ms) {
        old++;
    }
    life->unanswered_count -= old;
    memmove(life->unanswered_at_ms, life->unanswered_at_ms + old,
            (size_t)life->unanswered_count * sizeof(life->unanswered_at_ms[0]));
    return life->unanswered_count;
}

static void note_unanswered(struct life *life)
{
    if (life->unanswered_count < UNANSWERED_MAX) {
        life->unanswered_at_ms[life->unanswered_count++] = life->world.now_ms;
    }
}

/* 0: Monday, where they are. 1970-01-01 was a Thursday. */
static int weekday_of(const struct life *life)
{
    return (int)((calendar_local_day(life->zone, life->world.now_ms) + 3) % 7);
}

static int chance_to_answer(const struct life *life, enum ask ask, int pressure)
{
    const struct persona *persona = life->persona;
    int64_t patience = CERTAIN - (int64_t)persona->pressure * pressure;
    int64_t chance = persona->answers[ask];
    /* Asleep they may still answer in the morning, as if they had got it then. */
    int hour = persona->hours[calendar_local_minute(life->zone, life->world.now_ms) / 60];
    chance = chance * (hour > 0 ? hour : CERTAIN) / CERTAIN;
    chance = chance * persona->weekdays[weekday_of(life)] / CERTAIN;
    return patience > 0 ? (int)(chance * patience / CERTAIN) : 0;
}

/* ---- how they answer
 * --------------------------------------------------------------------------------------- */

static bool does(const struct step_button *button, enum verb verb)
{
    for (int i = 0; i < button->verb_count; i++) {
        if (button->verbs[i] == verb) {
            return true;
        }
    }
    return false;
}

enum liking { LIKES_ANY, LIKES_DONE, LIKES_NOT_DONE, LIKES_TOO_MUCH };

static bool suits(const struct step_button *button, enum liking liking)
{
    bool too_much = does(button, VERB_OVERWHELMED);
    switch (liking) {
    case LIKES_ANY:
        return !too_much;
    case LIKES_DONE:
        return does(button, VERB_COMMITMENT_COMPLETE);
    case LIKES_NOT_DONE:
        return !too_much && !does(button, VERB_COMMITMENT_COMPLETE);
    case LIKES_TOO_MUCH:
        return too_much;
    }
    return false;
}

/* Taps one of the buttons that suit; false when there is none. */
static bool intend_tap(struct life *life, struct draws *draws, const struct delivery *delivery,
                       const struct prompt *prompt, enum liking liking, int64_t at_ms)
{
    int count = 0;
    int chosen = -1;
    for (int i = 0; prompt != NULL && i < prompt->button_count && i < delivery->button_count; i++) {
        if (suits(&prompt->buttons[i], liking) && draw_below(draws, (uint32_t)++count) == 0) {
            chosen = i;
        }
    }
    struct intention *intention = chosen >= 0 ? life_intend(life, INTENT_TAP, at_ms) : NULL;
    if (intention == NULL) {
        return false;
    }
    str_copy(intention->token, sizeof(intention->token), delivery->buttons[chosen].token);
    return true;
}

static void intend_write(struct life *life, struct draws *draws, enum saying saying, int64_t at_ms)
{
    struct intention *intention = life_intend(life, INTENT_WRITE, at_ms);
    if (intention != NULL) {
        intention->text = life_saying(life, draws, saying);
    }
}

static void intend_commit(struct life *life, struct draws *draws, int64_t at_ms)
{
    struct intention *intention = life_intend(life, INTENT_COMMIT, at_ms);
    if (intention != NULL) {
        intention->text = life_saying(life, draws, SAY_COMMITMENT);
    }
}

static enum saying saying_for(enum ask ask)
{
    switch (ask) {
    case ASK_WORD:
        return SAY_WORD;
    case ASK_ACTION:
        return SAY_ACTION;
    case ASK_PLAN:
        return SAY_PLAN;
    case ASK_TAP:
    case ASK_INVITATION:
    case ASK_RECOVERY:
    case ASK_SMALLER:
    case ASK_LAST_CALL:
    case ASK_FOLLOWUP:
    case ASK_NUDGE:
    case ASK_RATING:
    case ASK_COUNT:
        break;
    }
    return SAY_HELLO;
}

static void answer_task(struct life *life, struct draws *draws, const struct delivery *delivery,
                        const struct prompt *prompt, enum ask ask, int64_t at_ms)
{
    if (draw_chance(draws, life->persona->too_much)) {
        if (!intend_tap(life, draws, delivery, prompt, LIKES_TOO_MUCH, at_ms)) {
            intend_write(life, draws, SAY_TOO_MUCH, at_ms);
        }
        return;
    }
    bool taps = ask == ASK_TAP || draw_chance(draws, TAPS_RATHER);
    if (!taps || !intend_tap(life, draws, delivery, prompt, LIKES_ANY, at_ms)) {
        intend_write(life, draws, saying_for(ask), at_ms);
    }
}

static void answer_followup(struct life *life, struct draws *draws, const struct delivery *delivery,
                            const struct prompt *prompt, int64_t at_ms)
{
    const struct deed *deed = life_deed(life, delivery->commitment_id);
    bool is_done = deed != NULL && deed->done_at_ms != 0 && deed->done_at_ms <= at_ms;
    bool does_it = is_done || draw_chance(draws, life->persona->does_when_asked);
    intend_tap(life, draws, delivery, prompt, does_it ? LIKES_DONE : LIKES_NOT_DONE, at_ms);
}

static void answer(struct life *life, struct draws *draws, const struct delivery *delivery,
                   const struct prompt *prompt, enum ask ask)
{
    int64_t at_ms = life->world.now_ms + draw_span_ms(draws, &life->persona->delay);
    at_ms = life_awake(life, draws, at_ms);
    switch (ask) {
    case ASK_TAP:
    case ASK_WORD:
    case ASK_ACTION:
    case ASK_PLAN:
        answer_task(life, draws, delivery, prompt, ask, at_ms);
        return;
    case ASK_INVITATION:
        intend_commit(life, draws, at_ms);
        return;
    case ASK_FOLLOWUP:
        answer_followup(life, draws, delivery, prompt, at_ms);
        return;
    case ASK_RECOVERY:
    case ASK_SMALLER:
    case ASK_LAST_CALL:
    case ASK_NUDGE:
    case ASK_RATING:
        if (!intend_tap(life, draws, delivery, prompt, LIKES_ANY, at_ms) && ask != ASK_RATING) {
            intend_write(life, draws, SAY_HELLO, at_ms);
        }
        return;
    case ASK_COUNT:
        return;
    }
}

void life_react(struct life *life, const struct delivery *delivery)
{
    if (life->past != NULL) {
        return; /* what they did is known */
    }
    const struct journey *journey =
        delivery->run_id != 0 ? catalog_journey(life->setting->catalog, delivery->journey) : NULL;
    enum ask ask = journey != NULL ? ask_of(journey, delivery) : ASK_NOTHING;
    int pressure = unanswered(life);
    if (delivery->class != CLASS_REPLY) {
        note_unanswered(life);
    }
    if (ask == ASK_NOTHING) {
        return;
    }
    struct draws draws =
        draws_of(life->setting->seed, life->number, DRAW_MESSAGE, life->messages++);
    const struct prompt *prompt = compose_prompt(journey, delivery->step_index, delivery->kind);
    if (draw_chance(&draws, chance_to_answer(life, ask, pressure))) {
        answer(life, &draws, delivery, prompt, ask);
    } else if (draw_chance(&draws, life->persona->blocks * pressure)) {
        int64_t at_ms = life->world.now_ms + draw_span_ms(&draws, &life->persona->delay);
        life_intend(life, INTENT_BLOCK, life_awake(life, &draws, at_ms));
    }
}

/* ---- by themselves
 * ----------------------------------------------------------------------------------------- */

const struct deed *life_deed(const struct life *life, int64_t commitment_id)
{
    for (int i = 0; i < life->deed_count; i++) {
        if (life->deeds[i].commitment_id == commitment_id) {
            return &life->deeds[i];
        }
    }
    return NULL;
}

static void note_deed(struct life *life, int64_t commitment_id, int64_t done_at_ms)
{
    if (life->deed_count == DEEDS_MAX) {
        memmove(life->deeds, life->deeds + 1, (DEEDS_MAX - 1) * sizeof(life->deeds[0]));
        life->deed_count--;
    }
    life->deeds[life->deed_count++] = (struct deed){commitment_id, done_at_ms};
}

void life_promise(struct life *life, int64_t commitment_id)
{
    if (life->past != NULL) {
        return;
    }
    const struct commitment *commitment = person_commitment(life->person, commitment_id);
    if (commitment == NULL || commitment->state != COMMITMENT_ACTIVE) {
        return; /* an action that was done when it was told */
    }
    struct draws draws =
        draws_of(life->setting->seed, life->number, DRAW_COMMITMENT, life->commitments++);
    int64_t done_at_ms = 0;
    if (draw_chance(&draws, life->persona->does)) {
        int64_t from_ms = commitment->planned_at_ms > life->world.now_ms ? commitment->planned_at_ms
                                                                         : life->world.now_ms;
        done_at_ms =
            life_awake(life, &draws, from_ms + draw_span_ms(&draws, &life->persona->doing));
        struct intention *told = draw_chance(&draws, life->persona->tells)
                                     ? life_intend(life, INTENT_DONE, done_at_ms)
                                     : NULL;
        if (told != NULL) {
            told->ref_id = commitment_id;
        }
    }
    note_deed(life, commitment_id, done_at_ms);
}

/* An instant of the coming 24 hours at which they are about; whether they commit then is drawn now,
 * and whether their first one lies behind them counts now. */
void life_begin_day(struct life *life, int64_t day)
{
    const struct persona *persona = life->persona;
    struct intention *next = life_intend(life, INTENT_DAY, life->world.now_ms + DAY_MS);
    ASSERT(next != NULL);
    next->ref_id = day + 1;
    struct draws draws = draws_of(life->setting->seed, life->number, DRAW_DAY, (uint64_t)day);
    int64_t chance = life->has_committed ? persona->commits_after : persona->commits_before;
    chance = chance * persona->weekdays[weekday_of(life)] / CERTAIN;
    if (life->has_blocked || !draw_chance(&draws, (int)chance)) {
        return;
    }
    int hour = draw_weighted(&draws, persona->hours, 24);
    int now = calendar_local_minute(life->zone, life->world.now_ms) / 60;
    int64_t hours = (hour - now + 24) % 24;
    int64_t at_ms = life->world.now_ms + hours * HOUR_MS + draw_below(&draws, (uint32_t)HOUR_MS);
    intend_commit(life, &draws, life_awake(life, &draws, at_ms));
}
