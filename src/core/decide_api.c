/* What integrations and operators ask about one person. Mistakes are answered with an error whose
 * detail says what was expected; ids travel as text. */
#include "core/decide_parts.h"

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "core/delivery.h"
#include "core/version.h"

enum { EVENT_NAME_BYTES = 128 };

static void fail(struct deciding *deciding, enum err error, const char *what)
{
    deciding->decision->error = err_set(&deciding->decision->detail, error, "%s", what);
}

/* The input's data as an object to be freed; NULL with the error set when it is none. */
static json_t *data_of(struct deciding *deciding)
{
    struct str data = deciding->input->data;
    json_t *json = NULL;
    if (data.length == 0) {
        return json_object();
    }
    enum err error = json_read(data, LIMIT_HTTP_BODY_BYTES, &json, &deciding->decision->detail);
    if (error != OK) {
        deciding->decision->error = error;
        return NULL;
    }
    if (!json_is_object(json)) {
        json_decref(json);
        fail(deciding, ERR_INVALID, "data is not an object");
        return NULL;
    }
    return json;
}

/* ---- entering a journey
 * ------------------------------------------------------------------------------ */

/* The onboarding of the set that the person enters now. */
static const struct journey *onboarding_of(const struct deciding *deciding)
{
    const struct catalog *catalog = deciding->world->catalog;
    enum journey_set set = run_effective_set(deciding->world, deciding->person, true);
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        if (journey->trigger == TRIGGER_FIRST_CONTACT &&
            (journey->set == SET_BOTH || journey->set == set)) {
            return journey;
        }
    }
    return NULL;
}

static bool already_done(const struct deciding *deciding, const struct journey *journey)
{
    return journey->is_onboarding && !str_is(deciding->input->source, "cli") &&
           run_was_onboarded(deciding->world, deciding->person);
}

/* What keeps the person from entering it; NULL: nothing that is known before it is tried. */
static const char *why_not(const struct deciding *deciding, const struct journey *journey)
{
    const struct user *user = &deciding->person->user;
    if (user->contacts[user->channel].reach != REACH_OK) {
        return "unreachable";
    }
    if (user->crisis_hold) {
        return "crisis";
    }
    if (user->stopped) {
        return "stopped";
    }
    return already_done(deciding, journey) ? "onboarded_before" : NULL;
}

void decide_trigger(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    decide_arrive(deciding, false);
    bool by_name = input->name.length > 0 && !str_is(input->name, "onboarding");
    const struct journey *journey =
        by_name ? catalog_journey(deciding->world->catalog, input->name) : onboarding_of(deciding);
    if (journey == NULL) {
        fail(deciding, ERR_NOT_FOUND, "there is no journey of that name");
        return;
    }
    struct commitment *subject = person_commitment(deciding->person, input->ref_id);
    if (journey->per_commitment && subject == NULL) {
        fail(deciding, ERR_INVALID, "this journey is about a commitment: name one of this person");
        return;
    }
    const char *why = why_not(deciding, journey);
    struct run *run = why != NULL ? NULL : run_enter(deciding, journey, subject);
    if (run == NULL && why == NULL) {
        why = "in_progress";
    }
    deciding->decision->handled = run != NULL;
    deciding->decision->result =
        run != NULL ? arena_printf(deciding->arena, "{\"entered\":true,\"run_id\":\"%lld\"}",
                                   (long long)run->id)
                    : arena_printf(deciding->arena, "{\"entered\":false,\"reason\":\"%s\"}", why);
    run_rearm_user(deciding);
}

/* ---- events, commitments, answers
 * ---------------------------------------------------------------------- */

void decide_track(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    decide_arrive(deciding, false);
    if (input->name.length == 0 || input->name.length > EVENT_NAME_BYTES) {
        fail(deciding, ERR_INVALID, "an event needs a name of at most 128 bytes");
        return;
    }
    json_t *properties = data_of(deciding);
    if (properties == NULL) {
        return;
    }
    json_t *data = json_object();
    json_object_set_new(data, "event", json_str(input->name));
    json_object_set_new(data, "properties", properties);
    struct event *event = decision_event(deciding->arena, deciding->decision, EVENT_TRACKED);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = STR("track");
    event->data = json_write(deciding->arena, data);
    event->revenue = input->revenue;
    json_decref(data);
    deciding->decision->handled = true;
}

static void complete(struct deciding *deciding)
{
    struct commitment *commitment = person_commitment(deciding->person, deciding->input->ref_id);
    if (commitment == NULL) {
        fail(deciding, ERR_NOT_FOUND, "this person has no such commitment");
        return;
    }
    if (!commitment_complete(deciding, commitment) &&
        !commitment_done_after_all(deciding, commitment)) {
        fail(deciding, ERR_CONFLICT, "the commitment was completed or dropped before");
        return;
    }
    deciding->decision->result =
        arena_printf(deciding->arena, "{\"commitment_id\":\"%lld\"}", (long long)commitment->id);
}

static void make(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    struct str text = commitment_text(deciding->arena, input->text);
    json_t *data = data_of(deciding);
    if (data == NULL) {
        return;
    }
    double minutes = json_get_number(data, "size_minutes", 0);
    struct str planned = json_get_str(data, "planned_at");
    struct commitment_plan plan = {.text = text, .source = STR("api")};
    if (text.length == 0) {
        fail(deciding, ERR_INVALID, "a commitment needs a text");
    } else if (minutes < 0 || minutes > 24 * 60) {
        fail(deciding, ERR_INVALID, "size_minutes must be a number from 0 to 1440");
    } else if (planned.length > 0 && !calendar_parse_iso(planned, &plan.planned_at_ms)) {
        fail(deciding, ERR_INVALID, "planned_at must be an ISO 8601 date and time with zone");
    } else {
        plan.size_s = (int)(minutes * 60 + 0.5);
        struct commitment *made = commitment_make(deciding, &plan);
        if (made != NULL) {
            made->external_id = arena_str(deciding->arena, json_get_str(data, "external_id"));
            deciding->decision->result =
                arena_printf(deciding->arena, "{\"commitment_id\":\"%lld\"}", (long long)made->id);
        }
    }
    json_decref(data);
}

void decide_commitment(struct deciding *deciding)
{
    decide_arrive(deciding, false);
    if (decide_recognise(deciding, str_trim(deciding->input->text)) == RECOGNISED_CRISIS) {
        decide_text(deciding); /* the same care, whichever way the words came */
        return;
    }
    decide_activity(deciding, EVENT_TYPE_COUNT); /* what is made or completed is the event */
    decide_contact(deciding);
    if (deciding->input->ref_id != 0) {
        complete(deciding);
    } else {
        make(deciding);
    }
    deciding->decision->handled = deciding->decision->error == OK;
    decide_settle(deciding);
}

void decide_answer(struct deciding *deciding)
{
    struct str text = str_trim(deciding->input->text);
    decide_arrive(deciding, false);
    enum recognised recognised = decide_recognise(deciding, text);
    if (recognised == RECOGNISED_CRISIS) {
        decide_text(deciding);
        return;
    }
    decide_activity(deciding, EVENT_MESSAGE_RECEIVED);
    bool taken = true;
    if (recognised == RECOGNISED_OVERWHELM) {
        run_overwhelmed(deciding);
    } else if (deciding->person->user.dialog != DIALOG_PLAN_WHEN ||
               !run_plan_when(deciding, text)) {
        taken = run_text(deciding, text);
    }
    if (!taken) {
        fail(deciding, ERR_CONFLICT, "no step of this person waits for this answer");
    }
    deciding->decision->handled = taken;
    decide_settle(deciding);
}

/* ---- operators
 * ------------------------------------------------------------------------------------------ */

/* The person's own doing, by the link in a mail. */
static bool is_own_wish(const struct deciding *deciding)
{
    return str_is(deciding->input->source, "unsubscribe");
}

/* What operators do is no activity of the person's. */
static void consent_event(struct deciding *deciding, enum event_type type)
{
    if (!is_own_wish(deciding)) {
        return;
    }
    struct event *event = decision_event(deciding->arena, deciding->decision, type);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = STR("admin.unsubscribe");
}

static void note_hold(struct deciding *deciding, enum operator_hold hold)
{
    if (is_own_wish(deciding)) {
        deciding->person->user.operator_holds &= ~(unsigned)hold;
    } else {
        deciding->person->user.operator_holds |= (unsigned)hold;
    }
}

static bool is_paused(const struct deciding *deciding)
{
    return deciding->person->user.paused_until_ms > deciding->world->now_ms;
}

/* An operator may lengthen the pause of a person, and it stays the person's own. */
static void admin_pause(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    json_t *data = data_of(deciding);
    if (data == NULL) {
        return;
    }
    int64_t days = json_get_int(data, "days", PAUSE_DAYS);
    json_decref(data);
    if (days < 1 || days > LIMIT_PAUSE_DAYS) {
        fail(deciding, ERR_INVALID, "days must be a number from 1 to 365");
        return;
    }
    int64_t until_ms = deciding->world->now_ms + days * DAY_MS;
    bool is_theirs = is_paused(deciding) && (user->operator_holds & OPERATOR_PAUSED) == 0;
    if (!is_theirs) {
        note_hold(deciding, OPERATOR_PAUSED);
        user->paused_until_ms = until_ms;
    } else if (until_ms > user->paused_until_ms || is_own_wish(deciding)) {
        user->paused_until_ms = until_ms;
    }
    user->changed = true;
}

static void admin_stop(struct deciding *deciding)
{
    if (!deciding->person->user.stopped || is_own_wish(deciding)) {
        note_hold(deciding, OPERATOR_STOPPED);
    }
    deciding->person->user.stopped = true;
    if (is_own_wish(deciding)) {
        decide_activity(deciding, EVENT_TYPE_COUNT); /* the event says what */
    }
    consent_event(deciding, EVENT_STOPPED);
    run_end_all(deciding, RUN_STOPPED);
}

/* Lifts what operators did, and the hold after words of crisis. Consent is the person's. */
static void admin_resume(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    unsigned lifted =
        is_own_wish(deciding) ? OPERATOR_STOPPED | OPERATOR_PAUSED : user->operator_holds;
    if (user->stopped && (lifted & OPERATOR_STOPPED) == 0) {
        fail(deciding, ERR_CONFLICT,
             "the person stopped all messages; only they can allow them again, with /resume");
        return;
    }
    if (is_paused(deciding) && (lifted & OPERATOR_PAUSED) == 0) {
        fail(deciding, ERR_CONFLICT,
             "the person paused all messages; only they can end that early, with /resume");
        return;
    }
    user->stopped = false;
    user->paused_until_ms = 0;
    user->operator_holds = 0;
    user->crisis_hold = false;
    run_lift(deciding);
}

static void admin_text(struct deciding *deciding, bool broadcast)
{
    struct str text = deciding->input->text;
    if (text.length == 0) {
        fail(deciding, ERR_INVALID, "the message has no text");
    } else if (broadcast) {
        compose_broadcast(deciding, deciding->input->ref_id, text);
    } else {
        compose_reply_text(deciding, text, NULL, 0);
    }
}

static void admin_retry(struct deciding *deciding)
{
    struct delivery *delivery = person_delivery(deciding->person, deciding->input->ref_id);
    if (delivery == NULL) {
        fail(deciding, ERR_NOT_FOUND, "this person has no such delivery");
        return;
    }
    if (!compose_is_of_use(deciding, delivery)) {
        fail(deciding, ERR_CONFLICT, "the run of this delivery has gone on or ended");
        return;
    }
    if ((delivery->state != DELIVERY_DEAD && delivery->state != DELIVERY_FAILED) ||
        !delivery_move(delivery, DELIVERY_SCHEDULED, STR("by_hand"))) {
        fail(deciding, ERR_CONFLICT, "only dead and failed deliveries can be retried");
        return;
    }
    delivery->attempts = 0;
    delivery->language = STR_NONE; /* counts against the caps of the day on which it goes out */
    delivery->next_at_ms = deciding->world->now_ms;
    delivery->expires_at_ms = deciding->world->now_ms + DAY_MS; /* its own time may be over */
}

/* One that waits is not to be sent. Of a run's it is the run's business: it would wait for ever. */
static void admin_withdraw(struct deciding *deciding)
{
    struct delivery *delivery = person_delivery(deciding->person, deciding->input->ref_id);
    if (delivery == NULL) {
        fail(deciding, ERR_NOT_FOUND, "this person has no such delivery");
    } else if (delivery->run_id != 0 || delivery->state != DELIVERY_SCHEDULED ||
               !delivery_move(delivery, DELIVERY_SUPPRESSED, STR("cancelled"))) {
        fail(deciding, ERR_CONFLICT, "only waiting messages that belong to no run are withdrawn");
    } else {
        compose_delivery_event(deciding, delivery, EVENT_MESSAGE_SUPPRESSED);
    }
}

void decide_admin(struct deciding *deciding)
{
    struct str name = deciding->input->name;
    struct user *user = &deciding->person->user;
    decide_arrive(deciding, false);
    if (str_is(name, "pause")) {
        admin_pause(deciding);
    } else if (str_is(name, "resume")) {
        admin_resume(deciding);
    } else if (str_is(name, "stop")) {
        admin_stop(deciding);
    } else if (str_is(name, "lift_crisis")) {
        user->crisis_hold = false;
        run_lift(deciding);
    } else if (str_is(name, "reply") || str_is(name, "broadcast")) {
        admin_text(deciding, str_is(name, "broadcast"));
    } else if (str_is(name, "retry")) {
        admin_retry(deciding);
    } else if (str_is(name, "withdraw")) {
        admin_withdraw(deciding);
    } else if (str_is(name, "erase")) {
        deciding->decision->erase = true;
    } else if (str_is(name, "test") || str_is(name, "no_test")) {
        user->is_test = str_is(name, "test");
    } else {
        fail(deciding, ERR_INVALID,
             "unknown request: expected pause, resume, stop, lift_crisis, reply, broadcast, retry, "
             "withdraw, erase, test or no_test");
        return;
    }
    user->changed = true;
    deciding->decision->handled = deciding->decision->error == OK;
    run_rearm_user(deciding);
}

void decide_move(struct deciding *deciding)
{
    struct str name = deciding->input->name;
    bool moved = true;
    if (str_is(name, "rollback")) {
        run_move_to_original(deciding);
    } else if (str_is(name, "existing_rescue")) {
        moved = run_open_stage(deciding, STAGE_EXISTING_RESCUE);
    } else if (str_is(name, "existing_amplification")) {
        moved = run_open_stage(deciding, STAGE_EXISTING_AMPLIFICATION);
    } else if (str_is(name, "journeys_follow") || str_is(name, "journeys_migrate")) {
        const struct step_names names = {str_is(name, "journeys_migrate"), deciding->input->text};
        run_follow(deciding, &names);
    } else {
        fail(deciding, ERR_INVALID,
             "unknown move: expected rollback, existing_rescue, existing_amplification, "
             "journeys_follow or journeys_migrate");
        return;
    }
    deciding->decision->handled = moved;
    run_rearm_user(deciding);
}
