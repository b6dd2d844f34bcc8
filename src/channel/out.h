/* Building text piece by piece in an arena: bodies of requests. Private to the channels. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct out {
    struct arena *arena;
    char *bytes;
    size_t used;
    size_t size;
};

/* The first piece allocates `size` bytes; it grows as needed. */
void out_init(struct out *out, struct arena *arena, size_t size);
void out_bytes(struct out *out, struct str text);
void out_text(struct out *out, const char *text);
void out_int(struct out *out, int64_t value);
/* A JSON string with its quotes; `text` must be valid UTF-8, bytes that are not are replaced. */
void out_json(struct out *out, struct str text);
/* Escapes < > & (and the quote) for Telegram's HTML. */
void out_html(struct out *out, struct str text);
/* What was built, ended by a NUL that is not counted; valid as long as the arena. */
struct str out_str(struct out *out);
