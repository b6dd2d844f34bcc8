/* A compact binary form for records: one walk over a structure both writes and reads it, so the two
 * cannot disagree. A value is one field of the walk: writing appends it, reading replaces it.
 *
 * Numbers below 248 take one byte, others one for their length and as many as they need, lowest
 * first. Texts are their length and bytes; read ones are views into the record. Reading takes
 * hostile bytes: whatever does not fit sets `bad` and gives zeros from there on. One thread. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct codec {
    bool reading;
    bool bad;             /* reading: the bytes are not what was written */
    unsigned char *bytes; /* writing: grows by realloc, codec_release frees it */
    size_t at;
    size_t size; /* writing: room; reading: length */
};

/* Reads from the bytes, which must outlive what is read. */
struct codec codec_reader(struct str bytes);
/* Begins to write at the start again; the room is kept. */
void codec_rewind(struct codec *codec);
void codec_release(struct codec *codec);
/* Appends what the other has written. */
void codec_append(struct codec *codec, const struct codec *other);
/* Room for `more` bytes. */
void codec_grow(struct codec *codec, size_t more);

/* Reading one number, for the walks below. */
uint64_t codec_read(struct codec *codec);

enum { CODEC_SHORT_MAX = 247, CODEC_ROOM_BYTES = 16 };

/* Writing is on the path of every decision, hundreds of times: it is inline. */
static inline void codec_write(struct codec *codec, uint64_t value)
{
    if (codec->size - codec->at < CODEC_ROOM_BYTES) {
        codec_grow(codec, CODEC_ROOM_BYTES);
    }
    unsigned char *out = codec->bytes + codec->at;
    if (value <= CODEC_SHORT_MAX) {
        *out = (unsigned char)value;
        codec->at++;
        return;
    }
    size_t length = (size_t)(71 - __builtin_clzll(value)) / 8;
    *out = (unsigned char)(CODEC_SHORT_MAX + length);
    uint64_t little = htole64(value);
    memcpy(out + 1, &little, sizeof(little));
    codec->at += 1 + length;
}

static inline void code_number(struct codec *codec, uint64_t *value)
{
    if (codec->reading) {
        *value = codec_read(codec);
    } else {
        codec_write(codec, *value);
    }
}

/* Positive and negative ones near zero are short. */
static inline void code_int64(struct codec *codec, int64_t *value)
{
    if (codec->reading) {
        uint64_t zigzag = codec_read(codec);
        *value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    } else {
        codec_write(codec, ((uint64_t)*value << 1) ^ (uint64_t)(*value >> 63));
    }
}

int codec_read_int(struct codec *codec);

static inline void code_int(struct codec *codec, int *value)
{
    if (codec->reading) {
        *value = codec_read_int(codec);
    } else {
        int64_t wide = *value;
        codec_write(codec, ((uint64_t)wide << 1) ^ (uint64_t)(wide >> 63));
    }
}

int codec_read_enum(struct codec *codec, int count);

/* A number below `count`. Give the enumeration back what it returns. */
static inline int code_enum(struct codec *codec, int value, int count)
{
    if (codec->reading) {
        return codec_read_enum(codec, count);
    }
    codec_write(codec, (uint64_t)value);
    return value;
}

static inline void code_bool(struct codec *codec, bool *value)
{
    *value = code_enum(codec, *value, 2) != 0;
}

void code_double(struct codec *codec, double *value);
void codec_read_str(struct codec *codec, struct str *text);

static inline void code_str(struct codec *codec, struct str *text)
{
    if (codec->reading) {
        codec_read_str(codec, text);
        return;
    }
    codec_write(codec, text->length);
    if (text->length > 0) {
        if (codec->size - codec->at < text->length) {
            codec_grow(codec, text->length);
        }
        memcpy(codec->bytes + codec->at, text->ptr, text->length);
        codec->at += text->length;
    }
}

/* A text with a closing NUL in a buffer of that size. */
void code_chars(struct codec *codec, char *buffer, size_t size);
/* A count of things of which each takes one byte at least; bad above `most`. */
void code_count(struct codec *codec, int *count, int most);
/* Whether all was read and nothing is left. */
bool codec_is_whole(const struct codec *codec);
