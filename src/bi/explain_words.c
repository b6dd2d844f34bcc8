/* Sentences about decisions (explain_words.h): one table from machine words to plain ones, and what
 * the gate compared. */
#include "bi/explain_words.h"

#include "base/calendar.h"
#include "base/text.h"
#include "core/delivery.h"
#include "core/pressure.h"
#include "core/record_json.h"

enum { WORDS_SHOWN = 60 };

struct str explain_when(const struct explaining *explaining, int64_t at_ms)
{
    struct local_time local = calendar_local(explaining->zone, at_ms);
    return arena_printf(explaining->arena, "%04d-%02d-%02d %02d:%02d %s", local.year, local.month,
                        local.day, local.hour, local.minute, zone_name(explaining->zone));
}

/* ---- what came in ---- */

static struct str quoted(const struct explaining *explaining, struct str text)
{
    struct str cut = text_cut(explaining->arena, text, WORDS_SHOWN);
    return arena_printf(explaining->arena, "\"%.*s%s\"", STR_ARG(cut),
                        cut.length < text.length ? "…" : "");
}

static const char *timer_words(enum due_kind kind)
{
    switch (kind) {
    case DUE_USER:
        return "the person's own time came: a pause is over, or the silence is long";
    case DUE_COMMITMENT:
        return "the time of a commitment came";
    case DUE_RUN:
        return "the time of a journey's next step came";
    case DUE_DELIVERY:
        return "the time of a message came";
    }
    return "";
}

struct str explain_what(const struct explaining *explaining)
{
    const struct input *input = &explaining->redone->record.input;
    struct arena *arena = explaining->arena;
    struct str text = quoted(explaining, input->text);
    switch (input->kind) {
    case INPUT_TEXT:
        return arena_printf(arena, "the person wrote %.*s", STR_ARG(text));
    case INPUT_TEXT_EDITED:
        return arena_printf(arena, "the person changed a message to %.*s", STR_ARG(text));
    case INPUT_BUTTON:
        return arena_printf(arena, "the person pressed %.*s",
                            STR_ARG(input->text.length > 0 ? text : input->token));
    case INPUT_UNSUPPORTED:
        return STR("the person sent something without words");
    case INPUT_GROUP:
        return STR("the person wrote in a group");
    case INPUT_BLOCKED:
        return STR("the person blocked the bot");
    case INPUT_UNBLOCKED:
        return STR("the person unblocked the bot");
    case INPUT_MIGRATED:
        return STR("the chat got another address");
    case INPUT_REPORT:
        return arena_printf(arena, "the channel reported: %s%s%.*s",
                            record_report_name(input->report), input->reason.length > 0 ? ", " : "",
                            STR_ARG(input->reason));
    case INPUT_TIMER:
        return str_of(timer_words(input->ref_kind));
    case INPUT_TRIGGER:
        return arena_printf(arena, "%.*s asked to enter %.*s", STR_ARG(input->source),
                            STR_ARG(input->name));
    case INPUT_TRACK:
        return arena_printf(arena, "%.*s told of %.*s", STR_ARG(input->source),
                            STR_ARG(input->name));
    case INPUT_COMMITMENT:
        return arena_printf(arena, "%.*s told of a commitment", STR_ARG(input->source));
    case INPUT_ANSWER:
        return arena_printf(arena, "%.*s handed on the answer %.*s", STR_ARG(input->source),
                            STR_ARG(text));
    case INPUT_ADMIN:
        return arena_printf(arena, "%.*s: %.*s", STR_ARG(input->source), STR_ARG(input->name));
    case INPUT_MOVE:
        return arena_printf(arena, "a change of journeys: %.*s", STR_ARG(input->name));
    }
    return STR_NONE;
}

/* ---- reasons ---- */

static const struct {
    const char *reason, *words;
} REASONS[] = {
    {"abandoned", "its journey was given up"},
    {"allow_list", "the recipient is not on the list of those who may be written to"},
    {"answered", "the answer came first"},
    {"blocked", "the person blocked the bot"},
    {"by_hand", "an operator has it tried again"},
    {"cancelled", "an operator took it back"},
    {"cap", "a limit of messages was reached"},
    {"channel_off", "its channel is off here"},
    {"completed", "its journey was completed"},
    {"crisis", "the person wrote words of crisis; an operator or the person lifts the hold"},
    {"dry_run", "dry run: nothing is sent"},
    {"erased", "the person is erased"},
    {"expired", "its journey had run out"},
    {"gone", "the account or chat is gone"},
    {"held", "imported people get no nudges until their stage opens"},
    {"late", "its time was over"},
    {"left", "the person left its journey"},
    {"migrated", "the chat got another address"},
    {"no_address", "no address is known on its channel"},
    {"no_report", "the channel never said what became of it"},
    {"paced", "the channel's limits of sending"},
    {"paused", "the person asked for a pause"},
    {"quiet_hours", "quiet hours"},
    {"refused", "the provider refused it"},
    {"retries_used_up", "all attempts failed"},
    {"retry", "the last attempt failed"},
    {"rolled_back", "its journey was rolled back"},
    {"run_ended", "its journey had gone on or ended"},
    {"sending_off", "sending is switched off"},
    {"stopped", "the person said /stop"},
    {"uncertain", "the provider's answer was lost"},
};

static struct str reason_words(struct str reason)
{
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        if (str_is(reason, REASONS[i].reason)) {
            return str_of(REASONS[i].words);
        }
    }
    return reason;
}

static const struct traced_gate *gate_of(const struct explaining *explaining,
                                         const struct record_message *message)
{
    const struct redone *redone = explaining->redone;
    if (!redone->same) {
        return NULL;
    }
    for (int i = redone->log->gate_count - 1; i >= 0; i--) {
        const struct traced_gate *gate = &redone->log->gates[i];
        if (gate->delivery_id == message->id && str_is(message->reason, gate->reason)) {
            return gate;
        }
    }
    return NULL;
}

static struct str quiet_words(const struct explaining *explaining)
{
    const struct user *user = &explaining->redone->record.person.user;
    const struct installation *installation = explaining->redone->installation;
    bool own = user->quiet_from_minute >= 0 && user->quiet_to_minute >= 0;
    if (!own && installation == NULL) {
        return STR("quiet hours");
    }
    int from = own ? user->quiet_from_minute : installation->quiet_from_minute;
    int to = own ? user->quiet_to_minute : installation->quiet_to_minute;
    return arena_printf(explaining->arena, "quiet hours from %02d:%02d to %02d:%02d in %s",
                        from / 60, from % 60, to / 60, to % 60, zone_name(explaining->zone));
}

static struct str cap_words(const struct explaining *explaining,
                            const struct record_message *message)
{
    const struct traced_gate *gate = gate_of(explaining, message);
    struct arena *arena = explaining->arena;
    const char *what = message->class == CLASS_FOLLOWUP ? "follow-ups" : "nudges";
    if (gate == NULL || gate->limit[0] == '\0') {
        return reason_words(message->reason);
    }
    if (str_is(str_of(gate->limit), "gap")) {
        struct str last =
            explain_when(explaining, explaining->redone->record.person.user.nudge_last_at_ms);
        return arena_printf(arena, "the last nudge was at %.*s, and some time must lie between",
                            STR_ARG(last));
    }
    return arena_printf(arena, "%d of %d %s %s already used", gate->used, gate->allowed, what,
                        str_is(str_of(gate->limit), "day") ? "a day" : "about this commitment");
}

static struct str why(const struct explaining *explaining, const struct record_message *message)
{
    if (str_is(message->reason, "quiet_hours")) {
        return quiet_words(explaining);
    }
    if (str_is(message->reason, "cap")) {
        return cap_words(explaining, message);
    }
    if (str_is(message->reason, "paused") &&
        explaining->redone->record.input.kind == INPUT_REPORT) {
        return STR("the provider asked for a pause");
    }
    return reason_words(message->reason);
}

/* ---- what came of it ---- */

static struct str label(const struct explaining *explaining, const struct record_message *message)
{
    const struct delivery *before =
        person_delivery(&explaining->redone->record.person, message->id);
    bool known = before != NULL && !message->is_new;
    struct str journey = known ? before->journey : message->journey;
    struct str step = known ? before->step : message->step;
    if (journey.length == 0) {
        return str_of(message->kind == KIND_REPLY ? "a reply" : message_kind_name(message->kind));
    }
    return arena_printf(explaining->arena, "%.*s%s%.*s (%s)", STR_ARG(journey),
                        step.length > 0 ? "/" : "", STR_ARG(step),
                        message_kind_name(message->kind));
}

static struct str outcome(const struct explaining *explaining, const struct record_message *message)
{
    struct arena *arena = explaining->arena;
    struct str because = why(explaining, message);
    struct str at = explain_when(explaining, message->next_at_ms);
    switch (message->state) {
    case DELIVERY_SCHEDULED:
        return because.length > 0
                   ? arena_printf(arena, "waits until %.*s: %.*s", STR_ARG(at), STR_ARG(because))
                   : arena_printf(arena, "is due at %.*s", STR_ARG(at));
    case DELIVERY_SENDING:
        return STR("goes out now");
    case DELIVERY_UNCERTAIN:
        return message->next_at_ms != 0
                   ? arena_printf(arena, "may not have arrived (%.*s); sent once more at %.*s",
                                  STR_ARG(because), STR_ARG(at))
                   : arena_printf(arena, "may not have arrived (%.*s); not sent again",
                                  STR_ARG(because));
    case DELIVERY_SENT:
        return STR("was sent");
    case DELIVERY_DELIVERED:
        return STR("was delivered");
    case DELIVERY_OPENED:
        return STR("was opened");
    case DELIVERY_CLICKED:
        return STR("was clicked");
    case DELIVERY_SUPPRESSED:
    case DELIVERY_EXPIRED:
        return arena_printf(arena, "not sent: %.*s", STR_ARG(because));
    case DELIVERY_FAILED:
        return arena_printf(arena, "failed for good: %.*s", STR_ARG(because));
    case DELIVERY_DEAD:
        return arena_printf(arena, "given up: %.*s", STR_ARG(because));
    case DELIVERY_STATE_COUNT:
        break;
    }
    return STR_NONE;
}

struct str explain_message(const struct explaining *explaining,
                           const struct record_message *message)
{
    struct str name = label(explaining, message);
    struct str words = outcome(explaining, message);
    return arena_printf(explaining->arena, "%.*s %.*s", STR_ARG(name), STR_ARG(words));
}

struct str explain_run(const struct explaining *explaining, const struct record_run *run)
{
    struct arena *arena = explaining->arena;
    const struct run *before = person_run(&explaining->redone->record.person, run->id);
    if (run->outcome != RUN_ACTIVE) {
        return before != NULL && before->outcome == run->outcome
                   ? STR_NONE
                   : arena_printf(arena, "journey %.*s ends: %s", STR_ARG(run->journey),
                                  run_outcome_name(run->outcome));
    }
    const char *verb = run->is_new ? "begins" : "goes on";
    if (run->next_at_ms == 0) {
        return arena_printf(arena, "journey %.*s %s: step %d, %s", STR_ARG(run->journey), verb,
                            run->step + 1, run_phase_name(run->phase));
    }
    struct str at = explain_when(explaining, run->next_at_ms);
    return arena_printf(arena, "journey %.*s %s: step %d, %s until %.*s", STR_ARG(run->journey),
                        verb, run->step + 1, run_phase_name(run->phase), STR_ARG(at));
}
