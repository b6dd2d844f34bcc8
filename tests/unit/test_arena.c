/* Arenas: alignment, zeroed memory, growth beyond a block, and reuse after a reset. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_aligned_and_zeroed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 200; size += 7) {
            unsigned char *bytes = arena_alloc(arena, size);
            assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(bytes[i], 0);
            }
            memset(bytes, 0xAA, size); /* the next round must not see it */
        }
        arena_reset(arena);
        assert_int_equal(arena_used_bytes(arena), 0);
    }
    arena_free(arena);
    arena_free(NULL);
}

static void allocations_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct arena *arena = arena_new(256);
    unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 61 == 0 ? 3000 : i % 40 + 1;
        blocks[i] = arena_alloc(arena, size);
        memset(blocks[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 61 == 0 ? 3000 : i % 40 + 1;
        for (size_t b = 0; b < size; b++) {
            assert_int_equal(blocks[i][b], i % 251);
        }
    }
    assert_true(arena_used_bytes(arena) > 3000 * 9);
    arena_free(arena);
}

static void texts_are_copied_with_a_closing_nul(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    assert_string_equal(arena_strdup(arena, "text"), "text");
    struct str copy = arena_str(arena, (struct str){"abcdef", 3});
    assert_int_equal(copy.length, 3);
    assert_string_equal(copy.ptr, "abc");
    assert_string_equal(arena_str(arena, STR_NONE).ptr, "");
    struct str printed = arena_printf(arena, "%d-%s", 42, "x");
    assert_int_equal(printed.length, 4);
    assert_string_equal(printed.ptr, "42-x");
    char longer[1000];
    memset(longer, 'y', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    /* What is joined without printf, and what printf must do. */
    assert_string_equal(arena_printf(arena, "%.*s-%s+%lld", 2, "abc", "d", -90LL).ptr, "ab-d+-90");
    assert_string_equal(
        arena_printf(arena, "%lld %lld", (long long)INT64_MIN, (long long)INT64_MAX).ptr,
        "-9223372036854775808 9223372036854775807");
    assert_string_equal(arena_printf(arena, "%.*s|%d", 9, "ends", 0).ptr, "ends|0");
    assert_string_equal(arena_printf(arena, "%d %%, %02d:%5.1f", 7, 3, 2.25).ptr, "7 %, 03:  2.2");
    assert_string_equal(arena_printf(arena, "%s%c", "", 'x').ptr, "x");
    assert_int_equal(arena_printf(arena, "%s", "").length, 0);
    assert_int_equal(arena_printf(arena, "%s", longer).length, sizeof(longer) - 1);
    arena_free(arena);
}

static void growing_keeps_the_old_bytes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    int *numbers = ARENA_ARRAY(arena, int, 2);
    numbers[0] = 7;
    numbers[1] = 8;
    numbers = arena_grow(arena, numbers, 2 * sizeof(int), 4 * sizeof(int));
    assert_int_equal(numbers[0] + numbers[1], 15);
    assert_int_equal(numbers[2] + numbers[3], 0);
    char *from_nothing = arena_grow(arena, NULL, 0, 8);
    assert_int_equal(from_nothing[7], 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_zeroed),
        cmocka_unit_test(allocations_do_not_overlap),
        cmocka_unit_test(texts_are_copied_with_a_closing_nul),
        cmocka_unit_test(growing_keeps_the_old_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
