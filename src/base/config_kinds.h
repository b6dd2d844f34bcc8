/* The kinds of settings: how the text of a value is checked and where it goes. Private to the
 * configuration and its tests. Pure, but that time zones are looked up in the system's tzdata. */
#pragma once

#include "base/config.h"

/* Puts the value of a row into the configuration. Returns NULL, or what was expected ("a duration
 * such as 4h"); the configuration is untouched then. Texts are copied into the arena. */
const char *config_put(struct arena *arena, const struct config_row *row, struct str value,
                       struct config *config);
/* The row has no value and no fallback: its member, a text, becomes "". */
void config_put_nothing(const struct config_row *row, struct config *config);
/* Whether values of the kind may be quoted in an error: they never hold secrets. */
bool config_kind_is_public(const char *kind);
