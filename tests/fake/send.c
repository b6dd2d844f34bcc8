/* Sending: sendMessage and the media methods, and the checks of text and recipient they share with
 * editing. Content is checked before the chat, in the order of the real server. */
#include "format.h"
#include "markup.h"
#include "methods.h"
#include "rates.h"
#include "render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RAW_TEXT_BYTES_MAX 32768
#define TEXT_LENGTH_MAX    4096
#define CAPTION_LENGTH_MAX 1024

static bool parse_text(struct call *call, const char *text, const char *entities_name,
                       struct buf *plain, struct buf *entities)
{
    const char *mode = call_text(call, "parse_mode");
    if (!mode || !*mode || !strcasecmp(mode, "none")) {
        buf_str(plain, text);
        json_t *given = call_json(call, entities_name);
        if (json_is_array(given) && json_array_size(given)) {
            char *json = json_dumps(given, JSON_COMPACT);
            buf_str(entities, json);
            free(json);
        }
        return true;
    }
    char error[FORMAT_ERROR_BYTES];
    if (!strcasecmp(mode, "HTML")) {
        buf_str(plain, "");
        if (!format_html(text, plain, entities, error)) {
            call_fail(call, 400, "Bad Request: can't parse entities: %s", error);
            return false;
        }
        return true;
    }
    if (!strncasecmp(mode, "markdown", 8)) {
        call_fail(call, 400, "Bad Request: this fake server does not read parse_mode %.20s", mode);
        return false;
    }
    call_fail(call, 400, "Bad Request: unsupported parse_mode");
    return false;
}

bool read_content(struct call *call, const char *name, size_t length_max, struct content *ret)
{
    bool caption = !strcmp(name, "caption");
    const char *text = call_text(call, name);
    if (!text || !*text) {
        if (!caption) {
            call_fail(call, 400, "Bad Request: message text is empty");
        }
        return caption;
    }
    if (strlen(text) > RAW_TEXT_BYTES_MAX) {
        call_fail(call, 400, "Bad Request: text is too long");
        return false;
    }
    struct buf plain = {0};
    struct buf entities = {0};
    if (parse_text(call, text, caption ? "caption_entities" : "entities", &plain, &entities)) {
        while (plain.len && strchr(" \t\r\n\v", plain.data[plain.len - 1])) {
            plain.data[--plain.len] = '\0';
        }
        if (text_is_blank(plain.data) && !caption) {
            call_fail(call, 400, "Bad Request: text must be non-empty");
        } else if (utf8_length(plain.data) > length_max) {
            call_fail(call, 400, "Bad Request: message %sis too long", caption ? "caption " : "");
        }
    }
    if (call->code != 200) {
        buf_release(&plain);
        buf_release(&entities);
        return false;
    }
    ret->text = buf_take(&plain);
    ret->entities = entities.len ? buf_take(&entities) : NULL;
    json_t *preview = caption ? NULL : call_json(call, "link_preview_options");
    ret->preview = json_is_object(preview) ? json_dumps(preview, JSON_COMPACT) : NULL;
    return true;
}

void content_release(struct content *content)
{
    free(content->text);
    free(content->entities);
    free(content->preview);
}

static void refuse_standing(struct call *call, const struct chat *chat)
{
    const char *kind = chat_type_name(chat->type);
    if (chat->standing == STANDING_KICKED) {
        call_fail(call, 403, "Forbidden: bot was kicked from the %s chat", kind);
    } else {
        call_fail(call, 403, "Forbidden: bot is not a member of the %s chat", kind);
    }
}

static void check_writable(struct call *call, const struct chat *chat)
{
    const struct user *user = chat->type == CHAT_PRIVATE ? bot_user(call->bot, chat->id) : NULL;
    if (user && user->is_bot) {
        call_fail(call, 403, "Forbidden: bot can't send messages to bots");
    } else if (user && user->deactivated) {
        call_fail(call, 403, "Forbidden: user is deactivated");
    } else if (chat->migrated_to) {
        call->migrate_to = chat->migrated_to;
        call_fail(call, 400, "Bad Request: group chat was upgraded to a supergroup chat");
    } else if (chat->deleted) {
        call_fail(call, 403, "Forbidden: the group chat was deleted");
    } else if (chat->type == CHAT_PRIVATE && chat->standing == STANDING_NONE) {
        call_fail(call, 403, "Forbidden: bot can't initiate conversation with a user");
    } else if (chat->type == CHAT_PRIVATE && chat->standing == STANDING_KICKED) {
        call_fail(call, 403, "Forbidden: bot was blocked by the user");
    } else if (chat->standing != STANDING_MEMBER && chat->standing != STANDING_ADMIN) {
        refuse_standing(call, chat);
    }
}

struct chat *writable_chat(struct call *call)
{
    const char *name = call_text(call, "chat_id");
    if (!name || !*name) {
        call_fail(call, 400, "Bad Request: chat_id is empty");
        return NULL;
    }
    struct chat *chat = bot_chat_named(call->bot, name);
    if (!chat && call->bot->open && name[0] != '@' && strtoll(name, NULL, 10) > 0) {
        chat = bot_chat_add(call->bot, strtoll(name, NULL, 10), CHAT_PRIVATE);
        chat->standing = STANDING_MEMBER;
    }
    if (!chat) {
        call_fail(call, 400, "Bad Request: chat not found");
        return NULL;
    }
    check_writable(call, chat);
    return call->code == 200 ? chat : NULL;
}

static bool check_reply(struct call *call, struct chat *chat)
{
    json_t *reply = call_json(call, "reply_parameters");
    if (!json_is_object(reply)) {
        return true;
    }
    json_int_t id = json_integer_value(json_object_get(reply, "message_id"));
    bool lenient = json_is_true(json_object_get(reply, "allow_sending_without_reply"));
    if (!lenient && !call->bot->open && !chat_message(chat, id)) {
        call_fail(call, 400, "Bad Request: message to be replied not found");
        return false;
    }
    return true;
}

/* Delivers what has been checked; takes over the strings. */
static void deliver(struct call *call, struct content *content, char *media)
{
    bool inline_keyboard;
    char *markup = markup_read(call, &inline_keyboard);
    struct chat *chat = call->code == 200 ? writable_chat(call) : NULL;
    if (chat && check_reply(call, chat)) {
        rates_count(call, chat);
    }
    if (call->code != 200) {
        free(markup);
        free(media);
        content_release(content);
        return;
    }
    struct message *message = chat_message_add(call->bot, chat, call->bot->id);
    message->text = content->text;
    message->entities = content->entities;
    message->preview = content->preview;
    message->media = media;
    if (inline_keyboard) {
        message->markup = markup;
    } else {
        free(markup); /* a reply keyboard is no part of the message; the log has it */
    }
    call->bot->sent++;
    call->message = message;
    call->message_id = message->id;
    render_message(call->bot, chat, message, &call->result);
}

void method_send_message(struct call *call)
{
    struct content content = {0};
    if (read_content(call, "text", TEXT_LENGTH_MAX, &content)) {
        deliver(call, &content, NULL);
    }
}

/* The members of a message that stand for its file. */
static void media_members(struct call *call, const char *field, const char *name, int64_t bytes,
                          struct buf *out)
{
    char id[64];
    snprintf(id, sizeof id, "fake-%s-%" PRId64, field, call->bot->next_file_id++);
    if (!strcmp(field, "photo")) {
        buf_fmt(out,
                "\"photo\":[{\"file_id\":\"%s\",\"file_unique_id\":\"u-%s\",\"width\":90,"
                "\"height\":90,\"file_size\":%" PRId64 "}]",
                id, id, bytes);
        return;
    }
    buf_fmt(out, "\"%s\":{\"file_id\":\"%s\",\"file_unique_id\":\"u-%s\",\"file_size\":%" PRId64,
            field, id, id, bytes);
    buf_member(out, "file_name", name);
    buf_char(out, '}');
}

void method_send_media(struct call *call)
{
    /* sendPhoto carries its file in `photo`, and so on. */
    char field[32];
    snprintf(field, sizeof field, "%s", call->method + 4);
    field[0] = (char)(field[0] | 0x20);
    json_t *file = json_object_get(call->params, field);
    const char *reference = json_string_value(file);
    if (reference && !strncmp(reference, "attach://", 9)) {
        file = json_object_get(call->params, reference + 9);
        reference = NULL;
    }
    if ((!reference || !*reference) && !json_is_object(file)) {
        call_fail(call, 400, "Bad Request: there is no %s in the request", field);
        return;
    }
    struct content content = {0};
    if (!read_content(call, "caption", CAPTION_LENGTH_MAX, &content)) {
        return;
    }
    struct buf media = {0};
    media_members(call, field, json_string_value(json_object_get(file, "uploaded")),
                  json_integer_value(json_object_get(file, "bytes")), &media);
    deliver(call, &content, buf_take(&media));
}
