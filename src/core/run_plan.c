/* The step that plans tomorrow: what and when, from one text or two. The plan becomes an open
 * commitment on the person's own tomorrow, whatever day the words named: the step is about the
 * first thing of the next day. */
#include "core/run_parts.h"

#include <string.h>

#include "core/time_phrase.h"

enum { ASSUMED_MINUTE = 9 * 60, PLAN_SIZE_S = 300 };

static int64_t on_tomorrow(struct deciding *deciding, int minute)
{
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    return calendar_instant(zone, calendar_local_day(zone, deciding->world->now_ms) + 1, minute);
}

static void parse_at(struct deciding *deciding, struct str text, int64_t at_ms,
                     struct time_phrase *ret)
{
    time_phrase_parse(deciding->arena, text, person_language(deciding->world, deciding->person),
                      person_zone(deciding->world, deciding->person), at_ms, ret);
}

/* Read as at the first moment of tomorrow, the day that is asked about: then "at 10" is the morning
 * whatever the hour of now. Only a span counts from now. */
static struct time_phrase parse(struct deciding *deciding, struct str text)
{
    struct time_phrase phrase;
    parse_at(deciding, text, on_tomorrow(deciding, 0), &phrase);
    if (phrase.found && phrase.is_span) {
        parse_at(deciding, text, deciding->world->now_ms, &phrase);
    }
    return phrase;
}

static bool says_when(const struct time_phrase *phrase)
{
    return phrase->found && (phrase->has_clock || phrase->has_hours);
}

bool run_plan_has_when(struct deciding *deciding, struct str text)
{
    struct time_phrase phrase = parse(deciding, text);
    return says_when(&phrase);
}

static bool asked_when(const struct deciding *deciding, const struct run *run)
{
    const struct user *user = &deciding->person->user;
    return user->dialog == DIALOG_PLAN_WHEN && user->dialog_ref == run->id;
}

static void set_dialog(struct deciding *deciding, enum dialog dialog, int64_t ref)
{
    struct user *user = &deciding->person->user;
    user->dialog = dialog;
    user->dialog_ref = ref;
    user->dialog_at_ms = deciding->world->now_ms;
    user->changed = true;
}

static int minute_of(struct deciding *deciding, const struct time_phrase *phrase)
{
    if (!says_when(phrase)) {
        return ASSUMED_MINUTE;
    }
    return phrase->repeat != REPEAT_NONE
               ? phrase->repeat_minute
               : calendar_local_minute(person_zone(deciding->world, deciding->person),
                                       phrase->at_ms);
}

/* The person's own words for the time: what is left of the text without the rest; else the clock.
 */
static struct str when_words(struct deciding *deciding, struct str text,
                             const struct time_phrase *phrase, int minute)
{
    struct str rest = phrase->rest;
    if (phrase->found && rest.length > 0 && rest.length < text.length) {
        if (memcmp(text.ptr, rest.ptr, rest.length) == 0) {
            return str_trim((struct str){text.ptr + rest.length, text.length - rest.length});
        }
        size_t before = text.length - rest.length;
        if (memcmp(text.ptr + before, rest.ptr, rest.length) == 0) {
            return str_trim((struct str){text.ptr, before});
        }
    }
    return arena_printf(deciding->arena, "%02d:%02d", minute / 60, minute % 60);
}

static void make(struct deciding *deciding, struct run *run, struct str what, struct str when,
                 struct str whole, const struct time_phrase *phrase)
{
    int minute = minute_of(deciding, phrase);
    run_store_answer(deciding, run, STR("what"), what);
    run_store_answer(deciding, run, STR("when"), when);
    run_store_answer(deciding, run, STR("tomorrow_commitment"), whole);
    struct commitment_plan plan = {.text = what,
                                   .size_s = PLAN_SIZE_S,
                                   .source = STR("onboarding"),
                                   .planned_at_ms = on_tomorrow(deciding, minute),
                                   .repeat = phrase->repeat,
                                   .repeat_weekday = phrase->repeat_weekday,
                                   .repeat_minute = minute};
    commitment_make(deciding, &plan);
    deciding->decision->error = OK; /* too many open ones: the step counts all the same */
    set_dialog(deciding, DIALOG_NONE, 0);
}

static void ask(struct deciding *deciding, struct run *run, const struct message *text,
                const char *key)
{
    compose_reply_text(deciding,
                       text != NULL ? compose_message(deciding, text, run, false)
                                    : compose_text(deciding, key, NULL, run, false),
                       NULL, 0);
    if (run_pending(deciding, run) == NULL) {
        run_wait(deciding, run, PHASE_WAITING, deciding->world->now_ms);
    }
}

/* The answer to "when?": only its time counts. Not understood twice: nine o'clock. */
static enum plan_taken take_when(struct deciding *deciding, struct run *run, struct str text,
                                 const struct time_phrase *phrase)
{
    struct str what = run_stored(deciding, run, "what");
    bool clear = says_when(phrase);
    if (!clear && run_stored(deciding, run, "when_asked").length == 0) {
        run_store_answer(deciding, run, STR("when_asked"), STR("twice"));
        ask(deciding, run, NULL, "plan_when_unclear");
        return PLAN_ASKED_WHEN;
    }
    struct str whole = arena_printf(deciding->arena, "%.*s %.*s", STR_ARG(what), STR_ARG(text));
    make(deciding, run, what, text, whole, phrase);
    return PLAN_MADE;
}

enum plan_taken run_plan(struct deciding *deciding, struct run *run, struct str text, bool must_end)
{
    struct str clean = commitment_text(deciding->arena, text);
    if (clean.length == 0) {
        return PLAN_NOTHING;
    }
    struct time_phrase phrase = parse(deciding, clean);
    bool edited = deciding->input->kind == INPUT_TEXT_EDITED;
    bool asked = asked_when(deciding, run);
    if (asked && !edited && !must_end) {
        return take_when(deciding, run, clean, &phrase);
    }
    bool clear = says_when(&phrase);
    struct str what = phrase.found ? commitment_text(deciding->arena, phrase.rest) : clean;
    if (what.length == 0 && !edited && !must_end && run_stored(deciding, run, "what").length > 0) {
        /* A command between the two messages has closed the question; its answer came all the same.
         */
        return take_when(deciding, run, clean, &phrase);
    }
    if (what.length == 0 && !must_end) {
        ask(deciding, run, NULL, "plan_what_missing");
        return PLAN_ASKED_WHEN;
    }
    if (clear || must_end) {
        what = what.length > 0 ? what : clean;
        make(deciding, run, what,
             when_words(deciding, clean, &phrase, minute_of(deciding, &phrase)), clean, &phrase);
        return PLAN_MADE;
    }
    run_store_answer(deciding, run, STR("what"), what);
    if (!asked) {
        run_event(deciding, run, EVENT_STEP_ANSWERED, run->step, "answer.what");
        ask(deciding, run, run_step_of(deciding, run)->ask_when, "plan_ask_when");
        set_dialog(deciding, DIALOG_PLAN_WHEN, run->id);
    }
    return PLAN_ASKED_WHEN;
}

bool run_plan_when(struct deciding *deciding, struct str text)
{
    struct run *run = person_run(deciding->person, deciding->person->user.dialog_ref);
    if (run == NULL || run->outcome != RUN_ACTIVE || run->step_completed_at_ms[run->step] != 0 ||
        run_step_of(deciding, run)->takes != TAKES_PLAN) {
        set_dialog(deciding, DIALOG_NONE, 0);
        return false;
    }
    return run_answer(deciding, run, text, STR_NONE, run_takes_any(deciding, run));
}
