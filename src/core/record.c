/* Writing records (record.h): before the decision what it is given, after it what came of it. */
#include "core/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "core/catalog.h"
#include "core/record_parts.h"

enum { DISPATCHED_MAX = 64 };

struct recorder {
    struct codec record;       /* packed */
    struct codec ended;        /* plain: of commitments, until it is known whether they were read */
    struct codec scratch;      /* plain */
    struct codec_words *words; /* of the world */
    struct codec_pack pack;
    struct trace trace;
    bool dispatched[DISPATCHED_MAX]; /* by index, as decided */
    int delivery_count;              /* before the decision, and after it as decided */
};

struct recorder *recorder_new(void)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    ASSERT(recorder != NULL);
    recorder->words = calloc(1, sizeof(*recorder->words));
    ASSERT(recorder->words != NULL);
    return recorder;
}

void recorder_free(struct recorder *recorder)
{
    if (recorder != NULL) {
        codec_release(&recorder->record);
        codec_release(&recorder->ended);
        codec_release(&recorder->scratch);
        free(recorder->words);
        free(recorder);
    }
}

/* ---- what is given ---- */

static bool is_named(const struct person *person, const struct input *input, int64_t id)
{
    int64_t run_id, commitment_id;
    input_token_refs(input->token, &run_id, &commitment_id);
    if (id == input->ref_id || id == commitment_id) {
        return true;
    }
    for (int i = 0; i < person->run_count; i++) {
        if (person->runs[i]->subject_id == id) {
            return true;
        }
    }
    for (int i = 0; i < person->delivery_count; i++) {
        if (person->deliveries[i]->commitment_id == id) {
            return true;
        }
    }
    return false;
}

/* Whether the decision may change it or say its words. */
static bool is_kept_whole(const struct person *person, const struct input *input, int64_t now_ms,
                          const struct commitment *commitment)
{
    return commitment->state == COMMITMENT_ACTIVE || commitment->is_new || commitment->changed ||
           commitment->undo_until_ms >= now_ms || is_named(person, input, commitment->id);
}

static void write_commitments(struct recorder *recorder, const struct world *world,
                              const struct person *person, const struct input *input)
{
    struct codec *c = &recorder->record;
    struct codec *ended = &recorder->ended;
    int whole = 0;
    int count = person->commitment_count;
    codec_rewind(ended);
    for (int i = 0; i < count; i++) {
        whole += is_kept_whole(person, input, world->now_ms, person->commitments[i]);
    }
    int rest = count - whole;
    code_count(c, &whole, count);
    code_count(ended, &rest, count);
    for (int i = 0; i < count; i++) {
        struct commitment *commitment = person->commitments[i];
        if (is_kept_whole(person, input, world->now_ms, commitment)) {
            code_commitment(c, commitment);
        } else {
            code_ended(ended, commitment);
        }
    }
}

static void write_person(struct recorder *recorder, const struct world *world,
                         struct person *person, const struct input *input)
{
    struct codec *c = &recorder->record;
    code_user(c, &person->user);
    code_count(c, &person->run_count, person->run_count);
    for (int i = 0; i < person->run_count; i++) {
        code_run(c, person->runs[i]);
    }
    code_count(c, &person->delivery_count, person->delivery_count);
    for (int i = 0; i < person->delivery_count; i++) {
        code_delivery(c, person->deliveries[i]);
    }
    code_bool(c, &person->has_history);
    code_count(c, &person->activity_count, person->activity_count);
    int64_t previous_ms = 0;
    for (int i = 0; i < person->activity_count; i++) {
        int64_t later_ms = person->activity_at_ms[i] - previous_ms;
        previous_ms = person->activity_at_ms[i];
        code_int64(c, &later_ms);
    }
    write_commitments(recorder, world, person, input);
}

void recorder_begin(struct recorder *recorder, int64_t id, const struct world *world,
                    struct person *person, const struct input *input)
{
    struct codec *c = &recorder->record;
    uint64_t version = RECORD_VERSION;
    int64_t late_ms = world->now_ms - id_ms(id);
    struct input copy = *input;
    struct population none = {0};
    bool has_population = world->population != NULL;
    codec_rewind(c);
    code_number(c, &version);
    codec_pack(c, &recorder->pack, recorder->words);
    code_int64(c, &late_ms);
    code_input(c, &copy);
    code_bool(c, &has_population);
    if (has_population) {
        none = *world->population;
        code_population(c, &none);
    }
    write_person(recorder, world, person, input);
    recorder->trace = (struct trace){.read_ended = input_needs_history(input)};
    recorder->delivery_count = person->delivery_count;
}

/* ---- what came of it ---- */

static void code_bytes(struct codec *c, struct str text)
{
    code_str(c, &text);
}

/* Words of messages that were made or rendered now; those of others stand with them. */
static void hash_delivery(struct codec *c, struct delivery *delivery, bool is_made)
{
    code_delivery(c, delivery);
    if (is_made || delivery->dispatch) {
        code_bytes(c, delivery->text);
    }
    if (is_made) {
        code_bytes(c, delivery->picture);
        code_bytes(c, delivery->picture_alt);
        for (int i = 0; i < delivery->button_count; i++) {
            code_bytes(c, delivery->buttons[i].text);
            code_bytes(c, delivery->buttons[i].token);
            code_bytes(c, delivery->buttons[i].url);
        }
    }
}

/* Rows that changed; of the others, when they are looked at next. */
static void hash_person(struct codec *c, const struct person *person, int delivery_count)
{
    struct user user = person->user;
    int64_t answered_id = person->answered_delivery_id;
    int64_t answered_at_ms = person->answered_at_ms;
    if (user.changed) {
        code_user(c, &user);
    }
    code_int64(c, &user.next_at_ms);
    for (int i = 0; i < person->run_count; i++) {
        struct run *run = person->runs[i];
        if (run->is_new || run->changed) {
            code_run(c, run);
        }
        code_int64(c, &run->next_at_ms);
    }
    for (int i = 0; i < person->delivery_count; i++) {
        struct delivery *delivery = person->deliveries[i];
        if (delivery->is_new || delivery->changed || delivery->dispatch) {
            hash_delivery(c, delivery, i >= delivery_count);
        }
        code_int64(c, &delivery->next_at_ms);
    }
    for (int i = 0; i < person->commitment_count; i++) {
        struct commitment *commitment = person->commitments[i];
        if (commitment->is_new || commitment->changed) {
            code_commitment(c, commitment);
        }
    }
    code_int64(c, &answered_id);
    code_int64(c, &answered_at_ms);
}

static void hash_events(struct codec *c, const struct decision *decision)
{
    for (int i = 0; i < decision->event_count; i++) {
        struct event event = decision->events[i];
        code_enum(c, (int)event.type, EVENT_TYPE_COUNT);
        code_int64(c, &event.at_ms);
        code_str(c, &event.journey);
        code_str(c, &event.step);
        code_int64(c, &event.ref_id);
        code_str(c, &event.rule);
        code_str(c, &event.data);
        code_double(c, &event.revenue);
    }
}

static void hash_act(struct codec *c, const struct act *act)
{
    code_enum(c, (int)act->kind, ACT_SEND_TEXT + 1);
    code_enum(c, (int)act->channel, CHANNEL_COUNT);
    code_bytes(c, act->address);
    code_bytes(c, act->callback_id);
    code_bytes(c, act->message_id);
    code_bytes(c, act->text);
    code_bytes(c, act->file_name);
    code_bytes(c, act->preview);
    code_enum(c, act->is_captioned, 2);
    for (int i = 0; i < act->button_count; i++) {
        code_bytes(c, act->buttons[i].text);
        code_bytes(c, act->buttons[i].token);
    }
}

static void hash_rest(struct codec *c, const struct decision *decision)
{
    for (int i = 0; i < decision->act_count; i++) {
        hash_act(c, &decision->acts[i]);
    }
    for (int i = 0; i < decision->notice_count; i++) {
        code_bytes(c, decision->notices[i].kind);
        code_bytes(c, decision->notices[i].text);
    }
    for (int i = 0; i < decision->feedback_count; i++) {
        struct feedback feedback = decision->feedback[i];
        code_str(c, &feedback.text);
        code_int(c, &feedback.rating);
        code_bool(c, &feedback.is_problem);
        code_int64(c, &feedback.run_id);
    }
    for (int i = 0; i < decision->identity_count; i++) {
        code_bytes(c, decision->identities[i].old_value);
        code_bytes(c, decision->identities[i].new_value);
    }
    code_bytes(c, decision->result);
}

static uint64_t result_hash(struct codec *c, const struct person *person, int delivery_count,
                            const struct decision *decision)
{
    codec_rewind(c);
    hash_person(c, person, delivery_count);
    hash_events(c, decision);
    hash_rest(c, decision);
    return hash_bytes((struct str){(const char *)c->bytes, c->at});
}

static struct record_message message_of(const struct delivery *delivery)
{
    return (struct record_message){.id = delivery->id,
                                   .is_new = delivery->is_new,
                                   .journey = delivery->journey,
                                   .step = delivery->step,
                                   .kind = delivery->kind,
                                   .class = delivery->class,
                                   .channel = delivery->channel,
                                   .state = delivery->state,
                                   .reason = delivery->reason,
                                   .next_at_ms = delivery->next_at_ms};
}

static struct record_run run_of(const struct run *run)
{
    return (struct record_run){.id = run->id,
                               .is_new = run->is_new,
                               .journey = run->journey,
                               .phase = run->phase,
                               .outcome = run->outcome,
                               .step = run->step,
                               .next_at_ms = run->next_at_ms};
}

static void write_messages(struct codec *c, const struct person *person)
{
    int count = 0;
    for (int i = 0; i < person->delivery_count; i++) {
        count += person->deliveries[i]->is_new || person->deliveries[i]->changed;
    }
    code_count(c, &count, count);
    for (int i = 0; i < person->delivery_count; i++) {
        const struct delivery *delivery = person->deliveries[i];
        if (delivery->is_new || delivery->changed) {
            struct record_message message = message_of(delivery);
            code_message(c, &message);
        }
    }
}

static void write_runs(struct codec *c, const struct person *person)
{
    int count = 0;
    for (int i = 0; i < person->run_count; i++) {
        count += person->runs[i]->is_new || person->runs[i]->changed;
    }
    code_count(c, &count, count);
    for (int i = 0; i < person->run_count; i++) {
        if (person->runs[i]->is_new || person->runs[i]->changed) {
            struct record_run run = run_of(person->runs[i]);
            code_record_run(c, &run);
        }
    }
}

static void write_changed_commitments(struct codec *c, const struct person *person)
{
    int count = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        count += person->commitments[i]->is_new || person->commitments[i]->changed;
    }
    code_count(c, &count, count);
    for (int i = 0; i < person->commitment_count; i++) {
        const struct commitment *commitment = person->commitments[i];
        if (commitment->is_new || commitment->changed) {
            struct record_commitment changed = {commitment->id, commitment->is_new,
                                                commitment->state};
            code_record_commitment(c, &changed);
        }
    }
}

/* delivery_count: of messages before the decision. */
static void write_result(struct recorder *recorder, const struct person *person, int delivery_count,
                         const struct decision *decision)
{
    struct codec *c = &recorder->record;
    uint64_t hash = result_hash(&recorder->scratch, person, delivery_count, decision);
    struct record_result result = {.error = decision->error,
                                   .handled = decision->handled,
                                   .erase = decision->erase,
                                   .export_file = decision->export_file,
                                   .event_count = decision->event_count,
                                   .user_next_at_ms = person->user.next_at_ms};
    code_result(c, &result);
    write_messages(c, person);
    write_runs(c, person);
    write_changed_commitments(c, person);
    code_number(c, &hash);
}

struct trace *recorder_trace(struct recorder *recorder)
{
    return &recorder->trace;
}

void recorder_decided(struct recorder *recorder, const struct person *person,
                      const struct decision *decision)
{
    write_result(recorder, person, recorder->delivery_count, decision);
    recorder->delivery_count = person->delivery_count;
    for (int i = 0; i < person->delivery_count && i < DISPATCHED_MAX; i++) {
        recorder->dispatched[i] = person->deliveries[i]->dispatch;
    }
}

/* What was to go out and did not, and what followed from that. */
static bool was_held(const struct recorder *recorder, const struct person *person, int index)
{
    if (index >= recorder->delivery_count) {
        return true;
    }
    return index < DISPATCHED_MAX && recorder->dispatched[index] &&
           person->deliveries[index]->state != DELIVERY_SENDING;
}

struct str recorder_end(struct recorder *recorder, struct arena *arena, const struct person *person,
                        const struct decision *decision)
{
    struct codec *c = &recorder->record;
    int held = 0;
    int64_t event_last_id = decision->event_count > 0 ? person->user.event_last_id : 0;
    for (int i = 0; i < person->delivery_count; i++) {
        held += was_held(recorder, person, i);
    }
    code_count(c, &held, held);
    for (int i = 0; i < person->delivery_count && held > 0; i++) {
        if (was_held(recorder, person, i)) {
            struct record_message message = message_of(person->deliveries[i]);
            code_message(c, &message);
        }
    }
    code_int64(c, &event_last_id);
    int event_count = decision->event_count;
    code_int(c, &event_count);
    code_bool(c, &recorder->trace.read_ended);
    codec_plain(c);
    if (recorder->trace.read_ended) {
        codec_append(c, &recorder->ended);
    }
    return arena_str(arena, (struct str){(const char *)c->bytes, c->at});
}

struct str recorder_result(struct recorder *recorder, struct arena *arena,
                           const struct person *person, int delivery_count,
                           const struct decision *decision)
{
    codec_rewind(&recorder->record);
    write_result(recorder, person, delivery_count, decision);
    return arena_str(arena,
                     (struct str){(const char *)recorder->record.bytes, recorder->record.at});
}

/* ---- the world ---- */

/* Names that rows repeat, and where inputs come from most. */
static void add_words(struct codec_words *words, const struct catalog *catalog)
{
    static const char *const sources[] = {"report", "telegram", "timer", "webchat"};
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        codec_words_add(words, str_of(sources[i]));
    }
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        codec_words_add(words, journey->name);
        codec_words_add(words, journey->hash);
        codec_words_add(words, journey->sequence);
        for (int k = 0; k < journey->step_count; k++) {
            codec_words_add(words, journey->steps[k].id);
        }
    }
}

static uint64_t version_of(const struct experiments *experiments)
{
    for (int i = 0; experiments != NULL && i < experiments->count; i++) {
        if (experiments->items[i].allocation == ALLOCATION_THOMPSON) {
            return WORLD_VERSION_PHASES;
        }
    }
    return experiments != NULL ? WORLD_VERSION_EXPERIMENTS : RECORD_VERSION;
}

/* All else follows from it. */
static void write_head(struct codec *c, const struct world *world)
{
    struct installation installation = *world->installation;
    uint64_t version = version_of(installation.experiments);
    int count;
    const struct catalog_file *files = catalog_files(world->catalog, &count);
    codec_rewind(c);
    code_number(c, &version);
    code_installation(c, &installation, NULL);
    if (installation.experiments != NULL) {
        code_experiments(c, &installation.experiments, version, NULL);
    }
    code_count(c, &count, count);
    for (int i = 0; i < count; i++) {
        code_bytes(c, files[i].name);
        code_bytes(c, files[i].hash);
    }
}

bool recorder_is_in(struct recorder *recorder, const struct world *world, struct str bytes)
{
    struct codec *c = &recorder->scratch;
    write_head(c, world);
    return str_starts(bytes, (struct str){(const char *)c->bytes, c->at});
}

struct str recorder_world(struct recorder *recorder, const struct world *world)
{
    struct codec *c = &recorder->scratch;
    struct codec_words words = {.count = 0};
    write_head(c, world);
    add_words(&words, world->catalog);
    code_count(c, &words.count, words.count);
    for (int i = 0; i < words.count; i++) {
        code_bytes(c, words.texts[i]);
    }
    return (struct str){(const char *)c->bytes, c->at};
}

void recorder_enter(struct recorder *recorder, struct arena *scratch, struct str world)
{
    struct record_world read;
    enum err error = record_world_read(scratch, world, &read, NULL);
    ASSERT(error == OK); /* it was just written */
    *recorder->words = *read.words;
}
