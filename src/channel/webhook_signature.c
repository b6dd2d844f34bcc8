/* The signature covers the bytes as they came: nothing is parsed before it was checked. */
#include "channel/webhook_signature.h"

#include <string.h>

#include "base/digest.h"

enum { KEY_BYTES_MIN = 16, KEY_BYTES_MAX = 64, DIGITS_MAX = 11, ID_BYTES_MAX = 256 };

static struct str key_of(struct arena *arena, struct str secret)
{
    struct str prefix = STR("whsec_");
    if (str_starts(secret, prefix)) {
        secret.ptr += prefix.length;
        secret.length -= prefix.length;
    }
    return digest_base64_decode(arena, secret);
}

bool webhook_secret_is_plausible(struct arena *arena, struct str secret)
{
    struct str key = key_of(arena, secret);
    return key.ptr != NULL && key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX;
}

static bool read_seconds(struct str text, int64_t *ret_seconds)
{
    if (text.length == 0 || text.length > DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return str_to_int64(text, ret_seconds);
}

/* Looks at all entries, so that the time taken tells nothing of which fits. */
static bool is_among(struct str signatures, struct str expected)
{
    bool found = false;
    struct str rest = signatures;
    while (rest.length > 0) {
        struct str value;
        struct str version = str_split(str_split(rest, ' ', &rest), ',', &value);
        found |= str_is(version, "v1") && digest_equal_secret(value, expected);
    }
    return found;
}

/* Byte for byte: a hostile body can hold a NUL. */
static struct str signed_content(struct arena *arena, const struct webhook_headers *headers,
                                 struct str body)
{
    struct str head =
        arena_printf(arena, "%.*s.%.*s.", STR_ARG(headers->id), STR_ARG(headers->timestamp));
    char *bytes = arena_alloc(arena, head.length + body.length + 1);
    memcpy(bytes, head.ptr, head.length);
    if (body.length > 0) {
        memcpy(bytes + head.length, body.ptr, body.length);
    }
    return (struct str){bytes, head.length + body.length};
}

static struct str signature_of(struct arena *arena, struct str key, struct str content)
{
    unsigned char mac[DIGEST_SHA256_BYTES];
    digest_hmac_sha256(key, content, mac);
    return digest_base64(arena, (struct str){(const char *)mac, sizeof(mac)});
}

struct str webhook_sign(struct arena *arena, struct str secret, struct str id, struct str timestamp,
                        struct str body)
{
    const struct webhook_headers headers = {.id = id, .timestamp = timestamp};
    struct str content = signed_content(arena, &headers, body);
    struct str signature = signature_of(arena, key_of(arena, secret), content);
    return arena_printf(arena, "v1,%.*s", STR_ARG(signature));
}

enum webhook_verdict webhook_verify(struct arena *arena, struct str secrets,
                                    const struct webhook_headers *headers, struct str body,
                                    int64_t now_ms)
{
    int64_t seconds = 0;
    if (headers->id.length == 0 || headers->id.length > ID_BYTES_MAX ||
        headers->signature.length == 0 || !read_seconds(headers->timestamp, &seconds)) {
        return WEBHOOK_MISSING;
    }
    int64_t now_s = now_ms / 1000;
    if (now_s - seconds > WEBHOOK_TOLERANCE_S) {
        return WEBHOOK_TOO_OLD;
    }
    if (seconds - now_s > WEBHOOK_TOLERANCE_S) {
        return WEBHOOK_TOO_NEW;
    }
    struct str content = signed_content(arena, headers, body);
    bool genuine = false;
    struct str rest = secrets;
    while (rest.length > 0) {
        struct str key = key_of(arena, str_trim(str_split(rest, ',', &rest)));
        if (key.ptr != NULL && key.length > 0) {
            genuine |= is_among(headers->signature, signature_of(arena, key, content));
        }
    }
    return genuine ? WEBHOOK_GENUINE : WEBHOOK_FORGED;
}
