/* HTTP requests against the whole program: whatever the target, the headers and the body, there is
 * an answer below 500, and what says that it is JSON is. The input is "METHOD TARGET", lines of
 * headers, an empty line and the body. All inputs meet one program, whose time goes on. */
#include "lib/served.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ASKED_BEFORE_RENEWAL = 5000, BODY_BYTES_MAX = 4 << 20, PATIENCE_MS = 50 };

static struct served *program(void)
{
    struct served *served = served_kept(ASKED_BEFORE_RENEWAL);
    clock_advance(served_clock(served), 2000);
    return served;
}

static struct str request_of(struct arena *arena, struct str input)
{
    struct str rest;
    struct str line = str_split(input, '\n', &rest);
    struct str head = arena_printf(
        arena, "%.*s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", STR_ARG(line));
    while (rest.length > 0 && (line = str_split(rest, '\n', &rest)).length > 0) {
        head = arena_printf(arena, "%.*s%.*s\r\n", STR_ARG(head), STR_ARG(line));
    }
    head = arena_printf(arena, "%.*sContent-Length: %zu\r\n\r\n", STR_ARG(head), rest.length);
    char *request = arena_alloc(arena, head.length + rest.length + 1);
    memcpy(request, head.ptr, head.length);
    memcpy(request + head.length, rest.length > 0 ? rest.ptr : "", rest.length);
    return (struct str){request, head.length + rest.length};
}

/* An answer to HEAD has no body: what follows it answers what came behind the request. */
static void check(struct str answer, bool has_body)
{
    struct str type = served_header(answer, "Content-Type");
    struct err_detail detail = {""};
    if (answer.length == 0) {
        return; /* no HTTP at all */
    }
    int status = served_status(answer);
    ASSERT(status >= 100 && status < 500);
    bool is_json =
        str_starts(type, STR("application/json")) || str_starts(type, STR("application/problem"));
    if (is_json && has_body) {
        json_t *json = NULL;
        struct str body = served_body(answer);
        enum err error = body.length > 0 ? json_read(body, BODY_BYTES_MAX, &json, &detail) : OK;
        if (error != OK) {
            fprintf(stderr, "%s: %.*s\n", detail.text, STR_ARG(answer));
        }
        ASSERT(error == OK);
        json_decref(json);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str request = request_of(arena, (struct str){(const char *)data, size});
    check(served_ask(program(), arena, request, PATIENCE_MS), !str_starts(request, STR("HEAD ")));
    arena_free(arena);
    return 0;
}
