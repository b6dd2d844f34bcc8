/* The table of facts, looking them up, and the reference page made from it. Reading their values is
 * facts_read.c's, so that definitions can be checked without a person. */
#include "core/facts.h"

#include <stddef.h>

#include "core/facts_list.h"

static const struct fact_row ROWS[] = {
#define FACT_ROW(constant, name, type, values, help) {name, type, help, values},
    FACT_LIST(FACT_ROW)
#undef FACT_ROW
};

const struct fact_row *facts_rows(int *ret_count)
{
    *ret_count = FACT_COUNT;
    return ROWS;
}

int facts_find(struct str name)
{
    for (int i = 0; i < FACT_COUNT; i++) {
        if (str_is(name, ROWS[i].name)) {
            return i;
        }
    }
    return -1;
}

static const char *type_name(enum fact_type type)
{
    switch (type) {
    case FACT_NUMBER:
        return "number";
    case FACT_TEXT:
        return "text";
    case FACT_BOOL:
        return "yes/no";
    }
    return "";
}

struct str facts_page(struct arena *arena)
{
    struct str page =
        STR("# Facts\n\n"
            "What conditions and templates of [journeys](journeys.md) can ask about a "
            "person. This page is made\nfrom the table in `src/core/facts_list.h`; a "
            "test compares the two.\n\nA fact that is not known makes a comparison "
            "false, and gives a template's fallback or nothing.\n\n"
            "| fact | type | meaning |\n|---|---|---|\n");
    for (int i = 0; i < FACT_COUNT; i++) {
        const char *values = ROWS[i].values;
        page =
            arena_printf(arena, "%.*s| `%s` | %s | %s%s%s%s |\n", STR_ARG(page), ROWS[i].name,
                         type_name(ROWS[i].type), ROWS[i].help, values != NULL ? "; one of: `" : "",
                         values != NULL ? values : "", values != NULL ? "`" : "");
    }
    return page;
}
