/* Hashes, signatures and encodings of OpenSSL, behind functions that cannot fail. */
#include "base/digest.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

_Static_assert(DIGEST_SHA256_BYTES == SHA256_DIGEST_LENGTH, "the size of SHA-256");

static const unsigned char *bytes_of(struct str text)
{
    return (const unsigned char *)(text.length == 0 ? "" : text.ptr);
}

static void to_hex(const unsigned char digest[DIGEST_SHA256_BYTES],
                   char ret_hex[DIGEST_HEX_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_SHA256_BYTES; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15U];
    }
    ret_hex[DIGEST_HEX_BYTES] = '\0';
}

void digest_sha256(struct str bytes, unsigned char ret_digest[DIGEST_SHA256_BYTES])
{
    const unsigned char *done = SHA256(bytes_of(bytes), bytes.length, ret_digest);
    ASSERT(done != NULL);
}

void digest_sha256_hex(struct str bytes, char ret_hex[DIGEST_HEX_BYTES + 1])
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    digest_sha256(bytes, digest);
    to_hex(digest, ret_hex);
}

void digest_hmac_sha256(struct str key, struct str bytes,
                        unsigned char ret_mac[DIGEST_SHA256_BYTES])
{
    ASSERT(key.length <= INT_MAX);
    unsigned int length = 0;
    const unsigned char *done = HMAC(EVP_sha256(), bytes_of(key), (int)key.length, bytes_of(bytes),
                                     bytes.length, ret_mac, &length);
    ASSERT(done != NULL && length == DIGEST_SHA256_BYTES);
}

void digest_hmac_sha256_hex(struct str key, struct str bytes, char ret_hex[DIGEST_HEX_BYTES + 1])
{
    unsigned char mac[DIGEST_SHA256_BYTES];
    digest_hmac_sha256(key, bytes, mac);
    to_hex(mac, ret_hex);
}

bool digest_equal_secret(struct str given, struct str expected)
{
    if (expected.length == 0) {
        return false;
    }
    /* As many steps as `given` is long, which whoever gave it knows; volatile: all of them. */
    volatile size_t difference = given.length ^ expected.length;
    for (size_t i = 0; i < given.length; i++) {
        difference |= (size_t)((unsigned char)given.ptr[i] ^
                               (unsigned char)expected.ptr[i % expected.length]);
    }
    return difference == 0;
}

void digest_random(void *ret_bytes, size_t size)
{
    unsigned char *at = ret_bytes;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0) {
            ASSERT(errno == EINTR);
            continue;
        }
        at += got;
        size -= (size_t)got;
    }
}

struct str digest_base64(struct arena *arena, struct str bytes)
{
    ASSERT(bytes.length <= INT_MAX / 2);
    char *text = arena_alloc(arena, (bytes.length + 2) / 3 * 4 + 1);
    int length = EVP_EncodeBlock((unsigned char *)text, bytes_of(bytes), (int)bytes.length);
    return (struct str){text, (size_t)length};
}

static bool is_base64_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

struct str digest_base64_decode(struct arena *arena, struct str text)
{
    for (int i = 0; i < 2 && text.length > 0 && text.ptr[text.length - 1] == '='; i++) {
        text.length--;
    }
    if (text.length % 4 == 1 || text.length > INT_MAX / 2) {
        return STR_NONE;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (!is_base64_char(text.ptr[i])) {
            return STR_NONE;
        }
    }
    /* EVP_DecodeBlock wants whole groups and counts padding as zero bytes. */
    size_t padding = (4 - text.length % 4) % 4;
    size_t padded_length = text.length + padding;
    unsigned char *padded = arena_alloc(arena, padded_length + 1);
    memcpy(padded, bytes_of(text), text.length);
    memset(padded + text.length, '=', padding);
    unsigned char *bytes = arena_alloc(arena, padded_length / 4 * 3 + 1);
    int length = EVP_DecodeBlock(bytes, padded, (int)padded_length);
    if (length < 0) {
        return STR_NONE;
    }
    size_t bytes_length = (size_t)length - padding;
    bytes[bytes_length] = '\0';
    return (struct str){(const char *)bytes, bytes_length};
}

struct str digest_base64url(struct arena *arena, struct str bytes)
{
    struct str standard = digest_base64(arena, bytes);
    char *text = arena_alloc(arena, standard.length + 1);
    size_t used = 0;
    for (size_t i = 0; i < standard.length && standard.ptr[i] != '='; i++) {
        char c = standard.ptr[i];
        text[used++] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
    }
    return (struct str){text, used};
}
