/* Writing and reading of small binary records (codec.h). */
#include "base/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct codec codec_reader(struct str bytes)
{
    /* Never written to while reading. */
    return (struct codec){
        .reading = true, .bytes = (unsigned char *)(uintptr_t)bytes.ptr, .size = bytes.length};
}

void codec_rewind(struct codec *codec)
{
    codec->at = 0;
}

void codec_release(struct codec *codec)
{
    free(codec->bytes);
    *codec = (struct codec){0};
}

void codec_grow(struct codec *codec, size_t more)
{
    ASSERT(!codec->reading);
    size_t size = 2 * codec->size + more + 1024;
    codec->bytes = realloc(codec->bytes, size);
    ASSERT(codec->bytes != NULL);
    codec->size = size;
}

void codec_append(struct codec *codec, const struct codec *other)
{
    if (codec->size - codec->at < other->at) {
        codec_grow(codec, other->at);
    }
    memcpy(codec->bytes + codec->at, other->bytes, other->at);
    codec->at += other->at;
}

uint64_t codec_read(struct codec *codec)
{
    if (codec->bad || codec->at == codec->size) {
        codec->bad = true;
        return 0;
    }
    unsigned first = codec->bytes[codec->at++];
    if (first <= CODEC_SHORT_MAX) {
        return first;
    }
    size_t length = first - CODEC_SHORT_MAX;
    if (codec->size - codec->at < length) {
        codec->bad = true;
        return 0;
    }
    uint64_t little = 0;
    memcpy(&little, codec->bytes + codec->at, length);
    codec->at += length;
    uint64_t value = le64toh(little);
    /* The longer form of a short number was not written by us. */
    codec->bad = value <= CODEC_SHORT_MAX || (value >> (8 * (length - 1))) == 0;
    return codec->bad ? 0 : value;
}

int codec_read_int(struct codec *codec)
{
    int64_t wide = 0;
    code_int64(codec, &wide);
    codec->bad = codec->bad || wide < INT32_MIN || wide > INT32_MAX;
    return codec->bad ? 0 : (int)wide;
}

int codec_read_enum(struct codec *codec, int count)
{
    uint64_t number = codec_read(codec);
    codec->bad = codec->bad || number >= (uint64_t)count;
    return codec->bad ? 0 : (int)number;
}

void code_double(struct codec *codec, double *value)
{
    uint64_t bits;
    memcpy(&bits, value, sizeof(bits));
    code_number(codec, &bits);
    memcpy(value, &bits, sizeof(bits));
}

void codec_read_str(struct codec *codec, struct str *text)
{
    uint64_t length = codec_read(codec);
    if (length > codec->size - codec->at) {
        codec->bad = true;
        length = 0;
    }
    *text = (struct str){(const char *)codec->bytes + codec->at, length};
    codec->at += length;
}

void code_chars(struct codec *codec, char *buffer, size_t size)
{
    struct str text = {buffer, codec->reading ? 0 : strnlen(buffer, size)};
    code_str(codec, &text);
    if (codec->reading) {
        if (text.length >= size || memchr(text.ptr, '\0', text.length) != NULL) {
            codec->bad = true;
            text.length = 0;
        }
        memcpy(buffer, text.ptr, text.length);
        memset(buffer + text.length, 0, size - text.length);
    }
}

void code_count(struct codec *codec, int *count, int most)
{
    uint64_t number = (uint64_t)*count;
    code_number(codec, &number);
    if (codec->reading && (number > (uint64_t)most || number > codec->size - codec->at)) {
        codec->bad = true;
        number = 0;
    }
    *count = (int)number;
}

bool codec_is_whole(const struct codec *codec)
{
    return !codec->bad && codec->at == codec->size;
}
