/* People: finding them, their cards, and why they got what they got. */
#include "bi/people.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/limits.h"
#include "bi/explain.h"
#include "bi/segment.h"
#include "channel/telegram.h"
#include "core/delivery.h"
#include "http/api/api.h"

enum { EXPLAINED_DAYS = 30 };

static void put_words(json_t *list)
{
    size_t index;
    json_t *person;
    json_array_foreach(list, index, person)
    {
        json_object_set_new(person, "journey_set",
                            json_string(journey_set_name(
                                (enum journey_set)json_get_int(person, "journey_set", 0))));
        json_object_set_new(
            person, "channel",
            json_string(channel_kind_name((enum channel_kind)json_get_int(person, "channel", 0))));
    }
}

/* By id or identity it is one person at most, else all whose name begins so. */
static enum err search(struct api_call *call, struct str wanted, int limit, int64_t before,
                       json_t **ret_list, struct err_detail *detail)
{
    struct rows rows = {0};
    int64_t user_id = 0;
    enum err error = people_find(call->store, call->arena, wanted, &user_id, detail);
    if (error == OK && user_id != 0) {
        const struct arg args[] = {ARG_TEXT(STR("")), ARG_INT(1), ARG_INT(user_id + 1)};
        error = store_query(call->store, call->arena, "users_list", args, 3, 1, &rows, detail);
        if (error == OK && rows.count == 1 && rows.cells[0].integer != user_id) {
            rows.count = 0;
        }
    } else if (error == OK) {
        error = people_list(call->store, call->arena, wanted, limit, before, &rows, detail);
    }
    if (error == OK) {
        *ret_list = people_rows_json(&rows);
        put_words(*ret_list);
    }
    return error;
}

static enum err compile_where(struct api_call *call, struct str source,
                              struct condition **ret_where, struct err_detail *detail)
{
    size_t offset = 0;
    enum err error =
        condition_compile(call->arena, arena_str(call->arena, source), ret_where, &offset, detail);
    return error == OK ? OK : err_wrap(detail, error, "where, byte %zu", offset);
}

/* People of whom the condition holds. A page ends also when enough people were looked at: who wants
 * all goes on until "next" is null. */
static bool reply_segment(struct api_call *call, struct str source, int limit, int64_t before)
{
    const struct http_app *app = http_app(call->request);
    const struct zone *zone = zone_find(str_of(app->config->default_time_zone));
    const struct installation installation = {
        .default_zone = zone != NULL ? zone : zone_utc(),
        .default_language = app->config->default_language,
        .bot_name = app->telegram != NULL ? telegram_bot_name(app->telegram) : STR("")};
    struct world world = {.installation = &installation, .now_ms = clock_now_ms(app->clock)};
    struct condition *where = NULL;
    struct segment_page page = {0};
    struct err_detail detail = {""};
    enum err error = compile_where(call, source, &where, &detail);
    if (error == OK) {
        error = analyst_catalog(call->analyst, &world.catalog, &detail);
    }
    if (error == OK) {
        const struct segment_wish wish = {where, &world, limit, before};
        error = segment_read(call->store, call->arena, &wish, &page, &detail);
    }
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    put_words(page.people);
    json_t *next = page.next != 0 ? json_sprintf("%" PRId64, page.next) : json_null();
    return api_reply(call, json_pack("{s:o, s:o, s:i}", "people", page.people, "next", next,
                                     "looked", page.looked));
}

bool api_run_people(struct api_call *call)
{
    int limit;
    int64_t before;
    json_t *list = NULL;
    struct err_detail detail = {""};
    struct str wanted = http_query(call->request, "q");
    if (!api_page(call, &limit, &before)) {
        return true;
    }
    struct str where = str_trim(http_query(call->request, "where"));
    if (where.length > 0 && wanted.length > 0) {
        return api_fail(call, err_set(&detail, ERR_INVALID, "q or where, not both"), &detail);
    }
    if (where.length > 0) {
        return reply_segment(call, where, limit, before);
    }
    if (wanted.length > LIMIT_NAME_BYTES) {
        return api_fail(call, err_set(&detail, ERR_INVALID, "q is too long"), &detail);
    }
    enum err error = search(call, wanted, limit, before, &list, &detail);
    return error == OK ? api_reply_page(call, "people", list, limit)
                       : api_fail(call, error, &detail);
}

/* Whom the path names; answers 404 itself and gives 0. */
static int64_t person_of_path(struct api_call *call)
{
    int64_t user_id = 0;
    struct err_detail detail = {""};
    enum err error = people_find(call->store, call->arena, call->word, &user_id, &detail);
    if (error == OK && user_id == 0) {
        error = err_set(&detail, ERR_NOT_FOUND, "nobody is known as %.*s", STR_ARG(call->word));
    }
    if (error != OK) {
        api_fail(call, error, &detail);
    }
    return user_id;
}

bool api_run_person(struct api_call *call)
{
    json_t *person = NULL;
    struct err_detail detail = {""};
    int64_t user_id = person_of_path(call);
    if (user_id == 0) {
        return true;
    }
    enum err error = people_card(call->store, call->arena, user_id, &person, &detail);
    return error == OK ? api_reply(call, person) : api_fail(call, error, &detail);
}

bool api_run_person_explain(struct api_call *call)
{
    struct err_detail detail = {""};
    int64_t user_id = person_of_path(call);
    if (user_id == 0) {
        return true;
    }
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    struct explain_wish wish = {.user_id = user_id, .from_ms = now_ms - EXPLAINED_DAYS * DAY_MS};
    struct explain_totals totals = {0};
    json_t *list = NULL;
    struct str since = http_query(call->request, "since");
    if (since.length > 0 && !calendar_parse_iso(since, &wish.from_ms)) {
        return api_fail(call, err_set(&detail, ERR_INVALID, "since takes an instant of ISO 8601"),
                        &detail);
    }
    enum err error = explain_person(call->store, call->arena, &wish, &list, &totals, &detail);
    return error == OK ? api_reply(call, json_pack("{s:o}", "decisions", list))
                       : api_fail(call, error, &detail);
}
