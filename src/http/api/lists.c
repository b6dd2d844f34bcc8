/* Lists, a page at a time, and what operators set. */
#include <inttypes.h>

#include "bi/people.h"
#include "core/delivery.h"
#include "http/api/api.h"

enum { PAGE = 50, PAGE_MAX = 200 };

bool api_page(struct api_call *call, int *ret_limit, int64_t *ret_before)
{
    struct str limit = http_query(call->request, "limit");
    struct str before = http_query(call->request, "before");
    struct err_detail detail = {""};
    int64_t count = PAGE;
    *ret_before = 0;
    if (limit.length > 0 && (!str_to_int64(limit, &count) || count < 1 || count > PAGE_MAX)) {
        api_fail(call, err_set(&detail, ERR_INVALID, "limit takes a number from 1 to %d", PAGE_MAX),
                 &detail);
        return false;
    }
    if (before.length > 0 && !str_to_int64(before, ret_before)) {
        api_fail(call, err_set(&detail, ERR_INVALID, "before takes the id that \"next\" gave"),
                 &detail);
        return false;
    }
    *ret_limit = (int)count;
    return true;
}

bool api_reply_page(struct api_call *call, const char *key, json_t *list, int limit)
{
    size_t count = json_array_size(list);
    json_t *next = json_null();
    if (count == (size_t)limit) {
        next = json_str(json_get_str(json_array_get(list, count - 1), "id"));
    }
    return api_reply(call, json_pack("{s:o, s:o}", key, list, "next", next));
}

/* Runs a block whose arguments are (limit, before). */
static bool reply_block(struct api_call *call, const char *block, const char *key)
{
    int limit;
    int64_t before;
    struct rows rows = {0};
    struct err_detail detail = {""};
    if (!api_page(call, &limit, &before)) {
        return true;
    }
    const struct arg args[] = {ARG_INT(limit), ARG_INT(before)};
    enum err error = store_query(call->store, call->arena, block, args, 2, limit, &rows, &detail);
    return error == OK ? api_reply_page(call, key, people_rows_json(&rows), limit)
                       : api_fail(call, error, &detail);
}

bool api_run_feedback(struct api_call *call)
{
    return reply_block(call, "feedback_list", "feedback");
}

bool api_run_audit(struct api_call *call)
{
    return reply_block(call, "audit_page", "audit");
}

bool api_run_deliveries(struct api_call *call)
{
    int limit;
    int64_t before;
    int64_t state = -1;
    int64_t user_id = 0;
    struct rows rows = {0};
    struct err_detail detail = {""};
    struct str wanted = http_query(call->request, "state");
    struct str user = http_query(call->request, "user_id");
    if (!api_page(call, &limit, &before)) {
        return true;
    }
    if (wanted.length > 0) {
        state = (int64_t)delivery_state_of(wanted);
    }
    if (state == DELIVERY_STATE_COUNT || (user.length > 0 && !str_to_int64(user, &user_id))) {
        return api_fail(call,
                        err_set(&detail, ERR_INVALID,
                                "state takes a state of messages, such as dead, and user_id an id"),
                        &detail);
    }
    const struct arg args[] = {ARG_INT(state), ARG_INT(user_id), ARG_INT(limit), ARG_INT(before)};
    enum err error =
        store_query(call->store, call->arena, "deliveries_list", args, 4, limit, &rows, &detail);
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    json_t *list = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_array_append_new(list, people_delivery_json(rows.cells + i * rows.columns));
    }
    return api_reply_page(call, "deliveries", list, limit);
}

bool api_run_sending(struct api_call *call)
{
    struct str stored = STR_NONE;
    json_t *json = NULL;
    struct err_detail detail = {""};
    enum err error = store_setting_get(call->store, call->arena, "sending", &stored, &detail);
    if (error == OK && stored.length > 0) {
        error = json_read(stored, stored.length, &json, &detail);
    }
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    struct str mode = json_get_str(json, "mode");
    json_t *answer = json_object();
    json_object_set_new(answer, "mode", json_str(mode.length > 0 ? mode : STR("on")));
    json_decref(json);
    return api_reply(call, answer);
}
