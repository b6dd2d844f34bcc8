/* From the tree of a journey's file to struct journey. Internal to the definitions. */
#pragma once

#include "core/schema.h"

/* Reads a whole journey into the arena of the catalog. Mistakes go to compiling->mistakes; the
 * journey is of use only when there were none. */
struct journey *journey_parse(struct compiling *compiling);
/* One step (journey_parse_step.c); step->class and step->number are set before. */
void journey_parse_step(struct compiling *compiling, const struct tree_node *node,
                        struct step *step);
/* Text, picture, buttons of a prompt: of the rating, of a step. */
void journey_parse_prompt(struct compiling *compiling, const struct tree_node *node,
                          const char *what, struct prompt *prompt);
/* What only several keys together can have wrong (journey_check.c). */
void journey_check(struct compiling *compiling, const struct tree_node *node,
                   const struct journey *journey);
