/* Telegram: reading updates, sending messages, polling, and the calls of the command line. Facts
 * about the Bot API are in docs/reference/telegram.md. */
#pragma once

#include "base/json.h"
#include "base/json_tree.h"
#include "channel/channel.h"
#include "net/http_client.h"

/* ---- updates (telegram_parse.c): pure, any thread ---- */

struct telegram_update {
    int64_t update_id;  /* below INT64_MAX, so that the next one has a number */
    bool relevant;      /* false: an update of a kind that means nothing to us; input is empty */
    struct input input; /* its strings live in the arena */
};

/* Reads one Update. bot_name: our user name without '@' ("" while it is not known: then a command
 * with a name is taken as ours in private chats only). at_ms: when it was taken in. ERR_INVALID,
 * ERR_LIMIT: not an update. */
MUST_CHECK enum err telegram_parse_update(struct arena *arena, struct str json, struct str bot_name,
                                          int64_t at_ms, struct telegram_update *ret_update,
                                          struct err_detail *detail);
/* The same from a value that was parsed already. */
MUST_CHECK enum err telegram_read_update(struct arena *arena, const struct json_node *json,
                                         struct str bot_name, int64_t at_ms,
                                         struct telegram_update *ret_update,
                                         struct err_detail *detail);

/* The answer to a tap as a call inside the webhook's own response (telegram_body.c). Pure. */
struct str telegram_tap_answer(struct arena *arena, const struct act *act);

/* ---- answers (telegram_answer.c): pure, any thread ---- */

/* What a message goes without when it was refused for it. */
enum { TELEGRAM_WITHOUT_MARKUP = 1, TELEGRAM_WITHOUT_PICTURE = 2 };

/* What an answer of the Bot API to a message of ours means. */
struct telegram_verdict {
    enum report_kind report;
    const char *reason;     /* short machine word, static; "" when sent */
    char message_id[24];    /* REPORT_SENT */
    char new_address[24];   /* REPORT_MIGRATED */
    int64_t retry_after_ms; /* REPORT_PAUSED */
    bool pause_all;         /* the reason concerns the whole bot */
    bool refused;           /* the token is not accepted: nothing works until it is changed */
    unsigned without;       /* refused for its markup or picture: may go without (see above) */
};
struct telegram_verdict telegram_judge(const struct http_response *response);

/* ---- the channel ---- */

struct telegram_command {
    const char *name;
    const char *description;
    const char *language; /* "" the default one */
};

struct telegram_options {
    struct http_client *client; /* not owned; must outlive the channel */
    struct clock *clock;
    const char *token;
    const char *api_url; /* "https://api.telegram.org" */
    struct channel_sink sink;
    int64_t send_ms;                         /* tests make it shorter; 0: LIMIT_SEND_MS */
    bool polling;                            /* false: updates come by the webhook */
    const struct telegram_command *commands; /* copied */
    int command_count;
};

/* ERR_CONFIG: the token or the address cannot be right. */
MUST_CHECK enum err telegram_new(const struct telegram_options *options,
                                 struct channel **ret_channel, struct err_detail *detail);
/* User name of the bot without '@', "" until Telegram told it; valid as long as the channel. Any
 * thread. */
struct str telegram_bot_name(const struct channel *channel);

/* ---- single calls, waiting for the answer (telegram_call.c) ---- */

struct telegram_access {
    struct http_client *client;
    const char *api_url;
    const char *token;
};
/* Calls one method with a JSON object and gives the member `result` (new reference).
 * ERR_UNAUTHORIZED: bad token; ERR_PROVIDER: refused, the detail holds the description;
 * ERR_NETWORK, ERR_TIMEOUT: no answer. */
MUST_CHECK enum err telegram_call(const struct telegram_access *access, const char *method,
                                  struct str body, json_t **ret_result, struct err_detail *detail);
/* Sets the webhook to `url` (https, or what a local Bot API server takes) with the secret. */
MUST_CHECK enum err telegram_webhook_set(const struct telegram_access *access, struct str url,
                                         struct str secret, bool drop_pending,
                                         struct err_detail *detail);
MUST_CHECK enum err telegram_webhook_delete(const struct telegram_access *access, bool drop_pending,
                                            struct err_detail *detail);
struct telegram_webhook {
    struct str url; /* "" none is set */
    int64_t pending_count;
    int64_t last_error_at_ms; /* 0 none */
    struct str last_error;
    int64_t connections_max;
};
MUST_CHECK enum err telegram_webhook_info(const struct telegram_access *access, struct arena *arena,
                                          struct telegram_webhook *ret_webhook,
                                          struct err_detail *detail);
/* The kinds of updates that we ask for, as a JSON list. */
#define TELEGRAM_UPDATES "[\"message\",\"edited_message\",\"callback_query\",\"my_chat_member\"]"
/* What it lets a bot send; static storage. */
const struct channel_limits *telegram_limits(void);
