/* See actor.h. The log is what golden tests compare: messages with their buttons, acts, notices and
 * events, each with the person's local time. */
#include "actor.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/embed.h"
#include "base/limits.h"
#include "core/delivery.h"
#include "core/run.h"

/* ---- life
 * -------------------------------------------------------------------------------------------- */

static struct catalog *build_catalog(struct arena *arena, const char *extra_yaml)
{
    int count = (int)nudge_journeys_count + (extra_yaml != NULL);
    struct definition_file *files = ARENA_ARRAY(arena, struct definition_file, (size_t)count);
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        files[i] = (struct definition_file){
            str_of(nudge_journeys[i].name),
            {(const char *)nudge_journeys[i].data, nudge_journeys[i].length}};
    }
    if (extra_yaml != NULL) {
        files[count - 1] = (struct definition_file){STR("both/extra.yaml"), str_of(extra_yaml)};
    }
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    enum err error = catalog_build(arena, files, count, &catalog, &mistakes);
    for (int i = 0; i < mistakes.count; i++) {
        fprintf(stderr, "%.*s:%d: %.*s\n", STR_ARG(mistakes.items[i].file), mistakes.items[i].line,
                STR_ARG(mistakes.items[i].text));
    }
    ASSERT(error == OK);
    return catalog;
}

struct actor *actor_new(int64_t user_id, int64_t now_ms)
{
    return actor_new_with(user_id, now_ms, NULL);
}

struct actor *actor_new_with(int64_t user_id, int64_t now_ms, const char *extra_yaml)
{
    struct arena *arena = arena_new(64 * 1024);
    struct actor *actor = actor_new_of(build_catalog(arena, extra_yaml), user_id, now_ms);
    arena_free(arena);
    actor->owns_catalog = true;
    return actor;
}

struct actor *actor_new_of(struct catalog *catalog, int64_t user_id, int64_t now_ms)
{
    struct actor *actor = calloc(1, sizeof(*actor));
    ASSERT(actor != NULL);
    actor->arena = arena_new(64 * 1024);
    actor->catalog = catalog;
    actor->installation = (struct installation){
        .default_zone = zone_find(STR("Europe/Berlin")),
        .default_language = "en",
        .quiet_from_minute = 22 * 60,
        .quiet_to_minute = 8 * 60,
        .nudge_min_gap_ms = 4 * HOUR_MS,
        .nudge_per_day = 3,
        .channels = {[CHANNEL_TELEGRAM] = true, [CHANNEL_WEBCHAT] = true},
        .bot_name = STR("nudge_test_bot"),
        .rollout = {.name = STR("superior_onboarding"),
                    .seed = STR("superior_onboarding"),
                    .share_permyriad = 10000},
    };
    actor->person = ARENA_NEW(actor->arena, struct person);
    person_init(actor->person, user_id, now_ms);
    actor->address = user_id;
    actor->world = (struct world){.catalog = actor->catalog,
                                  .installation = &actor->installation,
                                  .now_ms = now_ms,
                                  .ids = &actor->ids};
    return actor;
}

void actor_free(struct actor *actor)
{
    if (actor->owns_catalog) {
        catalog_free(actor->catalog);
    }
    arena_free(actor->arena);
    free(actor);
}

/* ---- writing down
 * ------------------------------------------------------------------------------------ */

static void stamp(struct actor *actor)
{
    static const char *const days[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct local_time local = calendar_local(actor->installation.default_zone, actor->world.now_ms);
    fprintf(actor->log, "  %s %02d-%02d %02d:%02d  ", days[local.weekday], local.month, local.day,
            local.hour, local.minute);
}

static void write_indented(FILE *log, struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.ptr[i] == '\n') {
            fputs("\n                     |", log);
            fputs(i + 1 < text.length && text.ptr[i + 1] != '\n' ? " " : "", log);
        } else {
            fputc(text.ptr[i], log);
        }
    }
}

static void write_delivery(struct actor *actor, const struct delivery *delivery)
{
    stamp(actor);
    fprintf(actor->log, "%s", delivery_state_name(delivery->state));
    if (delivery->state != DELIVERY_SENDING && delivery->reason.length > 0) {
        fprintf(actor->log, " (%.*s)", STR_ARG(delivery->reason));
    }
    fprintf(actor->log, " %s %s%s%.*s%s%.*s", message_class_name(delivery->class),
            message_kind_name(delivery->kind), delivery->sequence.length > 0 ? " " : "",
            STR_ARG(delivery->sequence), delivery->step.length > 0 ? "/" : "",
            STR_ARG(delivery->step));
    if (delivery->state == DELIVERY_SCHEDULED) {
        struct local_time until =
            calendar_local(actor->installation.default_zone, delivery->next_at_ms);
        fprintf(actor->log, " until %02d-%02d %02d:%02d", until.month, until.day, until.hour,
                until.minute);
    }
    if (delivery->state == DELIVERY_SENDING) {
        fputs("\n                     | ", actor->log);
        write_indented(actor->log, delivery->text);
        for (int i = 0; i < delivery->button_count; i++) {
            fprintf(actor->log, "\n                     [%.*s]",
                    STR_ARG(delivery->buttons[i].text));
        }
    }
    fputc('\n', actor->log);
}

static void write_act(struct actor *actor, const struct act *act)
{
    static const char *const kinds[] = {"answers the tap", "edits the message", "sends a file",
                                        "writes"};
    stamp(actor);
    fprintf(actor->log, "%s: ", kinds[act->kind]);
    write_indented(actor->log, act->text);
    for (int i = 0; i < act->button_count; i++) {
        fprintf(actor->log, "\n                     [%.*s]", STR_ARG(act->buttons[i].text));
    }
    fputc('\n', actor->log);
}

/* Ids differ from run to run of the clock only; still they say nothing to a reader. */
static void write_event(struct actor *actor, const struct event *event)
{
    stamp(actor);
    fprintf(actor->log, "* %s", event_type_name(event->type));
    if (event->journey.length > 0) {
        fprintf(actor->log, " %.*s%s%.*s", STR_ARG(event->journey),
                event->step.length > 0 ? "/" : "", STR_ARG(event->step));
    }
    fprintf(actor->log, " by %.*s%s%.*s\n", STR_ARG(event->rule), event->data.length > 0 ? " " : "",
            STR_ARG(event->data));
}

static void write_down(struct actor *actor)
{
    const struct decision *decision = &actor->decision;
    for (int i = 0; i < decision->event_count; i++) {
        write_event(actor, &decision->events[i]);
    }
    for (int i = 0; i < decision->act_count; i++) {
        write_act(actor, &decision->acts[i]);
    }
    for (int i = 0; i < actor->person->delivery_count; i++) {
        const struct delivery *delivery = actor->person->deliveries[i];
        if (delivery->changed &&
            (delivery->state == DELIVERY_SENDING ? delivery->dispatch
                                                 : delivery->state == DELIVERY_SCHEDULED ||
                                                       delivery->state >= DELIVERY_SUPPRESSED)) {
            write_delivery(actor, delivery);
        }
    }
    for (int i = 0; i < decision->notice_count; i++) {
        stamp(actor);
        fprintf(actor->log, "tells the operators: %.*s\n", STR_ARG(decision->notices[i].kind));
    }
    if (decision->error != OK) {
        stamp(actor);
        fprintf(actor->log, "refuses: %s\n", decision->detail.text);
    }
}

/* ---- deciding
 * ---------------------------------------------------------------------------------------- */

/* What there is, for whoever reads a failure. */
static void actor_dump(const struct actor *actor)
{
    for (int i = 0; i < actor->person->run_count; i++) {
        const struct run *run = actor->person->runs[i];
        fprintf(stderr, "run %lld %.*s %s %s step %d next %lld delivery %lld\n", (long long)run->id,
                STR_ARG(run->journey), run_outcome_name(run->outcome), run_phase_name(run->phase),
                run->step, (long long)run->next_at_ms, (long long)run->delivery_id);
    }
    for (int i = 0; i < actor->person->delivery_count; i++) {
        const struct delivery *delivery = actor->person->deliveries[i];
        if (!delivery_state_is_final(delivery->state)) {
            fprintf(stderr, "delivery %lld run %lld %s %s %s attempts %d next %lld\n",
                    (long long)delivery->id, (long long)delivery->run_id,
                    message_kind_name(delivery->kind), message_class_name(delivery->class),
                    delivery_state_name(delivery->state), delivery->attempts,
                    (long long)delivery->next_at_ms);
        }
    }
}

static void check(const struct actor *actor)
{
    const char *wrong = run_check(&actor->world, actor->person);
    if (wrong != NULL) {
        fprintf(stderr, "user %lld at %lld: %s\n", (long long)actor->person->user.id,
                (long long)actor->world.now_ms, wrong);
    }
    if (wrong != NULL && actor->log == NULL) {
        actor_dump(actor);
    }
    ASSERT(wrong == NULL);
    for (int i = 0; i < actor->decision.event_count; i++) {
        ASSERT(actor->decision.events[i].user_id == actor->person->user.id);
        ASSERT(actor->decision.events[i].at_ms != 0);
    }
}

/* What the store does after a batch. */
static void save(struct actor *actor)
{
    struct person *person = actor->person;
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

static void report(struct actor *actor, struct delivery *delivery)
{
    struct input input = {
        .kind = INPUT_REPORT,
        .ref_kind = DUE_DELIVERY,
        .ref_id = delivery->id,
        .report = actor->sending == ACTOR_REPORTS ? actor->report : REPORT_SENT,
        .retry_at_ms = actor->report == REPORT_PAUSED ? actor->world.now_ms + 3 * MINUTE_MS : 0,
        .provider_id = STR("1"),
        .new_address = STR("777")};
    actor_input(actor, &input);
}

static void send_all(struct actor *actor)
{
    for (int i = 0; i < actor->person->delivery_count; i++) {
        struct delivery *delivery = actor->person->deliveries[i];
        if (!delivery->dispatch) {
            continue;
        }
        delivery->dispatch = false;
        actor->sent_count++;
        if (actor->sending != ACTOR_SILENT) {
            report(actor, delivery);
        }
    }
}

void actor_input(struct actor *actor, struct input *input)
{
    input->at_ms = actor->world.now_ms;
    input->user_id = actor->person->user.id;
    decide(actor->arena, &actor->world, actor->person, input, &actor->decision);
    if (actor->log != NULL) {
        write_down(actor);
    }
    check(actor);
    if (actor->watch != NULL) {
        actor->watch(actor->context, actor, input);
    }
    struct decision decision = actor->decision;
    save(actor);
    send_all(actor);
    actor->decision = decision;
}

static void from_channel(struct actor *actor, struct input *input)
{
    input->source = STR("telegram");
    input->channel = CHANNEL_TELEGRAM;
    input->address = input->identity =
        arena_printf(actor->arena, "%lld", (long long)actor->address);
    input->first_name = STR("Ada");
    input->language = STR("en");
    input->may_create = true;
    actor_input(actor, input);
}

void actor_text(struct actor *actor, const char *text)
{
    struct input input = {.kind = INPUT_TEXT, .text = str_of(text)};
    from_channel(actor, &input);
}

void actor_edit(struct actor *actor, const char *text)
{
    struct input input = {.kind = INPUT_TEXT_EDITED, .text = str_of(text)};
    from_channel(actor, &input);
}

void actor_tap_token(struct actor *actor, struct str token)
{
    struct input input = {
        .kind = INPUT_BUTTON, .token = token, .callback_id = STR("cb"), .message_id = STR("1")};
    from_channel(actor, &input);
}

bool actor_tap(struct actor *actor, const char *button)
{
    struct str wanted = arena_printf(actor->arena, ":%s", button);
    for (int i = actor->person->delivery_count - 1; i >= 0; i--) {
        const struct delivery *delivery = actor->person->deliveries[i];
        for (int k = 0; k < delivery->button_count; k++) {
            struct str token = delivery->buttons[k].token;
            if (token.length >= wanted.length &&
                memcmp(token.ptr + token.length - wanted.length, wanted.ptr, wanted.length) == 0) {
                actor_tap_token(actor, token);
                return true;
            }
        }
    }
    return false;
}

/* ---- time
 * -------------------------------------------------------------------------------------------- */

struct next {
    int64_t at_ms;
    enum due_kind kind;
    int64_t id;
};

static void consider(struct next *next, int64_t at_ms, enum due_kind kind, int64_t id)
{
    if (at_ms != 0 && (next->at_ms == 0 || at_ms < next->at_ms)) {
        *next = (struct next){at_ms, kind, id};
    }
}

static struct next find_next(const struct person *person)
{
    struct next next = {0};
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
    return next;
}

void actor_until(struct actor *actor, int64_t at_ms)
{
    struct next before = {0};
    int repeats = 0;
    for (;;) {
        struct next next = find_next(actor->person);
        if (next.at_ms == 0 || next.at_ms > at_ms) {
            break;
        }
        /* Serving a row changes its instant (a chat that moved may be tried again at once), or the
         * engine would spin. */
        bool same = next.id == before.id && next.at_ms == before.at_ms;
        repeats = same ? repeats + 1 : 0;
        if (repeats > 2) {
            actor_dump(actor);
        }
        ASSERT(repeats <= 2);
        before = next;
        if (next.at_ms > actor->world.now_ms) {
            actor->world.now_ms = next.at_ms;
        }
        struct input input = {.kind = INPUT_TIMER, .ref_kind = next.kind, .ref_id = next.id};
        input.source = STR("timer");
        actor_input(actor, &input);
    }
    actor->world.now_ms = at_ms;
}

void actor_pass(struct actor *actor, int64_t by_ms)
{
    actor_until(actor, actor->world.now_ms + by_ms);
}

void actor_outage(struct actor *actor, int64_t by_ms)
{
    actor->world.now_ms += by_ms;
}

/* ---- looking
 * ----------------------------------------------------------------------------------------- */

struct delivery *actor_last(const struct actor *actor)
{
    return actor->person->delivery_count > 0
               ? actor->person->deliveries[actor->person->delivery_count - 1]
               : NULL;
}

struct run *actor_run(const struct actor *actor, const char *journey)
{
    for (int i = actor->person->run_count - 1; i >= 0; i--) {
        if (str_is(actor->person->runs[i]->journey, journey)) {
            return actor->person->runs[i];
        }
    }
    return NULL;
}

int actor_events(const struct actor *actor, enum event_type type)
{
    int count = 0;
    for (int i = 0; i < actor->decision.event_count; i++) {
        count += actor->decision.events[i].type == type;
    }
    return count;
}

int actor_deliveries(const struct actor *actor, const char *journey, enum message_kind kind,
                     enum delivery_state state)
{
    int count = 0;
    for (int i = 0; i < actor->person->delivery_count; i++) {
        const struct delivery *delivery = actor->person->deliveries[i];
        count += delivery->kind == kind && delivery->state == state &&
                 str_is(delivery->journey, journey);
    }
    return count;
}
