/* Templates: facts, fallbacks, plurals, and people's texts made harmless. Mistakes are tested with
 * their places in tests/data/journeys-broken/texts and …/plurals. */
#include "core/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmark.h>
#include <cmocka.h>

#include "base/hash.h"
#include "sample_person.h"

static struct str render(struct sample *sample, const char *source, const char *language,
                         bool plain)
{
    struct template *template = NULL;
    size_t offset = 0;
    struct err_detail detail = {""};
    enum err error =
        template_compile(sample->arena, str_of(source), language, &template, &offset, &detail);
    if (error != OK) {
        print_error("%s: %zu: %s\n", source, offset, detail.text);
    }
    assert_int_equal(error, OK);
    assert_true(str_is(template_source(template), source));
    struct facts facts = sample_facts(sample, language);
    return template_render(sample->arena, template, &facts, plain);
}

static void assert_renders(struct sample *sample, const char *source, const char *language,
                           const char *expected)
{
    struct str text = render(sample, source, language, false);
    if (!str_is(text, expected)) {
        print_error("%s gives \"%.*s\", expected \"%s\"\n", source, STR_ARG(text), expected);
    }
    assert_true(str_is(text, expected));
}

static void facts_are_put_in(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    assert_renders(&sample, "", "en", "");
    assert_renders(&sample, "Hi {{first_name|friend}}!", "en", "Hi Kim!");
    assert_renders(&sample, "{{ first_name }}{{first_name}}", "en", "KimKim");
    assert_renders(&sample, "{{commitments_total}} of {{completion_rate}} %", "en", "15 of 80 %");
    assert_renders(&sample, "{{avg_completion_hours}} h", "en", "2.5 h");
    assert_renders(&sample, "{{avg_completion_hours}} h", "de", "2,5 h");
    sample.person.user.commitments_total = 12345;
    assert_renders(&sample, "{{commitments_total}}", "en", "12,345");
    assert_renders(&sample, "{{commitments_total}}", "de", "12.345");
    assert_renders(&sample, "{ } a } {b", "en", "{ } a } {b");
    arena_free(arena);
}

static void what_is_not_known_gets_its_fallback(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    sample.person.user.first_name = STR_NONE;
    assert_renders(&sample, "Hi {{first_name|friend}}!", "en", "Hi friend!");
    assert_renders(&sample, "Hi {{first_name|my *dear* friend}}!", "en", "Hi my *dear* friend!");
    assert_renders(&sample, "Hi{{first_name|}}!", "en", "Hi!");
    assert_renders(&sample, "Hi{{first_name}}!", "en", "Hi!");
    arena_free(arena);
}

static void plurals_follow_the_language(void **state)
{
    (void)state;
    static const char english[] = "{{plural commitments_total one=\"day\" other=\"days\"}}";
    static const char polish[] =
        "{{plural commitments_total one='dzień' few='dni' many='dni!' other='dnia'}}";
    static const struct {
        int count;
        const char *english, *polish;
    } cases[] = {{0, "days", "dni!"}, {1, "day", "dzień"},  {2, "days", "dni"},
                 {5, "days", "dni!"}, {21, "days", "dni!"}, {22, "days", "dni"}};
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sample.person.user.commitments_total = cases[i].count;
        assert_renders(&sample, english, "en", cases[i].english);
        assert_renders(&sample, polish, "pl", cases[i].polish);
    }
    arena_free(arena);
}

static void texts_of_people_cannot_become_markup(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    assert_renders(&sample, "{{chosen_action}}", "en", "one \\*push-up\\*");
    assert_true(str_is(render(&sample, "{{chosen_action}}", "en", true), "one *push-up*"));
    sample.commitment.text = STR("[x](http://a)\n# b\n\n    c <b> &amp; `d`");
    assert_renders(&sample, "\"{{commitment_text}}\"", "en",
                   "\"\\[x\\]\\(http://a\\) \\# b c \\<b\\> \\&amp; \\`d\\`\"");
    arena_free(arena);
}

/* The text nodes of the document: markup adds nothing to them, lost signs are missed. */
static char *visible_text(struct str markdown, bool *ret_plain)
{
    cmark_node *document = cmark_parse_document(markdown.ptr, markdown.length, CMARK_OPT_DEFAULT);
    cmark_iter *walk = cmark_iter_new(document);
    char *visible = test_calloc(markdown.length + 1, 1);
    size_t length = 0;
    *ret_plain = true;
    for (cmark_event_type event = cmark_iter_next(walk); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(walk)) {
        cmark_node *node = cmark_iter_get_node(walk);
        cmark_node_type type = cmark_node_get_type(node);
        if (type == CMARK_NODE_TEXT) {
            const char *literal = cmark_node_get_literal(node);
            memcpy(visible + length, literal, strlen(literal));
            length += strlen(literal);
        } else if (type == CMARK_NODE_SOFTBREAK) {
            visible[length++] = '\n';
        } else if (type != CMARK_NODE_DOCUMENT && type != CMARK_NODE_PARAGRAPH) {
            *ret_plain = false;
        }
    }
    cmark_iter_free(walk);
    cmark_node_free(document);
    return visible;
}

/* Random lines of the signs that Markdown knows: after escaping, a Markdown reader sees them as
 * they were written. */
static void escaped_text_reads_as_it_was_written(void **state)
{
    (void)state;
    static const char signs[] = "*_`~[]()<>#+-=.!|&;\\\"'{}:/@1 aZ9\n";
    struct arena *arena = arena_new(64 * 1024);
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        arena_reset(arena);
        char text[24];
        size_t length = 0;
        text[length++] = 'x';
        while (length + 2 < sizeof(text)) {
            seed = hash_fnv1a((struct str){(const char *)&seed, sizeof(seed)});
            char sign = signs[seed % (sizeof(signs) - 1)];
            bool blank = sign == ' ' || sign == '\n';
            char last = text[length - 1];
            if (!(blank && (last == ' ' || last == '\n'))) {
                text[length++] = sign;
            }
        }
        text[length++] = 'x';
        text[length] = '\0';
        struct str written = {text + round % 2, length - (size_t)(round % 2)};
        written = str_trim(written);
        bool plain = false;
        char *visible = visible_text(template_escape(arena, written), &plain);
        if (!plain || !str_is(written, visible)) {
            print_error("written: %.*s\nvisible: %s\n", STR_ARG(written), visible);
        }
        assert_true(plain && str_is(written, visible));
        test_free(visible);
    }
    arena_free(arena);
}

static void lengths_count_what_a_reader_sees(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    static const struct {
        const char *source;
        size_t points, emoji;
    } cases[] = {
        {"", 0, 0},
        {"äöü", 3, 0},
        {"{{first_name}}", 0, 0},
        {"{{first_name|friend}}!", 7, 0},
        {"{{plural streak_days one='day 🎉' other='days'}} 🎉", 7, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct template *template = NULL;
        size_t offset = 0;
        assert_int_equal(
            template_compile(arena, str_of(cases[i].source), "en", &template, &offset, NULL), OK);
        size_t emoji;
        assert_int_equal(template_length(template, &emoji), cases[i].points);
        assert_int_equal(emoji, cases[i].emoji);
    }
    char *endless = test_calloc(LIMIT_TEMPLATE_BYTES + 2, 1);
    memset(endless, 'a', LIMIT_TEMPLATE_BYTES + 1);
    struct template *template = NULL;
    size_t offset = 0;
    assert_int_equal(template_compile(arena, str_of(endless), "en", &template, &offset, NULL),
                     ERR_LIMIT);
    test_free(endless);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_put_in),
        cmocka_unit_test(what_is_not_known_gets_its_fallback),
        cmocka_unit_test(plurals_follow_the_language),
        cmocka_unit_test(texts_of_people_cannot_become_markup),
        cmocka_unit_test(escaped_text_reads_as_it_was_written),
        cmocka_unit_test(lengths_count_what_a_reader_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
