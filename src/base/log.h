/* Structured log: one logfmt line per fact, keys in a fixed order: at level area msg, then the
 * caller's pairs. Goes to standard error. Never message texts, addresses, names or secrets: log
 * ids. Never called in base or core. Thread-safe: one write per line. */
#pragma once

#include "base/err.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Lines below the level are dropped. Default: info. Before threads start. */
void log_set_level(enum log_level level);
/* `pairs_format` is printf text of `key=value` pairs, or "" for none; values with spaces must come
 * quoted by the caller with \"…\". Line breaks and control characters are replaced by spaces. */
void log_line(enum log_level level, const char *area, const char *message, const char *pairs_format,
              ...) PRINTF_LIKE(4, 5);

#define log_debug(area, message, ...) log_line(LOG_LEVEL_DEBUG, area, message, __VA_ARGS__)
#define log_info(area, message, ...)  log_line(LOG_LEVEL_INFO, area, message, __VA_ARGS__)
#define log_warn(area, message, ...)  log_line(LOG_LEVEL_WARN, area, message, __VA_ARGS__)
#define log_error(area, message, ...) log_line(LOG_LEVEL_ERROR, area, message, __VA_ARGS__)
