/* One request and its answer, as routes see it. Private to src/http. All functions: HTTP thread,
 * but http_resume and the http_reply… before it, which the engine's thread calls for a suspended
 * request. */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "http/server.h"

struct request;

enum request_method { METHOD_GET, METHOD_POST, METHOD_OPTIONS, METHOD_OTHER };

struct arena *http_arena(struct request *request);
const struct http_app *http_app(const struct request *request);
enum request_method request_method(const struct request *request);
struct str http_path(const struct request *request);
struct str http_body(const struct request *request);
/* "" when absent. Views live as long as the request. */
struct str http_header(struct request *request, const char *name);
struct str http_query(struct request *request, const char *name);
struct str http_cookie(struct request *request, const char *name);
/* The client's address in text; X-Forwarded-For counts only from TRUSTED_PROXIES. */
struct str http_client_address(struct request *request);
/* Whether the client came by https (X-Forwarded-Proto of a trusted proxy). */
bool http_is_https(struct request *request);

/* Answers. The body is copied unless it is constant. One answer per request. */
void http_reply_header(struct request *request, const char *name, const char *value);
void http_reply(struct request *request, int status, const char *type, struct str body);
void http_reply_constant(struct request *request, int status, const char *type, const void *bytes,
                         size_t length);
/* Takes the JSON over. */
void http_reply_json(struct request *request, int status, json_t *json);
/* RFC 9457 problem+json; `format` is the detail. */
void http_problem(struct request *request, int status, const char *format, ...) PRINTF_LIKE(3, 4);
/* Chooses the HTTP status of an error (the only place) and answers problem+json. */
void http_problem_of(struct request *request, enum err error, const struct err_detail *detail);

/* Parses the body as a JSON object; on a mistake answers 400 and returns NULL. New reference. */
json_t *http_json_body(struct request *request);

/* Suspends the request until http_resume; call it before anything that may resume. */
void http_suspend(struct request *request);
void http_resume(struct request *request);

/* Submits an input and answers when its batch committed: `answer` makes the reply (on the engine's
 * thread) from the outcome; errors are answered by http_problem_of. */
typedef void http_answer(struct request *request, const struct outcome *outcome);
void http_submit(struct request *request, const struct input *input, http_answer *answer);
/* The same with a command for the engine (engine.h), of a request that is suspended already. */
void http_command(struct request *request, const char *kind, struct str payload, struct str actor,
                  http_answer *answer);

/* Standing by (http_app.inbox): keeps the request, which was verified and is a webhook's, for the
 * process that serves, and answers 200 when that is committed. */
void http_hand_on(struct request *request, enum channel_kind channel, struct str id);
/* The same with an input as JSON (command "input", engine.h; takes the reference) of that source;
 * `answer` replies. */
void http_hand_on_input(struct request *request, struct str source, json_t *input,
                        http_answer *answer);

/* ---- event streams (stream.c) -------------------------------------------------------------------
 */

struct stream;
/* Beginning of the sessions of those who are told of every change (streams_tell). */
#define HTTP_LIVE_SESSION "live "
/* Whether the client and the session may open one more; answers 429 or, when all streams together
 * would leave too few connections to other requests, 503. The thread that answers. */
bool http_stream_allowed(struct request *request, struct str session);
/* Answers the request with an event stream of the session. `closed` is called once, on the HTTP
 * thread, when the client is gone or the server stops. */
struct stream *http_reply_stream(struct request *request, struct str session,
                                 void (*closed)(void *context, struct stream *stream),
                                 void *context);
/* Queues one event (any thread). A stream whose client does not read (over 256 KB waiting) is
 * ended; the client comes back with Last-Event-ID. Valid until `closed` was called. */
void stream_send(struct stream *stream, const char *event, struct str id, struct str data);

/* ---- limits per client address (throttle.c) ---- */

struct throttle;
struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);
/* Takes one token of (bucket, address): per_minute refill, burst capacity. False: refuse with 429.
 * Bounded: the least recently used of 4096 addresses is forgotten. */
bool throttle_take(struct throttle *throttle, const char *bucket, struct str address,
                   double per_minute, double burst, int64_t monotonic_ms);
/* Whether throttle_take would take one; takes none. */
bool throttle_has(struct throttle *throttle, const char *bucket, struct str address,
                  double per_minute, double burst, int64_t monotonic_ms);
struct throttle *http_throttle(struct request *request);
