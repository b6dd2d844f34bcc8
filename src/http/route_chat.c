/* The web chat: a session token, messages in, history, and an event stream out.
 *
 * A session is a random token in a cookie or, inside a frame of a listed origin, in the frame's own
 * storage (sent as X-Chat-Session). The store knows only its hash. A user exists from the first
 * message on. Limits are per client address. */
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"
#include "channel/markdown_html.h"
#include "channel/telegram.h"
#include "channel/webchat.h"
#include "http/request.h"
#include "http/routes.h"

enum {
    TOKEN_BYTES = 32,
    TOKEN_TEXT_BYTES = 43, /* base64url of 32 bytes */
    ADDRESS_BYTES = 32,    /* hexadecimal digits of the token's hash that identify the session */
    HISTORY_MESSAGES = 200,
    COOKIE_AGE_S = 400 * 24 * 3600
};

/* Answers 404 when the chat is off. */
static bool chat_is_on(struct request *request)
{
    if (http_app(request)->webchat == NULL) {
        http_problem(request, MHD_HTTP_NOT_FOUND, "the web chat is off; set WEBCHAT_ENABLED=on");
        return false;
    }
    return true;
}

static bool allowed(struct request *request, const char *bucket, double per_minute, double burst)
{
    if (throttle_take(http_throttle(request), bucket, http_client_address(request), per_minute,
                      burst, clock_monotonic_ms(http_app(request)->clock))) {
        return true;
    }
    http_reply_header(request, "Retry-After", "10");
    http_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests; wait a moment");
    return false;
}

static struct str session_token(struct request *request)
{
    struct str token = http_header(request, "X-Chat-Session");
    if (token.length == 0) {
        token = http_cookie(request, "nudge_chat");
    }
    if (token.length == 0) {
        token = http_query(request, "session"); /* an EventSource cannot send headers */
    }
    return token.length == TOKEN_TEXT_BYTES ? token : STR_NONE;
}

/* The address of the session, "" (and 401 answered) without one. */
static struct str session_address(struct request *request)
{
    struct str token = session_token(request);
    if (token.length == 0) {
        http_problem(request, MHD_HTTP_UNAUTHORIZED,
                     "there is no chat session; POST /chat/session");
        return STR_NONE;
    }
    char hex[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(token, hex);
    return arena_str(http_arena(request), (struct str){hex, ADDRESS_BYTES});
}

/* Pages may be embedded by the listed origins only. Pictures of messages are other servers'. */
static const char *frame_policy(struct request *request)
{
    struct arena *arena = http_arena(request);
    struct str policy =
        STR("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            "img-src 'self' https:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'self'");
    struct str rest = str_of(http_app(request)->config->webchat_origins);
    while (rest.length > 0) {
        struct str origin = str_trim(str_split(rest, ',', &rest));
        policy = arena_printf(arena, "%.*s %.*s", STR_ARG(policy), STR_ARG(origin));
    }
    return arena_strdup(arena, policy.ptr);
}

void route_chat_page(struct request *request)
{
    if (!chat_is_on(request)) {
        return;
    }
    http_reply_header(request, "Content-Security-Policy", frame_policy(request));
    http_reply_header(request, "Cache-Control", "no-cache");
    http_reply_header(request, "Referrer-Policy", "no-referrer");
    reply_embedded(request, STR("chat.html"));
}

/* Makes a session, or confirms the one there is. {"frame": true}: the token comes in the answer. */
void route_chat_session(struct request *request)
{
    if (!chat_is_on(request)) {
        return;
    }
    json_t *body = http_json_body(request);
    if (body == NULL) {
        return;
    }
    bool in_frame = json_get_bool(body, "frame", false);
    json_decref(body);
    json_t *answer = json_object();
    if (session_token(request).length == 0) {
        if (!allowed(request, "session", 20, 20)) {
            json_decref(answer);
            return;
        }
        unsigned char random[TOKEN_BYTES];
        digest_random(random, sizeof(random));
        struct arena *arena = http_arena(request);
        struct str token =
            digest_base64url(arena, (struct str){(const char *)random, sizeof(random)});
        if (in_frame) {
            json_object_set_new(answer, "session", json_str(token));
        } else {
            struct str cookie = arena_printf(
                arena, "nudge_chat=%.*s; Path=/chat; HttpOnly; SameSite=Strict; Max-Age=%d%s",
                STR_ARG(token), COOKIE_AGE_S, http_is_https(request) ? "; Secure" : "");
            http_reply_header(request, "Set-Cookie", cookie.ptr);
        }
    }
    json_object_set_new(answer, "demo", json_boolean(http_app(request)->demo));
    http_reply_json(request, MHD_HTTP_OK, answer);
}

/* Who the session is; 0 before the first message. */
static enum err session_user(struct request *request, struct str address, int64_t *ret_user_id,
                             struct err_detail *detail)
{
    struct rows rows = {0};
    const struct arg args[] = {ARG_TEXT(str_of(channel_kind_name(CHANNEL_WEBCHAT))),
                               ARG_TEXT(address)};
    enum err error = store_query(http_app(request)->reader, http_arena(request), "user_of_identity",
                                 args, 2, 1, &rows, detail);
    *ret_user_id = error == OK && rows.count == 1 ? rows.cells[0].integer : 0;
    return error;
}

/* Where the conversation goes on in Telegram: {"url": "https://t.me/BOT?start=LINK"}, without a
 * link for who has not written yet, "" when there is no bot. */
void route_chat_link(struct request *request)
{
    if (!chat_is_on(request) || !allowed(request, "link", 60, 30)) {
        return;
    }
    struct str address = session_address(request);
    if (address.length == 0) {
        return;
    }
    const struct http_app *app = http_app(request);
    struct arena *arena = http_arena(request);
    struct err_detail detail = {""};
    int64_t user_id = 0;
    enum err error = session_user(request, address, &user_id, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
        return;
    }
    struct str bot = app->telegram != NULL ? telegram_bot_name(app->telegram) : STR_NONE;
    struct str link = user_id != 0 ? engine_link(app->engine, arena, user_id) : STR_NONE;
    struct str url = STR_NONE;
    if (bot.length > 0) {
        url = arena_printf(arena, "https://t.me/%.*s%s%.*s", STR_ARG(bot),
                           link.length > 0 ? "?start=" : "", STR_ARG(link));
    }
    json_t *answer = json_object();
    json_object_set_new(answer, "url", json_str(url));
    http_reply_json(request, MHD_HTTP_OK, answer);
}

static void answer_message(struct request *request, const struct outcome *outcome)
{
    json_t *answer = json_object();
    json_object_set_new(answer, "duplicate", json_boolean(outcome->duplicate));
    http_reply_json(request, MHD_HTTP_OK, answer);
}

/* The browser's languages, the first one: "de-AT,de;q=0.9" gives "de-AT". */
static struct str first_language(struct request *request)
{
    struct str rest;
    struct str first = str_split(http_header(request, "Accept-Language"), ',', &rest);
    first = str_trim(str_split(first, ';', &rest));
    return first.length <= LIMIT_LANGUAGE_BYTES - 1 ? first : STR_NONE;
}

/* What is remembered of a message, longer than its writer when they are erased: it does not tell
 * whose it was. */
static struct str once(struct arena *arena, struct str address, struct str id)
{
    char hex[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(arena_printf(arena, "%.*s:%.*s", STR_ARG(address), STR_ARG(id)), hex);
    return arena_str(arena, str_of(hex));
}

static void submit_message(struct request *request, const json_t *body, struct str address)
{
    struct arena *arena = http_arena(request);
    struct str text = json_get_str(body, "text");
    struct str token = json_get_str(body, "token");
    struct str id = json_get_str(body, "id");
    if ((text.length == 0 && token.length == 0) || id.length == 0 || id.length > 64 ||
        text.length > LIMIT_TEXT_BYTES) {
        http_problem(request, MHD_HTTP_BAD_REQUEST,
                     "expected an id of at most 64 bytes and text (at most %d bytes) "
                     "or a token",
                     LIMIT_TEXT_BYTES);
        return;
    }
    struct input input = {
        .kind = token.length > 0 ? INPUT_BUTTON : INPUT_TEXT,
        .at_ms = clock_now_ms(http_app(request)->clock),
        .source = STR("webchat"),
        .external_id = once(arena, address, id),
        .channel = CHANNEL_WEBCHAT,
        .identity = address,
        .address = address,
        .language = arena_str(arena, first_language(request)),
        .may_create = token.length == 0,
        .text = text_clean(arena, arena_str(arena, text)),
        .token = arena_str(arena, token),
        .callback_id = token.length > 0 ? arena_str(arena, id) : STR_NONE,
        .message_id = arena_str(arena, json_get_str(body, "message_id")),
    };
    http_submit(request, &input, answer_message);
}

void route_chat_message(struct request *request)
{
    if (!chat_is_on(request) || !allowed(request, "message", 60, 30)) {
        return;
    }
    struct str address = session_address(request);
    if (address.length == 0) {
        return;
    }
    json_t *body = http_json_body(request);
    if (body != NULL) {
        submit_message(request, body, address);
        json_decref(body);
    }
}

static json_t *buttons_json(const struct button *buttons, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++) {
        json_t *button = json_object();
        json_object_set_new(button, "text", json_str(buttons[i].text));
        json_object_set_new(button, "token", json_str(buttons[i].token));
        if (buttons[i].url.length > 0) {
            json_object_set_new(button, "url", json_str(buttons[i].url));
        }
        json_array_append_new(array, button);
    }
    return array;
}

/* Rows of chat_history: id, at_ms, mine, text, buttons (JSON), picture, picture_alt. */
static json_t *history_message(struct arena *arena, const struct cell *cells)
{
    json_t *message = json_object();
    bool mine = cells[2].integer != 0;
    char id[24];
    snprintf(id, sizeof(id), "%" PRId64, cells[0].integer);
    json_object_set_new(message, "id", json_string(id));
    json_object_set_new(message, "at_ms", json_integer(cells[1].integer));
    json_object_set_new(message, "mine", json_boolean(mine));
    if (mine) {
        json_object_set_new(message, "text", json_str(cells[3].text));
    } else {
        json_object_set_new(message, "html", json_str(markdown_html(arena, cells[3].text)));
        json_t *buttons = NULL;
        struct err_detail detail;
        if (cells[4].text.length == 0 ||
            json_read(cells[4].text, cells[4].text.length, &buttons, &detail) != OK) {
            buttons = json_array();
        }
        json_object_set_new(message, "buttons", buttons);
        json_object_set_new(message, "picture", json_str(cells[5].text));
        json_object_set_new(message, "picture_alt", json_str(cells[6].text));
    }
    return message;
}

void route_chat_history(struct request *request)
{
    if (!chat_is_on(request) || !allowed(request, "history", 120, 60)) {
        return;
    }
    struct str address = session_address(request);
    if (address.length == 0) {
        return;
    }
    const struct http_app *app = http_app(request);
    struct err_detail detail = {""};
    struct rows rows = {0};
    const struct arg args[] = {ARG_TEXT(address), ARG_INT(HISTORY_MESSAGES)};
    enum err error = store_query(app->reader, http_arena(request), "chat_history", args, 2,
                                 HISTORY_MESSAGES, &rows, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
        return;
    }
    json_t *messages = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_array_append_new(messages,
                              history_message(http_arena(request), rows.cells + i * rows.columns));
    }
    json_t *answer = json_object();
    json_object_set_new(answer, "messages", messages);
    json_object_set_new(answer, "now_ms", json_integer(clock_now_ms(app->clock)));
    http_reply_json(request, MHD_HTTP_OK, answer);
}

/* The person's own data as a file: what the page fetches when it is told of one. Not in the stream,
 * which holds little. */
void route_chat_export(struct request *request)
{
    if (!chat_is_on(request) || !allowed(request, "export", 6, 6)) {
        return;
    }
    struct str address = session_address(request);
    if (address.length == 0) {
        return;
    }
    struct err_detail detail = {""};
    struct str json = STR_NONE;
    int64_t user_id = 0;
    enum err error = session_user(request, address, &user_id, &detail);
    if (error == OK) {
        error = user_id == 0
                    ? err_set(&detail, ERR_NOT_FOUND, "there is nothing yet; write something first")
                    : store_user_export(http_app(request)->reader, http_arena(request), user_id,
                                        &json, &detail);
    }
    if (error != OK) {
        http_problem_of(request, error, &detail);
        return;
    }
    http_reply_header(request, "Content-Disposition", "attachment; filename=\"my-data.json\"");
    http_reply_header(request, "Cache-Control", "no-store");
    http_reply(request, MHD_HTTP_OK, "application/json", json);
}

/* ---- the stream ---- */

struct listening {
    struct channel *webchat;
    struct webchat_subscription *subscription;
    struct stream *stream;
    struct clock *clock;
};

static void tell_act(struct listening *listening, const struct outgoing *outgoing, json_t *event)
{
    const struct act *act = &outgoing->act;
    const char *name = "tap";
    json_object_set_new(event, "message_id", json_str(act->message_id));
    if (act->kind == ACT_EDIT_MESSAGE) {
        name = "edit";
        json_object_set_new(event, "html", json_str(markdown_html(outgoing->arena, act->text)));
        json_object_set_new(event, "buttons", buttons_json(act->buttons, act->button_count));
    } else if (act->kind == ACT_SEND_FILE) {
        name = "file";
        json_object_set_new(event, "name", json_str(act->file_name));
    } else {
        json_object_set_new(event, "callback_id", json_str(act->callback_id));
        json_object_set_new(event, "text", json_str(act->text));
    }
    stream_send(listening->stream, name, STR_NONE, json_write(outgoing->arena, event));
}

static void tell(void *context, const struct outgoing *outgoing)
{
    struct listening *listening = context;
    json_t *event = json_object();
    json_object_set_new(event, "at_ms", json_integer(clock_now_ms(listening->clock)));
    if (outgoing->delivery_id == 0) {
        tell_act(listening, outgoing, event);
    } else {
        struct str id = arena_printf(outgoing->arena, "%" PRId64, outgoing->delivery_id);
        json_object_set_new(event, "id", json_str(id));
        json_object_set_new(event, "html",
                            json_str(markdown_html(outgoing->arena, outgoing->text)));
        json_object_set_new(event, "picture", json_str(outgoing->picture));
        json_object_set_new(event, "picture_alt", json_str(outgoing->picture_alt));
        json_object_set_new(event, "buttons",
                            buttons_json(outgoing->buttons, outgoing->button_count));
        stream_send(listening->stream, "message", id, json_write(outgoing->arena, event));
    }
    json_decref(event);
}

static void stream_closed(void *context, struct stream *stream)
{
    (void)stream;
    struct listening *listening = context;
    webchat_unsubscribe(listening->webchat, listening->subscription);
    free(listening);
}

void route_chat_events(struct request *request)
{
    if (!chat_is_on(request) || !allowed(request, "events", 60, 30)) {
        return;
    }
    struct str address = session_address(request);
    if (address.length == 0 || !http_stream_allowed(request, address)) {
        return;
    }
    struct listening *listening = calloc(1, sizeof(*listening));
    ASSERT(listening != NULL);
    listening->webchat = http_app(request)->webchat;
    listening->clock = http_app(request)->clock;
    listening->stream = http_reply_stream(request, address, stream_closed, listening);
    listening->subscription = webchat_subscribe(listening->webchat, address, tell, listening);
}
