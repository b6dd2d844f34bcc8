/* Objects as the Bot API shows them (render.h). */
#include "render.h"

const char *chat_type_name(enum chat_type type)
{
    switch (type) {
    case CHAT_PRIVATE:
        return "private";
    case CHAT_GROUP:
        return "group";
    case CHAT_SUPERGROUP:
        return "supergroup";
    case CHAT_CHANNEL:
        return "channel";
    }
    return "";
}

void render_user(const struct user *user, struct buf *out)
{
    buf_char(out, '{');
    buf_member_i64(out, "id", user->id);
    buf_member_bool(out, "is_bot", user->is_bot);
    buf_member(out, "first_name", user->first_name ? user->first_name : "");
    buf_member(out, "last_name", user->last_name);
    buf_member(out, "username", user->username);
    buf_member(out, "language_code", user->language_code);
    if (user->is_premium) {
        buf_member_bool(out, "is_premium", 1);
    }
    buf_char(out, '}');
}

void render_bot_user(const struct bot *bot, struct buf *out)
{
    buf_char(out, '{');
    buf_member_i64(out, "id", bot->id);
    buf_member_bool(out, "is_bot", 1);
    buf_member(out, "first_name", bot->first_name);
    buf_member(out, "username", bot->username);
    buf_char(out, '}');
}

void render_chat(struct bot *bot, const struct chat *chat, struct buf *out)
{
    buf_char(out, '{');
    buf_member_i64(out, "id", chat->id);
    if (chat->type == CHAT_PRIVATE) {
        const struct user *user = bot_user(bot, chat->id);
        if (user) {
            buf_member(out, "first_name", user->first_name);
            buf_member(out, "last_name", user->last_name);
            buf_member(out, "username", user->username);
        }
    } else {
        buf_member(out, "title", chat->title);
        buf_member(out, "username", chat->username);
    }
    buf_member(out, "type", chat_type_name(chat->type));
    buf_char(out, '}');
}

void render_message(struct bot *bot, const struct chat *chat, const struct message *message,
                    struct buf *out)
{
    buf_char(out, '{');
    buf_member_i64(out, "message_id", message->id);
    if (message->from_id == bot->id) {
        buf_str(out, ",\"from\":");
        render_bot_user(bot, out);
    } else if (chat->type != CHAT_CHANNEL) {
        const struct user *user = bot_user(bot, message->from_id);
        if (user) {
            buf_str(out, ",\"from\":");
            render_user(user, out);
        }
    }
    buf_str(out, ",\"chat\":");
    render_chat(bot, chat, out);
    buf_member_i64(out, "date", message->date_s);
    if (message->edit_date_s) {
        buf_member_i64(out, "edit_date", message->edit_date_s);
    }
    if (message->media) {
        buf_char(out, ',');
        buf_str(out, message->media);
    }
    buf_member(out, message->media ? "caption" : "text", message->text);
    buf_member_raw(out, message->media ? "caption_entities" : "entities", message->entities);
    buf_member_raw(out, "link_preview_options", message->preview);
    buf_member_raw(out, "reply_markup", message->markup);
    buf_char(out, '}');
}

static const char *standing_status(enum standing standing)
{
    switch (standing) {
    case STANDING_NONE:
    case STANDING_LEFT:
        return "left";
    case STANDING_MEMBER:
        return "member";
    case STANDING_ADMIN:
        return "administrator";
    case STANDING_KICKED:
        return "kicked";
    }
    return "";
}

void render_standing(const struct bot *bot, enum standing standing, struct buf *out)
{
    buf_str(out, "{\"user\":");
    render_bot_user(bot, out);
    buf_member(out, "status", standing_status(standing));
    if (standing == STANDING_KICKED) {
        buf_member_i64(out, "until_date", 0);
    } else if (standing == STANDING_ADMIN) {
        /* The rights every administrator has; a bot reads them as a whole. */
        static const char *const rights[] = {
            "can_be_edited",       "is_anonymous",           "can_manage_chat",
            "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
            "can_promote_members", "can_change_info",        "can_invite_users",
            "can_post_stories",    "can_edit_stories",       "can_delete_stories",
        };
        for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
            buf_member_bool(out, rights[i], i >= 2);
        }
    }
    buf_char(out, '}');
}
