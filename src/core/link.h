/* Signed links: "whoever opens this, and says so, is this person". The payload fits a Telegram deep
 * link (at most 64 of A-Za-z0-9_-):
 *
 *   l_<user id, base 36>_<minute since 1970 it ends, base 36>_<HMAC-SHA256, 16 bytes, base64url>
 *
 * Somebody can be sent a link of somebody else's. So opening one only asks, with the two buttons
 * LINK_TAKE and LINK_REFUSE before the payload as their tokens; either uses it up.
 *
 * Pure; that each is used once, and what follows from it, is the engine's business. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "core/input.h"

#define LINK_TAKE   "x:join:"
#define LINK_REFUSE "x:nojoin:"

enum link_deed { LINK_NO_DEED, LINK_OPENED, LINK_TAKEN, LINK_REFUSED };

enum { LINK_SECRET_BYTES = 32, LINK_BYTES_MAX = 64, LINK_VALID_MINUTES = 24 * 60 };

/* The payload for the person, valid for 24 h; in the arena, with a closing NUL. */
struct str link_make(struct arena *arena, struct str secret, int64_t user_id, int64_t now_ms);
/* Whose it is; false when it was not made with this secret, or has ended. Hostile text. */
bool link_read(struct arena *arena, struct str secret, struct str payload, int64_t now_ms,
               int64_t *ret_user_id);
/* Whether a payload is meant as a link, valid or not: those are never a source. */
bool link_is_meant(struct str payload);
/* What the input does with a link, and with which payload, valid or not. */
enum link_deed link_deed(const struct input *input, struct str *ret_payload);
