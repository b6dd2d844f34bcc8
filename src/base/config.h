/* Settings from the environment and an `.env` file. One table (config.c) makes the parser, the help
 * text and the documentation page; every setting is one row: name, alias, kind, default, whether it
 * is secret, what it is for. There are only settings that the program acts on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum sending_mode { SENDING_ON, SENDING_OFF, SENDING_DRY_RUN };

/* Filled by config_load; strings are valid as long as the arena, "" when not set. */
struct config {
    const char *database_url; /* sqlite:PATH or postgres://… */
    const char *database_schema;
    const char *supabase_url;
    const char *supabase_db_password;
    const char *telegram_bot_token;
    const char *telegram_api_url;
    const char *telegram_webhook_secret; /* default: HMAC of the token */
    bool telegram_receive;               /* off: another bot owns the chats and forwards updates */
    bool telegram_pacing;                /* off only for measuring */
    const char *resend_api_key;
    const char *resend_base_url;
    const char *resend_webhook_secret; /* comma separated */
    const char *email_from;            /* Name <address> */
    const char *admin_api_key;
    const char *viewer_api_key;
    const char *admin_chat_ids; /* comma separated */
    const char *admin_emails;   /* comma separated */
    const char *admin_webhook_url;
    const char *admin_webhook_secret;
    const char *heartbeat_url;
    const char *live_database_url;
    const char *public_url;
    int port;
    const char *default_time_zone;
    const char *admin_time_zone; /* default: default_time_zone */
    const char *default_language;
    bool webchat_enabled;
    const char *webchat_origins; /* comma separated */
    int webchat_streams_per_address;
    int webchat_streams_per_session;
    int quiet_from_minute; /* of the local day; QUIET_HOURS=22:00-08:00 */
    int quiet_to_minute;
    int64_t nudge_min_gap_ms;
    int nudge_per_day;
    int decisions_kept_days; /* 0: none are kept */
    int events_keep_months;  /* 0: for good */
    int behaviour_memory_mb;
    const char *trusted_proxies; /* comma separated addresses */
    enum sending_mode sending;
    const char *recipient_allow_list; /* comma separated: telegram:123, webchat:*, email:a@b */
    const char *journeys_dir;         /* "" = the embedded ones */
    const char *log_level;
};

/* One row of the table, for --help and the docs page. */
struct config_row {
    const char *name;
    const char *alias; /* NULL: none */
    const char *kind;  /* "text", "secret", "number", "on/off", "duration", … (config_kinds.c) */
    const char *fallback; /* NULL: none */
    const char *help;
    bool secret; /* its value is never shown */
    int64_t min; /* numbers, and durations in ms */
    int64_t max;
    size_t offset; /* of the member of struct config that it fills */
};

/* Reads `environment` ("NAME=value", NULL-terminated) and, below it in precedence, the .env file at
 * env_path (NULL or absent: none). Errors: ERR_CONFIG; the detail names the setting, what is wrong
 * and how to set it (never a secret's value); ERR_LIMIT for files over 64 KB or lines over 4 KB.
 * An empty value counts as not set. URLs lose the slashes at their end. A name in the file that is
 * nearly one of ours is a mistake; others are left alone, since the file may be shared. */
MUST_CHECK enum err config_load(struct arena *arena, char *const environment[],
                                const char *env_path, struct config *ret_config,
                                struct err_detail *detail);
/* The table; *ret_count rows. */
const struct config_row *config_rows(size_t *ret_count);
/* The page docs/reference/settings.md. */
struct str config_page(struct arena *arena);
/* "2h", "90m", "30s", "1d", "500ms", "1h30m" -> milliseconds; false when it is none or negative. */
bool config_parse_duration(struct str text, int64_t *ret_ms);
