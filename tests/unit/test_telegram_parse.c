/* Reading updates: what each kind means, and that hostile ones are refused or ignored. */
#include "channel/telegram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

#define FROM                                                                                       \
    "\"from\":{\"id\":77,\"is_bot\":false,\"first_name\":\"Ada\",\"username\":\"ada\","            \
    "\"language_code\":\"pt-br\"}"
#define PRIVATE "\"chat\":{\"id\":77,\"type\":\"private\"}"
#define GROUP   "\"chat\":{\"id\":-1001234567890,\"type\":\"supergroup\"}"

static const int64_t at_ms = 1800000000000;

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

static enum err parse(struct arena *arena, const char *json, struct telegram_update *update)
{
    struct err_detail detail = {""};
    enum err error =
        telegram_parse_update(arena, str_of(json), STR("our_bot"), at_ms, update, &detail);
    assert_true((error == OK) == (detail.text[0] == '\0'));
    return error;
}

static struct input relevant(void **state, const char *json)
{
    struct telegram_update update;
    assert_int_equal(parse(*state, json, &update), OK);
    assert_true(update.relevant);
    return update.input;
}

static void ignored(void **state, const char *json)
{
    struct telegram_update update;
    assert_int_equal(parse(*state, json, &update), OK);
    assert_false(update.relevant);
}

static void assert_str(struct str actual, const char *expected)
{
    assert_int_equal(actual.length, strlen(expected));
    assert_memory_equal(actual.ptr, expected, actual.length);
}

static void a_private_text_is_read_whole(void **state)
{
    struct input input =
        relevant(state, "{\"update_id\":5,\"message\":{\"message_id\":9,\"date\":1799999999," FROM
                        "," PRIVATE ",\"text\":\"hi \xF0\x9F\x98\x80\"}}");
    assert_int_equal(input.kind, INPUT_TEXT);
    assert_int_equal(input.at_ms, at_ms);
    assert_int_equal(input.sent_at_ms, 1799999999000);
    assert_str(input.source, "telegram");
    assert_str(input.external_id, "5");
    assert_int_equal(input.channel, CHANNEL_TELEGRAM);
    assert_str(input.identity, "77");
    assert_str(input.address, "77");
    assert_str(input.first_name, "Ada");
    assert_str(input.username, "ada");
    assert_str(input.language, "pt-br");
    assert_str(input.text, "hi \xF0\x9F\x98\x80");
    assert_str(input.message_id, "9");
    assert_true(input.may_create);
    assert_int_equal(input.user_id, 0);
}

static void commands_lose_our_name_only(void **state)
{
    struct input input = relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                                         ",\"text\":\"/start@OUR_bot abc\",\"entities\":[{"
                                         "\"type\":\"bot_command\",\"offset\":0,\"length\":14}]}}");
    assert_str(input.text, "/start abc");
    input = relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                            ",\"text\":\"/start@our_bot\"}}");
    assert_str(input.text, "/start");
    ignored(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                   ",\"text\":\"/start@other_bot abc\"}}");
    input = relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                            ",\"text\":\"mail a@b, then /start@other_bot\"}}");
    assert_str(input.text, "mail a@b, then /start@other_bot");
}

/* An emoji is two units: an offset that counts characters would cut the command elsewhere. */
static void entities_count_in_utf16(void **state)
{
    struct input input =
        relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                        ",\"text\":\"/x\xF0\x9F\x98\x80@our_bot tail\","
                        "\"entities\":[{\"type\":\"bold\",\"offset\":0,\"length\":3},{"
                        "\"type\":\"bot_command\",\"offset\":0,\"length\":12}]}}");
    assert_str(input.text, "/x\xF0\x9F\x98\x80 tail");
    /* Beyond the end, before the beginning, of another type: no harm. */
    input = relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                            ",\"text\":\"/go\",\"entities\":[7,{\"type\":\"bot_command\","
                            "\"offset\":0,\"length\":99999}]}}");
    assert_str(input.text, "/go");
    input = relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                            ",\"text\":\"/go@our_bot\",\"entities\":[{\"type\":\"bot_command\","
                            "\"offset\":0,\"length\":-5}]}}");
    assert_str(input.text, "/go@our_bot");
}

static void what_is_no_text_is_unsupported(void **state)
{
    struct input input = relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                                         ",\"sticker\":{\"emoji\":\"x\"}}}");
    assert_int_equal(input.kind, INPUT_UNSUPPORTED);
    assert_int_equal(input.text.length, 0);
    input = relevant(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE
                            ",\"photo\":[],\"caption\":\"done\"}}");
    assert_int_equal(input.kind, INPUT_TEXT);
    assert_str(input.text, "done");
    ignored(state, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE ",\"pinned_message\":{}}}");
}

static void edits_are_marked(void **state)
{
    struct input input =
        relevant(state, "{\"update_id\":5,\"edited_message\":{\"message_id\":3," FROM "," PRIVATE
                        ",\"text\":\"better\"}}");
    assert_int_equal(input.kind, INPUT_TEXT_EDITED);
    assert_false(input.may_create);
    assert_str(input.message_id, "3");
}

static void groups_are_answered_only_by_name(void **state)
{
    struct input input = relevant(state, "{\"update_id\":5,\"message\":{\"message_id\":4," FROM
                                         "," GROUP ",\"text\":\"/start@our_bot\"}}");
    assert_int_equal(input.kind, INPUT_GROUP);
    assert_str(input.text, "/start@our_bot");
    assert_str(input.address, "-1001234567890");
    assert_str(input.identity, "77");
    assert_str(input.bot_name, "our_bot");
    assert_true(input.in_group);
    assert_false(input.may_create);
    ignored(state, "{\"update_id\":5,\"message\":{" FROM "," GROUP ",\"text\":\"/start\"}}");
    ignored(state, "{\"update_id\":5,\"message\":{" FROM "," GROUP ",\"text\":\"hello\"}}");
    ignored(state, "{\"update_id\":5,\"message\":{" FROM "," GROUP ",\"text\":\"/list@our_bot\"}}");
    ignored(state,
            "{\"update_id\":5,\"message\":{" FROM "," GROUP ",\"text\":\"/start@other_bot\"}}");
    input =
        relevant(state, "{\"update_id\":5,\"message\":{\"chat\":{\"id\":-55,\"type\":\"group\"},"
                        "\"migrate_to_chat_id\":-100777}}");
    assert_int_equal(input.kind, INPUT_MIGRATED);
    assert_str(input.address, "-55");
    assert_str(input.new_address, "-100777");
}

static void taps_keep_what_can_be_edited(void **state)
{
    struct input input = relevant(
        state, "{\"update_id\":5,\"callback_query\":{\"id\":\"q1\"," FROM
               ",\"data\":\"r:1:a:b\",\"message\":{\"message_id\":8,\"date\":1," PRIVATE "}}}");
    assert_int_equal(input.kind, INPUT_BUTTON);
    assert_str(input.callback_id, "q1");
    assert_str(input.token, "r:1:a:b");
    assert_str(input.message_id, "8");
    input =
        relevant(state, "{\"update_id\":5,\"callback_query\":{\"id\":\"q1\"," FROM
                        ",\"data\":\"d\",\"message\":{\"message_id\":8,\"date\":0," PRIVATE "}}}");
    assert_str(input.message_id, "");
    assert_str(input.address, "77");
    input = relevant(state, "{\"update_id\":5,\"callback_query\":{\"id\":\"q1\"," FROM
                            ",\"inline_message_id\":\"x\",\"game_short_name\":\"g\"}}");
    assert_str(input.token, "");
    assert_str(input.address, "77");
    /* Answers to a tap in a group go to the person, not into the group. */
    input =
        relevant(state, "{\"update_id\":5,\"callback_query\":{\"id\":\"q1\"," FROM
                        ",\"data\":\"d\",\"message\":{\"message_id\":8,\"date\":1," GROUP "}}}");
    assert_true(input.in_group);
    assert_str(input.address, "77");
    char json[512];
    char data[66];
    memset(data, 'a', 65);
    data[65] = '\0';
    snprintf(json, sizeof(json),
             "{\"update_id\":5,\"callback_query\":{\"id\":\"q1\"," FROM ",\"data\":\"%s\"}}", data);
    assert_str(relevant(state, json).token, "");
}

static struct input tap_on(void **state, const char *members)
{
    char json[1024];
    snprintf(json, sizeof(json),
             "{\"update_id\":5,\"callback_query\":{\"id\":\"q1\"," FROM
             ",\"data\":\"d\",\"message\":{\"message_id\":8,\"date\":1," PRIVATE ",%s}}}",
             members);
    return relevant(state, json);
}

static void taps_know_what_kind_of_message_they_are_on(void **state)
{
    struct input input = tap_on(state, "\"text\":\"x\"");
    assert_false(input.is_captioned);
    assert_str(input.preview, "");
    assert_true(tap_on(state, "\"photo\":[],\"caption\":\"x\"").is_captioned);
    assert_true(tap_on(state, "\"photo\":[]").is_captioned);
    input = tap_on(state, "\"link_preview_options\":{\"url\":\"https://a.example/p.png\"}");
    assert_false(input.is_captioned);
    assert_str(input.preview, "https://a.example/p.png");
    input = tap_on(state, "\"link_preview_options\":{\"url\":\"https://a.example/p.png\","
                          "\"is_disabled\":true}");
    assert_str(input.preview, "");
    input = tap_on(state, "\"link_preview_options\":[\"url\"]");
    assert_str(input.preview, "");
}

static void blocking_is_seen_in_private_chats(void **state)
{
    struct input input =
        relevant(state, "{\"update_id\":5,\"my_chat_member\":{\"date\":1799999999," FROM "," PRIVATE
                        ",\"new_chat_member\":{\"status\":\"kicked\"}}}");
    assert_int_equal(input.kind, INPUT_BLOCKED);
    assert_str(input.identity, "77");
    input = relevant(state, "{\"update_id\":5,\"my_chat_member\":{" FROM "," PRIVATE
                            ",\"new_chat_member\":{\"status\":\"member\"}}}");
    assert_int_equal(input.kind, INPUT_UNBLOCKED);
    ignored(state, "{\"update_id\":5,\"my_chat_member\":{" FROM "," PRIVATE
                   ",\"new_chat_member\":{\"status\":\"left\"}}}");
    ignored(state, "{\"update_id\":5,\"my_chat_member\":{" FROM "," GROUP
                   ",\"new_chat_member\":{\"status\":\"kicked\"}}}");
}

static void other_kinds_mean_nothing(void **state)
{
    ignored(state, "{\"update_id\":5,\"channel_post\":{\"chat\":{\"id\":-9,\"type\":\"channel\"},"
                   "\"text\":\"news\"}}");
    ignored(state, "{\"update_id\":5,\"poll\":{\"id\":\"1\"}}");
    ignored(state, "{\"update_id\":5}");
    ignored(state, "{\"update_id\":5,\"message\":{\"from\":{\"id\":7,\"is_bot\":true}," PRIVATE
                   ",\"text\":\"I am a bot\"}}");
}

static void members_of_wrong_types_count_as_absent(void **state)
{
    static const char *const cases[] = {
        "{\"update_id\":5,\"message\":7}",
        "{\"update_id\":5,\"message\":{\"from\":[]," PRIVATE ",\"text\":\"x\"}}",
        "{\"update_id\":5,\"message\":{" FROM ",\"chat\":\"77\",\"text\":\"x\"}}",
        "{\"update_id\":5,\"message\":{" FROM
        ",\"chat\":{\"id\":\"77\",\"type\":\"private\"},\"text\":\"x\"}}",
        "{\"update_id\":5,\"message\":{" FROM ",\"chat\":{\"id\":77.5,\"type\":\"private\"},"
        "\"text\":\"x\"}}",
        "{\"update_id\":5,\"message\":{" FROM ",\"chat\":{\"id\":77,\"type\":5},\"text\":\"x\"}}",
        "{\"update_id\":5,\"message\":{" FROM "," PRIVATE ",\"text\":{}}}",
        "{\"update_id\":5,\"message\":{" FROM "," PRIVATE ",\"text\":null}}",
        "{\"update_id\":5,\"message\":{\"from\":{\"id\":-77}," PRIVATE ",\"text\":\"x\"}}",
        "{\"update_id\":5,\"message\":{\"from\":{\"id\":9007199254740993}," PRIVATE
        ",\"text\":\"x\"}}",
        "{\"update_id\":5,\"callback_query\":{\"id\":12," FROM "}}",
        "{\"update_id\":5,\"callback_query\":{\"id\":\"\"," FROM "}}",
        "{\"update_id\":5,\"my_chat_member\":{" FROM "," PRIVATE ",\"new_chat_member\":[]}}",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        ignored(state, cases[i]);
    }
    struct input input = relevant(
        state, "{\"update_id\":5,\"message\":{\"message_id\":\"9\","
               "\"date\":-4,\"from\":{\"id\":77,\"first_name\":4}," PRIVATE ",\"text\":\"x\"}}");
    assert_int_equal(input.message_id.length, 0);
    assert_int_equal(input.sent_at_ms, 0);
    assert_int_equal(input.first_name.length, 0);
}

static void malformed_ones_are_refused(void **state)
{
    struct telegram_update update;
    assert_int_equal(parse(*state, "", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "{\"update_id\":5,\"message\":{", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "[]", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "{}", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "{\"update_id\":\"5\"}", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "{\"update_id\":-5}", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "{\"update_id\":9223372036854775806}", &update), OK);
    assert_int_equal(parse(*state, "{\"update_id\":9223372036854775807}", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "{\"update_id\":9223372036854775808}", &update), ERR_INVALID);
    assert_int_equal(parse(*state, "{\"update_id\":5,\"update_id\":6}", &update), OK);
    assert_int_equal(update.update_id, 5);
    char deep[400];
    int used = snprintf(deep, sizeof(deep), "{\"update_id\":5,\"message\":");
    memset(deep + used, '[', 100);
    memset(deep + used + 100, ']', 100);
    snprintf(deep + used + 200, sizeof(deep) - (size_t)used - 200, "}");
    assert_int_equal(parse(*state, deep, &update), ERR_LIMIT);
}

static char *long_update(size_t text_bytes)
{
    char *json = malloc(text_bytes + 512);
    assert_non_null(json);
    int used =
        snprintf(json, 512, "{\"update_id\":5,\"message\":{" FROM "," PRIVATE ",\"text\":\"");
    for (size_t i = 0; i + 2 <= text_bytes; i += 2) {
        memcpy(json + used + i, "\xC3\xA4", 2);
    }
    strcpy(json + (size_t)used + text_bytes / 2 * 2, "\"}}");
    return json;
}

static void long_texts_are_cut_at_whole_characters(void **state)
{
    char *json = long_update(100 * 1024);
    struct input input = relevant(state, json);
    assert_int_equal(input.text.length, LIMIT_TEXT_BYTES);
    assert_memory_equal(input.text.ptr + LIMIT_TEXT_BYTES - 2, "\xC3\xA4", 2);
    free(json);
    json = long_update(LIMIT_HTTP_BODY_BYTES);
    struct telegram_update update;
    assert_int_equal(parse(*state, json, &update), ERR_LIMIT);
    free(json);
    char named[1200];
    char name[601];
    memset(name, 'n', 600);
    name[600] = '\0';
    snprintf(named, sizeof(named),
             "{\"update_id\":5,\"message\":{\"from\":{\"id\":77,\"first_name\":\"%s\","
             "\"language_code\":\"%.40s\"}," PRIVATE ",\"text\":\"x\"}}",
             name, name);
    input = relevant(state, named);
    assert_int_equal(input.first_name.length, LIMIT_NAME_BYTES);
    assert_true(input.language.length < LIMIT_LANGUAGE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_private_text_is_read_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(commands_lose_our_name_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entities_count_in_utf16, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_text_is_unsupported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(edits_are_marked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_are_answered_only_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(taps_know_what_kind_of_message_they_are_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(taps_keep_what_can_be_edited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocking_is_seen_in_private_chats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_kinds_mean_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_of_wrong_types_count_as_absent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(malformed_ones_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_at_whole_characters, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
