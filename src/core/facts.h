/* Typed facts about a person for conditions and templates: one table (facts_list.h) of name, type,
 * meaning and how it is read. docs/reference/facts.md is made from it. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct world;
struct person;
struct run;
struct commitment;

enum fact_type { FACT_NUMBER, FACT_TEXT, FACT_BOOL };

struct fact_value {
    bool known;
    double number;
    struct str text;
    bool yes;
};

/* What facts are read from. run and commitment may be NULL (their facts are then not known).
 * arena: for texts made on the fly. */
struct facts {
    struct arena *arena;
    const struct world *world;
    const struct person *person;
    const struct run *run;
    const struct commitment *commitment;
    const char *language;
};

struct fact_row {
    const char *name;
    enum fact_type type;
    const char *help;
    const char *values; /* texts: all it can be, separated by blanks; NULL: anything */
};

/* The table; *ret_count rows. */
const struct fact_row *facts_rows(int *ret_count);
/* Index of a fact by name, -1 when there is none. */
int facts_find(struct str name);
struct fact_value facts_read(const struct facts *facts, int index);
/* docs/reference/facts.md, whole. */
struct str facts_page(struct arena *arena);
