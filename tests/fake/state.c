/* The bots, users, chats and messages of state.h: finding, making and freeing them. */
#include "state.h"

#include "faults.h"
#include "log.h"
#include "updates.h"
#include "waits.h"
#include "webhook.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_MESSAGE_ID 101
#define PRESS_ANSWER_MS  60000

struct bot *world_bot(struct world *world, const char *token)
{
    struct bot *bot = NULL;
    HASH_FIND_STR(world->bots, token, bot);
    return bot;
}

struct bot *world_bot_add(struct world *world, const char *token, const char *username,
                          const char *first_name)
{
    struct bot *bot = fake_alloc(sizeof *bot);
    bot->token = fake_copy(token);
    bot->id = strtoll(token, NULL, 10);
    bot->username = fake_copy(username);
    bot->first_name = fake_copy(first_name);
    bot->press_answer_ms = PRESS_ANSWER_MS;
    bot->next_message_id = FIRST_MESSAGE_ID;
    bot->next_press_id = 1;
    bot->next_file_id = 1;
    bot->world = world;
    bot->updates = updates_new(bot->id);
    bot->webhook = webhook_new();
    bot->log = log_new(world->keep_log);
    HASH_ADD_KEYPTR(hh, world->bots, bot->token, strlen(bot->token), bot);
    return bot;
}

static void message_free(struct message *message)
{
    if (message) {
        free(message->text);
        free(message->entities);
        free(message->markup);
        free(message->media);
        free(message->preview);
        free(message);
    }
}

static void chat_free(struct chat *chat)
{
    for (size_t i = 0; i < chat->message_count; i++) {
        message_free(chat->messages[i]);
    }
    free(chat->messages);
    free(chat->title);
    free(chat->username);
    free(chat);
}

static void user_free(struct user *user)
{
    free(user->first_name);
    free(user->last_name);
    free(user->username);
    free(user->language_code);
    free(user);
}

void world_bot_delete(struct bot *bot)
{
    waits_end(bot);
    webhook_free(bot->webhook, bot);
    updates_free(bot->updates);
    log_free(bot->log);
    faults_clear(bot);
    struct chat *chat;
    struct chat *next_chat;
    HASH_ITER (hh, bot->chats, chat, next_chat) {
        HASH_DEL(bot->chats, chat);
        chat_free(chat);
    }
    struct user *user;
    struct user *next_user;
    HASH_ITER (hh, bot->users, user, next_user) {
        HASH_DEL(bot->users, user);
        user_free(user);
    }
    struct press *press;
    struct press *next_press;
    HASH_ITER (hh, bot->presses, press, next_press) {
        HASH_DEL(bot->presses, press);
        free(press);
    }
    struct command_list *list;
    struct command_list *next_list;
    HASH_ITER (hh, bot->commands, list, next_list) {
        HASH_DEL(bot->commands, list);
        free(list->key);
        free(list->json);
        free(list);
    }
    HASH_DEL(bot->world->bots, bot);
    free(bot->token);
    free(bot->username);
    free(bot->first_name);
    free(bot);
}

int64_t bot_now_ms(const struct bot *bot)
{
    return bot->clock.frozen ? bot->clock.frozen_at_ms : real_now_ms() + bot->clock.offset_ms;
}

int64_t bot_wait_ms(const struct bot *bot, int64_t at_ms)
{
    int64_t wait_ms = at_ms - bot_now_ms(bot);
    if (wait_ms <= 0) {
        return 0;
    }
    return bot->clock.frozen ? -1 : wait_ms;
}

struct user *bot_user(struct bot *bot, int64_t id)
{
    struct user *user = NULL;
    HASH_FIND(hh, bot->users, &id, sizeof id, user);
    return user;
}

struct user *bot_user_add(struct bot *bot, int64_t id)
{
    struct user *user = bot_user(bot, id);
    if (!user) {
        user = fake_alloc(sizeof *user);
        user->id = id;
        HASH_ADD(hh, bot->users, id, sizeof user->id, user);
    }
    return user;
}

struct chat *bot_chat(struct bot *bot, int64_t id)
{
    struct chat *chat = NULL;
    HASH_FIND(hh, bot->chats, &id, sizeof id, chat);
    return chat;
}

struct chat *bot_chat_add(struct bot *bot, int64_t id, enum chat_type type)
{
    struct chat *chat = bot_chat(bot, id);
    if (!chat) {
        chat = fake_alloc(sizeof *chat);
        chat->id = id;
        chat->type = type;
        chat->next_message_id = 1;
        HASH_ADD(hh, bot->chats, id, sizeof chat->id, chat);
    }
    return chat;
}

struct chat *bot_chat_named(struct bot *bot, const char *name)
{
    if (name[0] != '@') {
        char *end;
        int64_t id = strtoll(name, &end, 10);
        return *end ? NULL : bot_chat(bot, id);
    }
    struct chat *chat;
    struct chat *next;
    HASH_ITER (hh, bot->chats, chat, next) {
        /* A person cannot be addressed by username, as on Telegram. */
        if (chat->username && chat->type != CHAT_PRIVATE && !strcasecmp(chat->username, name + 1)) {
            return chat;
        }
    }
    return NULL;
}

bool chat_is_group(const struct chat *chat)
{
    return chat->type == CHAT_GROUP || chat->type == CHAT_SUPERGROUP;
}

struct message *chat_message_add(struct bot *bot, struct chat *chat, int64_t from_id)
{
    bool counts_itself = chat->type == CHAT_SUPERGROUP || chat->type == CHAT_CHANNEL;
    if (!bot->world->keep_log && chat->message_count) {
        message_free(chat->messages[0]);
        chat->message_count = 0;
    }
    if (chat->message_count == chat->message_cap) {
        chat->message_cap = chat->message_cap ? chat->message_cap * 2 : 1;
        chat->messages = realloc(chat->messages, chat->message_cap * sizeof(struct message *));
        if (!chat->messages) {
            abort();
        }
    }
    struct message *message = fake_alloc(sizeof *message);
    message->id = counts_itself ? chat->next_message_id++ : bot->next_message_id++;
    message->from_id = from_id;
    message->date_s = bot_now_ms(bot) / 1000;
    chat->messages[chat->message_count++] = message;
    return message;
}

/* Where the message stands in the chat, or the count when it does not. */
static size_t message_index(const struct chat *chat, int64_t id)
{
    size_t low = 0;
    size_t high = chat->message_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chat->messages[middle]->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < chat->message_count && chat->messages[low]->id == id ? low : chat->message_count;
}

struct message *chat_message(struct chat *chat, int64_t id)
{
    size_t index = message_index(chat, id);
    return index < chat->message_count ? chat->messages[index] : NULL;
}

void chat_message_delete(struct chat *chat, int64_t id)
{
    size_t index = message_index(chat, id);
    if (index == chat->message_count) {
        return;
    }
    message_free(chat->messages[index]);
    chat->message_count--;
    memmove(chat->messages + index, chat->messages + index + 1,
            (chat->message_count - index) * sizeof(struct message *));
}

void set_text(char **field, const char *value)
{
    char *copy = fake_copy(value);
    free(*field);
    *field = copy;
}

struct press *bot_press_add(struct bot *bot)
{
    struct press *press = fake_alloc(sizeof *press);
    /* Ids look like Telegram's: long decimal strings that fit no double. */
    snprintf(press->id, sizeof press->id, "%" PRId64,
             INT64_C(4300000000000000000) + bot->next_press_id++);
    press->at_ms = bot_now_ms(bot);
    HASH_ADD_STR(bot->presses, id, press);
    return press;
}

struct press *bot_press(struct bot *bot, const char *id)
{
    struct press *press = NULL;
    HASH_FIND_STR(bot->presses, id, press);
    return press;
}
