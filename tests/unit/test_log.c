/* Log lines: their form, their levels, and that no text of a caller can break a line. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

enum { CAPTURE_BYTES = 8192 };

/* Standard error goes into a file while `act` runs; the text comes back. */
static void capture(void (*act)(void), char ret_text[CAPTURE_BYTES])
{
    char path[] = "/tmp/nudge-test-log-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    unlink(path);
    int saved = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    act();
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t length = pread(file, ret_text, CAPTURE_BYTES - 1, 0);
    close(file);
    assert_true(length >= 0);
    ret_text[length] = '\0';
}

static void say_one(void)
{
    log_info("engine", "batch saved", "inputs=%d user=%lld", 3, 42LL);
}

static void say_plain(void)
{
    log_warn("engine", "queue full", "%s", "");
    log_line(LOG_LEVEL_WARN, "engine", "queue full", "%s", "");
}

static void say_debug(void)
{
    log_debug("engine", "detail", "n=%d", 1);
}

static void say_breaks(void)
{
    log_error("http", "refused", "path=%s", "a\nat=forged\r\x1b[1m\x7f");
}

static void say_long(void)
{
    char text[6000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_info("http", "long", "text=%s", text);
}

static void a_line_has_its_keys_in_order(void **state)
{
    (void)state;
    char text[CAPTURE_BYTES];
    capture(say_one, text);
    assert_int_equal(strncmp(text, "at=20", 5), 0);
    assert_int_equal(text[26], 'Z');
    assert_string_equal(text + 27,
                        " level=info area=engine msg=\"batch saved\" inputs=3 user=42\n");
}

static void empty_pairs_leave_a_whole_line(void **state)
{
    (void)state;
    char text[CAPTURE_BYTES];
    capture(say_plain, text);
    char *end = strchr(text, '\n');
    assert_non_null(end);
    assert_non_null(strstr(text, "msg=\"queue full\""));
    assert_int_equal(end[1], 'a');
}

static void levels_below_are_dropped(void **state)
{
    (void)state;
    char text[CAPTURE_BYTES];
    capture(say_debug, text);
    assert_string_equal(text, "");
    log_set_level(LOG_LEVEL_DEBUG);
    capture(say_debug, text);
    log_set_level(LOG_LEVEL_ERROR);
    assert_non_null(strstr(text, "level=debug"));
    capture(say_one, text);
    log_set_level(LOG_LEVEL_INFO);
    assert_string_equal(text, "");
}

static void control_characters_cannot_break_a_line(void **state)
{
    (void)state;
    char text[CAPTURE_BYTES];
    capture(say_breaks, text);
    assert_non_null(strstr(text, "path=a at=forged  [1m \n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    char text[CAPTURE_BYTES];
    capture(say_long, text);
    assert_true(strlen(text) <= 2048);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_keys_in_order),
        cmocka_unit_test(empty_pairs_leave_a_whole_line),
        cmocka_unit_test(levels_below_are_dropped),
        cmocka_unit_test(control_characters_cannot_break_a_line),
        cmocka_unit_test(long_lines_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
