/* Writing and reading of small binary records (codec.h). */
#include "base/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* The first byte of a number in packed bytes. */
enum {
    PACKED_SHORT_MAX = 190,
    PACKED_ZEROS = 191,              /* 2 to 17 of them */
    PACKED_RECENT = 207,             /* the same as a large one before, by its place */
    PACKED_DELTA = 215,              /* by an instant, by an id: 1 to 8 bytes each */
    PACKED_LENGTH = CODEC_SHORT_MAX, /* + 1 to 8 bytes */
    ZEROS_MAX = PACKED_RECENT - PACKED_ZEROS + 1,
    LARGE_BITS = 40, /* numbers from here on are remembered */
    ID_BITS = 56,
    TEXT_MIN = 3, /* shorter ones are not worth an index */
    WORD_MAX = 128,
};

struct codec codec_reader(struct str bytes)
{
    /* Never written to while reading. */
    return (struct codec){
        .reading = true, .bytes = (unsigned char *)(uintptr_t)bytes.ptr, .size = bytes.length};
}

void codec_rewind(struct codec *codec)
{
    codec->at = 0;
    codec->pack = NULL;
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

void codec_put(struct codec *codec, struct str bytes)
{
    if (codec->size - codec->at < bytes.length) {
        codec_grow(codec, bytes.length);
    }
    memcpy(codec->bytes + codec->at, bytes.ptr, bytes.length);
    codec->at += bytes.length;
}

void codec_append(struct codec *codec, const struct codec *other)
{
    if (other->at > 0) {
        codec_put(codec, (struct str){(const char *)other->bytes, other->at});
    }
}

/* ---- packed ---- */

/* Of TEXT_MIN bytes at least. Its ends tell names apart; the whole would cost more. */
static uint64_t hash_ends(struct str text)
{
    const unsigned char *first = (const unsigned char *)text.ptr;
    const unsigned char *last = first + text.length - TEXT_MIN;
    uint64_t ends = (uint64_t)first[0] | (uint64_t)first[1] << 8 | (uint64_t)first[2] << 16 |
                    (uint64_t)last[0] << 24 | (uint64_t)last[1] << 32 | (uint64_t)last[2] << 40;
    return (ends + text.length) * 0x9E3779B97F4A7C15u >> 48;
}

static size_t slot_of(const struct codec_words *words, struct str text)
{
    enum { SLOTS = sizeof(words->slots) / sizeof(words->slots[0]) };
    size_t slot = hash_ends(text) % SLOTS;
    while (words->slots[slot] != 0 && !str_equal(words->texts[words->slots[slot] - 1], text)) {
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

void codec_words_add(struct codec_words *words, struct str text)
{
    if (text.length < TEXT_MIN || text.length > WORD_MAX || words->count == CODEC_WORDS_MAX) {
        return;
    }
    size_t slot = slot_of(words, text);
    if (words->slots[slot] == 0) {
        words->texts[words->count++] = text;
        words->slots[slot] = (uint16_t)words->count;
    }
}

void codec_pack(struct codec *codec, struct codec_pack *pack, const struct codec_words *words)
{
    *pack = (struct codec_pack){.words = words};
    codec->pack = pack;
}

static void write_zeros(struct codec *codec)
{
    for (uint64_t *zeros = &codec->pack->zeros; *zeros > 0;) {
        uint64_t count = *zeros < ZEROS_MAX ? *zeros : ZEROS_MAX;
        if (codec->at == codec->size) {
            codec_grow(codec, CODEC_ROOM_BYTES);
        }
        codec->bytes[codec->at++] = count == 1 ? 0 : (unsigned char)(PACKED_ZEROS - 2 + count);
        *zeros -= count;
    }
}

void codec_plain(struct codec *codec)
{
    if (codec->reading) {
        codec->bad = codec->bad || codec->pack->zeros > 0;
    } else {
        write_zeros(codec);
    }
    codec->pack = NULL;
}

static size_t bytes_of(uint64_t value)
{
    return value == 0 ? 1 : (size_t)(71 - __builtin_clzll(value)) / 8;
}

static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (uint64_t)((int64_t)value >> 63);
}

/* One that is near none before it (a hash, say) says nothing about those to come. */
static void remember(struct codec_pack *pack, uint64_t value, bool is_near)
{
    uint64_t *last = &pack->last[value >> ID_BITS != 0];
    pack->recent[pack->next++ % CODEC_RECENT] = value;
    *last = is_near || *last == 0 ? value : *last;
}

static void remember_text(struct codec_pack *pack, struct str text)
{
    if (text.length >= TEXT_MIN && pack->text_count < CODEC_TEXTS_MAX) {
        pack->texts[pack->text_count++] = text;
    }
}

static void put(struct codec *codec, unsigned first, uint64_t value, size_t length)
{
    uint64_t little = htole64(value);
    codec->bytes[codec->at] = (unsigned char)first;
    memcpy(codec->bytes + codec->at + 1, &little, sizeof(little));
    codec->at += 1 + length;
}

static void write_large(struct codec *codec, uint64_t value)
{
    struct codec_pack *pack = codec->pack;
    for (unsigned i = 0; i < CODEC_RECENT; i++) {
        if (pack->recent[i] == value) {
            put(codec, PACKED_RECENT + i, 0, 0);
            return;
        }
    }
    unsigned kind = value >> ID_BITS != 0;
    uint64_t delta = zigzag(value - pack->last[kind]);
    size_t length = bytes_of(value);
    bool is_near = bytes_of(delta) < length;
    if (is_near) {
        length = bytes_of(delta);
        put(codec, PACKED_DELTA + 8 * kind + (unsigned)length - 1, delta, length);
    } else {
        put(codec, PACKED_LENGTH + (unsigned)length, value, length);
    }
    remember(pack, value, is_near);
}

void codec_write_packed(struct codec *codec, uint64_t value)
{
    write_zeros(codec);
    if (codec->size - codec->at < CODEC_ROOM_BYTES) {
        codec_grow(codec, CODEC_ROOM_BYTES);
    }
    if (value <= PACKED_SHORT_MAX) {
        put(codec, (unsigned)value, 0, 0);
    } else if (value >> LARGE_BITS == 0) {
        size_t length = bytes_of(value);
        put(codec, PACKED_LENGTH + (unsigned)length, value, length);
    } else {
        write_large(codec, value);
    }
}

/* An index is an odd number, those of this record first; a length is an even one. */
bool codec_tell_known(struct codec *codec, struct str text)
{
    struct codec_pack *pack = codec->pack;
    for (int i = 0; i < pack->text_count; i++) {
        if (pack->texts[i].length == text.length &&
            memcmp(pack->texts[i].ptr, text.ptr, text.length) == 0) {
            codec_write_packed(codec, 2 * (uint64_t)i + 1);
            return true;
        }
    }
    bool may_be_word = pack->words != NULL && text.length >= TEXT_MIN && text.length <= WORD_MAX;
    unsigned word = may_be_word ? pack->words->slots[slot_of(pack->words, text)] : 0;
    remember_text(pack, text);
    codec_write_packed(codec, word != 0 ? 2 * (uint64_t)(CODEC_TEXTS_MAX + word - 1) + 1
                                        : 2 * text.length);
    return word != 0;
}

/* The bytes of a number that is told by its length; gives 0 and sets bad when they are not there.
 */
static uint64_t read_bytes(struct codec *codec, size_t length)
{
    uint64_t little = 0;
    if (codec->size - codec->at < length) {
        codec->bad = true;
        return 0;
    }
    memcpy(&little, codec->bytes + codec->at, length);
    codec->at += length;
    return le64toh(little);
}

static uint64_t read_packed(struct codec *codec, unsigned first)
{
    struct codec_pack *pack = codec->pack;
    uint64_t value = 0;
    if (first <= PACKED_SHORT_MAX) {
        return first;
    }
    if (first < PACKED_RECENT) {
        pack->zeros = first - PACKED_ZEROS + 1;
        return 0;
    }
    if (first < PACKED_DELTA) {
        value = pack->recent[first - PACKED_RECENT];
        codec->bad = codec->bad || value == 0;
        return value;
    }
    if (first < PACKED_DELTA + 16) {
        unsigned kind = (first - PACKED_DELTA) / 8;
        uint64_t delta = read_bytes(codec, (first - PACKED_DELTA) % 8 + 1);
        value = pack->last[kind] + (delta >> 1 ^ -(delta & 1));
    } else if (first > PACKED_LENGTH) {
        value = read_bytes(codec, first - PACKED_LENGTH);
    }
    codec->bad = codec->bad || value <= PACKED_SHORT_MAX;
    if (value >> LARGE_BITS != 0) {
        remember(pack, value, first < PACKED_LENGTH);
    }
    return codec->bad ? 0 : value;
}

uint64_t codec_read(struct codec *codec)
{
    if (codec->pack != NULL && codec->pack->zeros > 0) {
        codec->pack->zeros--;
        return 0;
    }
    if (codec->bad || codec->at == codec->size) {
        codec->bad = true;
        return 0;
    }
    unsigned first = codec->bytes[codec->at++];
    if (codec->pack != NULL) {
        return read_packed(codec, first);
    }
    if (first <= CODEC_SHORT_MAX) {
        return first;
    }
    size_t length = first - CODEC_SHORT_MAX;
    uint64_t value = read_bytes(codec, length);
    /* The longer form of a short number was not written by us. */
    codec->bad = codec->bad || value <= CODEC_SHORT_MAX || (value >> (8 * (length - 1))) == 0;
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

static void read_known(struct codec *codec, uint64_t index, struct str *text)
{
    struct codec_pack *pack = codec->pack;
    uint64_t word = index - CODEC_TEXTS_MAX;
    if (index < (uint64_t)pack->text_count) {
        *text = pack->texts[index];
    } else if (index >= CODEC_TEXTS_MAX && pack->words != NULL &&
               word < (uint64_t)pack->words->count) {
        *text = pack->words->texts[word];
        remember_text(pack, *text);
    } else {
        codec->bad = true;
        *text = STR_NONE;
    }
}

void codec_read_str(struct codec *codec, struct str *text)
{
    struct codec_pack *pack = codec->pack;
    uint64_t length = codec_read(codec);
    if (pack != NULL && length % 2 != 0) {
        read_known(codec, length / 2, text);
        return;
    }
    length = pack != NULL ? length / 2 : length;
    if (length > codec->size - codec->at) {
        codec->bad = true;
        length = 0;
    }
    *text = (struct str){(const char *)codec->bytes + codec->at, length};
    codec->at += length;
    if (pack != NULL) {
        remember_text(pack, *text);
    }
}

void code_chars(struct codec *codec, char *buffer, size_t size)
{
    uint64_t length = codec->reading ? 0 : strnlen(buffer, size);
    code_number(codec, &length);
    if (!codec->reading) {
        /* Its bytes alone: the buffer may change while a packed record is being written. */
        if (length > 0) {
            codec_put(codec, (struct str){buffer, length});
        }
        return;
    }
    const char *bytes = (const char *)codec->bytes + codec->at;
    if (length >= size || length > codec->size - codec->at || memchr(bytes, '\0', length) != NULL) {
        codec->bad = true;
        length = 0;
    }
    memcpy(buffer, bytes, length);
    memset(buffer + length, 0, size - length);
    codec->at += length;
}

void code_count(struct codec *codec, int *count, int most)
{
    uint64_t number = (uint64_t)*count;
    code_number(codec, &number);
    size_t left = (codec->size - codec->at) * (codec->pack != NULL ? ZEROS_MAX : 1);
    if (codec->reading && (number > (uint64_t)most || number > left)) {
        codec->bad = true;
        number = 0;
    }
    *count = (int)number;
}

bool codec_is_whole(const struct codec *codec)
{
    return !codec->bad && codec->at == codec->size &&
           (codec->pack == NULL || codec->pack->zeros == 0);
}
