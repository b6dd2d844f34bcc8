/* Reading a whole file that a person wrote. Any thread. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* ERR_IO: it cannot be read; ERR_LIMIT: it is longer than `limit` bytes. The detail names it. */
MUST_CHECK enum err file_read(struct arena *arena, const char *path, size_t limit,
                              struct str *ret_text, struct err_detail *detail);
