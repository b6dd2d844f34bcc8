/* The control API's dispatch, and everything in it that is no deed of a person (control.h). */
#include "control.h"

#include "deliver.h"
#include "faults.h"
#include "log.h"
#include "render.h"
#include "updates.h"
#include "waits.h"
#include "webhook.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOG_LIMIT_DEFAULT 1000

int64_t control_int(const struct control *control, const char *key, int64_t absent)
{
    json_t *value = json_object_get(control->args, key);
    if (json_is_string(value)) {
        return strtoll(json_string_value(value), NULL, 10);
    }
    if (json_is_real(value)) {
        return (int64_t)json_real_value(value);
    }
    return json_is_integer(value) ? json_integer_value(value) : absent;
}

const char *control_text(const struct control *control, const char *key)
{
    return json_string_value(json_object_get(control->args, key));
}

bool control_bool(const struct control *control, const char *key, bool absent)
{
    json_t *value = json_object_get(control->args, key);
    if (json_is_string(value)) {
        return !strcmp(json_string_value(value), "true") || !strcmp(json_string_value(value), "1");
    }
    return json_is_boolean(value) ? json_is_true(value) : absent;
}

/* Makes the bot of the token, or changes the one there is. */
static void control_bot(struct control *control)
{
    const char *token = control_text(control, "token");
    if (!token || !strchr(token, ':') || token[0] == '0' || strlen(token) > 80) {
        control->error = "token must look like 42:SECRET";
        return;
    }
    struct bot *bot = world_bot(control->world, token);
    if (!bot) {
        struct buf username = {0};
        buf_fmt(&username, "fake_%lld_bot", strtoll(token, NULL, 10));
        bot = world_bot_add(control->world, token, username.data, "Fake");
        buf_release(&username);
    }
    if (control_text(control, "username")) {
        set_text(&bot->username, control_text(control, "username"));
    }
    if (control_text(control, "first_name")) {
        set_text(&bot->first_name, control_text(control, "first_name"));
    }
    bot->open = control_bool(control, "open", bot->open);
    bot->https_only = control_bool(control, "https_only", bot->https_only);
    bot->revoked = control_bool(control, "revoked", bot->revoked);
    bot->press_answer_ms =
        1000 * control_int(control, "callback_answer_s", bot->press_answer_ms / 1000);
    buf_char(&control->out, '{');
    buf_member(&control->out, "token", bot->token);
    buf_member_i64(&control->out, "id", bot->id);
    buf_member(&control->out, "username", bot->username);
    buf_char(&control->out, '}');
}

static void control_bot_delete(struct control *control)
{
    world_bot_delete(control->bot);
    control->bot = NULL;
}

/* Everything as if the bot had just been made; its token, names and switches stay. */
static void control_reset(struct control *control)
{
    struct bot *old = control->bot;
    struct bot *bot;
    char *token = fake_copy(old->token);
    char *username = fake_copy(old->username);
    char *first_name = fake_copy(old->first_name);
    bool open = old->open;
    bool https_only = old->https_only;
    world_bot_delete(old);
    bot = world_bot_add(control->world, token, username, first_name);
    bot->open = open;
    bot->https_only = https_only;
    control->bot = bot;
    free(token);
    free(username);
    free(first_name);
}

static void render_commands(const struct bot *bot, struct buf *out)
{
    buf_str(out, ",\"commands\":{");
    const struct command_list *list;
    for (list = bot->commands; list; list = list->hh.next) {
        buf_member_raw(out, list->key, list->json);
    }
    buf_char(out, '}');
}

static void control_state(struct control *control)
{
    struct bot *bot = control->bot;
    struct buf *out = &control->out;
    updates_purge(bot);
    buf_char(out, '{');
    buf_member_i64(out, "id", bot->id);
    buf_member(out, "username", bot->username);
    buf_member_i64(out, "now_ms", bot_now_ms(bot));
    buf_member_bool(out, "frozen", bot->clock.frozen);
    buf_member_i64(out, "sent", bot->sent);
    buf_member_i64(out, "log_last", log_last_number(bot->log));
    buf_member_i64(out, "pending_updates", (int64_t)bot->updates->count);
    buf_member_i64(out, "limits_refused", bot->limits.refused);
    buf_member(out, "webhook_url", bot->webhook->url);
    buf_member_i64(out, "faults_left", 0);
    int64_t faults = 0;
    for (const struct fault *fault = bot->faults; fault; fault = fault->next) {
        faults += fault->left;
    }
    out->len--; /* the 0 above, now that the number is known */
    buf_i64(out, faults);
    int polling = 0;
    for (const struct waiter *waiter = bot->world->waiters; waiter; waiter = waiter->next) {
        polling += waiter->bot == bot && waiter->kind == WAIT_UPDATES;
    }
    buf_member_bool(out, "polling", polling > 0);
    render_commands(bot, out);
    buf_char(out, '}');
}

static void control_fault(struct control *control)
{
    faults_add(control->bot, control->args, &control->error);
}

static void control_faults_clear(struct control *control)
{
    faults_clear(control->bot);
}

static void control_clock(struct control *control)
{
    struct bot *bot = control->bot;
    int64_t now_ms = bot_now_ms(bot);
    bool frozen = control_bool(control, "frozen", bot->clock.frozen);
    now_ms = control_int(control, "set_ms", now_ms) + control_int(control, "advance_ms", 0);
    bot->clock.frozen = frozen;
    bot->clock.frozen_at_ms = now_ms;
    bot->clock.offset_ms = now_ms - real_now_ms();
    updates_purge(bot);
    deliverer_wake(bot->world);
    buf_fmt(&control->out, "{\"now_ms\":%" PRId64 "}", now_ms);
}

/* Telegram's published limits, or those given; per_second 0 switches them off. */
static void control_limits(struct control *control)
{
    struct limits *limits = &control->bot->limits;
    limits->per_second = (int)control_int(control, "per_second", 30);
    limits->chat_burst = (int)control_int(control, "chat_burst", 3);
    limits->group_per_minute = (int)control_int(control, "group_per_minute", 20);
    limits->bucket = (struct bucket){0};
}

static void control_log(struct control *control)
{
    struct log_filter filter = {
        .since = control_int(control, "since", 0),
        .chat_id = control_int(control, "chat_id", 0),
        .ok_only = control_bool(control, "executed", false),
        .limit = (size_t)control_int(control, "limit", LOG_LIMIT_DEFAULT),
    };
    const char *method = control_text(control, "method");
    snprintf(filter.method, sizeof filter.method, "%s", method ? method : "");
    control->kept = true;
    log_answer(control->bot, control->request, &filter, control_int(control, "wait_ms", 0));
}

static void control_sent(struct control *control)
{
    control->kept = true;
    log_answer_sent(control->bot, control->request, control_int(control, "at_least", 0),
                    control_int(control, "wait_ms", 0));
}

static void control_chat(struct control *control)
{
    const struct chat *chat = bot_chat(control->bot, control_int(control, "chat_id", 0));
    if (!chat) {
        control->error = "no such chat";
        return;
    }
    struct buf *out = &control->out;
    buf_str(out, "{\"chat\":");
    render_chat(control->bot, chat, out);
    buf_str(out, ",\"messages\":[");
    for (size_t i = 0; i < chat->message_count; i++) {
        buf_str(out, i ? "," : "");
        render_message(control->bot, chat, chat->messages[i], out);
    }
    buf_str(out, "]}");
}

static void control_updates(struct control *control)
{
    updates_render(control->bot, &control->out);
}

/* For load generators: a line for each chat, "chat_id TAB message_id TAB callback_data" with the
 * first button of its latest message, and no data when that has none. */
static void control_first_buttons(struct control *control)
{
    const struct chat *chat;
    buf_str(&control->out, "");
    for (chat = control->bot->chats; chat; chat = chat->hh.next) {
        if (!chat->message_count) {
            continue;
        }
        const struct message *message = chat->messages[chat->message_count - 1];
        json_t *markup = message->markup ? json_loads(message->markup, 0, NULL) : NULL;
        json_t *row = json_array_get(json_object_get(markup, "inline_keyboard"), 0);
        const char *data =
            json_string_value(json_object_get(json_array_get(row, 0), "callback_data"));
        buf_fmt(&control->out, "%" PRId64 "\t%" PRId64 "\t%s\n", chat->id, message->id,
                data ? data : "");
        json_decref(markup);
    }
}

static void control_health(struct control *control)
{
    buf_fmt(&control->out, "{\"bots\":%u}", HASH_COUNT(control->world->bots));
}

static const struct {
    const char *name;
    void (*run)(struct control *control);
    bool needs_bot;
} actions[] = {
    {"health", control_health, false},
    {"bot", control_bot, false},
    {"bot/delete", control_bot_delete, true},
    {"reset", control_reset, true},
    {"state", control_state, true},
    {"fault", control_fault, true},
    {"faults/clear", control_faults_clear, true},
    {"clock", control_clock, true},
    {"limits", control_limits, true},
    {"log", control_log, true},
    {"sent", control_sent, true},
    {"chat", control_chat, true},
    {"updates", control_updates, true},
    {"first-buttons", control_first_buttons, true},
    {"user", control_user, true},
    {"group", control_group, true},
    {"message", control_message, true},
    {"edit", control_edit, true},
    {"tap", control_tap, true},
    {"block", control_block, true},
    {"unblock", control_unblock, true},
    {"standing", control_standing, true},
    {"migrate", control_migrate, true},
    {"update", control_update, true},
};

static enum MHD_Result on_query_value(void *data, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    json_object_set_new(data, name, json_string(value ? value : ""));
    return MHD_YES;
}

static void read_args(struct control *control)
{
    struct request *request = control->request;
    json_t *args = NULL;
    if (request->body.len) {
        args = json_loadb(request->body.data, request->body.len, 0, NULL);
        if (!json_is_object(args)) {
            control->error = "the body must be a JSON object";
        }
    }
    control->args = json_is_object(args) ? args : json_object();
    if (args != control->args) {
        json_decref(args);
    }
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, on_query_value,
                              control->args);
}

static void find_bot(struct control *control)
{
    const char *token = control_text(control, "token");
    if (token) {
        control->bot = world_bot(control->world, token);
    } else if (HASH_COUNT(control->world->bots) == 1) {
        control->bot = control->world->bots;
    }
    if (!control->bot) {
        control->error = token ? "no bot has this token" : "token is missing";
    }
}

static void run_action(struct control *control)
{
    const char *name = control->request->path + strlen("/control/");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(name, actions[i].name)) {
            continue;
        }
        if (actions[i].needs_bot) {
            find_bot(control);
        }
        if (!control->error) {
            actions[i].run(control);
        }
        return;
    }
    control->error = "no such control action";
}

void control_handle(struct world *world, struct request *request)
{
    struct control control = {.world = world, .request = request};
    read_args(&control);
    if (!control.error) {
        run_action(&control);
    }
    if (control.error) {
        buf_release(&control.out);
        buf_char(&control.out, '{');
        buf_member(&control.out, "error", control.error);
        buf_char(&control.out, '}');
        request_answer(request, 400, &control.out, 0);
    } else if (!control.kept) {
        if (!control.out.data) {
            buf_str(&control.out, "{}");
        }
        request_answer(request, 200, &control.out, 0);
    }
    json_decref(control.args);
}
