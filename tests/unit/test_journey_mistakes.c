/* Broken definitions and the exact mistakes that are reported: every folder of
 * tests/data/journeys-broken is compiled, and the lines are compared with its file `expected`
 * (UPDATE=1 in the environment rewrites them). Hostile files are made here. */
#include "core/mistakes.h"

#include <dirent.h>
#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

enum { FILES_MAX = 64, BYTES_MAX = 64 * 1024 };

static const char BROKEN[] = TEST_DATA_DIR "/journeys-broken";

static struct str read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return STR_NONE;
    }
    char *bytes = arena_alloc(arena, BYTES_MAX);
    size_t length = fread(bytes, 1, BYTES_MAX, file);
    assert_true(length < BYTES_MAX);
    fclose(file);
    return (struct str){bytes, length};
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int read_folder(struct arena *arena, const char *folder, struct definition_file *files)
{
    char *roots[] = {arena_strdup(arena, folder), NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    int count = 0;
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        if (entry->fts_info == FTS_F && strstr(entry->fts_name, ".yaml") != NULL) {
            assert_true(count < FILES_MAX);
            files[count].name = arena_str(arena, str_of(entry->fts_path + strlen(folder) + 1));
            files[count++].yaml = read_file(arena, entry->fts_path);
        }
    }
    fts_close(walk);
    return count;
}

static struct str mistake_lines(struct arena *arena, const struct mistakes *mistakes)
{
    struct str lines = STR("");
    for (int i = 0; i < mistakes->count; i++) {
        struct str line = mistake_line(arena, &mistakes->items[i]);
        lines = arena_printf(arena, "%.*s%.*s\n", STR_ARG(lines), STR_ARG(line));
    }
    return lines;
}

/* Compiles the folder; whether the mistakes are the expected ones. */
static bool folder_is_as_expected(struct arena *arena, const char *name)
{
    struct definition_file files[FILES_MAX];
    struct str folder = arena_printf(arena, "%s/%s", BROKEN, name);
    struct str expected_path = arena_printf(arena, "%.*s/expected", STR_ARG(folder));
    int count = read_folder(arena, folder.ptr, files);
    struct catalog *catalog = NULL;
    struct mistakes mistakes;
    assert_int_equal(catalog_build(arena, files, count, &catalog, &mistakes), ERR_INVALID);
    assert_null(catalog);
    struct str lines = mistake_lines(arena, &mistakes);
    if (getenv("UPDATE") != NULL) {
        FILE *file = fopen(expected_path.ptr, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(lines.ptr, 1, lines.length, file), lines.length);
        fclose(file);
    }
    if (str_equal(lines, read_file(arena, expected_path.ptr))) {
        return true;
    }
    print_error("%s differs from its file `expected`:\n%.*s", name, STR_ARG(lines));
    return false;
}

static void every_mistake_is_reported_with_its_place(void **state)
{
    (void)state;
    DIR *directory = opendir(BROKEN);
    assert_non_null(directory);
    int wrong = 0;
    int folders = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            struct arena *arena = arena_new(1024 * 1024);
            folders++;
            wrong += folder_is_as_expected(arena, entry->d_name) ? 0 : 1;
            arena_free(arena);
        }
    }
    closedir(directory);
    assert_int_equal(wrong, 0);
    assert_true(folders >= 12);
}

/* ---- hostile files ------------------------------------------------------------------------------
 */

/* Compiles one text, which must be refused; the first mistake must hold `text`. */
static void assert_refused(struct str yaml, const char *text)
{
    struct arena *arena = arena_new(64 * 1024);
    struct definition_file file = {STR("hostile.yaml"), yaml};
    struct catalog *catalog = NULL;
    struct mistakes mistakes;
    assert_int_equal(catalog_build(arena, &file, 1, &catalog, &mistakes), ERR_INVALID);
    assert_true(mistakes.count > 0);
    assert_true(mistakes.count <= MISTAKES_MAX + 1);
    struct str first = mistake_line(arena, &mistakes.items[0]);
    if (strstr(first.ptr, text) == NULL) {
        print_error("%s, expected %s\n", first.ptr, text);
    }
    assert_non_null(strstr(first.ptr, text));
    arena_free(arena);
}

static struct str repeat(struct arena *arena, const char *unit, size_t times)
{
    size_t length = strlen(unit);
    char *bytes = arena_alloc(arena, length * times + 1);
    for (size_t i = 0; i < times; i++) {
        memcpy(bytes + i * length, unit, length);
    }
    return (struct str){bytes, length * times};
}

static void hostile_files_are_refused_quickly(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    assert_refused(repeat(arena, "a", LIMIT_YAML_BYTES + 1), "expected at most");
    assert_refused(repeat(arena, "[", 100000), "nested too deeply");
    assert_refused(repeat(arena, "{a: ", 50000), "nested too deeply");
    assert_refused(repeat(arena, "- ", 100000), "nested too deeply");
    assert_refused(repeat(arena, "? ", 100000), "a key is");
    assert_refused(repeat(arena, "- a\n", 50000), "too many entries");
    assert_refused(repeat(arena, "a", LIMIT_YAML_BYTES), "expected a map");
    assert_refused(repeat(arena, "\n", LIMIT_YAML_BYTES), "the file is empty");
    assert_refused(repeat(arena, "#", LIMIT_YAML_BYTES), "the file is empty");
    assert_refused((struct str){"journey: a\0b\n", 13}, "hostile.yaml:1:11: the file holds a NUL");
    assert_refused(STR("journey: a\n\x01"), "hostile.yaml:2:1: the file holds a control");
    assert_refused(STR("a: \"\xed\xa0\x80\""), "not UTF-8");
    assert_refused(STR("%YAML 9.9\n---\na: b\n"), "not YAML");
    assert_refused(STR_NONE, "the file is empty");
    arena_free(arena);
}

static void a_map_may_not_hold_endless_keys(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct str yaml = STR("");
    for (int i = 0; i < 1200; i++) {
        yaml = arena_printf(arena, "%.*sk%d: v\n", STR_ARG(yaml), i);
    }
    assert_refused(yaml, "too many entries");
    arena_free(arena);
}

static void mistakes_are_bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct mistakes mistakes = {0};
    for (int i = 0; i < 2 * MISTAKES_MAX; i++) {
        mistakes_add(arena, &mistakes, STR("f"), i + 1, 1, "mistake %d", i);
    }
    assert_int_equal(mistakes.count, MISTAKES_MAX + 1);
    assert_true(
        str_is(mistakes.items[MISTAKES_MAX].text, "more mistakes follow; they are not listed"));
    arena_free(arena);
}

/* ---- the bot's texts ----------------------------------------------------------------------------
 */

static bool has_line(struct arena *arena, const struct mistakes *mistakes, const char *expected)
{
    for (int i = 0; i < mistakes->count; i++) {
        if (strstr(mistake_line(arena, &mistakes->items[i]).ptr, expected) != NULL) {
            return true;
        }
    }
    return false;
}

static void bot_texts_are_compared_with_the_code(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256 * 1024);
    const struct definition_file files[] = {
        {STR("bot/a.yaml"),
         STR("texts:\n  command_help: {en: Help}\n  command_helpp: {en: Help}\n  qqq: {en: Q}\n")},
        {STR("bot/b.yaml"), STR("texts:\n  command_help: {en: Help}\n")},
        {STR("words/en.yaml"),
         STR("language: en\noverwhelm: {phrases: [a]}\ncrisis: {phrases: [b]}\n")},
    };
    struct catalog *catalog = NULL;
    struct mistakes mistakes;
    assert_int_equal(catalog_build(arena, files, 3, &catalog, &mistakes), ERR_INVALID);
    assert_true(has_line(arena, &mistakes,
                         "bot/a.yaml:3:3: the bot never says \"command_helpp\"; did you mean "
                         "\"command_help\"?"));
    assert_true(has_line(arena, &mistakes, "bot/a.yaml:4:3: the bot never says \"qqq\""));
    assert_true(has_line(arena, &mistakes, "another file has a text \"command_help\" too"));
    assert_true(has_line(arena, &mistakes, "the bot's text \"command_list\" is missing"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_reported_with_its_place),
        cmocka_unit_test(hostile_files_are_refused_quickly),
        cmocka_unit_test(a_map_may_not_hold_endless_keys),
        cmocka_unit_test(mistakes_are_bounded),
        cmocka_unit_test(bot_texts_are_compared_with_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
