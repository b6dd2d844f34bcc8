/* Signatures of webhooks after the Standard Webhooks specification 1.0 (and Svix, which it comes
 * from): "v1,<base64 of HMAC-SHA256>" over id, instant and body. Pure, any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* How far its instant may be from ours, in both directions. */
enum { WEBHOOK_TOLERANCE_S = 300 };

struct webhook_headers {
    struct str id;
    struct str timestamp; /* seconds since 1970, in digits */
    struct str signature; /* one or more, a space between */
};
enum webhook_verdict {
    WEBHOOK_GENUINE,
    WEBHOOK_MISSING, /* a header is missing, or the timestamp is no number */
    WEBHOOK_TOO_OLD,
    WEBHOOK_TOO_NEW,
    WEBHOOK_FORGED /* no signature is one of these secrets */
};
/* `secrets`: "whsec_<base64>", with commas between while one replaces another. Hostile headers and
 * body; compared in constant time. */
enum webhook_verdict webhook_verify(struct arena *arena, struct str secrets,
                                    const struct webhook_headers *headers, struct str body,
                                    int64_t now_ms);
/* "v1,…", as the header webhook-signature carries it. The secret must be plausible. */
struct str webhook_sign(struct arena *arena, struct str secret, struct str id, struct str timestamp,
                        struct str body);
/* Whether it can be a secret: "whsec_" or nothing, and base64 of 16 to 64 bytes. */
bool webhook_secret_is_plausible(struct arena *arena, struct str secret);
