/* An HTTP client for calls to providers. One thread of its own drives all requests (libcurl behind,
 * connections are kept and reused); any thread may start one; the answer comes by a callback on the
 * client's thread.
 *
 * A request is made at most once: the client never repeats one, follows no redirect, and says after
 * a failure whether the other side can have seen it. That difference decides whether a message may
 * be sent again. Answers are limited in time and size. URLs may hold secrets: they are never
 * logged. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct http_client;

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

enum { HTTP_HEADERS_MAX = 8 };

struct http_request {
    enum http_method method;
    struct str url;
    struct str body;                      /* POST, PUT, PATCH */
    struct str content_type;              /* default application/json */
    struct str headers[HTTP_HEADERS_MAX]; /* further ones, "Name: value" */
    int header_count;
    int64_t timeout_ms;        /* of the whole request; 0: 30 s */
    int64_t delay_ms;          /* begin that much later */
    size_t response_bytes_max; /* 0: 1 MiB */
    const void *owner;         /* for http_client_cancel; not looked into */
};

enum http_outcome {
    HTTP_NOT_SENT, /* nothing of it left this machine: may be tried again */
    HTTP_LOST,     /* it was sent, or may have been, and no whole answer came: uncertain */
    HTTP_ANSWERED  /* status is set */
};

/* Valid during the callback only. */
struct http_response {
    enum http_outcome outcome;
    int status;
    struct str body;
    int64_t retry_after_s; /* of the header; 0 none */
    const char *reason; /* static word: "connect", "timeout", "tls", "too_large", "cancelled", … */
};
typedef void http_done(void *context, const struct http_response *response);

struct http_client_options {
    struct clock *clock;        /* its monotonic time orders delayed requests */
    int in_flight_max;          /* waiting and under way together; 0: 1024 */
    int64_t connect_timeout_ms; /* 0: 10 s */
};

MUST_CHECK enum err http_client_new(const struct http_client_options *options,
                                    struct http_client **ret_client, struct err_detail *detail);
/* Ends the thread; what is still under way is cancelled (its callback is called). Accepts NULL. */
void http_client_free(struct http_client *client);

/* Copies the request. `done` is called exactly once unless an error is returned: ERR_BUSY (too many
 * under way), ERR_CANCELLED (closing), ERR_INVALID (not an http or https URL). Any thread; also
 * inside a callback. */
MUST_CHECK enum err http_client_request(struct http_client *client,
                                        const struct http_request *request, http_done *done,
                                        void *context);
/* Ends all present requests of an owner soon, with reason "cancelled". Any thread. */
void http_client_cancel(struct http_client *client, const void *owner);
/* While held, new requests may wait: they begin at the latest when the last hold is released. For
 * whoever makes many at once: the client's thread is woken for all of them, not for each. Any
 * thread; each hold is released by http_client_hold(client, false). */
void http_client_hold(struct http_client *client, bool held);
/* From that instant of the clock's monotonic time on nothing goes out: a request that comes to it
 * later ends as not sent, with reason "lease". It is asked when the connection is there, right
 * before the first byte, so that a process that stood still sends nothing when it wakes. Without a
 * call there is no such instant. Any thread. */
void http_client_send_until(struct http_client *client, int64_t until_ms);
/* Waiting and under way. */
int http_client_in_flight(struct http_client *client);

/* The same, waiting for the answer; not inside a callback. The body is copied to *ret_body with
 * malloc (the caller frees it). ERR_NETWORK or ERR_TIMEOUT with the reason in the detail. */
MUST_CHECK enum err http_client_call(struct http_client *client, const struct http_request *request,
                                     int *ret_status, struct str *ret_body,
                                     struct err_detail *detail);
