/* For a bot that stays the owner of its chats and leaves journeys to us: it forwards raw updates,
 * or tells what its people did. The same Idempotency-Key is decided on once. */
#include <microhttpd.h>

#include "channel/telegram.h"
#include "http/api/api.h"

/* The decision's result with who it was about, and whether it was ours. */
static void answer_decided(struct request *request, const struct outcome *outcome)
{
    json_t *result = NULL;
    struct err_detail detail = {""};
    struct str text = outcome->result.length > 0 ? outcome->result : STR("{}");
    enum err error = json_read(text, text.length, &result, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
        return;
    }
    json_object_set_new(result, "handled", json_boolean(outcome->handled));
    json_object_set_new(result, "duplicate", json_boolean(outcome->duplicate));
    if (outcome->user_id != 0) {
        json_object_set_new(result, "user_id", json_sprintf("%lld", (long long)outcome->user_id));
    }
    http_reply_json(request, MHD_HTTP_OK, result);
}

/* Members of the body that belong into an input's data. */
static json_t *data_of(const json_t *body)
{
    static const char *const keys[] = {"size_minutes", "planned_at", "external_id"};
    json_t *properties = json_object_get(body, "properties");
    if (properties != NULL) {
        return json_incref(properties);
    }
    json_t *data = json_object();
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (json_object_get(body, keys[i]) != NULL) {
            json_object_set(data, keys[i], json_object_get(body, keys[i]));
        }
    }
    return data;
}

/* Members of the body that are the input's own, by the names they have there. */
static json_t *payload_of(struct api_call *call, const json_t *body, struct str once)
{
    static const char *const names[][2] = {
        {"user_id", "user_id"}, {"channel", "channel"},       {"identity", "identity"},
        {"text", "text"},       {"first_name", "first_name"}, {"language", "language"},
        {"event", "name"},      {"journey", "name"},          {"revenue", "revenue"},
    };
    json_t *payload = json_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (json_object_get(body, names[i][0]) != NULL) {
            json_object_set(payload, names[i][1], json_object_get(body, names[i][0]));
        }
    }
    json_object_set_new(payload, "kind", json_string(call->operation->asks));
    json_object_set_new(payload, "external_id", json_str(once));
    json_object_set_new(payload, "ref_id", json_str(call->word));
    json_object_set_new(payload, "data", data_of(body));
    return payload;
}

/* Trigger, answer, commitment, event: what the table says is asked. */
bool api_run_input(struct api_call *call)
{
    struct input input;
    struct str once;
    struct err_detail detail = {""};
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    if (!api_once(call, &once)) {
        json_decref(body);
        return true;
    }
    json_t *payload = payload_of(call, body, once);
    enum err error = engine_read_input(call->arena, payload, api_actor(call), &input, &detail);
    json_decref(payload);
    json_decref(body);
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    http_submit(call->request, &input, answer_decided);
    return false;
}

/* An update as Telegram sent it; {"handled": false} where the other bot is to go on itself. */
bool api_run_telegram_update(struct api_call *call)
{
    const struct http_app *app = http_app(call->request);
    struct telegram_update update;
    struct err_detail detail = {""};
    if (app->telegram == NULL) {
        http_problem(call->request, MHD_HTTP_NOT_FOUND,
                     "Telegram is off: TELEGRAM_BOT_TOKEN is not set");
        return true;
    }
    enum err error = telegram_parse_update(call->arena, http_body(call->request),
                                           telegram_bot_name(app->telegram),
                                           clock_now_ms(app->clock), &update, &detail);
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    if (!update.relevant) {
        return api_reply(call, json_pack("{s:b, s:b}", "handled", 0, "duplicate", 0));
    }
    update.input.source = STR("sidecar");
    http_submit(call->request, &update.input, answer_decided);
    return false;
}
