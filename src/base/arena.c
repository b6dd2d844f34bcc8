/* Block arenas: a chain of blocks, the newest first; a reset keeps the oldest. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(ptr, size)   __asan_poison_memory_region((ptr), (size))
#define UNPOISON(ptr, size) __asan_unpoison_memory_region((ptr), (size))
#else
#define POISON(ptr, size)   ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

enum { ALIGNMENT = 16 };

struct block {
    struct block *older;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
    struct block *newest;
    size_t block_bytes;
    size_t used_bytes;
};

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "at=fatal area=arena msg=\"out of memory\" bytes=%zu\n", size);
    abort();
}

static struct block *block_new(struct block *older, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block)) {
        out_of_memory(size);
    }
    struct block *block = malloc(sizeof(*block) + size);
    if (block == NULL) {
        out_of_memory(size);
    }
    block->older = older;
    block->size = size;
    block->used = 0;
    POISON(block->bytes, size);
    return block;
}

struct arena *arena_new(size_t block_bytes)
{
    struct arena *arena = malloc(sizeof(*arena));
    if (arena == NULL) {
        out_of_memory(sizeof(*arena));
    }
    arena->block_bytes = PORTION(block_bytes < 256 ? 256 : block_bytes, block_bytes % ALIGNMENT);
    arena->newest = block_new(NULL, arena->block_bytes);
    arena->used_bytes = 0;
    return arena;
}

static void blocks_free_until(struct arena *arena, const struct block *last)
{
    while (arena->newest != last) {
        struct block *older = arena->newest->older;
        UNPOISON(arena->newest->bytes, arena->newest->size);
        free(arena->newest);
        arena->newest = older;
    }
}

void arena_free(struct arena *arena)
{
    if (arena != NULL) {
        blocks_free_until(arena, NULL);
        free(arena);
    }
}

void arena_reset(struct arena *arena)
{
    struct block *first = arena->newest;
    while (first->older != NULL) {
        first = first->older;
    }
    blocks_free_until(arena, first);
    first->used = 0;
    POISON(first->bytes, first->size);
    arena->used_bytes = 0;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}

/* Without a value: whoever asks fills it all. */
static void *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        out_of_memory(size);
    }
    size_t rounded = (size + ALIGNMENT) & ~(size_t)(ALIGNMENT - 1);
    struct block *block = arena->newest;
    if (block->size - block->used < rounded) {
        size_t wanted = rounded > arena->block_bytes ? rounded : arena->block_bytes;
        arena->newest = block = block_new(block, wanted);
    }
    void *result = block->bytes + block->used;
    block->used += rounded;
    arena->used_bytes += rounded;
    UNPOISON(result, size);
    return result;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *result = take(arena, size);
    memset(result, 0, size);
    return result;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        out_of_memory(SIZE_MAX);
    }
    return arena_alloc(arena, total);
}

void *arena_grow(struct arena *arena, const void *old, size_t size, size_t new_size)
{
    ASSERT(new_size >= size);
    char *result = take(arena, new_size);
    if (size > 0) {
        memcpy(result, old, size);
    }
    memset(result + size, 0, new_size - size);
    return result;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    return memcpy(take(arena, length + 1), text, length + 1);
}

struct str arena_str(struct arena *arena, struct str text)
{
    char *copy = take(arena, text.length + 1);
    if (text.length > 0) {
        memcpy(copy, text.ptr, text.length);
    }
    copy[text.length] = '\0';
    return (struct str){copy, text.length};
}

/* Digits of a number, from the end of the buffer backwards. */
static struct str digits_of(long long value, char buffer[24])
{
    unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    char *at = buffer + 24;
    while (rest >= 100) { /* two at a time: ids have nineteen */
        unsigned pair = (unsigned)(rest % 100);
        rest /= 100;
        *--at = (char)('0' + pair % 10);
        *--at = (char)('0' + pair / 10);
    }
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *--at = '-';
    }
    return (struct str){at, (size_t)(buffer + 24 - at)};
}

/* The next piece of a format: what stands in it, or %.*s, %s, %d, %lld; false: another form. */
static bool next_piece(const char **format, va_list *args, char digits[24], struct str *ret_piece)
{
    const char *at = *format;
    if (at[0] != '%') {
        while (*at != '\0' && *at != '%') {
            at++;
        }
        *ret_piece = (struct str){*format, (size_t)(at - *format)};
    } else if (at[1] == '.' && at[2] == '*' && at[3] == 's') {
        int most = va_arg(*args, int);
        const char *text = va_arg(*args, const char *);
        *ret_piece = (struct str){text, most < 0 ? strlen(text) : strnlen(text, (size_t)most)};
        at += 4;
    } else if (at[1] == 's') {
        *ret_piece = str_of(va_arg(*args, const char *));
        at += 2;
    } else if (at[1] == 'd') {
        *ret_piece = digits_of(va_arg(*args, int), digits);
        at += 2;
    } else if (at[1] == 'l' && at[2] == 'l' && at[3] == 'd') {
        *ret_piece = digits_of(va_arg(*args, long long), digits);
        at += 4;
    } else {
        return false;
    }
    *format = at;
    return true;
}

/* What is joined from texts and whole numbers, which is nearly all: printf takes ten times as long.
 * Returns the length; -1: too long for the buffer, or a form that is printf's. */
static int join(char *buffer, size_t size, const char *format, va_list *args)
{
    char digits[24];
    size_t used = 0;
    while (*format != '\0') {
        struct str piece;
        if (!next_piece(&format, args, digits, &piece) || piece.length >= size - used) {
            return -1;
        }
        for (size_t i = 0; i < piece.length; i++) { /* a few bytes, mostly */
            buffer[used++] = piece.ptr[i];
        }
    }
    buffer[used] = '\0';
    return (int)used;
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char buffer[256]; /* most are short: formatted once, not to learn the length first */
    va_list again;
    va_copy(again, args);
    int length = join(buffer, sizeof(buffer), format, &again);
    va_end(again);
    if (length < 0) {
        va_copy(again, args);
        length = vsnprintf(buffer, sizeof(buffer), format, again);
        va_end(again);
    }
    ASSERT(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1);
    if ((size_t)length < sizeof(buffer)) {
        memcpy(text, buffer, (size_t)length + 1);
    } else {
        vsnprintf(text, (size_t)length + 1, format, args);
    }
    return (struct str){text, (size_t)length};
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
