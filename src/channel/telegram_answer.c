/* What an answer of the Bot API means. Descriptions are not a stable contract, so known ones are
 * matched by their beginning without regard to case, and unknown ones by their code: 400 is a
 * message that will never be taken (but perhaps without its picture), 403 a person who cannot be
 * reached, 5xx worth another try. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "channel/telegram.h"

enum {
    REFUSED_PAUSE_MS = 60 * 1000, /* between tries while the token is not accepted */
    RETRY_AFTER_DEFAULT_S = 5,
    RETRY_AFTER_MAX_S = 24 * 3600,
    DESCRIPTION_BYTES = 256,
    ANSWER_ARENA_BYTES = 4096
};

struct known_error {
    int code;
    const char *beginning; /* after "Bad Request: " and the like, lower case */
    enum report_kind report;
    const char *reason;
    unsigned without;
};

enum { MARKUP = TELEGRAM_WITHOUT_MARKUP, PICTURE = TELEGRAM_WITHOUT_PICTURE };

/* The first match counts. */
static const struct known_error KNOWN[] = {
    {400, "message is not modified", REPORT_SENT, "", 0},
    {400, "chat not found", REPORT_GONE, "chat_not_found", 0},
    {400, "user not found", REPORT_GONE, "user_not_found", 0},
    {400, "peer_id_invalid", REPORT_GONE, "chat_not_found", 0},
    {400, "chat_id is empty", REPORT_GONE, "chat_not_found", 0},
    {400, "can't parse entities", REPORT_FAILED, "bad_markup", MARKUP},
    {400, "can't find end", REPORT_FAILED, "bad_markup", MARKUP},
    {400, "unsupported start tag", REPORT_FAILED, "bad_markup", MARKUP},
    {400, "message is too long", REPORT_FAILED, "too_long", 0},
    {400, "message caption is too long", REPORT_FAILED, "too_long", PICTURE},
    {400, "message_too_long", REPORT_FAILED, "too_long", 0},
    {400, "text is too long", REPORT_FAILED, "too_long", 0},
    {400, "entities too long", REPORT_FAILED, "too_long", MARKUP},
    {400, "message text is empty", REPORT_FAILED, "empty", 0},
    {400, "text must be non-empty", REPORT_FAILED, "empty", 0},
    {400, "button_data_invalid", REPORT_FAILED, "bad_button", 0},
    {400, "button_url_invalid", REPORT_FAILED, "bad_button", 0},
    {400, "reply markup is too long", REPORT_FAILED, "bad_button", 0},
    {400, "wrong file identifier", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "failed to get http url content", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "wrong type of the web page content", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "wrong remote file identifier", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "photo_", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "image_process_failed", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "media_empty", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "webpage_", REPORT_FAILED, "bad_picture", PICTURE},
    {400, "message to edit not found", REPORT_FAILED, "message_gone", 0},
    {400, "message can't be edited", REPORT_FAILED, "message_gone", 0},
    {400, "message to delete not found", REPORT_FAILED, "message_gone", 0},
    {400, "message can't be deleted", REPORT_FAILED, "message_gone", 0},
    {400, "query is too old", REPORT_FAILED, "tap_too_old", 0},
    {400, "group is deactivated", REPORT_FAILED, "no_rights", 0},
    {400, "not enough rights", REPORT_FAILED, "no_rights", 0},
    {400, "have no rights", REPORT_FAILED, "no_rights", 0},
    {400, "need administrator rights", REPORT_FAILED, "no_rights", 0},
    {403, "bot was blocked", REPORT_BLOCKED, "blocked", 0},
    {403, "user is deactivated", REPORT_GONE, "deactivated", 0},
    {403, "bot can't initiate", REPORT_GONE, "never_started", 0},
    {403, "bot can't send messages to bots", REPORT_GONE, "is_bot", 0},
    {403, "the bot can't send messages to the bot", REPORT_GONE, "is_bot", 0},
    {403, "bot was kicked", REPORT_GONE, "not_in_chat", 0},
    {403, "bot is not a member", REPORT_GONE, "not_in_chat", 0},
    {403, "the group chat was deleted", REPORT_GONE, "not_in_chat", 0},
};

/* The description without "Bad Request: ", in lower case. */
static void fold_description(struct str description, char ret_text[DESCRIPTION_BYTES])
{
    static const char *const prefixes[] = {"Bad Request: ", "Forbidden: ", "Unauthorized: "};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        struct str prefix = str_of(prefixes[i]);
        if (str_starts(description, prefix)) {
            description.ptr += prefix.length;
            description.length -= prefix.length;
        }
    }
    size_t length = str_copy(ret_text, DESCRIPTION_BYTES, description);
    for (size_t i = 0; i < length; i++) {
        if (ret_text[i] >= 'A' && ret_text[i] <= 'Z') {
            ret_text[i] = (char)(ret_text[i] - 'A' + 'a');
        }
    }
}

static struct telegram_verdict verdict_of(enum report_kind report, const char *reason)
{
    return (struct telegram_verdict){.report = report, .reason = reason};
}

static struct telegram_verdict judge_paused(const struct json_node *body, int64_t header_s)
{
    const struct json_node *parameters = json_node_object(body, "parameters");
    int64_t seconds = json_node_int(parameters, "retry_after", 0);
    if (seconds <= 0) {
        seconds = header_s > 0 ? header_s : RETRY_AFTER_DEFAULT_S;
    }
    struct telegram_verdict verdict = verdict_of(REPORT_PAUSED, "too_many_requests");
    verdict.retry_after_ms = (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * 1000;
    return verdict;
}

static struct telegram_verdict judge_refused(const char *reason)
{
    struct telegram_verdict verdict = verdict_of(REPORT_PAUSED, reason);
    verdict.retry_after_ms = REFUSED_PAUSE_MS;
    verdict.pause_all = true;
    verdict.refused = true;
    return verdict;
}

static struct telegram_verdict judge_sent(const struct json_node *body)
{
    struct telegram_verdict verdict = verdict_of(REPORT_SENT, "");
    int64_t id = json_node_int(json_node_object(body, "result"), "message_id", 0);
    if (id > 0) {
        snprintf(verdict.message_id, sizeof(verdict.message_id), "%lld", (long long)id);
    }
    return verdict;
}

static struct telegram_verdict judge_description(const struct json_node *body, int code)
{
    const struct json_node *parameters = json_node_object(body, "parameters");
    int64_t moved_to = json_node_int(parameters, "migrate_to_chat_id", 0);
    if (code == 400 && moved_to != 0) {
        struct telegram_verdict verdict = verdict_of(REPORT_MIGRATED, "migrated");
        snprintf(verdict.new_address, sizeof(verdict.new_address), "%lld", (long long)moved_to);
        return verdict;
    }
    char text[DESCRIPTION_BYTES];
    fold_description(json_node_str(body, "description"), text);
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(*KNOWN); i++) {
        if (KNOWN[i].code == code &&
            strncmp(text, KNOWN[i].beginning, strlen(KNOWN[i].beginning)) == 0) {
            struct telegram_verdict verdict = verdict_of(KNOWN[i].report, KNOWN[i].reason);
            verdict.without = KNOWN[i].without;
            return verdict;
        }
    }
    if (code == 403) {
        return verdict_of(REPORT_BLOCKED, "forbidden");
    }
    struct telegram_verdict verdict = verdict_of(REPORT_FAILED, "rejected");
    verdict.without = PICTURE; /* the part that depends on somebody else's server */
    return verdict;
}

static struct telegram_verdict judge_error(const struct json_node *body, int code,
                                           int64_t retry_after_s)
{
    switch (code) {
    case 429:
        return judge_paused(body, retry_after_s);
    case 404: /* the public endpoint answers so to a malformed token */
        if (str_is(json_node_str(body, "description"), "Not Found: method not found")) {
            return verdict_of(REPORT_FAILED, "no_method");
        }
        return judge_refused("unauthorized");
    case 401:
    case 421:
        return judge_refused("unauthorized");
    case 409:
        return verdict_of(REPORT_RETRY, "http_409");
    default:
        break;
    }
    if (code >= 500) {
        return verdict_of(REPORT_RETRY, "http_5xx");
    }
    if (code >= 400) {
        return judge_description(body, code);
    }
    return verdict_of(REPORT_RETRY, "http_3xx");
}

/* An answer that is not the Bot API's: a proxy between us, or half an answer. */
static struct telegram_verdict judge_foreign(int status, int64_t retry_after_s)
{
    if (status == 429 || (status == 503 && retry_after_s > 0)) {
        return judge_paused(NULL, retry_after_s);
    }
    if (status == 401 || status == 404) {
        return judge_refused("unauthorized");
    }
    if (status == 503) {
        return verdict_of(REPORT_RETRY, "http_503");
    }
    if (status >= 300 && status < 400) {
        return judge_refused("redirected");
    }
    if (status >= 400 && status < 500) {
        return verdict_of(REPORT_FAILED, "http_4xx");
    }
    return verdict_of(REPORT_UNCERTAIN, "bad_answer");
}

struct telegram_verdict telegram_judge(const struct http_response *response)
{
    if (response->outcome == HTTP_NOT_SENT) {
        return verdict_of(REPORT_RETRY, response->reason);
    }
    if (response->outcome == HTTP_LOST) {
        return verdict_of(REPORT_UNCERTAIN, response->reason);
    }
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    const struct json_node *body = NULL;
    bool ours = json_tree_read(arena, response->body, LIMIT_HTTP_BODY_BYTES, &body, NULL) == OK &&
                json_node_is_bool(body, "ok");
    struct telegram_verdict verdict;
    if (!ours) {
        verdict = judge_foreign(response->status, response->retry_after_s);
    } else if (json_node_bool(body, "ok", false)) {
        verdict = judge_sent(body);
    } else {
        int code = (int)json_node_int(body, "error_code", response->status);
        verdict = judge_error(body, code, response->retry_after_s);
    }
    arena_free(arena);
    return verdict;
}
