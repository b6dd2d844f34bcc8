/* ASSERT: a broken invariant is our bug. It stays on in release builds, prints the place and ends
 * the process; restarting is safe because every decision is one transaction. */
#pragma once

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            check_failed(#condition, __FILE__, __LINE__);                                          \
        }                                                                                          \
    } while (0)

/* Prints "assertion failed" with place and condition to standard error and aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line);
