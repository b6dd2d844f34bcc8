/* What pages of the web chat send, for a few people who stay: every message is taken or refused
 * with a reason, and afterwards the conversation can be read. The first byte says what it is: j a
 * whole body, t a text, b the token of a button, p the number of a button of theirs to press, w
 * hours to wait; the second whose it is. */
#include "lib/served.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ASKED_BEFORE_RENEWAL = 3000, PEOPLE = 8, BODY_BYTES_MAX = 4 << 20 };

static struct served *served;

static struct str ask(struct arena *arena, int who, const char *method, struct str body)
{
    clock_advance(served_clock(served), 2000);
    struct str head =
        arena_printf(arena,
                     "%s /chat/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     "X-Chat-Session: "
                     "session-of-somebody-in-the-web-chat-number%d\r\nContent-Length: %zu\r\n\r\n",
                     method, who, body.length);
    char *request = arena_alloc(arena, head.length + body.length + 1);
    memcpy(request, head.ptr, head.length);
    memcpy(request + head.length, body.length > 0 ? body.ptr : "", body.length);
    return served_ask(served, arena, (struct str){request, head.length + body.length}, 0);
}

static json_t *history(struct arena *arena, int who)
{
    struct str answer = ask(arena, who, "GET", STR_NONE);
    json_t *json = NULL;
    struct err_detail detail = {""};
    ASSERT(served_status(answer) == 200);
    enum err error = json_read(served_body(answer), BODY_BYTES_MAX, &json, &detail);
    ASSERT(error == OK && json_get_array(json, "messages") != NULL);
    return json;
}

/* The token of the person's n-th button, counted from the newest message; "" when there is none. */
static struct str button_token(struct arena *arena, int who, int number)
{
    json_t *json = history(arena, who);
    json_t *messages = json_get_array(json, "messages");
    struct str token = STR_NONE;
    for (size_t i = json_array_size(messages); i-- > 0 && number >= 0;) {
        json_t *buttons = json_get_array(json_array_get(messages, i), "buttons");
        for (size_t k = 0; k < json_array_size(buttons) && number >= 0; k++, number--) {
            token = arena_str(arena, json_get_str(json_array_get(buttons, k), "token"));
        }
    }
    json_decref(json);
    return token;
}

static void post(struct arena *arena, int who, struct str body)
{
    struct str answer = ask(arena, who, "POST", body);
    int status = served_status(answer);
    if (status != 200 && status != 400 && status != 413) {
        fprintf(stderr, "asked %.*s\nanswered %.*s\n", STR_ARG(body), STR_ARG(answer));
    }
    ASSERT(status == 200 || status == 400 || status == 413);
}

static void post_member(struct arena *arena, int who, const char *name, struct str value)
{
    json_t *body = json_object();
    int64_t now = clock_now_ms(served_clock(served));
    json_object_set_new(body, "id", json_str(arena_printf(arena, "m%lld", (long long)now)));
    json_object_set_new(body, "message_id", json_string("1"));
    json_object_set_new(body, name, json_str(value));
    post(arena, who, json_write(arena, body));
    json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    served = served_kept(ASKED_BEFORE_RENEWAL);
    struct arena *arena = arena_new(4096);
    struct str text = {(const char *)data + 2, size - 2};
    int who = data[1] % PEOPLE;
    switch (data[0]) {
    case 'j':
        post(arena, who, text);
        break;
    case 't':
        post_member(arena, who, "text", text);
        break;
    case 'b':
        post_member(arena, who, "token", text);
        break;
    case 'p':
        post_member(arena, who, "token", button_token(arena, who, data[2] % 16));
        break;
    case 'w':
        clock_advance(served_clock(served), data[2] * HOUR_MS);
        served_settle(served);
        break;
    default:
        break;
    }
    json_decref(history(arena, who));
    arena_free(arena);
    return 0;
}
