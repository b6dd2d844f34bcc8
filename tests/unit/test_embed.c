/* The files compiled into the program: every group is sorted, complete and closed. */
#include "base/embed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check_group(const struct embedded_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_non_null(files[i].name);
        assert_non_null(files[i].data);
        assert_int_equal(files[i].data[files[i].length], 0);
        if (i > 0) {
            assert_true(strcmp(files[i - 1].name, files[i].name) < 0);
        }
    }
    assert_null(files[count].name);
}

static void groups_are_sorted_and_closed(void **state)
{
    (void)state;
    check_group(nudge_journeys, nudge_journeys_count);
    check_group(nudge_migrations_sqlite, nudge_migrations_sqlite_count);
    check_group(nudge_sql, nudge_sql_count);
    check_group(nudge_web, nudge_web_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_sorted_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
