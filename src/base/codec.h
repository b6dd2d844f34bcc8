/* A compact binary form for records: one walk over a structure both writes and reads it, so the two
 * cannot disagree. A value is one field of the walk: writing appends it, reading replaces it.
 *
 * Plain: numbers below 248 take one byte, others one for their length and as many as they need,
 * lowest first. Texts are their length and bytes; read ones are views into the record.
 *
 * Packed (codec_pack): many zeros in a row take one byte, large numbers (ids, instants) are told by
 * those before them, and texts that came before or that both sides know are told by their index.
 *
 * Reading takes hostile bytes: whatever does not fit sets `bad` and gives zeros from there on. One
 * thread. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

enum { CODEC_WORDS_MAX = 512, CODEC_RECENT = 8, CODEC_TEXTS_MAX = 32 };

/* Texts that the writer and the reader of packed bytes both know. */
struct codec_words {
    struct str texts[CODEC_WORDS_MAX];
    int count;
    uint16_t slots[2 * CODEC_WORDS_MAX]; /* by hash: index + 1 */
};
/* Only those that are worth it, once each. The text must outlive the words. */
void codec_words_add(struct codec_words *words, struct str text);

/* What the packed form goes by: the same on both sides at every field. */
struct codec_pack {
    const struct codec_words *words;   /* NULL: none */
    uint64_t zeros;                    /* not written yet, or still to be read */
    uint64_t recent[CODEC_RECENT];     /* large numbers */
    unsigned next;                     /* of recent, to be replaced */
    uint64_t last[2];                  /* of instants, of ids */
    struct str texts[CODEC_TEXTS_MAX]; /* told first; of a writer they must live until the end */
    int text_count;
};

struct codec {
    bool reading;
    bool bad;             /* reading: the bytes are not what was written */
    unsigned char *bytes; /* writing: grows by realloc, codec_release frees it */
    size_t at;
    size_t size;             /* writing: room; reading: length */
    struct codec_pack *pack; /* NULL: plain */
};

/* Reads from the bytes, which must outlive what is read. */
struct codec codec_reader(struct str bytes);
/* Begins to write at the start again, plainly; the room is kept. */
void codec_rewind(struct codec *codec);
void codec_release(struct codec *codec);
/* Appends bytes as they are. */
void codec_put(struct codec *codec, struct str bytes);
/* Appends what the other has written, plainly. */
void codec_append(struct codec *codec, const struct codec *other);
/* Room for `more` bytes. */
void codec_grow(struct codec *codec, size_t more);
/* What follows is packed, until codec_plain. */
void codec_pack(struct codec *codec, struct codec_pack *pack, const struct codec_words *words);
/* What follows is plain; reading, `bad` when the packed part is not whole. */
void codec_plain(struct codec *codec);

/* Reading one number, and writing one that is not zero to a packed part: for the walks below. */
uint64_t codec_read(struct codec *codec);
void codec_write_packed(struct codec *codec, uint64_t value);

enum { CODEC_SHORT_MAX = 247, CODEC_ROOM_BYTES = 16 };

/* Writing is on the path of every decision, hundreds of times: it is inline. */
static inline void codec_write(struct codec *codec, uint64_t value)
{
    if (codec->pack != NULL) {
        if (value == 0) {
            codec->pack->zeros++;
        } else {
            codec_write_packed(codec, value);
        }
        return;
    }
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
/* Whether the text was told by an index; else its length was written and its bytes follow. */
bool codec_tell_known(struct codec *codec, struct str text);

static inline void code_str(struct codec *codec, struct str *text)
{
    if (codec->reading) {
        codec_read_str(codec, text);
        return;
    }
    if (codec->pack == NULL || text->length == 0) {
        codec_write(codec, text->length);
    } else if (codec_tell_known(codec, *text)) {
        return;
    }
    if (text->length > 0) {
        codec_put(codec, *text);
    }
}

/* A text with a closing NUL in a buffer of that size. */
void code_chars(struct codec *codec, char *buffer, size_t size);
/* A count of things of which each takes one byte at least; bad above `most`. */
void code_count(struct codec *codec, int *count, int most);
/* Whether all was read and nothing is left. */
bool codec_is_whole(const struct codec *codec);
