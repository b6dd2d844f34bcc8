/* The definitions compiled into the program: they build without a mistake, so that every text is
 * complete in every language and within its limits. */
#include "core/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mistakes.h"

static void they_have_no_mistakes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct catalog *catalog = NULL;
    struct mistakes mistakes;
    enum err error = catalog_build_embedded(arena, &catalog, &mistakes);
    for (int i = 0; i < mistakes.count; i++) {
        struct str line = mistake_line(arena, &mistakes.items[i]);
        print_error("%.*s\n", STR_ARG(line));
    }
    assert_int_equal(error, OK);
    assert_true(catalog_journey_count(catalog) > 0);
    catalog_free(catalog);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_have_no_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
