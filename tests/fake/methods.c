/* The table of methods, and those too short for a file of their own. */
#include "methods.h"

#include "format.h"
#include "rates.h"
#include "render.h"
#include "updates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COMMANDS_MAX      100
#define ANSWER_LENGTH_MAX 200

static const char too_old[] =
    "Bad Request: query is too old and response timeout expired or query ID is invalid";

static void method_get_me(struct call *call)
{
    static const char *const abilities[] = {
        "can_join_groups",         "can_read_all_group_messages",
        "supports_inline_queries", "supports_guest_queries",
        "can_connect_to_business", "has_main_web_app",
        "has_topics_enabled",      "allows_users_to_create_topics",
        "can_manage_bots",         "supports_join_request_queries",
    };
    render_bot_user(call->bot, &call->result);
    call->result.len--; /* reopen the object */
    for (size_t i = 0; i < sizeof abilities / sizeof abilities[0]; i++) {
        buf_member_bool(&call->result, abilities[i], i == 0);
    }
    buf_char(&call->result, '}');
}

static void method_true(struct call *call)
{
    (void)call; /* no result means true */
}

static void method_answer_callback_query(struct call *call)
{
    const char *id = call_text(call, "callback_query_id");
    const char *text = call_text(call, "text");
    if (text && utf8_length(text) > ANSWER_LENGTH_MAX) {
        call_fail(call, 400, "Bad Request: MESSAGE_TOO_LONG");
        return;
    }
    struct press *press = id ? bot_press(call->bot, id) : NULL;
    if (!press) {
        if (!call->bot->open || !id) {
            call_fail(call, 400, "%s", too_old);
        }
        return;
    }
    if (press->answered || bot_now_ms(call->bot) - press->at_ms > call->bot->press_answer_ms) {
        call_fail(call, 400, "%s", too_old);
        return;
    }
    rates_count(call, NULL);
    if (call->code == 200) {
        press->answered = true;
    }
}

static void method_send_chat_action(struct call *call)
{
    static const char *const actions[] = {
        "typing",        "upload_photo",      "record_video",      "upload_video",
        "record_voice",  "upload_voice",      "upload_document",   "choose_sticker",
        "find_location", "record_video_note", "upload_video_note",
    };
    const char *action = call_text(call, "action");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (action && !strcasecmp(action, actions[i])) {
            writable_chat(call);
            return;
        }
    }
    call_fail(call, 400, "Bad Request: wrong parameter action in request");
}

static bool command_name_valid(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static void check_command(struct call *call, json_t *item)
{
    const char *name = json_string_value(json_object_get(item, "command"));
    const char *description = json_string_value(json_object_get(item, "description"));
    if (!name || !description) {
        call_fail(call, 400, "Bad Request: can't parse BotCommand: Can't find field \"%s\"",
                  name ? "description" : "command");
        return;
    }
    if (!command_name_valid(name[0] == '/' ? name + 1 : name)) {
        call_fail(call, 400, "Bad Request: BOT_COMMAND_INVALID");
    } else if (text_is_blank(description)) {
        call_fail(call, 400, "Bad Request: command description must be non-empty");
    } else if (utf8_length(description) > 256) {
        call_fail(call, 400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID");
    }
}

/* Scope and language as one key, such as "default" or "chat:42/ru"; NULL: call failed. */
static char *command_key(struct call *call)
{
    static const char *const scopes[] = {
        "default", "all_private_chats",   "all_group_chats", "all_chat_administrators",
        "chat",    "chat_administrators", "chat_member",
    };
    json_t *scope = call_json(call, "scope");
    const char *type = scope ? json_string_value(json_object_get(scope, "type")) : "default";
    const char *language = call_text(call, "language_code");
    bool known = false;
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        known = known || (type && !strcmp(type, scopes[i]));
    }
    if (!known) {
        call_fail(call, 400,
                  "Bad Request: can't parse BotCommandScope: unsupported type specified");
        return NULL;
    }
    if (language && *language &&
        (strlen(language) != 2 || language[0] < 'a' || language[0] > 'z')) {
        call_fail(call, 400, "Bad Request: invalid language code specified");
        return NULL;
    }
    struct buf key = {0};
    buf_str(&key, type);
    if (!strncmp(type, "chat", 4)) {
        char *chat = json_dumps(json_object_get(scope, "chat_id"), JSON_ENCODE_ANY);
        buf_fmt(&key, ":%s", chat ? chat : "");
        free(chat);
    }
    if (language && *language) {
        buf_fmt(&key, "/%s", language);
    }
    return buf_take(&key);
}

static void commands_store(struct bot *bot, const char *key, char *json)
{
    struct command_list *list = NULL;
    HASH_FIND_STR(bot->commands, key, list);
    if (!list) {
        list = fake_alloc(sizeof *list);
        list->key = fake_copy(key);
        HASH_ADD_KEYPTR(hh, bot->commands, list->key, strlen(list->key), list);
    }
    free(list->json);
    list->json = json;
}

static void method_set_my_commands(struct call *call)
{
    json_t *commands = call_json(call, "commands");
    if (!json_is_array(commands)) {
        call_fail(call, 400, "Bad Request: can't parse commands JSON object");
        return;
    }
    if (json_array_size(commands) > COMMANDS_MAX) {
        call_fail(call, 400, "Bad Request: BOT_COMMANDS_TOO_MUCH");
        return;
    }
    size_t index;
    json_t *item;
    json_array_foreach(commands, index, item)
    {
        check_command(call, item);
    }
    char *key = call->code == 200 ? command_key(call) : NULL;
    if (key) {
        commands_store(call->bot, key, json_dumps(commands, JSON_COMPACT));
    }
    free(key);
}

static void method_get_my_commands(struct call *call)
{
    char *key = command_key(call);
    if (key) {
        struct command_list *list = NULL;
        HASH_FIND_STR(call->bot->commands, key, list);
        buf_str(&call->result, list ? list->json : "[]");
    }
    free(key);
}

static void method_delete_my_commands(struct call *call)
{
    char *key = command_key(call);
    if (key) {
        commands_store(call->bot, key, fake_copy("[]"));
    }
    free(key);
}

static struct chat *readable_chat(struct call *call)
{
    const char *name = call_text(call, "chat_id");
    struct chat *chat = name ? bot_chat_named(call->bot, name) : NULL;
    if (!chat) {
        call_fail(call, 400, "Bad Request: %s", name ? "chat not found" : "chat_id is empty");
    }
    return chat;
}

static void method_get_chat(struct call *call)
{
    const struct chat *chat = readable_chat(call);
    if (chat) {
        render_chat(call->bot, chat, &call->result);
    }
}

static void method_get_chat_member(struct call *call)
{
    const struct chat *chat = readable_chat(call);
    int64_t id = call_int(call, "user_id", 0);
    if (!chat) {
        return;
    }
    if (id == call->bot->id) {
        render_standing(call->bot, chat->standing, &call->result);
        return;
    }
    const struct user *user = bot_user(call->bot, id);
    if (!user) {
        call_fail(call, 400, "Bad Request: user not found");
        return;
    }
    buf_str(&call->result, "{\"user\":");
    render_user(user, &call->result);
    buf_str(&call->result, ",\"status\":\"member\"}");
}

#define CHAT "business_connection_id chat_id message_thread_id direct_messages_topic_id "
#define SENDING                                                                                    \
    CHAT "disable_notification protect_content allow_paid_broadcast message_effect_id "            \
         "suggested_post_parameters reply_parameters reply_markup "
#define CAPTION "caption parse_mode caption_entities show_caption_above_media "
#define EDITING "business_connection_id chat_id message_id inline_message_id reply_markup "
#define LINKS   "link_preview_options disable_web_page_preview "
#define SCOPE   "scope language_code"

static const struct method methods[] = {
    {"sendMessage", method_send_message, SENDING LINKS "text parse_mode entities"},
    {"getUpdates", method_get_updates, "offset limit timeout allowed_updates"},
    {"answerCallbackQuery", method_answer_callback_query,
     "callback_query_id text show_alert url cache_time"},
    {"editMessageText", method_edit_text, EDITING LINKS "text parse_mode entities"},
    {"editMessageCaption", method_edit_caption, EDITING CAPTION},
    {"editMessageReplyMarkup", method_edit_markup, EDITING},
    {"deleteMessage", method_delete_message, "chat_id message_id"},
    {"deleteMessages", method_delete_messages, "chat_id message_ids"},
    {"sendChatAction", method_send_chat_action, CHAT "action"},
    {"sendPhoto", method_send_media, SENDING CAPTION "photo has_spoiler"},
    {"sendDocument", method_send_media,
     SENDING CAPTION "document thumbnail disable_content_type_detection"},
    {"sendAnimation", method_send_media,
     SENDING CAPTION "animation duration width height thumbnail has_spoiler"},
    {"sendVideo", method_send_media,
     SENDING CAPTION "video duration width height thumbnail cover start_timestamp has_spoiler "
                     "supports_streaming"},
    {"sendVoice", method_send_media, SENDING CAPTION "voice duration"},
    {"sendSticker", method_send_media, SENDING "sticker emoji"},
    {"getMe", method_get_me, ""},
    {"setWebhook", method_set_webhook,
     "url certificate ip_address max_connections allowed_updates drop_pending_updates "
     "secret_token"},
    {"deleteWebhook", method_delete_webhook, "drop_pending_updates"},
    {"getWebhookInfo", method_get_webhook_info, ""},
    {"setMyCommands", method_set_my_commands, "commands " SCOPE},
    {"getMyCommands", method_get_my_commands, SCOPE},
    {"deleteMyCommands", method_delete_my_commands, SCOPE},
    {"setMyName", method_true, "name language_code"},
    {"setMyDescription", method_true, "description language_code"},
    {"setMyShortDescription", method_true, "short_description language_code"},
    {"setChatMenuButton", method_true, "chat_id menu_button"},
    {"getChat", method_get_chat, "chat_id"},
    {"getChatMember", method_get_chat_member, "chat_id user_id"},
    {"leaveChat", method_true, "chat_id"},
    {"logOut", method_true, ""},
    {"close", method_true, ""},
};

const struct method *method_named(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!strcasecmp(name, methods[i].name)) {
            return &methods[i];
        }
    }
    return NULL;
}

void method_run(const struct method *method, struct call *call)
{
    if (call->code == 200) {
        method->run(call);
    }
}

static bool word_in(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = strstr(words, word); at; at = strstr(at + 1, word)) {
        bool begins = at == words || at[-1] == ' ';
        if (begins && (at[len] == ' ' || !at[len])) {
            return true;
        }
    }
    return false;
}

char *method_unknown_params(const struct method *method, json_t *params)
{
    struct buf unknown = {0};
    const char *name;
    json_t *value;
    json_object_foreach(params, name, value)
    {
        /* A file named by attach:// is a parameter of its own. */
        bool file = json_object_get(value, "uploaded") != NULL;
        if (!file && strcmp(name, "method") && !word_in(method->params, name)) {
            buf_str(&unknown, unknown.len ? " " : "");
            buf_str(&unknown, name);
        }
    }
    return unknown.len ? buf_take(&unknown) : NULL;
}
