/* Which request a message with a picture becomes, and which one its change, at the limits. */
#include "channel/telegram_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channel/telegram.h"

#define PICTURE "https://pictures.example/a.png"
#define PREVIEW "\"link_preview_options\":{\"prefer_large_media\":true,\"show_above_text\":true,"

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

static struct str repeat(struct arena *arena, const char *piece, size_t times)
{
    size_t length = strlen(piece);
    char *bytes = arena_alloc(arena, length * times + 1);
    for (size_t i = 0; i < times; i++) {
        memcpy(bytes + i * length, piece, length);
    }
    return (struct str){bytes, length * times};
}

static struct telegram_body message(struct arena *arena, struct str text, unsigned without)
{
    struct outgoing outgoing = {.arena = arena,
                                .delivery_id = 1,
                                .address = STR("77"),
                                .text = text,
                                .picture = STR(PICTURE)};
    return telegram_body_of(&outgoing, without);
}

static struct telegram_body edit(struct arena *arena, struct str text, bool is_captioned,
                                 const char *preview)
{
    struct outgoing outgoing = {.arena = arena,
                                .act = {.kind = ACT_EDIT_MESSAGE,
                                        .address = STR("77"),
                                        .message_id = STR("8"),
                                        .is_captioned = is_captioned,
                                        .preview = str_of(preview),
                                        .text = text}};
    return telegram_body_of(&outgoing, 0);
}

static bool holds(struct telegram_body body, const char *wanted)
{
    return memmem(body.bytes.ptr, body.bytes.length, wanted, strlen(wanted)) != NULL;
}

static void a_caption_has_1024_units(void **state)
{
    struct telegram_body body = message(*state, repeat(*state, "x", 1024), 0);
    assert_string_equal(body.method, "sendPhoto");
    assert_true(holds(body, "\"photo\":\"" PICTURE "\",\"caption\":\"xxx"));
    body = message(*state, repeat(*state, "x", 1025), 0);
    assert_string_equal(body.method, "sendMessage");
    assert_true(holds(body, PREVIEW "\"url\":\"" PICTURE "\"}"));
    assert_true(holds(body, repeat(*state, "x", 1025).ptr));
}

static void emoji_count_twice_and_markup_not_at_all(void **state)
{
    assert_string_equal(message(*state, repeat(*state, "😀", 512), 0).method, "sendPhoto");
    assert_string_equal(message(*state, repeat(*state, "😀", 513), 0).method, "sendMessage");
    assert_string_equal(message(*state, repeat(*state, "**x** ", 512), 0).method, "sendPhoto");
}

static void each_part_can_be_left_out(void **state)
{
    struct str text = STR("**bold** words");
    struct telegram_body body = message(*state, text, TELEGRAM_WITHOUT_MARKUP);
    assert_string_equal(body.method, "sendPhoto");
    assert_true(holds(body, "\"caption\":\"bold words\""));
    assert_false(holds(body, "parse_mode"));
    body = message(*state, text, TELEGRAM_WITHOUT_PICTURE);
    assert_string_equal(body.method, "sendMessage");
    assert_true(holds(body, "\"text\":\"<b>bold</b> words\",\"parse_mode\":\"HTML\""));
    assert_false(holds(body, PICTURE));
    body = message(*state, text, TELEGRAM_WITHOUT_MARKUP | TELEGRAM_WITHOUT_PICTURE);
    assert_true(holds(body, "\"text\":\"bold words\""));
    assert_false(holds(body, PICTURE) || holds(body, "parse_mode"));
}

static void a_change_fits_what_is_changed(void **state)
{
    struct telegram_body body = edit(*state, STR("words"), false, "");
    assert_string_equal(body.method, "editMessageText");
    assert_true(holds(body, "\"is_disabled\":true"));
    body = edit(*state, STR("words"), false, PICTURE);
    assert_string_equal(body.method, "editMessageText");
    assert_true(holds(body, PREVIEW "\"url\":\"" PICTURE "\"}"));
    body = edit(*state, repeat(*state, "x", 1024), true, "");
    assert_string_equal(body.method, "editMessageCaption");
    assert_false(holds(body, "\"text\""));
    body = edit(*state, repeat(*state, "x", 1025), true, "");
    assert_string_equal(body.method, "editMessageReplyMarkup");
    assert_true(holds(body, "{\"chat_id\":77,\"message_id\":8,"
                            "\"reply_markup\":{\"inline_keyboard\":[]}}"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_caption_has_1024_units),
        CASE(emoji_count_twice_and_markup_not_at_all),
        CASE(each_part_can_be_left_out),
        CASE(a_change_fits_what_is_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
