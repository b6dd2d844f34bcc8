/* Lines of the log. A line is made on the stack and written by one call, so that lines of several
 * threads do not mix; what does not fit is cut. A log that cannot be written is given up: nothing
 * may fail because of it. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static atomic_int lowest_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&lowest_level, (int)level, memory_order_relaxed);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG:
        return "debug";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_ERROR:
        return "error";
    }
    return "unknown";
}

/* snprintf's result as the length that really stands in the buffer. */
static size_t fitted(int printed, size_t size)
{
    if (printed < 0) {
        return 0;
    }
    return (size_t)printed < size ? (size_t)printed : size - 1;
}

static size_t put_head(char *line, size_t size, enum log_level level, const char *area,
                       const char *message)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(line, size, "at=%Y-%m-%dT%H:%M:%S", &utc);
    used += fitted(snprintf(line + used, size - used, ".%03ldZ level=%s area=%s msg=\"%s\"",
                            now.tv_nsec / 1000000, level_name(level), area, message),
                   size - used);
    return used;
}

void log_line(enum log_level level, const char *area, const char *message, const char *pairs_format,
              ...)
{
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed)) {
        return;
    }
    char line[LINE_BYTES];
    size_t size = sizeof(line) - 1; /* room for the line break */
    size_t used = put_head(line, size, level, area, message);
    if (pairs_format[0] != '\0' && used + 2 < size) {
        line[used++] = ' ';
        va_list args;
        va_start(args, pairs_format);
        used += fitted(vsnprintf(line + used, size - used, pairs_format, args), size - used);
        va_end(args);
    }
    for (size_t i = 0; i < used; i++) {
        unsigned char c = (unsigned char)line[i];
        if (c < 0x20 || c == 0x7F) {
            line[i] = ' ';
        }
    }
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written;
}
