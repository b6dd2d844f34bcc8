/* Error codes and their details.
 *
 * An operating error or a bad input is an `enum err` that must be checked, with an optional
 * `struct err_detail` that says what was attempted, what is wrong and what to do. The detail is
 * safe to show to a user: it never holds secrets, addresses or message texts. Our own bugs are
 * ASSERTs (base/check.h), not errors. Who stops passing an error up logs it, once; nobody else
 * does. */
#pragma once

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

#define ERR_LIST(X)                                                                                \
    X(OK, "ok")                                                                                    \
    X(ERR_INVALID, "invalid input")                                                                \
    X(ERR_NOT_FOUND, "not found")                                                                  \
    X(ERR_CONFLICT, "conflict with the present state")                                             \
    X(ERR_LIMIT, "over a limit")                                                                   \
    X(ERR_BUSY, "busy, try again")                                                                 \
    X(ERR_FULL, "no space left")                                                                   \
    X(ERR_UNAUTHORIZED, "credentials missing")                                                     \
    X(ERR_FORBIDDEN, "not allowed")                                                                \
    X(ERR_CONFIG, "wrong or missing setting")                                                      \
    X(ERR_SCHEMA, "database schema does not fit this program")                                     \
    X(ERR_STORE, "database failure")                                                               \
    X(ERR_NETWORK, "network failure")                                                              \
    X(ERR_TIMEOUT, "timed out")                                                                    \
    X(ERR_PROVIDER, "refused by the provider")                                                     \
    X(ERR_IO, "input/output failure")                                                              \
    X(ERR_CANCELLED, "cancelled")

enum err {
#define ERR_ENUM(name, text) name,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

struct err_detail {
    char text[256];
};

/* The name of the code in plain words; static storage. Any thread. */
const char *err_text(enum err code);

/* Fills *detail (may be NULL) by a printf format, cut at its size on a character boundary, and
 * returns `code`, so that a function can end with `return err_set(detail, ERR_X, "…", …)`. */
enum err err_set(struct err_detail *detail, enum err code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts "context: " before the text that *detail holds (may be NULL), and returns `code`. */
enum err err_wrap(struct err_detail *detail, enum err code, const char *format, ...)
    PRINTF_LIKE(3, 4);
