/* A parser for each kind of setting. Each takes the text of a value that is not empty and writes to
 * the member of struct config that the row names; it returns what it expected when it is not that.
 */
#include "base/config_kinds.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"

struct target {
    struct arena *arena;
    const struct config_row *row;
    struct config *config;
};

/* The member that the row names, which has the type of the row's kind. */
static void *member(const struct target *target)
{
    return (char *)target->config + target->row->offset;
}

static const char *put_copy(const struct target *target, struct str value)
{
    *(const char **)member(target) = arena_str(target->arena, value).ptr;
    return NULL;
}

static bool only_contains(struct str value, const char *others)
{
    for (size_t i = 0; i < value.length; i++) {
        char c = value.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && strchr(others, c) == NULL) {
            return false;
        }
    }
    return true;
}

static bool has_space(struct str value)
{
    for (size_t i = 0; i < value.length; i++) {
        if ((unsigned char)value.ptr[i] <= ' ') {
            return true;
        }
    }
    return false;
}

static const char *put_text(const struct target *target, struct str value)
{
    return put_copy(target, value);
}

static const char *put_bot_token(const struct target *target, struct str value)
{
    struct str rest;
    int64_t bot_id;
    struct str id = str_split(value, ':', &rest);
    if (!str_to_int64(id, &bot_id) || rest.length == 0 || !only_contains(rest, "_-")) {
        return "the token as BotFather gives it, such as 123456:ABC-def";
    }
    return put_copy(target, value);
}

static const char *put_webhook_token(const struct target *target, struct str value)
{
    if (value.length > 256 || !only_contains(value, "_-")) {
        return "1 to 256 letters, digits, _ or -";
    }
    return put_copy(target, value);
}

static const char *put_database(const struct target *target, struct str value)
{
    static const char *const starts[] = {"sqlite:", "postgres://", "postgresql://"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        struct str start = str_of(starts[i]);
        if (str_starts(value, start) && value.length > start.length) {
            return put_copy(target, value);
        }
    }
    return "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME";
}

static const char *put_identifier(const struct target *target, struct str value)
{
    bool fine = value.length <= 63 && !(value.ptr[0] >= '0' && value.ptr[0] <= '9');
    for (size_t i = 0; i < value.length; i++) {
        char c = value.ptr[i];
        fine = fine && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    return fine ? put_copy(target, value) : "lower-case letters, digits and _";
}

static bool is_web_address(struct str value)
{
    struct str rest = STR_NONE;
    if (str_starts(value, STR("https://"))) {
        rest = (struct str){value.ptr + 8, value.length - 8};
    } else if (str_starts(value, STR("http://"))) {
        rest = (struct str){value.ptr + 7, value.length - 7};
    }
    return rest.length > 0 && rest.ptr[0] != '/' && !has_space(value);
}

/* Without slashes at the end, so that a path can be put behind it. */
static const char *put_url(const struct target *target, struct str value)
{
    if (!is_web_address(value)) {
        return "an address that begins with https:// or http://";
    }
    while (value.ptr[value.length - 1] == '/') {
        value.length--;
    }
    return put_copy(target, value);
}

/* Its name is what the database's address is made of. */
static const char *put_supabase(const struct target *target, struct str value)
{
    struct str host = STR_NONE;
    struct str project = STR_NONE;
    if (put_url(target, value) == NULL) {
        const char *url = *(const char **)member(target);
        host = str_starts(str_of(url), STR("https://")) ? str_of(url + 8) : STR_NONE;
        project = str_split(host, '.', &host);
    }
    if (!str_is(host, "supabase.co") || project.length == 0 || !only_contains(project, "")) {
        return "an address such as https://abcdefghijklmnopqrst.supabase.co (with a Supabase of "
               "your "
               "own, set DATABASE_URL instead)";
    }
    return NULL;
}

/* Every item between commas, trimmed, must please `check`; an item may not be empty. */
static const char *put_list(const struct target *target, struct str value,
                            bool (*check)(struct str item), const char *expected)
{
    struct str rest = value;
    while (rest.ptr != NULL) {
        struct str item = str_trim(str_split(rest, ',', &rest));
        if (item.length == 0 || !check(item)) {
            return expected;
        }
    }
    return put_copy(target, value);
}

static bool is_chat_id(struct str item)
{
    int64_t number;
    if (item.ptr[0] == '-') { /* groups */
        item = (struct str){item.ptr + 1, item.length - 1};
    }
    return str_to_int64(item, &number) && number > 0;
}

static const char *put_chat_ids(const struct target *target, struct str value)
{
    return put_list(target, value, is_chat_id,
                    "chat ids with commas between, such as 12345,-67890");
}

static bool is_email(struct str item)
{
    const char *at = memchr(item.ptr, '@', item.length);
    bool is_plain = true;
    for (size_t i = 0; i < item.length; i++) {
        is_plain &= item.ptr[i] > ' ' && item.ptr[i] != 0x7f;
    }
    return is_plain && at != NULL && at > item.ptr && at + 1 < item.ptr + item.length;
}

static const char *put_emails(const struct target *target, struct str value)
{
    return put_list(target, value, is_email,
                    "e-mail addresses with commas between, such as ann@example.org");
}

static bool is_origin(struct str item)
{
    size_t slashes = 0;
    for (size_t i = 0; i < item.length; i++) {
        slashes += item.ptr[i] == '/';
    }
    return is_web_address(item) && slashes == 2;
}

static const char *put_origins(const struct target *target, struct str value)
{
    return put_list(target, value, is_origin,
                    "origins with commas between, such as "
                    "https://example.org");
}

static bool is_ip_address(struct str item)
{
    char text[INET6_ADDRSTRLEN + 1];
    unsigned char address[sizeof(struct in6_addr)];
    if (item.length >= sizeof(text)) {
        return false;
    }
    str_copy(text, sizeof(text), item);
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static const char *put_addresses(const struct target *target, struct str value)
{
    return put_list(target, value, is_ip_address,
                    "IP addresses with commas between, such as "
                    "127.0.0.1,::1");
}

static bool is_recipient(struct str item)
{
    static const char *const channels[] = {"telegram", "webchat", "email", "webhook"};
    struct str value;
    struct str channel = str_split(item, ':', &value);
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
        if (str_is(channel, channels[i])) {
            return value.length > 0 && !has_space(value);
        }
    }
    return false;
}

static const char *put_recipients(const struct target *target, struct str value)
{
    return put_list(target, value, is_recipient,
                    "recipients with commas between, such as "
                    "telegram:12345,webchat:*,email:a@example.org");
}

static const char *put_number(const struct target *target, struct str value)
{
    const struct config_row *row = target->row;
    int64_t number;
    if (!str_to_int64(value, &number) || number < row->min || number > row->max) {
        return arena_printf(target->arena, "a whole number from %" PRId64 " to %" PRId64, row->min,
                            row->max)
            .ptr;
    }
    *(int *)member(target) = (int)number;
    return NULL;
}

static const char *put_duration(const struct target *target, struct str value)
{
    const struct config_row *row = target->row;
    int64_t duration_ms;
    if (!config_parse_duration(value, &duration_ms)) {
        return "a duration such as 4h, 90m or 1d12h";
    }
    if (duration_ms < row->min || duration_ms > row->max) {
        return arena_printf(target->arena, "a duration from %" PRId64 "s to %" PRId64 "s",
                            row->min / 1000, row->max / 1000)
            .ptr;
    }
    *(int64_t *)member(target) = duration_ms;
    return NULL;
}

static const char *put_switch(const struct target *target, struct str value)
{
    bool on =
        str_is(value, "on") || str_is(value, "true") || str_is(value, "1") || str_is(value, "yes");
    bool off =
        str_is(value, "off") || str_is(value, "false") || str_is(value, "0") || str_is(value, "no");
    if (!on && !off) {
        return "on or off";
    }
    *(bool *)member(target) = on;
    return NULL;
}

static const char *put_zone(const struct target *target, struct str value)
{
    if (zone_find(value) == NULL) {
        return "a time zone such as Europe/Berlin or UTC";
    }
    return put_copy(target, value);
}

static const char *put_language(const struct target *target, struct str value)
{
    const char *tag = arena_str(target->arena, value).ptr;
    if (value.length > LIMIT_LANGUAGE_BYTES || !text_language_is_known(tag)) {
        return "a language such as en, de or pt-BR";
    }
    return put_copy(target, value);
}

/* "22:00-08:00" into quiet_from_minute and the member after it; "off" is a window of no length. */
static const char *put_window(const struct target *target, struct str value)
{
    int from = 0;
    int to = 0;
    struct str end;
    struct str start = str_split(value, '-', &end);
    if (!str_is(value, "off") && (!calendar_parse_hh_mm(str_trim(start), &from) ||
                                  !calendar_parse_hh_mm(str_trim(end), &to))) {
        return "a window such as 22:00-08:00, or off";
    }
    target->config->quiet_from_minute = from;
    target->config->quiet_to_minute = to;
    return NULL;
}

static const char *put_sending(const struct target *target, struct str value)
{
    enum sending_mode mode;
    if (str_is(value, "on")) {
        mode = SENDING_ON;
    } else if (str_is(value, "off")) {
        mode = SENDING_OFF;
    } else if (str_is(value, "dry-run")) {
        mode = SENDING_DRY_RUN;
    } else {
        return "on, off or dry-run";
    }
    *(enum sending_mode *)member(target) = mode;
    return NULL;
}

static const char *put_level(const struct target *target, struct str value)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (str_is(value, levels[i])) {
            return put_copy(target, value);
        }
    }
    return "debug, info, warn or error";
}

static const struct kind {
    const char *name;
    bool is_public;
    bool is_text; /* the member is a const char * */
    const char *(*put)(const struct target *target, struct str value);
} kinds[] = {
    {"IP addresses", true, true, put_addresses},
    {"bot token", false, true, put_bot_token},
    {"chat ids", false, true, put_chat_ids},
    {"database", false, true, put_database},
    {"duration", true, false, put_duration},
    {"e-mail addresses", false, true, put_emails},
    {"identifier", true, true, put_identifier},
    {"language", true, true, put_language},
    {"log level", true, true, put_level},
    {"number", true, false, put_number},
    {"on/off", true, false, put_switch},
    {"on/off/dry-run", true, false, put_sending},
    {"origins", true, true, put_origins},
    {"recipients", false, true, put_recipients},
    {"text", false, true, put_text},
    {"time zone", true, true, put_zone},
    {"Supabase project", true, true, put_supabase},
    {"URL", false, true, put_url},
    {"webhook token", false, true, put_webhook_token},
    {"window", true, false, put_window},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    ASSERT(!"a row has a kind that is not in the table");
    return NULL;
}

const char *config_put(struct arena *arena, const struct config_row *row, struct str value,
                       struct config *config)
{
    struct target target = {.arena = arena, .row = row, .config = config};
    return kind_of(row->kind)->put(&target, value);
}

bool config_kind_is_public(const char *kind)
{
    return kind_of(kind)->is_public;
}

void config_put_nothing(const struct config_row *row, struct config *config)
{
    ASSERT(kind_of(row->kind)->is_text); /* a row of another kind needs a fallback */
    *(const char **)(void *)((char *)config + row->offset) = "";
}
