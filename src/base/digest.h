/* Hashes, signatures, secrets, encodings (OpenSSL behind). Pure but for digest_random. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum { DIGEST_SHA256_BYTES = 32, DIGEST_HEX_BYTES = 2 * DIGEST_SHA256_BYTES };

void digest_sha256(struct str bytes, unsigned char ret_digest[DIGEST_SHA256_BYTES]);
/* Lower-case hexadecimal with a closing NUL. */
void digest_sha256_hex(struct str bytes, char ret_hex[DIGEST_HEX_BYTES + 1]);
void digest_hmac_sha256(struct str key, struct str bytes,
                        unsigned char ret_mac[DIGEST_SHA256_BYTES]);
void digest_hmac_sha256_hex(struct str key, struct str bytes, char ret_hex[DIGEST_HEX_BYTES + 1]);
/* Compares in time that depends on neither content nor the place of a difference; the
 * length of `expected` is hidden too. An empty `expected` never matches. */
bool digest_equal_secret(struct str given, struct str expected);
/* Random bytes of the operating system, for secrets; aborts when there are none. src/cli, and what
 * makes tokens, only. */
void digest_random(void *ret_bytes, size_t size);
/* Standard base64 with padding. Decoding accepts missing padding; NULL ptr when it is invalid. */
struct str digest_base64(struct arena *arena, struct str bytes);
struct str digest_base64_decode(struct arena *arena, struct str text);
/* URL-safe base64 without padding, for tokens. */
struct str digest_base64url(struct arena *arena, struct str bytes);
