/* Conditions on facts about the user: a small typed expression language.
 *
 *   commitments_total == 0 and days_since_activity >= 3
 *   (language == "de" or language == "en") and not in_group
 *   completion_rate >= 80
 *
 * Facts are numbers, texts or yes/no (core/facts.h lists them). Operators: or, and, not,
 * == != < <= > >=, parentheses; numbers with an optional duration unit (3d, 4h, 90m, 30s:
 * milliseconds); texts in double quotes; true, false. A fact that is not known makes its comparison
 * false. Comparing different types, an unknown fact, or a text with < is a mistake at compile time.
 * Pure. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct condition;
struct facts;

/* Compiles; the condition lives in the arena. ERR_INVALID: the detail says what is wrong and what
 * was expected, *ret_offset the byte where. ERR_LIMIT: over LIMIT_CONDITION_BYTES/_DEPTH. */
MUST_CHECK enum err condition_compile(struct arena *arena, struct str source,
                                      struct condition **ret_condition, size_t *ret_offset,
                                      struct err_detail *detail);
bool condition_holds(const struct condition *condition, const struct facts *facts);
struct str condition_source(const struct condition *condition);
