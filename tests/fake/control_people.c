/* What people do, as far as a bot sees it: writing, editing, pressing buttons, blocking, and the
 * changes of groups. Each makes the update Telegram would make. */
#include "control.h"

#include "render.h"
#include "updates.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_USER_ID   1000001
#define FIRST_GROUP_ID  5000001
#define SUPERGROUP_BASE INT64_C(-1000000000000)

/* Sources of updates, one queue each for the webhook; see update_queue. */
enum source { SOURCE_CHAT, SOURCE_PRESS, SOURCE_STANDING, SOURCE_OTHER };

static int64_t source_key(enum source source, int64_t id)
{
    return id * 4 + (int64_t)source;
}

static void answer_update(struct control *control, int64_t update_id, int64_t message_id)
{
    buf_char(&control->out, '{');
    buf_member_i64(&control->out, "update_id", update_id); /* 0: the bot does not want it */
    if (message_id) {
        buf_member_i64(&control->out, "message_id", message_id);
    }
    buf_char(&control->out, '}');
}

void control_user(struct control *control)
{
    struct bot *bot = control->bot;
    int64_t id = control_int(control, "id", 0);
    if (!id) {
        id = FIRST_USER_ID + (int64_t)HASH_COUNT(bot->users);
        while (bot_user(bot, id)) {
            id++;
        }
    }
    struct user *user = bot_user_add(bot, id);
    static const char *const names[] = {"first_name", "last_name", "username", "language_code"};
    char **fields[] = {&user->first_name, &user->last_name, &user->username, &user->language_code};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_object_get(control->args, names[i])) {
            set_text(fields[i], control_text(control, names[i]));
        }
    }
    if (!user->first_name) {
        set_text(&user->first_name, "Person");
    }
    user->is_bot = control_bool(control, "is_bot", user->is_bot);
    user->is_premium = control_bool(control, "is_premium", user->is_premium);
    user->deactivated = control_bool(control, "deactivated", user->deactivated);
    struct chat *chat = bot_chat_add(bot, id, CHAT_PRIVATE);
    if (control_bool(control, "started", false) && chat->standing == STANDING_NONE) {
        chat->standing = STANDING_MEMBER; /* without an update: it was long ago */
    }
    render_user(user, &control->out);
}

void control_group(struct control *control)
{
    struct bot *bot = control->bot;
    const char *type = control_text(control, "type");
    enum chat_type kind = CHAT_SUPERGROUP;
    if (type && !strcmp(type, "group")) {
        kind = CHAT_GROUP;
    } else if (type && !strcmp(type, "channel")) {
        kind = CHAT_CHANNEL;
    } else if (type && strcmp(type, "supergroup")) {
        control->error = "type must be group, supergroup or channel";
        return;
    }
    int64_t id = control_int(control, "id", 0);
    if (!id) {
        id = FIRST_GROUP_ID + (int64_t)HASH_COUNT(bot->chats);
        id = kind == CHAT_GROUP ? -id : SUPERGROUP_BASE - id;
    }
    struct chat *chat = bot_chat_add(bot, id, kind);
    set_text(&chat->title,
             control_text(control, "title") ? control_text(control, "title") : "Group");
    set_text(&chat->username, control_text(control, "username"));
    chat->standing = STANDING_MEMBER;
    render_chat(bot, chat, &control->out);
}

/* The person of the argument `user`; NULL: control failed. */
static struct user *acting_user(struct control *control)
{
    struct user *user = bot_user(control->bot, control_int(control, "user", 0));
    if (!user) {
        control->error = "no such user";
    }
    return user;
}

/* The chat of the argument `chat`, by default the person's own; NULL: control failed. */
static struct chat *acting_chat(struct control *control, const struct user *user)
{
    struct chat *chat = bot_chat(control->bot, control_int(control, "chat", user ? user->id : 0));
    if (!chat) {
        control->error = "no such chat";
    }
    return chat;
}

static size_t utf16_units(const char *text, size_t bytes)
{
    size_t units = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)text[i];
        units += (byte & 0xC0) != 0x80;
        units += byte >= 0xF0;
    }
    return units;
}

/* Marks the commands of a text, as the client of a person does; NULL: it has none. */
static char *command_entities(const char *text)
{
    struct buf out = {0};
    for (const char *at = text; *at; at++) {
        bool begins = at == text || isspace((unsigned char)at[-1]);
        size_t len = 1;
        if (*at != '/' || !begins) {
            continue;
        }
        while (isalnum((unsigned char)at[len]) || at[len] == '_' || at[len] == '@') {
            len++;
        }
        if (len > 1) {
            buf_str(&out, out.len ? "," : "[");
            buf_fmt(&out, "{\"offset\":%zu,\"length\":%zu,\"type\":\"bot_command\"}",
                    utf16_units(text, (size_t)(at - text)), utf16_units(at, len));
        }
        at += len - 1;
    }
    if (out.len) {
        buf_str(&out, "]");
    }
    return out.len ? buf_take(&out) : NULL;
}

/* JSON members to add to the message as they are: {"photo":…} gives `"photo":…`. */
static char *extra_members(json_t *extra)
{
    if (!json_is_object(extra) || !json_object_size(extra)) {
        return NULL;
    }
    char *json = json_dumps(extra, JSON_COMPACT);
    char *members = fake_copy_n(json + 1, strlen(json) - 2);
    free(json);
    return members;
}

/* A person who writes has started the bot. */
static void open_private(struct chat *chat)
{
    if (chat->type == CHAT_PRIVATE && chat->standing != STANDING_MEMBER) {
        chat->standing = STANDING_MEMBER;
    }
}

static int64_t push_message(struct control *control, const char *kind, const struct chat *chat,
                            const struct message *message)
{
    struct buf json = {0};
    render_message(control->bot, chat, message, &json);
    int64_t happened_ms = bot_now_ms(control->bot);
    int64_t id = updates_add(control->bot, kind, json.data, source_key(SOURCE_CHAT, chat->id),
                             happened_ms, 0);
    buf_release(&json);
    return id;
}

void control_message(struct control *control)
{
    const struct user *user = acting_user(control);
    struct chat *chat = user ? acting_chat(control, user) : NULL;
    if (!chat) {
        return;
    }
    const char *text = control_text(control, "text");
    json_t *extra = json_object_get(control->args, "extra");
    if (!text && !json_is_object(extra)) {
        control->error = "a message needs text or extra";
        return;
    }
    bool unblocks = chat->type == CHAT_PRIVATE && chat->standing == STANDING_KICKED;
    if (unblocks) {
        control->error = "this person blocked the bot; unblock first";
        return;
    }
    open_private(chat);
    struct message *message = chat_message_add(control->bot, chat, user->id);
    set_text(&message->text, text);
    message->media = extra_members(extra);
    json_t *entities = json_object_get(control->args, "entities");
    message->entities = entities ? json_dumps(entities, JSON_COMPACT)
                        : text   ? command_entities(text)
                                 : NULL;
    const char *kind = chat->type == CHAT_CHANNEL ? "channel_post" : "message";
    answer_update(control, push_message(control, kind, chat, message), message->id);
}

void control_edit(struct control *control)
{
    const struct user *user = acting_user(control);
    struct chat *chat = user ? acting_chat(control, user) : NULL;
    if (!chat) {
        return;
    }
    struct message *message = chat_message(chat, control_int(control, "message_id", 0));
    const char *text = control_text(control, "text");
    if (!message || message->from_id != user->id || !text) {
        control->error = "an edit needs a message of this person and a text";
        return;
    }
    set_text(&message->text, text);
    free(message->entities);
    message->entities = command_entities(text);
    message->edit_date_s = bot_now_ms(control->bot) / 1000;
    const char *kind = chat->type == CHAT_CHANNEL ? "edited_channel_post" : "edited_message";
    answer_update(control, push_message(control, kind, chat, message), message->id);
}

/* The callback data of the wanted button of a message; NULL: it has none. The caller frees it. */
static char *button_data(const struct message *message, const char *wanted, int64_t index)
{
    json_t *markup = message->markup ? json_loads(message->markup, 0, NULL) : NULL;
    char *data = NULL;
    int64_t at = 0;
    size_t row_index;
    json_t *row;
    json_array_foreach(json_object_get(markup, "inline_keyboard"), row_index, row)
    {
        size_t column;
        json_t *button;
        json_array_foreach(row, column, button)
        {
            const char *text = json_string_value(json_object_get(button, "text"));
            const char *value = json_string_value(json_object_get(button, "callback_data"));
            bool hit = wanted ? text && !strcmp(text, wanted) : at == index;
            at++;
            if (hit && value && !data) {
                data = fake_copy(value);
            }
        }
    }
    json_decref(markup);
    return data;
}

/* The message named, or the latest of the bot's with such a button. */
static const struct message *find_button(struct control *control, struct chat *chat,
                                         char **ret_data)
{
    int64_t id = control_int(control, "message_id", 0);
    json_t *button = json_object_get(control->args, "button");
    const char *wanted = json_string_value(button);
    const char *raw = control_text(control, "data");
    for (size_t i = chat->message_count; i-- > 0;) {
        const struct message *message = chat->messages[i];
        if (message->from_id != control->bot->id || (id && message->id != id)) {
            continue;
        }
        /* `data` plays a hostile client, which may send anything with any message. */
        *ret_data = raw ? fake_copy(raw) : button_data(message, wanted, json_integer_value(button));
        if (*ret_data) {
            return message;
        }
    }
    control->error = id ? "that message has no such button" : "no message has such a button";
    return NULL;
}

static void render_press(struct control *control, const struct press *press,
                         const struct user *user, const struct chat *chat,
                         const struct message *message, const char *data, struct buf *out)
{
    buf_char(out, '{');
    buf_member(out, "id", press->id);
    buf_str(out, ",\"from\":");
    render_user(user, out);
    buf_str(out, ",\"message\":");
    if (control_bool(control, "inaccessible", false)) {
        buf_str(out, "{\"chat\":");
        render_chat(control->bot, chat, out);
        buf_fmt(out, ",\"message_id\":%" PRId64 ",\"date\":0}", message->id);
    } else {
        render_message(control->bot, chat, message, out);
    }
    buf_fmt(out, ",\"chat_instance\":\"%" PRId64 "\"", chat->id * 7919);
    buf_member(out, "data", data);
    buf_char(out, '}');
}

void control_tap(struct control *control)
{
    const struct user *user = acting_user(control);
    struct chat *chat = user ? acting_chat(control, user) : NULL;
    char *data = NULL;
    const struct message *message = chat ? find_button(control, chat, &data) : NULL;
    if (!message) {
        return;
    }
    const struct press *press = bot_press_add(control->bot);
    struct buf json = {0};
    render_press(control, press, user, chat, message, data, &json);
    int64_t id = updates_add(control->bot, "callback_query", json.data,
                             source_key(SOURCE_PRESS, user->id), press->at_ms, 0);
    buf_release(&json);
    buf_char(&control->out, '{');
    buf_member_i64(&control->out, "update_id", id);
    buf_member(&control->out, "callback_query_id", press->id);
    buf_member_i64(&control->out, "message_id", message->id);
    buf_member(&control->out, "data", data);
    buf_char(&control->out, '}');
    free(data);
}

static void change_standing(struct control *control, struct chat *chat, const struct user *user,
                            enum standing standing)
{
    struct buf json = {0};
    struct bot *bot = control->bot;
    int64_t now_ms = bot_now_ms(bot);
    buf_str(&json, "{\"chat\":");
    render_chat(bot, chat, &json);
    if (user) {
        buf_str(&json, ",\"from\":");
        render_user(user, &json);
    }
    buf_member_i64(&json, "date", now_ms / 1000);
    buf_str(&json, ",\"old_chat_member\":");
    render_standing(bot, chat->standing, &json);
    buf_str(&json, ",\"new_chat_member\":");
    render_standing(bot, standing, &json);
    buf_char(&json, '}');
    chat->standing = standing;
    int64_t id = updates_add(bot, "my_chat_member", json.data,
                             source_key(SOURCE_STANDING, chat->id), now_ms, 0);
    buf_release(&json);
    answer_update(control, id, 0);
}

static void private_standing(struct control *control, enum standing standing)
{
    const struct user *user = acting_user(control);
    if (user) {
        change_standing(control, bot_chat_add(control->bot, user->id, CHAT_PRIVATE), user,
                        standing);
    }
}

void control_block(struct control *control)
{
    private_standing(control, STANDING_KICKED);
}

void control_unblock(struct control *control)
{
    private_standing(control, STANDING_MEMBER);
}

void control_standing(struct control *control)
{
    static const struct {
        const char *name;
        enum standing standing;
    } names[] = {
        {"member", STANDING_MEMBER},
        {"administrator", STANDING_ADMIN},
        {"left", STANDING_LEFT},
        {"kicked", STANDING_KICKED},
    };
    struct chat *chat = bot_chat(control->bot, control_int(control, "chat", 0));
    const char *status = control_text(control, "status");
    if (!chat || !chat_is_group(chat) || !status) {
        control->error = "standing needs a group as chat, and a status";
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!strcmp(status, names[i].name)) {
            change_standing(control, chat, bot_user(control->bot, control_int(control, "user", 0)),
                            names[i].standing);
            return;
        }
    }
    if (!strcmp(status, "deleted")) {
        chat->deleted = true;
        return;
    }
    control->error = "status must be member, administrator, left, kicked or deleted";
}

/* A service message about a group's change of kind. */
static int64_t push_migration(struct control *control, struct chat *chat, const char *field,
                              int64_t other)
{
    struct message *message = chat_message_add(control->bot, chat, 0);
    struct buf member = {0};
    buf_fmt(&member, "\"%s\":%" PRId64, field, other);
    message->media = buf_take(&member);
    return push_message(control, "message", chat, message);
}

void control_migrate(struct control *control)
{
    struct chat *old = bot_chat(control->bot, control_int(control, "chat", 0));
    if (!old || old->type != CHAT_GROUP || old->migrated_to) {
        control->error = "only a basic group can become a supergroup, once";
        return;
    }
    int64_t id = SUPERGROUP_BASE + old->id;
    struct chat *chat = bot_chat_add(control->bot, id, CHAT_SUPERGROUP);
    set_text(&chat->title, old->title);
    chat->standing = old->standing;
    old->migrated_to = id;
    push_migration(control, old, "migrate_to_chat_id", id);
    push_migration(control, chat, "migrate_from_chat_id", old->id);
    buf_fmt(&control->out, "{\"chat_id\":%" PRId64 "}", id);
}

/* Any update, as given; for kinds without an action of their own and for hostile input. */
void control_update(struct control *control)
{
    json_t *update = json_object_get(control->args, "update");
    const char *kind;
    json_t *content;
    json_object_foreach(update, kind, content)
    {
        if (strcmp(kind, "update_id")) {
            char *json = json_dumps(content, JSON_COMPACT | JSON_ENCODE_ANY);
            int64_t id = json_integer_value(json_object_get(update, "update_id"));
            int64_t source = control_int(control, "source", 0);
            id = updates_add(control->bot, kind, json, source_key(SOURCE_OTHER, source),
                             bot_now_ms(control->bot), id);
            free(json);
            answer_update(control, id, 0);
            return;
        }
    }
    control->error = "update must be an object with the content of one update";
}
