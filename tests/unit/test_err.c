/* Errors and their details, and what a broken invariant prints. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static void codes_have_texts(void **state)
{
    (void)state;
    assert_string_equal(err_text(OK), "ok");
    assert_string_equal(err_text(ERR_CANCELLED), "cancelled");
    assert_string_equal(err_text((enum err)9999), "unknown error");
}

static void details_are_printed_and_wrapped(void **state)
{
    (void)state;
    struct err_detail detail;
    assert_int_equal(err_set(&detail, ERR_LIMIT, "%d bytes", 7), ERR_LIMIT);
    assert_string_equal(detail.text, "7 bytes");
    assert_int_equal(err_wrap(&detail, ERR_CONFIG, "file %s", "x"), ERR_CONFIG);
    assert_string_equal(detail.text, "file x: 7 bytes");
    assert_int_equal(err_set(NULL, ERR_IO, "%s", "unseen"), ERR_IO);
    assert_int_equal(err_wrap(NULL, ERR_IO, "%s", "unseen"), ERR_IO);
}

static void long_details_end_with_a_whole_character(void **state)
{
    (void)state;
    for (int lead = 0; lead < 4; lead++) {
        char text[400];
        memset(text, 'x', (size_t)lead);
        for (size_t i = (size_t)lead; i + 3 < sizeof(text); i += 3) {
            memcpy(text + i, "\u20AC", 3);
            text[i + 3] = '\0';
        }
        struct err_detail detail;
        assert_int_equal(err_set(&detail, ERR_LIMIT, "%s", text), ERR_LIMIT);
        size_t length = strlen(detail.text);
        assert_in_range(length, 253, 255);
        assert_int_equal((length - (size_t)lead) % 3, 0);
        assert_int_equal(err_wrap(&detail, ERR_LIMIT, "%s", text), ERR_LIMIT);
        assert_int_equal((strlen(detail.text) - (size_t)lead) % 3, 0);
    }
}

static void broken_invariants_print_their_place_and_abort(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        ASSERT(1 + 1 == 3);
        _exit(0);
    }
    assert_true(child > 0);
    close(ends[1]);
    char text[512];
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0) {
        length += (size_t)got;
    }
    close(ends[0]);
    text[length] = '\0';
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "test_err.c"));
    assert_non_null(strstr(text, "1 + 1 == 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_texts),
        cmocka_unit_test(details_are_printed_and_wrapped),
        cmocka_unit_test(long_details_end_with_a_whole_character),
        cmocka_unit_test(broken_invariants_print_their_place_and_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
