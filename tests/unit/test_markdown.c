/* Markdown as Telegram and as plain text show it; what Telegram would refuse never comes out. */
#include "channel/markdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static int set_up(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void both_forms_are_rendered(void **state)
{
    static const struct {
        const char *markdown, *html, *plain;
    } cases[] = {
        {"Hi **Ada** & *you* <3", "Hi <b>Ada</b> &amp; <i>you</i> &lt;3", "Hi Ada & you <3"},
        {"one\ntwo\n\nthree", "one\ntwo\n\nthree", "one\ntwo\n\nthree"},
        {"# Title\ntext", "<b>Title</b>\n\ntext", "Title\n\ntext"},
        {"- a\n- b\n\nend", "• a\n• b\n\nend", "• a\n• b\n\nend"},
        {"3. a\n4. b", "3. a\n4. b", "3. a\n4. b"},
        {"- a\n  - b\n- c", "• a\n  • b\n• c", "• a\n  • b\n• c"},
        {"`a<b`", "<code>a&lt;b</code>", "a<b"},
        {"```\nx\ny\n```\nz", "<pre>x\ny</pre>\n\nz", "x\ny\n\nz"},
        {"> q\n> r\n\nz", "<blockquote>q\nr</blockquote>\n\nz", "q\nr\n\nz"},
        {"> > deep", "<blockquote>deep</blockquote>", "deep"},
        {"[site](https://a.example/?x=1&y=\"2\")",
         "<a href=\"https://a.example/?x=1&amp;y=&quot;2&quot;\">site</a>",
         "site (https://a.example/?x=1&y=\"2\")"},
        {"<https://a.example>", "<a href=\"https://a.example\">https://a.example</a>",
         "https://a.example"},
        {"[x](javascript:alert(1))", "x", "x"},
        {"![alt](https://a.example/p.png)", "<a href=\"https://a.example/p.png\">alt</a>",
         "alt (https://a.example/p.png)"},
        {"<b onclick=x>hi</b>", "&lt;b onclick=x&gt;hi&lt;/b&gt;", "<b onclick=x>hi</b>"},
        {"<script>\nx\n</script>", "&lt;script&gt;\nx\n&lt;/script&gt;", "<script>\nx\n</script>"},
        {"\\*not bold\\* \\[x\\]\\(y\\)", "*not bold* [x](y)", "*not bold* [x](y)"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct markdown_text html = markdown_telegram(*state, str_of(cases[i].markdown), 4096);
        assert_string_equal(html.text.ptr, cases[i].html);
        struct markdown_text plain = markdown_plain(*state, str_of(cases[i].markdown), 4096);
        assert_string_equal(plain.text.ptr, cases[i].plain);
        assert_false(plain.cut);
    }
}

static void long_text_is_cut_and_tags_stay_closed(void **state)
{
    char markdown[12000] = "**";
    for (size_t i = 0; i < 5000; i++) {
        markdown[2 + i] = 'x';
    }
    memcpy(markdown + 5002, "**", 3);
    struct markdown_text html = markdown_telegram(*state, str_of(markdown), 4096);
    assert_true(html.cut);
    assert_int_equal(html.utf16_units, 4096);
    assert_int_equal(html.text.length, 4095 + strlen("<b>…</b>"));
    assert_string_equal(html.text.ptr + html.text.length - 7, "…</b>");
}

static void units_are_utf16(void **state)
{
    struct markdown_text text =
        markdown_plain(*state, STR("\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"), 6);
    assert_true(text.cut);
    assert_int_equal(text.utf16_units, 5);
    assert_string_equal(text.text.ptr, "\xF0\x9F\x98\x80\xF0\x9F\x98\x80…");
    assert_int_equal(text.utf16_units, text_utf16_units(text.text));
    text = markdown_plain(*state, STR("\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"), 7);
    assert_false(text.cut);
}

/* Nesting as deep as the text is long must neither recurse nor grow without end. */
static void deep_nesting_is_harmless(void **state)
{
    enum { COUNT = 8000 };
    char *markdown = malloc(COUNT + 1);
    assert_non_null(markdown);
    static const char marks[] = ">-[*<&";
    for (size_t m = 0; m < strlen(marks); m++) {
        for (int i = 0; i < COUNT; i++) {
            markdown[i] = marks[m] == '-' && i % 2 == 1 ? ' ' : marks[m];
        }
        markdown[COUNT] = '\0';
        struct markdown_text html = markdown_telegram(*state, str_of(markdown), 4096);
        assert_true(html.text.length <= 32768);
    }
    free(markdown);
}

static void the_bytes_stay_below_telegrams_limit(void **state)
{
    char *markdown = malloc(40001);
    assert_non_null(markdown);
    memset(markdown, '"', 40000);
    markdown[40000] = '\0';
    struct markdown_text html = markdown_telegram(*state, str_of(markdown), 4096);
    assert_true(html.text.length <= 32768);
    assert_true(html.cut);
    free(markdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_forms_are_rendered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_text_is_cut_and_tags_stay_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(units_are_utf16, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deep_nesting_is_harmless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_bytes_stay_below_telegrams_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
