/* The version and the commit that every report of a fault names. */
#include "base/build_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void version_has_three_numbers(void **state)
{
    (void)state;
    const char *rest = build_info_version();
    for (int i = 0; i < 3; i++) {
        size_t digits = strspn(rest, "0123456789");
        assert_true(digits > 0);
        rest += digits;
        assert_int_equal(*rest, i < 2 ? '.' : '\0');
        rest += i < 2;
    }
}

static void commit_is_a_hash_or_says_unknown(void **state)
{
    (void)state;
    const char *commit = build_info_commit();
    size_t digits = strspn(commit, "0123456789abcdef");
    if (digits == 0) {
        assert_string_equal(commit, "unknown");
    } else {
        assert_true(digits >= 12);
        assert_true(commit[digits] == '\0' || strcmp(commit + digits, "+") == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_has_three_numbers),
        cmocka_unit_test(commit_is_a_hash_or_says_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
