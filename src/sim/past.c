/* Reading a person's past from decisions (past.h). */
#include "sim/past.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/ids.h"
#include "base/limits.h"

enum { DECISIONS_MAX = 20000 };

struct kept_world {
    struct kept_world *next;
    int64_t id;
    const struct installation *installation;
    const struct codec_words *words; /* of its records; NULL: it is lost */
};

struct past_reader {
    struct store *store;
    const struct installation *fallback;
    int64_t from_ms, until_ms;
    struct arena *arena; /* of worlds */
    struct kept_world *worlds;
};

struct past_reader *past_reader_new(struct store *store, const struct installation *fallback,
                                    int64_t from_ms, int64_t until_ms)
{
    struct past_reader *reader = calloc(1, sizeof(*reader));
    ASSERT(reader != NULL);
    *reader = (struct past_reader){.store = store,
                                   .fallback = fallback,
                                   .from_ms = from_ms,
                                   .until_ms = until_ms,
                                   .arena = arena_new((size_t)16 * 1024)};
    return reader;
}

void past_reader_free(struct past_reader *reader)
{
    if (reader != NULL) {
        arena_free(reader->arena);
        free(reader);
    }
}

enum err past_kept_since(struct store *store, struct arena *arena, int64_t *ret_at_ms,
                         struct err_detail *detail)
{
    struct rows rows;
    enum err error = store_query(store, arena, "replay_first_decision", NULL, 0, 1, &rows, detail);
    if (error == OK) {
        *ret_at_ms =
            rows.count == 1 && rows.cells[0].type == CELL_INT ? id_ms(rows.cells[0].integer) : 0;
    }
    return error;
}

/* ---- the settings of then ---- */

static enum err find_world(struct past_reader *reader, int64_t world_id,
                           const struct kept_world **ret_kept, struct err_detail *detail)
{
    struct kept_world *kept = reader->worlds;
    while (kept != NULL && kept->id != world_id) {
        kept = kept->next;
    }
    if (kept != NULL) {
        *ret_kept = kept;
        return OK;
    }
    struct str bytes;
    struct record_world *world = ARENA_NEW(reader->arena, struct record_world);
    enum err error = store_world_get(reader->store, reader->arena, world_id, &bytes, detail);
    if (error == OK) {
        error = record_world_read(reader->arena, bytes, world, detail);
    }
    if (error != OK && error != ERR_NOT_FOUND && error != ERR_INVALID) {
        return error;
    }
    kept = ARENA_NEW(reader->arena, struct kept_world);
    *kept = (struct kept_world){.id = world_id, .installation = reader->fallback};
    if (error == OK) {
        kept->installation = &world->installation;
        kept->words = world->words;
    }
    kept->next = reader->worlds;
    reader->worlds = kept;
    *ret_kept = kept;
    return OK;
}

/* ---- what happened ---- */

/* Whether it is played again; timers and reports come anew by themselves. */
static bool is_a_deed(struct record *record)
{
    struct input *input = &record->input;
    const struct delivery *delivery;
    switch (input->kind) {
    case INPUT_TIMER:
    case INPUT_GROUP:
        return false;
    case INPUT_REPORT:
        delivery = person_delivery(&record->person, input->ref_id);
        if (delivery == NULL || (input->report != REPORT_BLOCKED && input->report != REPORT_GONE)) {
            return false;
        }
        *input = (struct input){
            .kind = INPUT_BLOCKED, .source = input->source, .channel = delivery->channel};
        return true;
    case INPUT_ADMIN: /* about messages of then, which are others now */
        return !str_is(input->name, "retry") && !str_is(input->name, "withdraw");
    case INPUT_TEXT:
    case INPUT_TEXT_EDITED:
    case INPUT_BUTTON:
    case INPUT_UNSUPPORTED:
    case INPUT_BLOCKED:
    case INPUT_UNBLOCKED:
    case INPUT_MIGRATED:
    case INPUT_TRIGGER:
    case INPUT_TRACK:
    case INPUT_COMMITMENT:
    case INPUT_ANSWER:
    case INPUT_MOVE:
        return true;
    }
    return false;
}

static void add_input(struct past *past, struct record *record,
                      const struct installation *installation)
{
    if (!is_a_deed(record)) {
        return;
    }
    if (record_lacks_text(&record->input)) {
        record->input.text = STR("…"); /* of a broadcast: it stands with the message */
    }
    past->inputs[past->input_count++] = (struct past_input){.at_ms = record->now_ms,
                                                            .input = record->input,
                                                            .before = &record->person,
                                                            .installation = installation};
}

static enum err read_decision(struct past_reader *reader, struct arena *arena,
                              const struct decision_row *row, struct past *past,
                              struct record **ret_record, const struct kept_world **ret_world,
                              struct err_detail *detail)
{
    struct record *record = ARENA_NEW(arena, struct record);
    enum err error = find_world(reader, row->world_id, ret_world, detail);
    if (error != OK) {
        return error;
    }
    if ((*ret_world)->words == NULL) {
        past->left_out = "the settings of then are lost";
        return OK;
    }
    error = record_read(arena, row->id, (*ret_world)->words, row->record, record, detail);
    if (error == ERR_INVALID) {
        past->left_out = "a decision was kept by another version of this program";
        return OK;
    }
    if (error == OK && record->person.user.id != row->user_id) {
        past->left_out = "two rows of one person were joined since";
    }
    *ret_record = record;
    return error;
}

/* The first is read twice: once for the rows before it, which playing changes. */
static enum err read_decisions(struct past_reader *reader, struct arena *arena,
                               const struct decision_row *rows, int count, struct past *past,
                               struct err_detail *detail)
{
    struct record *record = NULL;
    const struct kept_world *world = NULL;
    enum err error = read_decision(reader, arena, &rows[0], past, &record, &world, detail);
    if (error == OK && past->left_out == NULL) {
        past->person = &record->person;
        past->installation = world->installation;
    }
    past->inputs = ARENA_ARRAY(arena, struct past_input, (size_t)count);
    for (int i = 0; error == OK && past->left_out == NULL && i < count; i++) {
        error = read_decision(reader, arena, &rows[i], past, &record, &world, detail);
        if (error == OK && past->left_out == NULL && record->now_ms < reader->until_ms) {
            add_input(past, record, world->installation);
        }
    }
    return error;
}

/* ---- the rows ---- */

static enum err load_now(struct past_reader *reader, struct arena *arena, int64_t user_id,
                         struct person **ret_person, struct err_detail *detail)
{
    struct person_want want = {.user_id = user_id, .now_ms = reader->from_ms};
    return store_people_load(reader->store, arena, &want, 1, ret_person, detail);
}

static int64_t ended_at(const struct commitment *commitment)
{
    return commitment->state == COMMITMENT_COMPLETED ? commitment->completed_at_ms
                                                     : commitment->ended_at_ms;
}

/* Those that had ended by the instant, which the record leaves out, in the order they were made. */
static void add_ended(struct arena *arena, const struct person *now, int64_t from_ms,
                      struct person *person)
{
    struct person all = *person;
    all.commitments = NULL;
    all.commitment_count = all.commitment_capacity = 0;
    int next = 0;
    for (int i = 0; i < now->commitment_count; i++) {
        const struct commitment *commitment = now->commitments[i];
        bool has_ended = commitment->state != COMMITMENT_ACTIVE && ended_at(commitment) < from_ms;
        if (!has_ended || person_commitment(person, commitment->id) != NULL) {
            continue;
        }
        while (next < person->commitment_count && person->commitments[next]->id < commitment->id) {
            *person_add_commitment(arena, &all) = *person->commitments[next++];
        }
        *person_add_commitment(arena, &all) = *commitment;
    }
    while (next < person->commitment_count) {
        *person_add_commitment(arena, &all) = *person->commitments[next++];
    }
    *person = all;
}

/* Runs that have begun go on by the definition they began with. */
static enum err pin(struct past_reader *reader, struct arena *arena, struct catalog *catalog,
                    struct past *past, struct err_detail *detail)
{
    for (int i = 0; i < past->person->run_count; i++) {
        const struct run *run = past->person->runs[i];
        struct str yaml = STR_NONE;
        struct mistakes mistakes = {0};
        enum err error = OK;
        if (catalog_definition(catalog, run->definition) == NULL) {
            error = store_definition_get(reader->store, arena, run->definition, &yaml, detail);
        }
        if (error == OK && yaml.length > 0) {
            error = catalog_add_pinned(catalog, yaml, &mistakes);
        }
        if (error != OK && error != ERR_NOT_FOUND && error != ERR_INVALID) {
            return error;
        }
        const struct journey *journey = catalog_definition(catalog, run->definition);
        if (journey == NULL || run->step >= journey->step_count) {
            past->left_out = "the definition of a run is lost, or does not fit this program";
        }
    }
    return OK;
}

enum err past_read(struct past_reader *reader, struct arena *arena, int64_t user_id,
                   struct catalog *catalog, struct past *ret_past, struct err_detail *detail)
{
    struct decision_row *rows = NULL;
    struct person *now = NULL;
    int count = 0;
    struct id_source before = {0}; /* gives the first id of the instant */
    int64_t from_id = id_next(&before, reader->from_ms, 0);
    *ret_past = (struct past){.installation = reader->fallback};
    enum err error = store_decisions_load(reader->store, arena, user_id, from_id, DECISIONS_MAX,
                                          &rows, &count, detail);
    if (error == OK) {
        error = load_now(reader, arena, user_id, &now, detail);
    }
    if (error != OK) {
        return error;
    }
    if (now == NULL || now->broken.length > 0 || count == DECISIONS_MAX) {
        ret_past->left_out = now == NULL              ? "nobody"
                             : count == DECISIONS_MAX ? "too many decisions since"
                                                      : "rows that cannot be read";
        return OK;
    }
    ret_past->person = now;
    if (count > 0) {
        error = read_decisions(reader, arena, rows, count, ret_past, detail);
    }
    if (error != OK || ret_past->left_out != NULL) {
        return error;
    }
    if (ret_past->person != now) {
        add_ended(arena, now, reader->from_ms, ret_past->person);
    } else if (now->user.decision_last_id != 0) {
        error = store_decisions_load(reader->store, arena, user_id, now->user.decision_last_id, 1,
                                     &rows, &count, detail);
        const struct kept_world *world = NULL;
        if (error == OK && count == 1) {
            error = find_world(reader, rows[0].world_id, &world, detail);
            ret_past->installation = error == OK ? world->installation : reader->fallback;
        }
    }
    return error == OK ? pin(reader, arena, catalog, ret_past, detail) : error;
}
