/* Reading people of the live tables, and handing on those that are new or changed. */
#include "cli/bridge_taking.h"

#include "base/calendar.h"
#include "base/log.h"
#include "cli/cli.h"

/* A command holds, but for its last person, at most BATCH_BYTES_MAX; the engine takes 4 MB. */
enum { BATCH_BYTES_MAX = 1024 * 1024, DOCUMENT_BYTES_MAX = 3 * 1024 * 1024 };

const char *standing_name(enum standing standing)
{
    static const char *const names[STANDING_COUNT] = {"new", "here_already", "changed", "unchanged",
                                                      "left_out"};
    return names[standing];
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reading {
    const struct bridge_source *source;
    const struct zone *zone;
    int64_t now_ms;
    bridge_person_function *function;
    void *context;
};

static enum err read_one(const struct reading *reading, struct arena *arena, struct str document,
                         struct err_detail *detail)
{
    json_t *json = NULL;
    struct live_person person;
    if (reading->source->stopping != NULL && atomic_load(reading->source->stopping)) {
        return err_set(detail, ERR_CANCELLED, "the server stops");
    }
    enum err error = json_read(document, DOCUMENT_BYTES_MAX, &json, detail);
    if (error == OK) {
        error = live_person_read(arena, json, reading->zone, reading->now_ms, &person, detail);
    }
    if (error == OK) {
        error = reading->function(reading->context, arena, &person, json, document.length, detail);
    } else if (reading->source->unreadable != NULL) {
        log_warn("bridge", "a person of the live tables cannot be read",
                 "error=\"%s\" detail=\"%s\"", err_text(error), detail->text);
        (*reading->source->unreadable)++;
        error = OK;
    } else {
        error = err_wrap(detail, error, "the live users");
    }
    json_decref(json);
    return error;
}

enum err bridge_each_person(const struct bridge_source *source, bridge_person_function *function,
                            void *context, struct err_detail *detail)
{
    const struct zone *zone = zone_find(str_of(source->zone_name));
    const struct reading reading = {source, zone != NULL ? zone : zone_utc(),
                                    clock_now_ms(source->clock), function, context};
    struct arena *arena = arena_new((size_t)1024 * 1024);
    int64_t done = 0;
    int count = 0;
    enum err error = OK;
    do {
        struct str *documents = NULL;
        arena_reset(arena);
        error = live_next(source->live, arena, BRIDGE_PEOPLE_MAX, &documents, &count, detail);
        for (int i = 0; error == OK && i < count; i++) {
            error = read_one(&reading, arena, documents[i], detail);
        }
        done += count;
        if (source->doing != NULL) {
            progress_show(source->doing, done, live_people(source->live));
        }
    } while (error == OK && count > 0);
    if (source->doing != NULL) {
        progress_end();
    }
    arena_free(arena);
    return error;
}

/* ---- against ours ---------------------------------------------------------------------------- */

enum err bridge_compare(struct store *store, struct arena *arena, const struct live_person *person,
                        enum standing *ret_standing, struct err_detail *detail)
{
    *ret_standing = person->is_bot ? STANDING_LEFT_OUT : STANDING_NEW;
    if (store == NULL || person->is_bot) {
        return OK;
    }
    struct rows rows;
    int64_t user_id = 0;
    const struct arg key[] = {ARG_TEXT(str_of(person->key))};
    enum err error = store_query(store, arena, "bridge_person", key, 1, 1, &rows, detail);
    bool imported = error == OK && rows.count == 1;
    if (imported) {
        error = store_alias_find(store, rows.cells[0].integer, &user_id, detail);
        *ret_standing = user_id == 0                                      ? STANDING_LEFT_OUT
                        : str_is(rows.cells[1].text, person->fingerprint) ? STANDING_UNCHANGED
                                                                          : STANDING_CHANGED;
    } else if (error == OK && !person->invented) {
        struct str value = arena_printf(arena, "%lld", (long long)person->telegram_id);
        error = store_identity_find(store, CHANNEL_TELEGRAM, value, &user_id, detail);
        *ret_standing = user_id != 0 ? STANDING_HERE : STANDING_NEW;
    }
    return error;
}

/* ---- handing on ------------------------------------------------------------------------------ */

static enum err send_people(struct bridge_taking *taking, struct err_detail *detail)
{
    if (json_array_size(taking->people) == 0) {
        return OK;
    }
    json_t *result = NULL;
    enum err error = taking->send(taking->context, json_pack("{s:o}", "people", taking->people),
                                  &result, detail);
    taking->people = json_array();
    taking->bytes = 0;
    for (int i = 0; i < STANDING_COUNT; i++) {
        taking->standings[i] += json_get_int(result, standing_name((enum standing)i), 0);
    }
    taking->commitments += json_get_int(result, "commitments", 0);
    json_decref(result);
    return error;
}

static enum err take_person(void *context, struct arena *arena, const struct live_person *person,
                            json_t *document, size_t bytes, struct err_detail *detail)
{
    struct bridge_taking *taking = context;
    enum standing standing;
    enum err error = bridge_compare(taking->store, arena, person, &standing, detail);
    if (error != OK) {
        return error;
    }
    if (standing == STANDING_UNCHANGED || standing == STANDING_LEFT_OUT) {
        taking->standings[standing]++;
        return OK;
    }
    json_array_append(taking->people, document);
    taking->bytes += bytes;
    bool is_full =
        json_array_size(taking->people) >= taking->at_once || taking->bytes > BATCH_BYTES_MAX;
    return is_full ? send_people(taking, detail) : OK;
}

enum err bridge_take(struct bridge_taking *taking, const struct bridge_source *source,
                     struct err_detail *detail)
{
    taking->people = json_array();
    taking->bytes = 0;
    enum err error = bridge_each_person(source, take_person, taking, detail);
    if (error == OK) {
        error = send_people(taking, detail);
    }
    json_decref(taking->people);
    taking->people = NULL;
    return error;
}
