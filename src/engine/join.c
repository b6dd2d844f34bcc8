/* Signed links and what taking one does: an identity leads to the person of the link; when it led
 * to somebody else before, the two rows become one. All of it within the batch's transaction,
 * before anybody of the round is loaded. */
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "core/join.h"
#include "engine/internal.h"

static const char SECRET_SETTING[] = "secret/links";

/* ---- the secret ---- */

static enum err store_secret(struct engine *engine, struct str secret, struct err_detail *detail)
{
    json_t *json = json_object();
    json_object_set_new(json, "key", json_str(digest_base64(engine->arena, secret)));
    struct str text = json_write(engine->arena, json);
    json_decref(json);
    enum err error = store_begin(engine->store, detail);
    if (error != OK) {
        return error;
    }
    error =
        store_setting_put(engine->store, SECRET_SETTING, text, clock_now_ms(engine->clock), detail);
    if (error == OK) {
        return store_commit(engine->store, detail);
    }
    store_rollback(engine->store);
    return error;
}

static enum err read_secret(struct arena *arena, struct str text, struct str *ret_secret,
                            struct err_detail *detail)
{
    json_t *json = NULL;
    enum err error = json_read(text, text.length, &json, detail);
    if (error == OK) {
        *ret_secret = digest_base64_decode(arena, json_get_str(json, "key"));
        json_decref(json);
    }
    if (error != OK || ret_secret->length != LINK_SECRET_BYTES) {
        return err_set(
            detail, ERR_CONFIG,
            "the stored setting \"%s\" is damaged; delete it, and links given out before "
            "are no longer valid",
            SECRET_SETTING);
    }
    return OK;
}

enum err engine_stored_secret(struct store *store, struct arena *arena, struct str *ret_secret,
                              struct err_detail *detail)
{
    struct str text = STR_NONE;
    *ret_secret = STR_NONE;
    enum err error = store_setting_get(store, arena, SECRET_SETTING, &text, detail);
    return error == OK && text.length > 0 ? read_secret(arena, text, ret_secret, detail) : error;
}

enum err join_load_secret(struct engine *engine, struct str entropy, struct err_detail *detail)
{
    struct str secret;
    enum err error = engine_stored_secret(engine->store, engine->arena, &secret, detail);
    if (error == OK && secret.length == 0 && entropy.length == LINK_SECRET_BYTES) {
        secret = entropy;
        error = store_secret(engine, entropy, detail);
    }
    if (error == OK && secret.length == LINK_SECRET_BYTES) {
        memcpy(engine->link_secret, secret.ptr, LINK_SECRET_BYTES);
        engine->has_links = true;
    }
    return error;
}

struct str engine_link_secret(const struct engine *engine)
{
    return (struct str){(const char *)engine->link_secret,
                        engine->has_links ? LINK_SECRET_BYTES : 0};
}

struct str engine_link(struct engine *engine, struct arena *arena, int64_t user_id)
{
    return engine->has_links
               ? link_make(arena, engine_link_secret(engine), user_id, clock_now_ms(engine->clock))
               : STR_NONE;
}

/* ---- opening a link ---- */

/* In a private chat of a channel that vouches for who writes: a web-chat session is but a token. */
bool join_is_asked(struct engine *engine, const struct batch *batch, const struct input *input,
                   int64_t *ret_user_id)
{
    struct str payload;
    return engine->has_links && input->channel == CHANNEL_TELEGRAM && !input->in_group &&
           input->identity.length > 0 && input->linked_user_id == 0 &&
           link_deed(input, &payload) != LINK_NO_DEED &&
           link_read(batch->arena, engine_link_secret(engine), payload, batch->now_ms, ret_user_id);
}

static enum err pin_runs(struct engine *engine, struct batch *batch, struct person *person,
                         struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; error == OK && i < person->run_count; i++) {
        error = settings_pin(engine, batch->arena, person->runs[i], detail);
    }
    return error;
}

static enum err audit(struct engine *engine, struct batch *batch, int64_t survivor_id,
                      int64_t alias_id, struct err_detail *detail)
{
    return store_audit_append(
        engine->store, STR("link"), STR("people_join"),
        arena_printf(batch->arena, "{\"user_id\":\"%lld\"}", (long long)alias_id),
        arena_printf(batch->arena, "{\"user_id\":\"%lld\"}", (long long)survivor_id), batch->now_ms,
        &engine->ids, detail);
}

/* Decides which runs go on, saves both people, moves the rows. */
static enum err join_rows(struct engine *engine, struct batch *batch, const struct input *input,
                          struct person *survivor, struct person *alias, struct err_detail *detail)
{
    int64_t *completed_at_ms = NULL;
    int completed_count = 0;
    struct decision decisions[2];
    struct person *people[] = {survivor, alias};
    struct store *store = engine->store;
    enum err error = store_join_completions(store, batch->arena, survivor->user.id, alias->user.id,
                                            &completed_at_ms, &completed_count, detail);
    if (error != OK) {
        return error;
    }
    join_people(batch->arena, &batch->world, input, survivor, alias, completed_at_ms,
                completed_count, &decisions[0], &decisions[1]);
    for (int i = 0; i < 2; i++) {
        decision_chain_events(&decisions[i], &people[i]->user, batch->now_ms, &engine->ids);
    }
    error = store_people_save(store, people, 2, detail);
    for (int i = 0; error == OK && i < 2; i++) {
        error = store_events_append(store, decisions[i].events, decisions[i].event_count, detail);
    }
    if (error == OK) {
        error = store_people_join(store, survivor->user.id, alias->user.id, batch->now_ms, detail);
    }
    if (error == OK) {
        error = audit(engine, batch, survivor->user.id, alias->user.id, detail);
    }
    return error;
}

static enum err join_two(struct engine *engine, struct batch *batch, const struct input *input,
                         int64_t one_id, int64_t other_id, int64_t *ret_survivor_id,
                         struct err_detail *detail)
{
    const struct person_want wants[] = {{.user_id = one_id, .now_ms = batch->now_ms},
                                        {.user_id = other_id, .now_ms = batch->now_ms}};
    struct person *people[2] = {NULL, NULL};
    enum err error = store_people_load(engine->store, batch->arena, wants, 2, people, detail);
    if (error != OK) {
        return error;
    }
    if (people[0] == NULL || people[1] == NULL || people[0]->broken.length > 0 ||
        people[1]->broken.length > 0) {
        bool first = people[0] == NULL || people[0]->broken.length > 0;
        log_error("engine",
                  "an identity leads to nobody, or its person cannot be read; run nudge "
                  "doctor",
                  "user=%lld", (long long)(first ? one_id : other_id));
        *ret_survivor_id = 0;
        return OK;
    }
    for (int i = 0; error == OK && i < 2; i++) {
        error = pin_runs(engine, batch, people[i], detail);
    }
    if (error != OK) {
        return error;
    }
    int survivor = join_survives(&people[0]->user, &people[1]->user) ? 0 : 1;
    *ret_survivor_id = people[survivor]->user.id;
    int64_t alias_id = people[1 - survivor]->user.id;
    error = join_rows(engine, batch, input, people[survivor], people[1 - survivor], detail);
    if (error == OK) {
        status_forget_person(engine, alias_id);
        log_info("engine", "two rows of one person were joined", "user=%lld alias=%lld",
                 (long long)*ret_survivor_id, (long long)alias_id);
    }
    return error;
}

/* Opening a link of oneself joins nobody: it counts as taken. Any other is only offered, once more
 * at each opening as long as nobody used it. */
static enum err offer(struct engine *engine, struct batch *batch, struct input *input,
                      struct str payload, int64_t user_id, bool *ret_taken,
                      struct err_detail *detail)
{
    int64_t owner_id = 0;
    struct rows rows = {0};
    const struct arg args[] = {ARG_TEXT(STR("link")), ARG_TEXT(payload)};
    enum err error =
        store_identity_find(engine->store, input->channel, input->identity, &owner_id, detail);
    if (error == OK) {
        error = store_query(engine->store, batch->arena, "seen_find", args, 2, 1, &rows, detail);
    }
    *ret_taken = owner_id == user_id;
    if (error == OK && owner_id != user_id && rows.count == 0) {
        input->offered_user_id = user_id;
    }
    return error;
}

static enum err take(struct engine *engine, struct batch *batch, struct input *input,
                     int64_t user_id, struct err_detail *detail)
{
    int64_t owner_id = 0;
    enum err error = store_identity_add(engine->store, input->channel, input->identity, user_id,
                                        batch->now_ms, &owner_id, detail);
    if (error == OK && owner_id != user_id) {
        error = join_two(engine, batch, input, user_id, owner_id, &user_id, detail);
    }
    if (error == OK && user_id != 0) {
        input->user_id = user_id;
        input->linked_user_id = user_id;
    }
    return error;
}

enum err join_by_link(struct engine *engine, struct batch *batch, struct input *input,
                      int64_t linked_user_id, struct err_detail *detail)
{
    int64_t user_id = 0;
    bool is_new = false;
    struct str payload;
    enum link_deed deed = link_deed(input, &payload);
    bool taken = deed == LINK_TAKEN;
    enum err error = store_alias_find(engine->store, linked_user_id, &user_id, detail);
    if (error == OK && user_id != 0 && deed == LINK_OPENED) {
        error = offer(engine, batch, input, payload, user_id, &taken, detail);
    }
    if (error == OK && user_id != 0 && (taken || deed == LINK_REFUSED)) {
        error = store_seen(engine->store, STR("link"), payload, batch->now_ms, &is_new, detail);
    }
    return error == OK && is_new && taken ? take(engine, batch, input, user_id, detail) : error;
}
