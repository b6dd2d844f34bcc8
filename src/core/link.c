/* Making and checking signed links. A payload is checked by making the one it should be, so that
 * there is one way to write each: no leading zeros, no capitals, no spare bits. */
#include "core/link.h"

#include "base/check.h"
#include "base/digest.h"
#include "base/limits.h"

enum { MAC_BYTES = 16, BASE36_DIGITS_MAX = 13 /* of 63 bits */ };

static struct str base36(struct arena *arena, int64_t value)
{
    char *text = arena_alloc(arena, BASE36_DIGITS_MAX);
    size_t at = BASE36_DIGITS_MAX;
    do {
        text[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36];
        value /= 36;
    } while (value > 0);
    return (struct str){text + at, BASE36_DIGITS_MAX - at};
}

static bool read_base36(struct str text, int64_t *ret_value)
{
    int64_t value = 0;
    if (text.length == 0 || text.length > BASE36_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
        if (digit < 0 || value > (INT64_MAX - digit) / 36) {
            return false;
        }
        value = value * 36 + digit;
    }
    *ret_value = value;
    return true;
}

static struct str sign(struct arena *arena, struct str secret, int64_t user_id, int64_t minute)
{
    unsigned char mac[DIGEST_SHA256_BYTES];
    struct str id = base36(arena, user_id);
    struct str end = base36(arena, minute);
    /* The purpose is signed, too: the secret may come to serve other kinds of links. */
    digest_hmac_sha256(
        secret, arena_printf(arena, "nudge link 1:%.*s:%.*s", STR_ARG(id), STR_ARG(end)), mac);
    struct str code = digest_base64url(arena, (struct str){(const char *)mac, MAC_BYTES});
    struct str payload =
        arena_printf(arena, "l_%.*s_%.*s_%.*s", STR_ARG(id), STR_ARG(end), STR_ARG(code));
    ASSERT(payload.length <= LINK_BYTES_MAX);
    return payload;
}

struct str link_make(struct arena *arena, struct str secret, int64_t user_id, int64_t now_ms)
{
    ASSERT(secret.length == LINK_SECRET_BYTES && user_id > 0 && now_ms >= 0);
    return sign(arena, secret, user_id, now_ms / MINUTE_MS + LINK_VALID_MINUTES);
}

bool link_read(struct arena *arena, struct str secret, struct str payload, int64_t now_ms,
               int64_t *ret_user_id)
{
    ASSERT(secret.length == LINK_SECRET_BYTES);
    int64_t user_id = 0;
    int64_t minute = 0;
    struct str rest;
    struct str mark = str_split(payload, '_', &rest);
    struct str id = str_split(rest, '_', &rest);
    struct str end = str_split(rest, '_', &rest);
    if (payload.length > LINK_BYTES_MAX || !str_is(mark, "l") || !read_base36(id, &user_id) ||
        !read_base36(end, &minute) || user_id == 0) {
        return false;
    }
    if (!digest_equal_secret(payload, sign(arena, secret, user_id, minute))) {
        return false;
    }
    *ret_user_id = user_id;
    return now_ms / MINUTE_MS < minute;
}

bool link_is_meant(struct str payload)
{
    return str_starts(payload, STR("l_")) || str_starts(payload, STR("link_"));
}

static bool answers(struct str token, struct str beginning, struct str *ret_payload)
{
    if (!str_starts(token, beginning)) {
        return false;
    }
    *ret_payload = (struct str){token.ptr + beginning.length, token.length - beginning.length};
    return link_is_meant(*ret_payload);
}

enum link_deed link_deed(const struct input *input, struct str *ret_payload)
{
    if (input->kind == INPUT_TEXT) {
        *ret_payload = input_start_payload(input);
        return link_is_meant(*ret_payload) ? LINK_OPENED : LINK_NO_DEED;
    }
    if (input->kind == INPUT_BUTTON && answers(input->token, STR(LINK_TAKE), ret_payload)) {
        return LINK_TAKEN;
    }
    if (input->kind == INPUT_BUTTON && answers(input->token, STR(LINK_REFUSE), ret_payload)) {
        return LINK_REFUSED;
    }
    return LINK_NO_DEED;
}
