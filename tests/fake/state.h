/* What the fake knows: bots with their users, chats and messages.
 *
 * One process serves many bots (tokens), each a world of its own with its own clock, so that tests
 * running side by side do not meet. Everything is guarded by one lock, `struct world.lock`; every
 * function of this folder that takes a bot or a chat is called with it held. */
#ifndef FAKE_STATE_H
#define FAKE_STATE_H

#include "buf.h"

#include <pthread.h>
#include <stdbool.h>
#include <uthash.h>

struct call_log;
struct fault;
struct waiter;
struct update_queues;
struct webhook;

enum chat_type { CHAT_PRIVATE, CHAT_GROUP, CHAT_SUPERGROUP, CHAT_CHANNEL };

/* The bot's standing in a chat. In a private chat: NONE = never started, KICKED = blocked. */
enum standing { STANDING_NONE, STANDING_MEMBER, STANDING_ADMIN, STANDING_LEFT, STANDING_KICKED };

struct user {
    int64_t id;
    char *first_name;
    char *last_name;
    char *username;
    char *language_code;
    bool is_bot;
    bool is_premium;
    bool deactivated;
    UT_hash_handle hh;
};

struct message {
    int64_t id;
    int64_t from_id; /* the bot's own id for what it sent */
    int64_t date_s;
    int64_t edit_date_s; /* 0: never edited */
    char *text;          /* plain, after parsing; the caption when there is media; may be NULL */
    char *entities;      /* JSON array or NULL */
    char *markup;        /* JSON object or NULL */
    char *media;         /* JSON members such as `"photo":[…]`, or NULL */
    char *preview;       /* link_preview_options of a text as they were given, or NULL */
};

/* A leaky bucket counting in thousandths of a request; see rates.c. */
struct bucket {
    int64_t filled_permille;
    int64_t at_ms;
};

struct chat {
    int64_t id;
    enum chat_type type;
    char *title;
    char *username;
    enum standing standing;
    bool deleted;              /* a group its owner deleted */
    int64_t migrated_to;       /* 0: not */
    int64_t next_message_id;   /* supergroups and channels count for themselves */
    struct message **messages; /* by id, ascending */
    size_t message_count;
    size_t message_cap;
    struct bucket bucket;
    UT_hash_handle hh;
};

/* A button press the bot may still answer. */
struct press {
    char id[24];
    int64_t at_ms;
    bool answered;
    UT_hash_handle hh;
};

struct limits {
    int per_second; /* 0: no limits at all */
    int chat_burst; /* then one a second */
    int group_per_minute;
    struct bucket bucket;
    int64_t refused;
};

/* Real time plus an offset, or standing still until told to move. */
struct fake_clock {
    bool frozen;
    int64_t offset_ms;
    int64_t frozen_at_ms;
};

struct command_list {
    char *key; /* scope and language */
    char *json;
    UT_hash_handle hh;
};

struct bot {
    char *token;
    int64_t id;
    char *username;
    char *first_name;
    bool open;       /* accepts chats and callback ids it was never told of */
    bool https_only; /* webhooks as the public server wants them */
    bool revoked;    /* the token no longer works */
    struct fake_clock clock;
    struct limits limits;
    int64_t press_answer_ms; /* how long a press may be answered */
    struct user *users;
    struct chat *chats;
    struct press *presses;
    struct command_list *commands;
    int64_t next_message_id;
    int64_t next_press_id;
    int64_t next_file_id;
    int64_t sent; /* messages that reached a chat */
    int64_t next_set_webhook_ms;
    struct update_queues *updates;
    struct webhook *webhook;
    struct call_log *log;
    struct fault *faults;
    struct world *world;
    UT_hash_handle hh;
};

struct world {
    pthread_mutex_t lock;
    struct bot *bots; /* by token */
    bool keep_log;    /* false: only counters and the latest message of each chat */
    struct waiter *waiters;
    struct deliverer *deliverer;
};

struct bot *world_bot(struct world *world, const char *token);
/* The token must be new. The id is the number before its colon. */
struct bot *world_bot_add(struct world *world, const char *token, const char *username,
                          const char *first_name);
void world_bot_delete(struct bot *bot);

int64_t bot_now_ms(const struct bot *bot);
/* Real milliseconds until the bot's clock shows `at_ms`; 0 = already, -1 = never (frozen). */
int64_t bot_wait_ms(const struct bot *bot, int64_t at_ms);

struct user *bot_user(struct bot *bot, int64_t id);
struct user *bot_user_add(struct bot *bot, int64_t id); /* finds or makes */
struct chat *bot_chat(struct bot *bot, int64_t id);
struct chat *bot_chat_add(struct bot *bot, int64_t id, enum chat_type type);
/* By number or "@username"; NULL when unknown. */
struct chat *bot_chat_named(struct bot *bot, const char *name);
bool chat_is_group(const struct chat *chat);

/* Adds a message with the next id of the chat. The caller fills in its content. */
struct message *chat_message_add(struct bot *bot, struct chat *chat, int64_t from_id);
struct message *chat_message(struct chat *chat, int64_t id);
void chat_message_delete(struct chat *chat, int64_t id);
void set_text(char **field, const char *value); /* frees the old, copies the new */

struct press *bot_press_add(struct bot *bot);
struct press *bot_press(struct bot *bot, const char *id);

#endif
