/* Taking over people of a previous bot's tables: a command holds some of them, all in its batch's
 * transaction, which is the mark of how far an import came. What happened elsewhere is written down
 * (core/backfill.h) and not decided on; who is new here is held, and gets nothing about it. Who was
 * here already keeps all they have. Done twice, nothing changes. */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "core/backfill.h"
#include "core/live_person.h"
#include "engine/internal.h"

enum { KNOWN_MAX = 1000000 };

struct bridging {
    struct engine *engine;
    struct batch *batch;
    struct err_detail *detail;
    int added, updated, unchanged, left_out, commitments;
};

/* One person being taken over. */
struct taking {
    const struct live_person *live;
    struct person *person;
    unsigned refusals_before; /* as taken over the last time */
    bool was_here;
    struct backfill backfill;
    struct rows known; /* their commitments that were imported before: id, old id, state */
};

/* ---- commitments ----------------------------------------------------------------------------- */

/* How one of the live tables counts here now: an open one is missed a day after it was due. */
static enum commitment_state state_now(const struct live_commitment *live, int64_t now_ms,
                                       int64_t *ret_ended_at_ms)
{
    *ret_ended_at_ms = live->ended_at_ms;
    if (live->state == COMMITMENT_ACTIVE && live->due_at_ms + DAY_MS <= now_ms) {
        *ret_ended_at_ms = live->due_at_ms + DAY_MS;
        return COMMITMENT_MISSED;
    }
    return live->state;
}

/* What is to be written down, in the order of time. */
struct happening {
    int64_t at_ms;
    int of; /* index of the live commitment */
    bool is_end;
};

static int by_time(const void *a, const void *b)
{
    const struct happening *left = a;
    const struct happening *right = b;
    if (left->at_ms != right->at_ms) {
        return left->at_ms < right->at_ms ? -1 : 1;
    }
    return left->of != right->of ? left->of - right->of : left->is_end - right->is_end;
}

static const struct cell *known_cells(const struct taking *taking, struct str old_id)
{
    for (int i = 0; i < taking->known.count; i++) {
        const struct cell *cells = taking->known.cells + (ptrdiff_t)i * taking->known.columns;
        if (str_equal(cells[1].text, old_id)) {
            return cells;
        }
    }
    return NULL;
}

static struct commitment *make(struct bridging *bridging, struct taking *taking,
                               const struct live_commitment *live)
{
    const struct commitment made = {.text = live->text,
                                    .size_s = live->size_s,
                                    .source = STR(LIVE_SOURCE),
                                    .external_id = live->id,
                                    .created_at_ms = live->created_at_ms,
                                    .planned_at_ms = live->planned_at_ms,
                                    .due_at_ms = live->due_at_ms};
    bridging->commitments++;
    return backfill_made(&taking->backfill, &made);
}

/* One that is here already goes on only where it went on there: what was done here stays. */
static void end_known(struct taking *taking, struct commitment *commitment,
                      enum commitment_state state, int64_t at_ms)
{
    if (commitment == NULL) {
        return; /* ended long ago, and is not loaded */
    }
    if (commitment->state == COMMITMENT_ACTIVE) {
        backfill_ended(&taking->backfill, commitment, state, at_ms);
    } else if (commitment->state == COMMITMENT_MISSED && state == COMMITMENT_COMPLETED) {
        backfill_done_after_all(&taking->backfill, commitment, at_ms);
    }
}

static void take_commitments(struct bridging *bridging, struct taking *taking)
{
    const struct live_person *live = taking->live;
    size_t count = (size_t)live->commitment_count;
    struct arena *arena = bridging->batch->arena;
    struct happening *happenings = ARENA_ARRAY(arena, struct happening, 2 * count);
    struct commitment **rows = ARENA_ARRAY(arena, struct commitment *, count);
    size_t happening_count = 0;
    for (int i = 0; i < live->commitment_count; i++) {
        int64_t ended_at_ms;
        const struct live_commitment *one = &live->commitments[i];
        enum commitment_state state = state_now(one, bridging->batch->now_ms, &ended_at_ms);
        const struct cell *known = known_cells(taking, one->id);
        if (known == NULL) {
            happenings[happening_count++] = (struct happening){one->created_at_ms, i, false};
        } else {
            rows[i] = person_commitment(taking->person, known[0].integer);
        }
        if (state != COMMITMENT_ACTIVE) {
            happenings[happening_count++] = (struct happening){ended_at_ms, i, true};
        }
    }
    qsort(happenings, happening_count, sizeof(*happenings), by_time);
    for (size_t i = 0; i < happening_count; i++) {
        const struct live_commitment *one = &live->commitments[happenings[i].of];
        int64_t ended_at_ms;
        if (!happenings[i].is_end) {
            rows[happenings[i].of] = make(bridging, taking, one);
        } else {
            end_known(taking, rows[happenings[i].of],
                      state_now(one, bridging->batch->now_ms, &ended_at_ms), happenings[i].at_ms);
        }
    }
}

/* ---- the person ------------------------------------------------------------------------------ */

static void fill(struct bridging *bridging, struct taking *taking)
{
    struct user *user = &taking->person->user;
    const struct live_person *live = taking->live;
    struct arena *arena = bridging->batch->arena;
    if (user->first_name.length == 0) {
        user->first_name = arena_str(arena, live->first_name);
    }
    if (user->username.length == 0) {
        user->username = arena_str(arena, live->username);
    }
    if (user->language[0] == '\0') {
        str_copy(user->language, sizeof(user->language), live->language);
    }
    if (user->zone[0] == '\0') {
        str_copy(user->zone, sizeof(user->zone), live->zone);
    }
    user->is_test |= live->is_test;
    user->in_group |= live->in_group;
    if (live->paused_until_ms > user->paused_until_ms) {
        user->paused_until_ms = live->paused_until_ms;
        if (user->next_at_ms == 0 || user->next_at_ms > live->paused_until_ms) {
            user->next_at_ms = live->paused_until_ms;
        }
    }
    user->changed = true;
}

/* Who refused there since the last time. One who was here leaves what they are in. */
static void refuse(struct bridging *bridging, struct taking *taking)
{
    struct user *user = &taking->person->user;
    if ((taking->live->refusals & ~taking->refusals_before) == 0 || user->stopped) {
        return;
    }
    if (!taking->was_here) {
        user->stopped = true;
        return;
    }
    struct work *work = batch_work(bridging->batch);
    work->input = (struct input){.kind = INPUT_ADMIN,
                                 .source = STR("unsubscribe"),
                                 .name = STR("stop"),
                                 .user_id = user->id};
}

static struct str telegram_of(struct bridging *bridging, const struct live_person *live)
{
    return live->invented
               ? STR_NONE
               : arena_printf(bridging->batch->arena, "%lld", (long long)live->telegram_id);
}

static void make_person(struct bridging *bridging, struct taking *taking)
{
    struct engine *engine = bridging->engine;
    const struct live_person *live = taking->live;
    struct person *person = ARENA_NEW(bridging->batch->arena, struct person);
    person_init(person, id_next(&engine->ids, bridging->batch->now_ms, engine_next_slot(engine)),
                live->joined_at_ms);
    struct user *user = &person->user;
    user->source = STR(LIVE_SOURCE);
    user->set = SET_ORIGINAL;
    user->set_assigned = true;
    user->existing = true;
    user->is_held = true;
    if (!live->invented) {
        user->contacts[CHANNEL_TELEGRAM] = (struct contact){telegram_of(bridging, live), REACH_OK};
        user->channel = CHANNEL_TELEGRAM;
    }
    taking->person = person;
}

static enum err load_person(struct bridging *bridging, struct taking *taking, int64_t user_id)
{
    struct engine *engine = bridging->engine;
    struct arena *arena = bridging->batch->arena;
    const struct person_want want = {.user_id = user_id, .now_ms = bridging->batch->now_ms};
    enum err error =
        store_people_load(engine->store, arena, &want, 1, &taking->person, bridging->detail);
    if (error == OK) {
        error = store_query(engine->store, arena, "bridge_commitments", &ARG_INT(user_id), 1,
                            KNOWN_MAX, &taking->known, bridging->detail);
    }
    return error;
}

static enum err add_identities(struct bridging *bridging, const struct taking *taking)
{
    struct store *store = bridging->engine->store;
    const struct live_person *live = taking->live;
    int64_t now_ms = bridging->batch->now_ms;
    int64_t user_id = taking->person->user.id;
    int64_t owner;
    enum err error = OK;
    if (!live->invented) {
        error = store_identity_add(store, CHANNEL_TELEGRAM, telegram_of(bridging, live), user_id,
                                   now_ms, &owner, bridging->detail);
    }
    if (error == OK && live->id.length > 0) {
        struct rows none;
        const struct arg args[] = {ARG_TEXT(STR("live")), ARG_TEXT(live->id), ARG_INT(user_id),
                                   ARG_INT(now_ms)};
        error = store_query(store, bridging->batch->arena, "identity_insert", args, 4, 1, &none,
                            bridging->detail);
    }
    return error;
}

static enum err save(struct bridging *bridging, struct taking *taking)
{
    struct store *store = bridging->engine->store;
    const struct live_person *live = taking->live;
    int64_t user_id = taking->person->user.id;
    enum err error = store_people_save(store, &taking->person, 1, bridging->detail);
    if (error == OK) {
        error = store_events_append(store, taking->backfill.events, taking->backfill.event_count,
                                    bridging->detail);
    }
    if (error == OK) {
        error = add_identities(bridging, taking);
    }
    if (error == OK) {
        struct rows none;
        const struct arg args[] = {
            ARG_TEXT(str_of(live->key)), ARG_INT(user_id), ARG_TEXT(str_of(live->fingerprint)),
            ARG_INT((int64_t)live->refusals), ARG_INT(bridging->batch->now_ms)};
        error = store_query(store, bridging->batch->arena, "bridge_person_put", args, 5, 1, &none,
                            bridging->detail);
    }
    return error;
}

/* Who they are here: 0 nobody yet, -1 nobody any more. */
static enum err find(struct bridging *bridging, struct taking *taking, bool *ret_unchanged,
                     int64_t *ret_user_id)
{
    struct store *store = bridging->engine->store;
    const struct live_person *live = taking->live;
    struct rows rows;
    const struct arg key[] = {ARG_TEXT(str_of(live->key))};
    enum err error = store_query(store, bridging->batch->arena, "bridge_person", key, 1, 1, &rows,
                                 bridging->detail);
    int64_t row_id = 0;
    *ret_unchanged = false;
    if (error == OK && rows.count == 1) {
        row_id = rows.cells[0].integer;
        *ret_unchanged = str_is(rows.cells[1].text, live->fingerprint);
        taking->refusals_before = (unsigned)rows.cells[2].integer;
    } else if (error == OK && !live->invented) {
        error = store_identity_find(store, CHANNEL_TELEGRAM, telegram_of(bridging, live), &row_id,
                                    bridging->detail);
    }
    *ret_user_id = 0;
    if (error == OK && row_id != 0) {
        error = store_alias_find(store, row_id, ret_user_id, bridging->detail);
        *ret_user_id = *ret_user_id != 0 ? *ret_user_id : -1;
    }
    return error;
}

static enum err take(struct bridging *bridging, const struct live_person *live)
{
    struct taking taking = {.live = live};
    int64_t user_id = 0;
    bool unchanged = false;
    enum err error = live->is_bot ? OK : find(bridging, &taking, &unchanged, &user_id);
    if (error != OK || live->is_bot || unchanged || user_id < 0) {
        bridging->left_out += live->is_bot || user_id < 0;
        bridging->unchanged += unchanged && user_id >= 0;
        return error;
    }
    taking.was_here = user_id != 0;
    if (!taking.was_here) {
        make_person(bridging, &taking);
    } else {
        error = load_person(bridging, &taking, user_id);
    }
    if (error != OK || taking.person == NULL || taking.person->broken.length > 0) {
        bridging->left_out++;
        return error;
    }
    fill(bridging, &taking);
    const struct zone *zone = zone_find(str_of(taking.person->user.zone));
    taking.backfill =
        (struct backfill){.arena = bridging->batch->arena,
                          .person = taking.person,
                          .zone = zone != NULL ? zone : bridging->engine->installation.default_zone,
                          .ids = &bridging->engine->ids,
                          .ids_at_ms = bridging->batch->now_ms,
                          .rule = STR(LIVE_SOURCE)};
    if (!taking.was_here) {
        backfill_event(&taking.backfill, EVENT_USER_JOINED, live->joined_at_ms, 0);
    }
    take_commitments(bridging, &taking);
    refuse(bridging, &taking);
    bridging->added += !taking.was_here;
    bridging->updated += taking.was_here;
    return save(bridging, &taking);
}

/* Whoever follows the live tables has seen all that was there by then. */
static enum err note_seen(struct bridging *bridging, int64_t seen_at_ms)
{
    struct engine *engine = bridging->engine;
    engine->followed_at_ms = seen_at_ms;
    return store_setting_put(
        engine->store, "bridge/followed",
        arena_printf(bridging->batch->arena, "{\"seen_at_ms\":%lld}", (long long)seen_at_ms),
        bridging->batch->now_ms, bridging->detail);
}

/* ---- the command ----------------------------------------------------------------------------- */

enum err bridge_people(struct engine *engine, struct batch *batch, struct command_work *command,
                       const json_t *payload, struct err_detail *detail)
{
    struct bridging bridging = {.engine = engine, .batch = batch, .detail = detail};
    const json_t *list = json_get_array(payload, "people");
    size_t count = json_array_size(list);
    struct live_person *people = ARENA_ARRAY(batch->arena, struct live_person, count);
    for (size_t i = 0; i < count; i++) {
        command->error = live_person_read(batch->arena, json_array_get(list, i),
                                          engine->installation.default_zone, batch->now_ms,
                                          &people[i], &command->detail);
        if (command->error != OK) {
            return OK;
        }
    }
    enum err error = OK;
    for (size_t i = 0; error == OK && i < count; i++) {
        error = take(&bridging, &people[i]);
    }
    int64_t seen_at_ms = json_get_int(payload, "seen_at_ms", 0);
    if (error == OK && seen_at_ms != 0) {
        error = note_seen(&bridging, seen_at_ms);
        command->silent = count == 0;
    }
    json_t *result = json_pack("{s:i, s:i, s:i, s:i, s:i}", "new", bridging.added, "changed",
                               bridging.updated, "unchanged", bridging.unchanged, "left_out",
                               bridging.left_out, "commitments", bridging.commitments);
    command->result = command->after = json_write(batch->arena, result);
    json_decref(result);
    return error;
}
