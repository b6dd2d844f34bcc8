/* Reads Telegram updates into inputs. Every byte is hostile: members of the wrong type count as
 * absent, ids must be numbers in Telegram's range, texts are cut at our limits. What an update
 * means is decided by its chat: private chats are people, groups are answered only when they name
 * us, channels never. */
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "channel/telegram.h"

enum { USERNAME_BYTES = 64 };

/* Telegram's ids fit into 52 bits. */
static const int64_t id_max = ((int64_t)1 << 52) - 1;

struct reading {
    struct arena *arena;
    struct str bot_name;
    int64_t at_ms;
    struct telegram_update *update;
    struct input *input;
};

/* A copy of at most `max` bytes, cut at a whole character. */
static struct str copy_cut(struct arena *arena, struct str text, size_t max)
{
    if (text.length <= max) {
        return arena_str(arena, text);
    }
    char *copy = arena_alloc(arena, max + 1);
    size_t length = str_copy(copy, max + 1, text);
    return (struct str){copy, length};
}

static struct str member_cut(struct reading *reading, const struct json_node *object,
                             const char *key, size_t max)
{
    return copy_cut(reading->arena, json_node_str(object, key), max);
}

/* 0 when it is no id. */
static int64_t read_id(const struct json_node *object, const char *key)
{
    int64_t id = json_node_int(object, key, 0);
    return id >= -id_max && id <= id_max ? id : 0;
}

static struct str decimal(struct arena *arena, int64_t value)
{
    return arena_printf(arena, "%lld", (long long)value);
}

/* Seconds of the Bot API to milliseconds; 0 when they cannot be right (an inaccessible message has
 * 0, some emulators send milliseconds). */
static int64_t read_date(const struct json_node *object)
{
    int64_t seconds = json_node_int(object, "date", 0);
    return seconds > 0 && seconds < ((int64_t)1 << 33) ? seconds * 1000 : 0;
}

/* The person who did it; false when there is none, or it is a bot. */
static bool read_person(struct reading *reading, const struct json_node *holder)
{
    const struct json_node *from = json_node_object(holder, "from");
    int64_t id = read_id(from, "id");
    if (id <= 0 || json_node_bool(from, "is_bot", false)) {
        return false;
    }
    struct input *input = reading->input;
    input->channel = CHANNEL_TELEGRAM;
    input->identity = decimal(reading->arena, id);
    input->address = input->identity;
    input->first_name = member_cut(reading, from, "first_name", LIMIT_NAME_BYTES);
    input->username = member_cut(reading, from, "username", USERNAME_BYTES);
    input->language = member_cut(reading, from, "language_code", LIMIT_LANGUAGE_BYTES - 1);
    return true;
}

enum chat_type { CHAT_UNKNOWN, CHAT_PRIVATE, CHAT_GROUP };

static enum chat_type read_chat(const struct json_node *holder, int64_t *ret_id)
{
    const struct json_node *chat = json_node_object(holder, "chat");
    struct str type = json_node_str(chat, "type");
    *ret_id = read_id(chat, "id");
    if (*ret_id == 0) {
        return CHAT_UNKNOWN;
    }
    if (str_is(type, "private")) {
        return CHAT_PRIVATE;
    }
    return str_is(type, "group") || str_is(type, "supergroup") ? CHAT_GROUP : CHAT_UNKNOWN;
}

/* The byte at a UTF-16 offset, which is what entities count in; past the end: the length. */
static size_t byte_of_utf16(struct str text, int64_t units)
{
    size_t at = 0;
    while (at < text.length && units > 0) {
        size_t length = str_utf8_length((struct str){text.ptr + at, text.length - at});
        units -= length == 4 ? 2 : 1;
        at += length == 0 ? 1 : length;
    }
    return at;
}

/* Length in bytes of the command at the very beginning, 0 when the text begins with none. Entities
 * know it best; a message without any (older emulators) is read by its text. */
static size_t command_length(struct str text, const struct json_node *entities)
{
    if (text.length < 2 || text.ptr[0] != '/') {
        return 0;
    }
    for (const struct json_node *entity = json_node_first(entities); entity != NULL;
         entity = json_node_next(entity)) {
        if (str_is(json_node_str(entity, "type"), "bot_command") &&
            json_node_int(entity, "offset", -1) == 0) {
            return byte_of_utf16(text, json_node_int(entity, "length", 0));
        }
    }
    size_t length = 1;
    while (length < text.length && (unsigned char)text.ptr[length] > ' ') {
        length++;
    }
    return length;
}

static bool equal_folded(struct str a, struct str b)
{
    return a.length == b.length && (a.length == 0 || strncasecmp(a.ptr, b.ptr, a.length) == 0);
}

enum addressee { TO_ANYONE, TO_US, TO_ANOTHER_BOT };

/* Takes "@botname" out of a command; says whom it names. */
static struct str strip_addressee(struct reading *reading, struct str text,
                                  const struct json_node *entities, enum addressee *ret_addressee)
{
    *ret_addressee = TO_ANYONE;
    size_t length = command_length(text, entities);
    struct str command = {text.ptr, length};
    const char *at = length > 0 ? memchr(command.ptr, '@', length) : NULL;
    if (at == NULL) {
        return text;
    }
    size_t name_at = (size_t)(at - text.ptr) + 1;
    struct str name = {text.ptr + name_at, length - name_at};
    bool known = reading->bot_name.length > 0;
    *ret_addressee = !known || equal_folded(name, reading->bot_name) ? TO_US : TO_ANOTHER_BOT;
    return arena_printf(reading->arena, "%.*s%.*s", (int)(name_at - 1), text.ptr,
                        (int)(text.length - length), text.ptr + length);
}

static bool has_content(const struct json_node *message)
{
    static const char *const kinds[] = {
        "sticker", "photo",     "voice",   "video",      "video_note", "audio",     "document",
        "contact", "location",  "venue",   "poll",       "dice",       "animation", "game",
        "story",   "checklist", "invoice", "paid_media", "live_photo",
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (json_node_has(message, kinds[i])) {
            return true;
        }
    }
    return false;
}

static void read_message_id(struct reading *reading, const struct json_node *message)
{
    int64_t id = read_id(message, "message_id");
    if (id > 0) {
        reading->input->message_id = decimal(reading->arena, id);
    }
}

/* The text or, of a picture and the like, its caption. */
static struct str message_text(struct reading *reading, const struct json_node *message,
                               enum addressee *ret_addressee)
{
    bool captioned = json_node_str(message, "text").length == 0;
    struct str text = json_node_str(message, captioned ? "caption" : "text");
    text = copy_cut(reading->arena, text, LIMIT_TEXT_BYTES);
    const struct json_node *entities =
        json_node_array(message, captioned ? "caption_entities" : "entities");
    return strip_addressee(reading, text, entities, ret_addressee);
}

static bool read_private(struct reading *reading, const struct json_node *message, int64_t chat,
                         bool edited)
{
    struct input *input = reading->input;
    if (!read_person(reading, message)) {
        return false;
    }
    input->address = decimal(reading->arena, chat);
    read_message_id(reading, message);
    input->sent_at_ms = read_date(message);
    enum addressee addressee;
    input->text = message_text(reading, message, &addressee);
    if (addressee == TO_ANOTHER_BOT) {
        return false;
    }
    if (input->text.length > 0) {
        input->kind = edited ? INPUT_TEXT_EDITED : INPUT_TEXT;
    } else if (!edited && has_content(message)) {
        input->kind = INPUT_UNSUPPORTED;
    } else {
        return false; /* a service message: something was pinned, a setting changed, … */
    }
    input->may_create = !edited;
    return true;
}

static bool read_group(struct reading *reading, const struct json_node *message, int64_t chat)
{
    struct input *input = reading->input;
    int64_t moved_to = read_id(message, "migrate_to_chat_id");
    if (moved_to != 0) {
        input->kind = INPUT_MIGRATED;
        input->channel = CHANNEL_TELEGRAM;
        input->address = decimal(reading->arena, chat);
        input->identity = input->address;
        input->new_address = decimal(reading->arena, moved_to);
        input->in_group = true;
        return true;
    }
    if (reading->bot_name.length == 0 || !read_person(reading, message)) {
        return false;
    }
    enum addressee addressee;
    struct str text = message_text(reading, message, &addressee);
    bool start = str_is(text, "/start") || str_starts(text, STR("/start ")) ||
                 str_starts(text, STR("/start\n"));
    if (addressee != TO_US || !start) {
        return false;
    }
    input->kind = INPUT_GROUP;
    input->text = copy_cut(reading->arena, json_node_str(message, "text"), LIMIT_TEXT_BYTES);
    input->address = decimal(reading->arena, chat);
    input->in_group = true;
    input->bot_name = arena_str(reading->arena, reading->bot_name);
    read_message_id(reading, message);
    input->sent_at_ms = read_date(message);
    return true;
}

static bool read_message(struct reading *reading, const struct json_node *message, bool edited)
{
    int64_t chat;
    switch (read_chat(message, &chat)) {
    case CHAT_PRIVATE:
        return read_private(reading, message, chat, edited);
    case CHAT_GROUP:
        return !edited && read_group(reading, message, chat);
    case CHAT_UNKNOWN:
        break;
    }
    return false;
}

/* What is needed to change the message that was tapped. */
static void read_tapped(struct reading *reading, const struct json_node *message)
{
    read_message_id(reading, message);
    reading->input->is_captioned = has_content(message);
    const struct json_node *preview = json_node_object(message, "link_preview_options");
    struct str url = json_node_str(preview, "url");
    if (url.length <= LIMIT_URL_BYTES && !json_node_bool(preview, "is_disabled", false)) {
        reading->input->preview = arena_str(reading->arena, url);
    }
}

/* The message may be missing, or inaccessible (date 0): then there is nothing to edit. */
static bool read_callback(struct reading *reading, const struct json_node *callback)
{
    struct input *input = reading->input;
    struct str id = json_node_str(callback, "id");
    if (id.length == 0 || id.length > 256 || !read_person(reading, callback)) {
        return false;
    }
    input->kind = INPUT_BUTTON;
    input->callback_id = arena_str(reading->arena, id);
    struct str token = json_node_str(callback, "data");
    if (token.length <= LIMIT_CALLBACK_BYTES) {
        input->token = arena_str(reading->arena, token);
    }
    const struct json_node *message = json_node_object(callback, "message");
    int64_t chat = 0;
    enum chat_type type = read_chat(message, &chat);
    input->in_group = type == CHAT_GROUP;
    if (type == CHAT_PRIVATE) {
        input->address = decimal(reading->arena, chat);
    }
    if (type == CHAT_PRIVATE && read_date(message) > 0) {
        read_tapped(reading, message);
    }
    return true;
}

/* In a private chat it says that the person blocked the bot, or takes it back. */
static bool read_membership(struct reading *reading, const struct json_node *change)
{
    int64_t chat;
    if (read_chat(change, &chat) != CHAT_PRIVATE || !read_person(reading, change)) {
        return false;
    }
    struct input *input = reading->input;
    input->address = decimal(reading->arena, chat);
    input->sent_at_ms = read_date(change);
    struct str status = json_node_str(json_node_object(change, "new_chat_member"), "status");
    if (str_is(status, "kicked")) {
        input->kind = INPUT_BLOCKED;
        return true;
    }
    input->kind = INPUT_UNBLOCKED;
    return str_is(status, "member");
}

static bool read_content(struct reading *reading, const struct json_node *json)
{
    const struct json_node *part = json_node_object(json, "message");
    if (part != NULL) {
        return read_message(reading, part, false);
    }
    part = json_node_object(json, "edited_message");
    if (part != NULL) {
        return read_message(reading, part, true);
    }
    part = json_node_object(json, "callback_query");
    if (part != NULL) {
        return read_callback(reading, part);
    }
    part = json_node_object(json, "my_chat_member");
    return part != NULL && read_membership(reading, part);
}

enum err telegram_read_update(struct arena *arena, const struct json_node *json,
                              struct str bot_name, int64_t at_ms,
                              struct telegram_update *ret_update, struct err_detail *detail)
{
    if (!json_node_is_object(json)) {
        return err_set(detail, ERR_INVALID, "expected an Update, got no JSON object");
    }
    int64_t update_id = json_node_int(json, "update_id", -1);
    if (update_id < 0 || update_id == INT64_MAX) { /* the next one is asked for by its number */
        return err_set(detail, ERR_INVALID,
                       "an Update has an update_id from 0 to %" PRId64 ", this has none",
                       INT64_MAX - 1);
    }
    struct telegram_update update = {.update_id = update_id};
    struct reading reading = {arena, bot_name, at_ms, &update, &update.input};
    update.relevant = read_content(&reading, json);
    if (update.relevant) {
        update.input.at_ms = at_ms;
        update.input.source = STR("telegram");
        update.input.external_id = decimal(arena, update_id);
    } else {
        update.input = (struct input){0};
    }
    *ret_update = update;
    return OK;
}

enum err telegram_parse_update(struct arena *arena, struct str json, struct str bot_name,
                               int64_t at_ms, struct telegram_update *ret_update,
                               struct err_detail *detail)
{
    const struct json_node *value;
    enum err error = json_tree_read(arena, json, LIMIT_HTTP_BODY_BYTES, &value, detail);
    if (error == OK) {
        error = telegram_read_update(arena, value, bot_name, at_ms, ret_update, detail);
    }
    return error;
}
