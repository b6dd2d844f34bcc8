/* Reading records back (record.h): the bytes are hostile. */
#include "core/record.h"

#include <string.h>

#include "base/limits.h"
#include "core/catalog.h"
#include "core/record_parts.h"

enum {
    ROWS_MAX = 100000, /* of one kind; each takes bytes, so the record's length bounds it first */
    FILES_MAX = 1000,
    LANGUAGE_MAX = 64
};

void code_result(struct codec *c, struct record_result *result)
{
    result->error = (enum err)code_enum(c, (int)result->error, ERR_CANCELLED + 1);
    code_bool(c, &result->handled);
    code_bool(c, &result->erase);
    code_bool(c, &result->export_file);
    code_count(c, &result->event_count, INT32_MAX);
    code_int64(c, &result->user_next_at_ms);
}

void code_record_run(struct codec *c, struct record_run *run)
{
    code_int64(c, &run->id);
    code_bool(c, &run->is_new);
    code_str(c, &run->journey);
    run->phase = (enum run_phase)code_enum(c, (int)run->phase, PHASE_ENDED + 1);
    run->outcome = (enum run_outcome)code_enum(c, (int)run->outcome, RUN_STOPPED + 1);
    run->step = code_enum(c, run->step, RUN_STEPS_MAX);
    code_int64(c, &run->next_at_ms);
}

void code_record_commitment(struct codec *c, struct record_commitment *commitment)
{
    code_int64(c, &commitment->id);
    code_bool(c, &commitment->is_new);
    commitment->state =
        (enum commitment_state)code_enum(c, (int)commitment->state, COMMITMENT_DROPPED + 1);
}

static int read_count(struct codec *c)
{
    int count = 0;
    code_count(c, &count, ROWS_MAX);
    return count;
}

static void read_runs(struct codec *c, struct arena *arena, struct person *person)
{
    int count = read_count(c);
    for (int i = 0; i < count && !c->bad; i++) {
        struct run *run = person_add_run(arena, person);
        run->is_new = run->changed = false;
        code_run(c, run);
        run->saved_next_at_ms = run->next_at_ms;
    }
}

static void read_deliveries(struct codec *c, struct arena *arena, struct person *person)
{
    int count = read_count(c);
    for (int i = 0; i < count && !c->bad; i++) {
        struct delivery *delivery = person_add_delivery(arena, person);
        delivery->is_new = delivery->changed = false;
        code_delivery(c, delivery);
        delivery->saved_next_at_ms = delivery->next_at_ms;
    }
}

static void read_activity(struct codec *c, struct arena *arena, struct person *person)
{
    code_bool(c, &person->has_history);
    int count = read_count(c);
    int64_t *at_ms = ARENA_ARRAY(arena, int64_t, (size_t)count);
    for (int i = 0; i < count; i++) {
        int64_t later_ms = 0;
        code_int64(c, &later_ms);
        if (__builtin_add_overflow(i > 0 ? at_ms[i - 1] : 0, later_ms, &at_ms[i])) {
            c->bad = true;
            return;
        }
    }
    person->activity_at_ms = at_ms;
    person->activity_count = count;
}

static void read_commitments(struct codec *c, struct arena *arena, struct person *person,
                             void (*code)(struct codec *codec, struct commitment *commitment))
{
    int count = read_count(c);
    for (int i = 0; i < count && !c->bad; i++) {
        struct commitment *commitment = person_add_commitment(arena, person);
        commitment->is_new = commitment->changed = false;
        code(c, commitment);
        commitment->user_id = person->user.id;
        commitment->saved_next_at_ms = commitment->next_at_ms;
    }
}

/* Both kinds were in the order of ids; now all are. */
static void sort_commitments(struct person *person)
{
    for (int i = 1; i < person->commitment_count; i++) {
        struct commitment *moved = person->commitments[i];
        int to = i;
        for (; to > 0 && person->commitments[to - 1]->id > moved->id; to--) {
            person->commitments[to] = person->commitments[to - 1];
        }
        person->commitments[to] = moved;
    }
}

static struct record_message *read_messages(struct codec *c, struct arena *arena, int *ret_count)
{
    *ret_count = read_count(c);
    struct record_message *messages = ARENA_ARRAY(arena, struct record_message, (size_t)*ret_count);
    for (int i = 0; i < *ret_count && !c->bad; i++) {
        code_message(c, &messages[i]);
    }
    return messages;
}

static void read_result(struct codec *c, struct arena *arena, struct record_result *result)
{
    code_result(c, result);
    result->messages = read_messages(c, arena, &result->message_count);
    result->run_count = read_count(c);
    result->runs = ARENA_ARRAY(arena, struct record_run, (size_t)result->run_count);
    for (int i = 0; i < result->run_count && !c->bad; i++) {
        code_record_run(c, &result->runs[i]);
    }
    result->commitment_count = read_count(c);
    result->commitments =
        ARENA_ARRAY(arena, struct record_commitment, (size_t)result->commitment_count);
    for (int i = 0; i < result->commitment_count && !c->bad; i++) {
        code_record_commitment(c, &result->commitments[i]);
    }
    code_number(c, &result->hash);
}

static bool has_version(struct codec *c)
{
    uint64_t version = 0;
    code_number(c, &version);
    return !c->bad && version == RECORD_VERSION;
}

enum err record_read(struct arena *arena, int64_t id, const struct codec_words *words,
                     struct str bytes, struct record *ret_record, struct err_detail *detail)
{
    struct codec c = codec_reader(bytes);
    struct codec_pack pack;
    *ret_record = (struct record){.id = id};
    if (!has_version(&c)) {
        return err_set(detail, ERR_INVALID,
                       "decision %lld has a form that this program does not know", (long long)id);
    }
    struct person *person = &ret_record->person;
    int64_t late_ms = 0;
    codec_pack(&c, &pack, words);
    code_int64(&c, &late_ms);
    if (__builtin_add_overflow(id_ms(id), late_ms, &ret_record->now_ms)) {
        c.bad = true;
    }
    code_input(&c, &ret_record->input);
    code_bool(&c, &ret_record->has_population);
    if (ret_record->has_population) {
        code_population(&c, &ret_record->population);
    }
    code_user(&c, &person->user);
    read_runs(&c, arena, person);
    read_deliveries(&c, arena, person);
    read_activity(&c, arena, person);
    read_commitments(&c, arena, person, code_commitment);
    read_result(&c, arena, &ret_record->result);
    ret_record->held = read_messages(&c, arena, &ret_record->held_count);
    code_int64(&c, &ret_record->event_last_id);
    code_int(&c, &ret_record->event_count);
    code_bool(&c, &ret_record->has_ended);
    codec_plain(&c);
    if (ret_record->has_ended) {
        read_commitments(&c, arena, person, code_ended);
    }
    sort_commitments(person);
    if (!codec_is_whole(&c)) {
        return err_set(detail, ERR_INVALID, "the record of decision %lld is damaged",
                       (long long)id);
    }
    return OK;
}

enum err record_result_read(struct arena *arena, struct str bytes, struct record_result *ret_result,
                            struct err_detail *detail)
{
    struct codec c = codec_reader(bytes);
    *ret_result = (struct record_result){0};
    read_result(&c, arena, ret_result);
    return codec_is_whole(&c) ? OK : err_set(detail, ERR_INVALID, "this is no result");
}

/* ---- the world ---- */

static void code_rollout(struct codec *c, struct rollout *rollout)
{
    code_str(c, &rollout->name);
    code_str(c, &rollout->seed);
    code_int(c, &rollout->share_permyriad);
    code_int64(c, &rollout->started_at_ms);
    code_bool(c, &rollout->rolled_back_entries);
    code_bool(c, &rollout->rolled_back_nurture);
    code_bool(c, &rollout->stage_existing_rescue);
    code_bool(c, &rollout->stage_existing_amplification);
    code_bool(c, &rollout->held);
}

_Static_assert(sizeof(struct installation) == 144, "a new field belongs into code_installation");

void code_installation(struct codec *c, struct installation *installation, struct arena *arena)
{
    struct str zone = STR_NONE;
    struct str language = STR_NONE;
    if (!c->reading) {
        zone = str_of(zone_name(installation->default_zone));
        language = str_of(installation->default_language);
    }
    code_str(c, &zone);
    code_str(c, &language);
    code_int(c, &installation->quiet_from_minute);
    code_int(c, &installation->quiet_to_minute);
    code_int64(c, &installation->nudge_min_gap_ms);
    code_int(c, &installation->nudge_per_day);
    code_bool(c, &installation->groups_in_use);
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        code_bool(c, &installation->channels[i]);
    }
    code_str(c, &installation->bot_name);
    code_str(c, &installation->public_url);
    code_rollout(c, &installation->rollout);
    if (c->reading) {
        installation->default_zone = zone_find(zone);
        installation->default_language = arena_str(arena, language).ptr;
        c->bad = c->bad || installation->default_zone == NULL || language.length > LANGUAGE_MAX;
    }
}

static void code_experiment(struct codec *c, struct experiment *experiment)
{
    code_str(c, &experiment->name);
    experiment->state =
        (enum experiment_state)code_enum(c, (int)experiment->state, EXPERIMENT_SHIPPED + 1);
    code_str(c, &experiment->shipped);
    code_str(c, &experiment->seed);
    code_double(c, &experiment->coverage);
    code_str(c, &experiment->space);
    code_double(c, &experiment->space_from);
    code_double(c, &experiment->space_to);
    code_count(c, &experiment->arm_count, EXPERIMENT_ARMS_MAX);
    for (int i = 0; i < experiment->arm_count; i++) {
        code_str(c, &experiment->arms[i].variant);
        code_double(c, &experiment->arms[i].weight);
    }
    c->bad = c->bad || experiment->space.length > LIMIT_KEY_BYTES;
}

static void code_phases(struct codec *c, struct experiment *experiment, struct arena *arena)
{
    experiment->allocation = (enum experiment_allocation)code_enum(c, (int)experiment->allocation,
                                                                   ALLOCATION_THOMPSON + 1);
    code_int64(c, &experiment->phases_left);
    code_count(c, &experiment->phase_count, EXPERIMENT_PHASES_MAX);
    if (c->reading) {
        experiment->phases =
            ARENA_ARRAY(arena, struct experiment_phase, (size_t)experiment->phase_count);
    }
    for (int i = 0; i < experiment->phase_count && !c->bad; i++) {
        struct experiment_phase phase = experiment->phases[i];
        code_int64(c, &phase.since_ms);
        for (int k = 0; k < experiment->arm_count; k++) {
            code_double(c, &phase.weights[k]);
        }
        if (c->reading) {
            experiment->phases[i] = phase;
        }
    }
}

void code_experiments(struct codec *c, const struct experiments **experiments, uint64_t version,
                      struct arena *arena)
{
    struct experiments copy = {0};
    if (!c->reading) {
        copy = **experiments;
    }
    code_int(c, &copy.holdout_permyriad);
    code_count(c, &copy.count, EXPERIMENTS_MAX);
    if (c->reading) {
        copy.items = ARENA_ARRAY(arena, struct experiment, (size_t)copy.count);
    }
    for (int i = 0; i < copy.count && !c->bad; i++) {
        struct experiment experiment = copy.items[i];
        code_experiment(c, &experiment);
        if (version == WORLD_VERSION_PHASES) {
            code_phases(c, &experiment, arena);
        }
        if (c->reading) {
            copy.items[i] = experiment;
        }
    }
    if (c->reading) {
        struct experiments *read = ARENA_NEW(arena, struct experiments);
        *read = copy;
        *experiments = read;
    }
}

enum err record_world_read(struct arena *arena, struct str bytes, struct record_world *ret_world,
                           struct err_detail *detail)
{
    struct codec c = codec_reader(bytes);
    uint64_t version = 0;
    *ret_world = (struct record_world){.file_count = 0};
    code_number(&c, &version);
    if (c.bad || (version != RECORD_VERSION && version != WORLD_VERSION_EXPERIMENTS &&
                  version != WORLD_VERSION_PHASES)) {
        return err_set(detail, ERR_INVALID, "its world has a form that this program does not know");
    }
    code_installation(&c, &ret_world->installation, arena);
    if (version != RECORD_VERSION) {
        code_experiments(&c, &ret_world->installation.experiments, version, arena);
    }
    code_count(&c, &ret_world->file_count, FILES_MAX);
    ret_world->files = ARENA_ARRAY(arena, struct catalog_file, (size_t)ret_world->file_count);
    for (int i = 0; i < ret_world->file_count && !c.bad; i++) {
        code_str(&c, &ret_world->files[i].name);
        code_str(&c, &ret_world->files[i].hash);
    }
    int word_count = 0;
    code_count(&c, &word_count, CODEC_WORDS_MAX);
    ret_world->words = ARENA_NEW(arena, struct codec_words);
    for (int i = 0; i < word_count && !c.bad; i++) {
        struct str word;
        code_str(&c, &word);
        codec_words_add(ret_world->words, word);
    }
    c.bad = c.bad || ret_world->words->count != word_count;
    if (!codec_is_whole(&c)) {
        return err_set(detail, ERR_INVALID,
                       "the world of a decision is damaged, or has a time zone that is not known "
                       "here");
    }
    return OK;
}
