/* Settings: every kind with values it takes and values it refuses, where values come from, and that
 * no secret shows in an error. */
#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config_env.h"
#include "base/limits.h"

static int arena_setup(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int arena_teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* Loads with one assignment in the environment (NULL: none). */
static enum err load_one(struct arena *arena, const char *assignment, struct config *ret_config,
                         struct err_detail *detail)
{
    char *environment[2] = {assignment == NULL ? NULL : arena_strdup(arena, assignment), NULL};
    return config_load(arena, environment, NULL, ret_config, detail);
}

/* Loads with the text as .env file. */
static enum err load_file(struct arena *arena, char *const environment[], const char *text,
                          struct config *ret_config, struct err_detail *detail)
{
    char path[] = "/tmp/nudge-test-env-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    size_t length = strlen(text);
    assert_int_equal(write(file, text, length), length);
    close(file);
    enum err error = config_load(arena, environment, path, ret_config, detail);
    unlink(path);
    return error;
}

static void defaults_are_the_documented_ones(void **state)
{
    struct config config;
    struct err_detail detail;
    assert_int_equal(load_one(*state, NULL, &config, &detail), OK);
    assert_string_equal(config.database_url, "");
    assert_string_equal(config.database_schema, "nudge");
    assert_string_equal(config.telegram_api_url, "https://api.telegram.org");
    assert_string_equal(config.telegram_bot_token, "");
    assert_string_equal(config.telegram_webhook_secret, "");
    assert_true(config.telegram_pacing);
    assert_int_equal(config.port, 8080);
    assert_string_equal(config.default_time_zone, "UTC");
    assert_string_equal(config.admin_time_zone, "UTC");
    assert_string_equal(config.default_language, "en");
    assert_false(config.webchat_enabled);
    assert_int_equal(config.quiet_from_minute, 22 * 60);
    assert_int_equal(config.quiet_to_minute, 8 * 60);
    assert_int_equal(config.nudge_min_gap_ms, 4 * HOUR_MS);
    assert_int_equal(config.nudge_per_day, 3);
    assert_int_equal(config.sending, SENDING_ON);
    assert_string_equal(config.log_level, "info");
    assert_string_equal(config.journeys_dir, "");
}

static void good_values_are_taken(void **state)
{
    static const char *const good[] = {
        "DATABASE_URL=sqlite:/var/lib/x.sqlite",
        "DATABASE_URL=postgres://u:p@127.0.0.1/db",
        "DATABASE_URL=postgresql://u@h/db",
        "DATABASE_SCHEMA=public",
        "JOURNEYS_DIR=with space and #",
        "TELEGRAM_BOT_TOKEN=123456:AAF-xy_z",
        "BOT_TOKEN=1:a",
        "TELEGRAM_WEBHOOK_SECRET=Abc_-9",
        "ADMIN_CHAT_IDS=12345, -100987",
        "PORT=0",
        "PORT=65535",
        "DEFAULT_TIME_ZONE=Asia/Kathmandu",
        "DEFAULT_LANGUAGE=pt-BR",
        "WEBCHAT_ENABLED=on",
        "WEBCHAT_ORIGINS=https://a.example.org,http://127.0.0.1:8080",
        "QUIET_HOURS=off",
        "QUIET_HOURS=22:30 - 7:00",
        "NUDGE_MIN_GAP=0s",
        "NUDGE_MIN_GAP=1d12h",
        "NUDGE_PER_DAY=0",
        "TRUSTED_PROXIES=127.0.0.1, ::1",
        "SENDING=dry-run",
        "RECIPIENT_ALLOW_LIST=telegram:1,webchat:*,email:a@example.org",
        "LOG_LEVEL=debug",
        "PORT=",
        "UNKNOWN_TO_US=x",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct config config;
        struct err_detail detail = {""};
        assert_int_equal(load_one(*state, good[i], &config, &detail), OK);
    }
}

static void wrong_values_are_refused_by_name(void **state)
{
    static const struct {
        const char *assignment;
        const char *expected;
    } wrong[] = {
        {"DATABASE_URL=mysql://x", "sqlite:PATH"},
        {"DATABASE_URL=sqlite:", "sqlite:PATH"},
        {"DATABASE_SCHEMA=a\"b", "lower-case"},
        {"DATABASE_SCHEMA=1a", "lower-case"},
        {"PUBLIC_URL=project.supabase.co", "https://"},
        {"PUBLIC_URL=https://", "https://"},
        {"PUBLIC_URL=https:///x", "https://"},
        {"PUBLIC_URL=https://a b", "https://"},
        {"TELEGRAM_BOT_TOKEN=hidden-token", "BotFather"},
        {"TELEGRAM_BOT_TOKEN=123:hid/den", "BotFather"},
        {"BOT_TOKEN=x:hidden", "BOT_TOKEN"},
        {"TELEGRAM_WEBHOOK_SECRET=hidden token", "256"},
        {"ADMIN_CHAT_IDS=12,,13", "chat ids"},
        {"ADMIN_CHAT_IDS=@hidden", "chat ids"},
        {"ADMIN_CHAT_IDS=0", "chat ids"},
        {"PORT=65536", "got \"65536\", expected a whole number from 0 to 65535"},
        {"PORT=-1", "whole number"},
        {"PORT=80a", "whole number"},
        {"DEFAULT_TIME_ZONE=Berlin", "time zone"},
        {"ADMIN_TIME_ZONE=+02:00", "time zone"},
        {"DEFAULT_LANGUAGE=klingon", "language"},
        {"DEFAULT_LANGUAGE=xx", "language"},
        {"WEBCHAT_ENABLED=maybe", "on or off"},
        {"WEBCHAT_ORIGINS=https://a.example.org/path", "origins"},
        {"WEBCHAT_ORIGINS=*", "origins"},
        {"QUIET_HOURS=22-8", "22:00-08:00"},
        {"QUIET_HOURS=22:00", "22:00-08:00"},
        {"QUIET_HOURS=24:00-08:00", "22:00-08:00"},
        {"NUDGE_MIN_GAP=4", "4h"},
        {"NUDGE_MIN_GAP=-4h", "4h"},
        {"NUDGE_MIN_GAP=31d", "from 0s to 2592000s"},
        {"NUDGE_PER_DAY=101", "from 0 to 100"},
        {"TRUSTED_PROXIES=10.0.0.0/8", "IP addresses"},
        {"TRUSTED_PROXIES=localhost", "IP addresses"},
        {"SENDING=paused", "on, off or dry-run"},
        {"RECIPIENT_ALLOW_LIST=hidden", "recipients"},
        {"RECIPIENT_ALLOW_LIST=telegram:", "recipients"},
        {"LOG_LEVEL=verbose", "debug, info"},
        {"JOURNEYS_DIR=a\nb", "one line"},
        {"JOURNEYS_DIR=\xFF", "one line"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct config config;
        struct err_detail detail = {""};
        assert_int_equal(load_one(*state, wrong[i].assignment, &config, &detail), ERR_CONFIG);
        assert_non_null(strstr(detail.text, wrong[i].expected));
        struct str rest;
        struct str name = str_split(str_of(wrong[i].assignment), '=', &rest);
        assert_true(str_starts(str_of(detail.text), name));
        assert_null(strstr(detail.text, "hid"));
        assert_null(strchr(detail.text, '\n'));
    }
}

static void the_environment_comes_before_the_file(void **state)
{
    struct config config;
    struct err_detail detail = {""};
    char port[] = "PORT=1";
    char alias[] = "WEBHOOK_URL=https://env.example.org///";
    char empty[] = "LOG_LEVEL=";
    char *environment[] = {port, alias, empty, NULL};
    const char *text = "PORT=2\nPUBLIC_URL=https://file.example.org\nNUDGE_PER_DAY=7\n"
                       "LOG_LEVEL=warn\n";
    assert_int_equal(load_file(*state, environment, text, &config, &detail), OK);
    assert_int_equal(config.port, 1);
    assert_string_equal(config.public_url, "https://env.example.org");
    assert_int_equal(config.nudge_per_day, 7);
    assert_string_equal(config.log_level, "warn");
    assert_int_equal(config_load(*state, environment, "/nowhere/.env", &config, &detail), OK);
    assert_int_equal(config_load(*state, environment, "/tmp", &config, &detail), ERR_CONFIG);
}

static void what_follows_from_others_is_derived(void **state)
{
    struct config config;
    struct err_detail detail = {""};
    char *none[] = {NULL};
    assert_int_equal(load_file(*state, none, "BOT_TOKEN=123:abc\nDEFAULT_TIME_ZONE=Europe/Berlin\n",
                               &config, &detail),
                     OK);
    assert_string_equal(config.admin_time_zone, "Europe/Berlin");
    assert_int_equal(strlen(config.telegram_webhook_secret), 64);
    const char *first = config.telegram_webhook_secret;
    assert_int_equal(load_one(*state, "BOT_TOKEN=123:abd", &config, &detail), OK);
    assert_string_not_equal(config.telegram_webhook_secret, first);
}

static void a_supabase_project_has_its_database(void **state)
{
    struct config config;
    struct err_detail detail = {""};
    char *none[] = {NULL};
    assert_int_equal(load_file(*state, none,
                               "SUPABASE_URL=https://abcdefghijklmnopqrst.supabase.co/\n"
                               "SUPABASE_DB_PASSWORD='p@:%'\n",
                               &config, &detail),
                     OK);
    assert_string_equal(config.database_url,
                        "postgres://postgres:%70%40%3A%25@db.abcdefghijklmnopqrst.supabase.co:5432/"
                        "postgres?sslmode=require");
    assert_int_equal(load_file(*state, none,
                               "SUPABASE_URL=https://abcdefghijklmnopqrst.supabase.co\n"
                               "SUPABASE_DB_PASSWORD=x\nDATABASE_URL=sqlite:other.db\n",
                               &config, &detail),
                     OK);
    assert_string_equal(config.database_url, "sqlite:other.db");
    assert_int_equal(load_one(*state, "SUPABASE_URL=https://abc.supabase.co", &config, &detail),
                     OK);
    assert_string_equal(config.database_url, "");
    static const char *const wrong[] = {
        "SUPABASE_URL=http://abc.supabase.co", "SUPABASE_URL=https://supabase.co",
        "SUPABASE_URL=https://a/b.supabase.co", "SUPABASE_URL=https://abc.supabase.co.example.org"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(load_one(*state, wrong[i], &config, &detail), ERR_CONFIG);
        assert_non_null(strstr(detail.text, "SUPABASE_URL"));
    }
}

static void near_misses_in_the_file_are_named(void **state)
{
    static const struct {
        const char *text;
        const char *meant;
    } cases[] = {
        {"\nNUDGE_MIN_GAPS=4h",
         "line 2: there is no setting NUDGE_MIN_GAPS, is NUDGE_MIN_GAP meant?"},
        {"TELEGRAM_BOT_TOKN=1:a", "TELEGRAM_BOT_TOKEN"},
        {"WEBHOOK_ULR=https://a.example.org", "WEBHOOK_URL"},
        {"PRT=1", "PORT"},
        {"sending=on", NULL},
        {"HOST=x", NULL},
        {"DATABASE_USER=x", NULL},
        {"SUPABASE_KEY=x", NULL}, /* of another program */
        {"NODE_ENV=production", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config config;
        struct err_detail detail = {""};
        char *none[] = {NULL};
        enum err error = load_file(*state, none, cases[i].text, &config, &detail);
        assert_int_equal(error, cases[i].meant == NULL ? OK : ERR_CONFIG);
        if (cases[i].meant != NULL) {
            assert_non_null(strstr(detail.text, cases[i].meant));
        }
    }
}

static void file_syntax_is_read(void **state)
{
    static const char text[] = "\xEF\xBB\xBF# comment\r\n"
                               "\n"
                               "A=plain value  # comment\n"
                               "B = spaced\n"
                               "export C='single # \\n \"quoted\"' # comment\n"
                               "D=\"a\\n\\t\\\"\\\\\\$b\"\n"
                               "E=\n"
                               "F=a#b\n"
                               "G=a=b=c\n"
                               "H=#nothing\n"
                               "export\tI=1";
    static const struct {
        const char *name;
        const char *value;
        int line;
    } expected[] = {
        {"A", "plain value", 3}, {"B", "spaced", 4}, {"C", "single # \\n \"quoted\"", 5},
        {"D", "a\n\t\"\\$b", 6}, {"E", "", 7},       {"F", "a#b", 8},
        {"G", "a=b=c", 9},       {"H", "", 10},      {"I", "1", 11},
    };
    struct env_pair *pairs;
    size_t count;
    struct err_detail detail = {""};
    assert_int_equal(config_env_parse(*state, str_of(text), &pairs, &count, &detail), OK);
    assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(pairs[i].name, expected[i].name);
        assert_string_equal(pairs[i].value, expected[i].value);
        assert_int_equal(pairs[i].line, expected[i].line);
    }
}

static void file_mistakes_have_their_line(void **state)
{
    static const struct {
        const char *text;
        const char *detail;
    } cases[] = {
        {"A=1\nnonsense", "line 2: expected NAME=value"},
        {"=1", "line 1: expected NAME=value"},
        {"A B=1", "letters, digits"},
        {"1A=1", "letters, digits"},
        {"A='open", "not closed"},
        {"A=\"open\\\"", "not closed"},
        {"A=\"x\" y", "follows the closing quote"},
        {"A=\"\\x\"", "after \\"},
        {"A=\"\\", "after \\"},
        {"A=1\nB=2\n\nA=3", "lines 1 and 4 both set A"},
        {"export", "expected NAME=value"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct env_pair *pairs;
        size_t count;
        struct err_detail detail = {""};
        assert_int_equal(config_env_parse(*state, str_of(cases[i].text), &pairs, &count, &detail),
                         ERR_CONFIG);
        assert_non_null(strstr(detail.text, cases[i].detail));
    }
}

static void file_limits_hold(void **state)
{
    struct env_pair *pairs;
    size_t count;
    char *text = arena_alloc(*state, ENV_FILE_BYTES_MAX + 2);
    memset(text, '#', ENV_FILE_BYTES_MAX + 1);
    struct str whole = {text, ENV_FILE_BYTES_MAX + 1};
    assert_int_equal(config_env_parse(*state, whole, &pairs, &count, NULL), ERR_LIMIT);
    whole.length = ENV_LINE_BYTES_MAX + 1;
    assert_int_equal(config_env_parse(*state, whole, &pairs, &count, NULL), ERR_LIMIT);
    whole.length = ENV_LINE_BYTES_MAX;
    assert_int_equal(config_env_parse(*state, whole, &pairs, &count, NULL), OK);
    assert_int_equal(count, 0);
    assert_int_equal(config_env_parse(*state, (struct str){"A=a\0b", 5}, &pairs, &count, NULL),
                     ERR_CONFIG);
    char *many = arena_alloc(*state, 16 * (ENV_PAIRS_MAX + 1));
    size_t used = 0;
    for (int i = 0; i <= ENV_PAIRS_MAX; i++) {
        used += (size_t)sprintf(many + used, "N%d=1\n", i);
    }
    assert_int_equal(config_env_parse(*state, (struct str){many, used}, &pairs, &count, NULL),
                     ERR_LIMIT);
}

static void durations_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: none */
    } cases[] = {
        {"2h", 2 * HOUR_MS},
        {"90m", 90 * MINUTE_MS},
        {"30s", 30000},
        {"1d", DAY_MS},
        {"500ms", 500},
        {"1h30m", 90 * MINUTE_MS},
        {"0s", 0},
        {"1d2h3m4s5ms", DAY_MS + 2 * HOUR_MS + 3 * MINUTE_MS + 4005},
        {"", -1},
        {"5", -1},
        {"h", -1},
        {"1h 30m", -1},
        {"30m1h", -1},
        {"1h1h", -1},
        {"-1h", -1},
        {"1.5h", -1},
        {"1w", -1},
        {"9999999999999999999d", -1},
        {"106751991168d", -1},
        {"1H", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ms = -1;
        bool read = config_parse_duration(str_of(cases[i].text), &ms);
        assert_int_equal(read, cases[i].ms >= 0);
        assert_int_equal(ms, cases[i].ms);
    }
}

/* Every row can be loaded from nothing, is documented, and has a name of its own. */
static void the_table_is_in_order(void **state)
{
    (void)state;
    size_t count;
    const struct config_row *rows = config_rows(&count);
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(rows[i].help) > 10);
        assert_true(rows[i].offset < sizeof(struct config));
        bool names_a_secret =
            strstr(rows[i].name, "SECRET") != NULL || strstr(rows[i].name, "TOKEN") != NULL ||
            strstr(rows[i].name, "PASSWORD") != NULL || strstr(rows[i].name, "KEY") != NULL;
        assert_true(!names_a_secret || rows[i].secret);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(rows[i].name, rows[j].name);
            assert_true(rows[i].offset != rows[j].offset);
        }
    }
}

static void the_page_is_made_from_the_table(void **state)
{
    struct arena *arena = *state;
    static const char path[] = TEST_DATA_DIR "/../../docs/reference/settings.md";
    struct str page = config_page(arena);
    if (getenv("UPDATE") != NULL) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(page.ptr, 1, page.length, file), page.length);
        fclose(file);
    }
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *bytes = arena_alloc(arena, page.length + 2);
    size_t length = fread(bytes, 1, page.length + 1, file);
    fclose(file);
    assert_true(str_equal(page, (struct str){bytes, length}));
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(defaults_are_the_documented_ones),
        CONFIG_TEST(good_values_are_taken),
        CONFIG_TEST(wrong_values_are_refused_by_name),
        CONFIG_TEST(the_environment_comes_before_the_file),
        CONFIG_TEST(what_follows_from_others_is_derived),
        CONFIG_TEST(a_supabase_project_has_its_database),
        CONFIG_TEST(near_misses_in_the_file_are_named),
        CONFIG_TEST(file_syntax_is_read),
        CONFIG_TEST(file_mistakes_have_their_line),
        CONFIG_TEST(file_limits_hold),
        CONFIG_TEST(durations_are_read),
        CONFIG_TEST(the_table_is_in_order),
        CONFIG_TEST(the_page_is_made_from_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
