/* The Bot API's objects as JSON. Each function appends one object. */
#ifndef FAKE_RENDER_H
#define FAKE_RENDER_H

#include "state.h"

void render_user(const struct user *user, struct buf *out);
void render_bot_user(const struct bot *bot, struct buf *out);
void render_chat(struct bot *bot, const struct chat *chat, struct buf *out);
void render_message(struct bot *bot, const struct chat *chat, const struct message *message,
                    struct buf *out);
/* {"user":…,"status":…} of the bot itself. */
void render_standing(const struct bot *bot, enum standing standing, struct buf *out);
const char *chat_type_name(enum chat_type type);

#endif
