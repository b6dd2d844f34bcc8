/* The buffer of buf.h, and the few memory and clock helpers everything else needs. */
#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void buf_reserve(struct buf *buf, size_t extra)
{
    size_t need = buf->len + extra + 1;
    if (need <= buf->cap) {
        return;
    }
    size_t cap = buf->cap ? buf->cap : 256;
    while (cap < need) {
        cap *= 2;
    }
    char *data = realloc(buf->data, cap);
    if (!data) {
        abort();
    }
    buf->data = data;
    buf->cap = cap;
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    buf_reserve(buf, len);
    if (len) {
        memcpy(buf->data + buf->len, bytes, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_i64(struct buf *buf, int64_t value)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        *--at = '-';
    }
    buf_add(buf, at, (size_t)(digits + sizeof digits - at));
}

void buf_fmt(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        abort();
    }
    buf_reserve(buf, (size_t)len);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
    va_end(again);
    buf->len += (size_t)len;
}

void buf_json(struct buf *buf, const char *text)
{
    if (!text) {
        buf_str(buf, "null");
        return;
    }
    size_t len = strlen(text);
    buf_reserve(buf, len + 2);
    buf_char(buf, '"');
    const char *run = text;
    const char *at = text;
    for (; at < text + len; at++) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        buf_add(buf, run, (size_t)(at - run));
        run = at + 1;
        if (c == '\n') {
            buf_str(buf, "\\n");
        } else if (c == '"' || c == '\\') {
            char pair[2] = {'\\', (char)c};
            buf_add(buf, pair, 2);
        } else {
            buf_fmt(buf, "\\u%04x", (unsigned)c);
        }
    }
    buf_add(buf, run, (size_t)(at - run));
    buf_char(buf, '"');
}

static void buf_key(struct buf *buf, const char *key)
{
    if (buf->len && buf->data[buf->len - 1] != '{') {
        buf_char(buf, ',');
    }
    buf_char(buf, '"');
    buf_str(buf, key);
    buf_add(buf, "\":", 2);
}

void buf_member(struct buf *buf, const char *key, const char *text)
{
    if (text) {
        buf_key(buf, key);
        buf_json(buf, text);
    }
}

void buf_member_i64(struct buf *buf, const char *key, int64_t value)
{
    buf_key(buf, key);
    buf_i64(buf, value);
}

void buf_member_bool(struct buf *buf, const char *key, int value)
{
    buf_member_raw(buf, key, value ? "true" : "false");
}

void buf_member_raw(struct buf *buf, const char *key, const char *json)
{
    if (json) {
        buf_key(buf, key);
        buf_str(buf, json);
    }
}

char *buf_take(struct buf *buf)
{
    buf_reserve(buf, 0);
    buf->data[buf->len] = '\0';
    char *data = buf->data;
    *buf = (struct buf){0};
    return data;
}

void *fake_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (!memory) {
        abort();
    }
    return memory;
}

char *fake_copy(const char *text)
{
    return text ? fake_copy_n(text, strlen(text)) : NULL;
}

char *fake_copy_n(const char *text, size_t len)
{
    char *copy = fake_alloc(len + 1);
    memcpy(copy, text, len);
    return copy;
}

int64_t real_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t steady_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
