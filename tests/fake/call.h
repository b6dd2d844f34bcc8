/* One call of a Bot API method: its parameters in, its result or error out.
 *
 * Parameters come from the query string, a form, multipart or JSON and are one JSON object here;
 * as on the real server every one of them can also be given as a string. */
#ifndef FAKE_CALL_H
#define FAKE_CALL_H

#include "log.h"
#include "server.h"
#include "state.h"

#include <jansson.h>

#define DESCRIPTION_BYTES 512

struct call {
    struct bot *bot;
    struct request *request; /* NULL: the method stood in a webhook's response */
    const char *method;      /* as documented, such as "sendMessage" */
    json_t *params;          /* an object, owned */
    const char *raw;         /* the JSON they were read from, when that is all of them */
    size_t raw_len;
    bool kept;    /* the request will be answered later */
    bool at_once; /* a getUpdates must not wait, so that its answer can be tampered with */
    /* The outcome. */
    int code; /* 200 while nothing failed */
    char description[DESCRIPTION_BYTES];
    int retry_after_s;
    int64_t migrate_to;
    struct buf result; /* JSON value; empty means true */
    /* For the log. */
    int64_t chat_id;
    int64_t message_id;
    const struct message *message;
};

/* Reads the parameters of a request. False: call failed, with the reason in it. */
bool call_read_params(struct call *call);
/* The JSON text of a call, as in a webhook's response. */
bool call_read_json(struct call *call, const char *bytes, size_t len);
void call_release(struct call *call);

/* Prints the reason of a failure; the first failure stays. */
void call_fail(struct call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL when absent or null. Numbers and truth values become text. */
const char *call_text(struct call *call, const char *name);
int64_t call_int(struct call *call, const char *name, int64_t absent);
bool call_bool(struct call *call, const char *name);
/* An object or array, given as such or as its JSON text; NULL when absent or unreadable. */
json_t *call_json(struct call *call, const char *name);
bool call_has(const struct call *call, const char *name);

/* Appends {"ok":…} to `out`, whatever came of the call. */
void call_render(const struct call *call, struct buf *out);

#endif
