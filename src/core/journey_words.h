/* The words that a journey's file uses for the values of enums. */
#pragma once

#include "core/schema.h"

/* Each closed by a NULL word. Static storage, constant. */
extern const struct schema_word SET_WORDS[];
extern const struct schema_word CLASS_WORDS[];
extern const struct schema_word TRIGGER_WORDS[];
extern const struct schema_word STAGE_WORDS[];
extern const struct schema_word ANCHOR_WORDS[];
extern const struct schema_word ALLOCATION_WORDS[];
extern const struct schema_word ENDS_WORDS[]; /* anchors that ends_from allows */
extern const struct schema_word EXPECTS_WORDS[];
extern const struct schema_word TAKES_WORDS[];
extern const struct schema_word LEAVE_WORDS[];
extern const struct schema_word VERB_WORDS[];

/* The word for a value; "" when the list has none. */
const char *journey_word(const struct schema_word *words, int value);
