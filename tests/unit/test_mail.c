/* Mails and their links: what a reader sees, what a request holds; no link can be forged. */
#include "channel/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "channel/resend.h"

static const struct mail_words WORDS[] = {
    {.language = {"en", 2}, .why = {"Why <you>.", 10}, .unsubscribe = {"Unsubscribe", 11}},
    {.language = {"de", 2}, .why = {"Warum du.", 9}, .unsubscribe = {"Abbestellen", 11}},
};
static const struct mail_site SITE = {.words = WORDS,
                                      .word_count = 2,
                                      .public_url = {"https://n.example.org", 21},
                                      .secret = {"0123456789abcdef0123456789abcdef", 32}};

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

static bool has(struct str text, const char *part)
{
    return memmem(text.ptr, text.length, part, strlen(part)) != NULL;
}

static struct str token_of(struct str url)
{
    struct str token;
    (void)str_split(url, '=', &token);
    return token;
}

static void links_are_read_again(void **state)
{
    const struct mail_link links[] = {
        {.kind = MAIL_LINK_STOP, .user_id = INT64_MAX, .language = STR("de")},
        {.kind = MAIL_LINK_BUTTON,
         .user_id = 7,
         .language = STR("en"),
         .token = STR("r:12:first_win:done"),
         .text = STR("Done: \xf0\x9f\x8c\xb1 3:x")},
        {.kind = MAIL_LINK_BUTTON, .user_id = 7, .language = STR("en"), .token = STR("x:help")},
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
        struct mail_link read;
        struct str url = mail_link_url(*state, &SITE, &links[i]);
        assert_true(mail_link_read(*state, SITE.secret, token_of(url), &read));
        assert_int_equal(read.kind, links[i].kind);
        assert_int_equal(read.user_id, links[i].user_id);
        assert_true(str_equal(read.language, links[i].language));
        assert_true(str_equal(read.token, links[i].token));
        assert_true(str_equal(read.text, links[i].text));
    }
}

static void a_link_that_was_changed_is_none(void **state)
{
    const struct mail_link link = {.kind = MAIL_LINK_BUTTON,
                                   .user_id = 7421960348211200013,
                                   .language = STR("en"),
                                   .token = STR("r:12:first_win:done"),
                                   .text = STR("Done!!")};
    struct str token = token_of(mail_link_url(*state, &SITE, &link));
    struct mail_link read;
    char changed[512];
    for (size_t i = 0; i < token.length; i++) {
        str_copy(changed, sizeof(changed), token);
        changed[i] = changed[i] == 'A' ? 'Q' : 'A';
        assert_false(mail_link_read(*state, SITE.secret, str_of(changed), &read));
        assert_false(mail_link_read(*state, SITE.secret, (struct str){token.ptr, i}, &read));
    }
    struct str content;
    struct str mac;
    content = str_split(token, '.', &mac);
    struct str longer = arena_printf(*state, "%.*sAHg.%.*s", STR_ARG(content), STR_ARG(mac));
    assert_int_equal(content.length % 4, 0); /* so that what follows is one more NUL and an x */
    assert_false(mail_link_read(*state, SITE.secret, longer, &read));
    assert_false(mail_link_read(*state, STR("another"), token, &read));
    assert_false(mail_link_read(*state, STR_NONE, token, &read));
}

static const struct outgoing *sample(struct arena *arena)
{
    struct button *buttons = ARENA_ARRAY(arena, struct button, 2);
    buttons[0] = (struct button){.text = STR("Done & dusted"), .token = STR("r:1:a:done")};
    buttons[1] = (struct button){.text = STR("Site"), .url = STR("https://x.org/?a=1&b=2")};
    struct outgoing *outgoing = ARENA_NEW(arena, struct outgoing);
    *outgoing = (struct outgoing){.delivery_id = 99,
                                  .user_id = 7,
                                  .language = STR("de"),
                                  .address = STR("a@x.org"),
                                  .text = STR("Hi **Ann**! Take *three* breaths.\n\n<script>"),
                                  .picture = STR("https://x.org/p.png"),
                                  .picture_alt = STR("A \"tree\""),
                                  .buttons = buttons,
                                  .button_count = 2};
    return outgoing;
}

static void a_mail_has_all_its_parts(void **state)
{
    struct mail mail = mail_compose(*state, &SITE, sample(*state));
    assert_true(str_is(mail.subject, "Hi Ann!"));
    assert_true(has(mail.html, "<html lang=\"de\">"));
    assert_true(has(mail.html, "<strong>Ann</strong>"));
    assert_false(has(mail.html, "<script>"));
    assert_true(has(mail.html, "alt=\"A &quot;tree&quot;\""));
    assert_true(has(mail.html, "href=\"https://x.org/?a=1&amp;b=2\">Site</a>"));
    assert_true(has(mail.html, ">Done &amp; dusted</a>"));
    assert_true(has(mail.html, "Warum du."));
    assert_true(has(mail.html, "https://n.example.org/mail/button?token="));
    assert_true(has(mail.html, mail.unsubscribe_url.ptr));
    assert_true(has(mail.text, "Hi Ann! Take three breaths."));
    assert_true(has(mail.text, "Done & dusted:\nhttps://n.example.org/mail/button?token="));
    assert_true(has(mail.text, "Abbestellen: https://n.example.org/unsubscribe?token="));
}

static void subjects_are_one_short_line(void **state)
{
    static const struct {
        const char *text, *subject;
    } cases[] = {
        {"One breath. Then go.", "One breath"},
        {"Ready? Go.", "Ready?"},
        {"Just one line.", "Just one line"},
        {"Wait...", "Wait..."},
        {"# Title\n\ntext", "Title"},
        {"at 3.30 p.m. or so", "at 3.30 p.m"},
        {"", "nudge"},
        {"   \n\nlate", "late"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct outgoing outgoing = {.user_id = 1, .text = str_of(cases[i].text)};
        struct mail mail = mail_compose(*state, &SITE, &outgoing);
        assert_true(str_is(mail.subject, cases[i].subject));
    }
    char longer[400];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    const struct outgoing outgoing = {.user_id = 1, .text = str_of(longer)};
    assert_true(mail_compose(*state, &SITE, &outgoing).subject.length < 80);
}

static void a_request_is_the_same_each_time(void **state)
{
    const struct outgoing *outgoing = sample(*state);
    struct str body = resend_body(*state, &SITE, STR("Nudge <n@x.org>"), outgoing);
    assert_true(str_equal(body, resend_body(*state, &SITE, STR("Nudge <n@x.org>"), outgoing)));
    json_t *json = NULL;
    assert_int_equal(json_read(body, 1 << 20, &json, NULL), OK);
    assert_string_equal(json_string_value(json_object_get(json, "from")), "Nudge <n@x.org>");
    const json_t *to = json_object_get(json, "to");
    assert_string_equal(json_string_value(json_array_get(to, 0)), "a@x.org");
    const json_t *headers = json_object_get(json, "headers");
    const char *listed = json_string_value(json_object_get(headers, "List-Unsubscribe"));
    assert_non_null(listed);
    assert_memory_equal(listed, "<https://n.example.org/unsubscribe?token=", 41);
    assert_string_equal(json_string_value(json_object_get(headers, "List-Unsubscribe-Post")),
                        "List-Unsubscribe=One-Click");
    const json_t *tags = json_object_get(json, "tags");
    const json_t *tag = json_array_get(tags, 1);
    assert_string_equal(json_string_value(json_object_get(tag, "value")), "99");
    json_decref(json);
}

#define MAIL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAIL_TEST(links_are_read_again),
        MAIL_TEST(a_link_that_was_changed_is_none),
        MAIL_TEST(a_mail_has_all_its_parts),
        MAIL_TEST(subjects_are_one_short_line),
        MAIL_TEST(a_request_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
