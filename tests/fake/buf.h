/* A growing byte buffer that knows how to write JSON, used for every answer of the fake server.
 *
 * The buffer owns its bytes. They are followed by a NUL that is not counted, so that text can be
 * used as a C string. Running out of memory ends the program: this is a test server. */
#ifndef FAKE_BUF_H
#define FAKE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_release(struct buf *buf);
void buf_reset(struct buf *buf);
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_i64(struct buf *buf, int64_t value);
void buf_fmt(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text as a JSON string with its quotes; NULL becomes null. */
void buf_json(struct buf *buf, const char *text);

/* `,"key":"text"`, `,"key":number`, … — nothing at all for a NULL text. The leading comma is left
 * out right after an opening brace. */
void buf_member(struct buf *buf, const char *key, const char *text);
void buf_member_i64(struct buf *buf, const char *key, int64_t value);
void buf_member_bool(struct buf *buf, const char *key, int value);
void buf_member_raw(struct buf *buf, const char *key, const char *json);

/* The bytes as a string the caller frees; the buffer is empty afterwards. Never NULL. */
char *buf_take(struct buf *buf);

void *fake_alloc(size_t bytes);    /* zeroed; never NULL */
char *fake_copy(const char *text); /* NULL stays NULL */
char *fake_copy_n(const char *text, size_t len);
int64_t real_now_ms(void);   /* UTC Unix milliseconds */
int64_t steady_now_ms(void); /* never goes back */

#endif
