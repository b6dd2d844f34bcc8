/* Changing what was sent: the edit methods and deleteMessage. */
#include "markup.h"
#include "methods.h"
#include "rates.h"
#include "render.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_LENGTH_MAX    4096
#define CAPTION_LENGTH_MAX 1024
#define DELETE_WITHIN_S    (48 * 3600)

/* The bot's own message the parameters name; NULL: call failed. */
static struct message *own_message(struct call *call, struct chat **ret_chat)
{
    if (call_has(call, "inline_message_id")) {
        call_fail(call, 400, "Bad Request: message to edit not found");
        return NULL;
    }
    struct chat *chat = writable_chat(call);
    if (!chat) {
        return NULL;
    }
    int64_t id = call_int(call, "message_id", 0);
    if (!id) {
        call_fail(call, 400, "Bad Request: message identifier is not specified");
        return NULL;
    }
    struct message *message = chat_message(chat, id);
    if (!message) {
        call_fail(call, 400, "Bad Request: message to edit not found");
        return NULL;
    }
    if (message->from_id != call->bot->id) {
        call_fail(call, 400, "Bad Request: message can't be edited");
        return NULL;
    }
    rates_count(call, chat);
    *ret_chat = chat;
    return call->code == 200 ? message : NULL;
}

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* What an edit method is about. */
enum part { PART_TEXT, PART_CAPTION, PART_MARKUP };

/* A message with a file has a caption instead of a text. */
static void check_part(struct call *call, const struct message *message, enum part part)
{
    if (part == PART_TEXT && message->media) {
        call_fail(call, 400, "Bad Request: there is no text in the message to edit");
    } else if (part == PART_CAPTION && !message->media) {
        call_fail(call, 400, "Bad Request: there is no caption in the message to edit");
    }
}

/* Gives the message its new content, unless it has it already. Takes over the strings. */
static void change(struct call *call, struct content *content, enum part part)
{
    bool inline_keyboard;
    char *markup = markup_read(call, &inline_keyboard);
    struct chat *chat = NULL;
    struct message *message = call->code == 200 ? own_message(call, &chat) : NULL;
    if (message) {
        check_part(call, message, part);
    }
    if (message && part == PART_MARKUP) {
        content->text = fake_copy(message->text);
        content->entities = fake_copy(message->entities);
        content->preview = fake_copy(message->preview);
    }
    if (message && same(message->text, content->text) &&
        same(message->entities, content->entities) && same(message->preview, content->preview) &&
        same(message->markup, markup)) {
        call_fail(call, 400,
                  "Bad Request: message is not modified: specified new message content and reply "
                  "markup are exactly the same as a current content and reply markup of the "
                  "message");
    }
    if (call->code == 200 && message) {
        set_text(&message->text, content->text);
        set_text(&message->entities, content->entities);
        set_text(&message->preview, content->preview);
        set_text(&message->markup, inline_keyboard ? markup : NULL);
        message->edit_date_s = bot_now_ms(call->bot) / 1000;
        call->message = message;
        call->message_id = message->id;
        render_message(call->bot, chat, message, &call->result);
    }
    free(markup);
    content_release(content);
}

void method_edit_text(struct call *call)
{
    struct content content = {0};
    if (read_content(call, "text", TEXT_LENGTH_MAX, &content)) {
        change(call, &content, PART_TEXT);
    }
}

void method_edit_caption(struct call *call)
{
    struct content content = {0};
    if (read_content(call, "caption", CAPTION_LENGTH_MAX, &content)) {
        change(call, &content, PART_CAPTION);
    }
}

void method_edit_markup(struct call *call)
{
    struct content content = {0};
    change(call, &content, PART_MARKUP);
}

static bool delete_one(struct call *call, struct chat *chat, int64_t id)
{
    struct message *message = chat_message(chat, id);
    if (!message) {
        call_fail(call, 400, "Bad Request: message to delete not found");
        return false;
    }
    bool own = message->from_id == call->bot->id;
    bool old = bot_now_ms(call->bot) / 1000 - message->date_s > DELETE_WITHIN_S;
    bool admin = chat->type == CHAT_PRIVATE || chat->standing == STANDING_ADMIN;
    if (old || (!own && !admin)) {
        call_fail(call, 400, "Bad Request: message can't be deleted");
        return false;
    }
    call->message_id = id;
    chat_message_delete(chat, id);
    return true;
}

void method_delete_message(struct call *call)
{
    struct chat *chat = writable_chat(call);
    if (chat) {
        delete_one(call, chat, call_int(call, "message_id", 0));
    }
}

void method_delete_messages(struct call *call)
{
    struct chat *chat = writable_chat(call);
    json_t *ids = call_json(call, "message_ids");
    if (!chat) {
        return;
    }
    if (!json_is_array(ids) || !json_array_size(ids)) {
        call_fail(call, 400, "Bad Request: message identifiers are not specified");
        return;
    }
    size_t index;
    json_t *id;
    json_array_foreach(ids, index, id)
    {
        if (chat_message(chat, json_integer_value(id))) {
            delete_one(call, chat, json_integer_value(id));
        }
    }
}
