/* What people did before: the drill, the walk of a test person, what was signed by hand. Drill
 * and signatures are settings (and so in the audit log); the walk is read from the runs. */
#include <inttypes.h>

#include "base/build_info.h"
#include "base/digest.h"
#include "base/limits.h"
#include "cli/preflight/preflight.h"

enum { SETTING_BYTES_MAX = 64 * 1024, TESTS_MAX = 50, DRILL_MS_WANTED = 2000, NAME_BYTES_MAX = 64 };
static const int64_t RECORD_MS = 7 * DAY_MS;

static const struct manual_item items[] = {
    {"team-briefed", "the team knows what is sent to whom, and who answers people", false},
    {"tests-green", "all tests passed for this build", true},
    {0},
};

const struct manual_item *manual_items(void)
{
    return items;
}

struct str build_name(struct arena *arena)
{
    return arena_printf(arena, "%s %s", build_info_version(), build_info_commit());
}

struct str definitions_hash(struct arena *arena, const struct catalog *catalog)
{
    struct str all = STR("");
    char hex[DIGEST_HEX_BYTES + 1];
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        all = arena_printf(arena, "%.*s%.*s\n", STR_ARG(all),
                           STR_ARG(catalog_journey_at(catalog, i)->hash));
    }
    digest_sha256_hex(all, hex);
    return arena_str(arena, str_of(hex));
}

enum err preflight_record(struct cli *cli, const char *name, json_t *value,
                          struct err_detail *detail)
{
    json_t *result = NULL;
    json_object_set_new(value, "at_ms", json_integer(clock_now_ms(cli->clock)));
    json_t *payload = json_object();
    json_object_set_new(payload, "name", json_str(arena_printf(cli->arena, "preflight/%s", name)));
    json_object_set_new(payload, "value", value);
    enum err error = cli_engine_command(cli, "setting_put", payload, &result, detail);
    json_decref(result);
    return error;
}

/* NULL: nothing is recorded under that name. */
enum err preflight_confirm(struct cli *cli, struct str name, const char *by,
                           const struct manual_item **ret_item, struct err_detail *detail)
{
    const struct manual_item *item = items;
    while (item->name != NULL && !str_is(name, item->name)) {
        item++;
    }
    if (item->name == NULL) {
        return err_set(detail, ERR_NOT_FOUND, "\"item\": expected team-briefed or tests-green");
    }
    if (by == NULL || str_trim(str_of(by)).length == 0 || str_of(by).length > NAME_BYTES_MAX) {
        return err_set(detail, ERR_INVALID,
                       "\"by\": expected the name of who signs, of at most %d bytes",
                       NAME_BYTES_MAX);
    }
    json_t *value = json_pack("{s:s}", "by", by);
    if (value == NULL) {
        return err_set(detail, ERR_INVALID, "\"by\": is no text in UTF-8");
    }
    json_object_set_new(value, "build", json_str(build_name(cli->arena)));
    *ret_item = item;
    return preflight_record(cli, item->name, value, detail);
}

static json_t *read_record(struct preflight *preflight, const char *name)
{
    struct str text = STR_NONE;
    json_t *json = NULL;
    struct err_detail detail = {""};
    struct arena *arena = preflight->cli->arena;
    const char *setting = arena_printf(arena, "preflight/%s", name).ptr;
    enum err error = store_setting_get(preflight->store, arena, setting, &text, &detail);
    return error == OK && text.length > 0 && json_read(text, SETTING_BYTES_MAX, &json, NULL) == OK
               ? json
               : NULL;
}

static void drill_line(struct preflight *preflight, struct str definitions)
{
    static const char mend[] = "nudge rollback --drill";
    json_t *record = read_record(preflight, "rollback-drill");
    int64_t at_ms = json_get_int(record, "at_ms", 0);
    const char *when = cli_when(preflight->cli, at_ms);
    if (record == NULL) {
        preflight_line(preflight, CHECK_FAIL, "rollback drill", mend, "never done");
    } else if (!json_get_bool(record, "passed", false)) {
        preflight_line(preflight, CHECK_FAIL, "rollback drill", mend, "failed on %s", when);
    } else if (at_ms + RECORD_MS < preflight->now_ms) {
        preflight_line(preflight, CHECK_FAIL, "rollback drill", mend,
                       "older than 7 days: done on %s", when);
    } else if (!str_equal(json_get_str(record, "definitions"), definitions)) {
        preflight_line(preflight, CHECK_FAIL, "rollback drill", mend,
                       "other journeys are in force since it was done on %s", when);
    } else {
        int64_t took_ms = json_get_int(record, "took_ms", 0);
        bool is_slow = took_ms > DRILL_MS_WANTED;
        preflight_line(preflight, is_slow ? CHECK_NOTE : CHECK_PASS, "rollback drill",
                       is_slow ? mend : "", "%" PRId64 " ms%s, on %s", took_ms,
                       is_slow ? " (slower than 2 s)" : "", when);
    }
    json_decref(record);
}

/* Were all steps completed? A commitment of one's own graduates earlier. */
static bool went_through(struct str steps, int step_count)
{
    json_t *list = NULL;
    int completed = 0;
    if (json_read(steps, SETTING_BYTES_MAX, &list, NULL) != OK) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *step = json_array_get(list, i);
        completed += json_integer_value(json_array_get(step, 1)) > 0;
    }
    json_decref(list);
    return completed >= step_count;
}

/* A test person is walked through the onboarding that new people will get. */
static void test_line(struct preflight *preflight)
{
    static const char mend[] = "nudge onboarding test PERSON";
    const struct arg since[] = {ARG_INT(preflight->now_ms - RECORD_MS)};
    struct rows rows = {0};
    struct err_detail detail = {""};
    enum err error = store_query(preflight->store, preflight->cli->arena, "preflight_tests", since,
                                 1, TESTS_MAX, &rows, &detail);
    bool other = false;
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        const struct journey *journey = catalog_journey(preflight->catalog, cells[0].text);
        if (journey == NULL || !journey->is_onboarding || journey->set != SET_OPTIMIZED ||
            !went_through(cells[2].text, journey->step_count)) {
            continue;
        }
        if (str_equal(journey->hash, cells[1].text)) {
            preflight_line(preflight, CHECK_PASS, "single-user test", "",
                           "a test person went through %.*s, done on %s", STR_ARG(journey->name),
                           cli_when(preflight->cli, cells[3].integer));
            return;
        }
        other = true;
    }
    preflight_line(preflight, CHECK_FAIL, "single-user test", mend, "%s",
                   error != OK ? detail.text
                   : other     ? "other journeys are in force since a test person went through"
                               : "no test person went through all steps within 7 days");
}

static void manual_line(struct preflight *preflight, const struct manual_item *item)
{
    const char *mend =
        arena_printf(preflight->cli->arena, "nudge preflight confirm %s --by NAME", item->name).ptr;
    json_t *record = read_record(preflight, item->name);
    struct str by = json_get_str(record, "by");
    struct str build = json_get_str(record, "build");
    if (record == NULL) {
        preflight_line(preflight, CHECK_FAIL, item->name, mend, "nobody has signed: %s",
                       item->means);
    } else if (item->of_build && !str_equal(build, build_name(preflight->cli->arena))) {
        preflight_line(preflight, CHECK_FAIL, item->name, mend,
                       "signed for another build (%.*s): %s", STR_ARG(build), item->means);
    } else {
        preflight_line(preflight, CHECK_PASS, item->name, "", "signed by %.*s on %s", STR_ARG(by),
                       cli_when(preflight->cli, json_get_int(record, "at_ms", 0)));
    }
    json_decref(record);
}

void preflight_records(struct preflight *preflight)
{
    if (preflight->store == NULL || preflight->catalog == NULL) {
        preflight_line(preflight, CHECK_NOT_CHECKED, "rollback drill", "",
                       "the store is not ready");
        preflight_line(preflight, CHECK_NOT_CHECKED, "single-user test", "",
                       "the store is not ready");
        return;
    }
    drill_line(preflight, definitions_hash(preflight->cli->arena, preflight->catalog));
    test_line(preflight);
    for (const struct manual_item *item = items; item->name != NULL; item++) {
        manual_line(preflight, item);
    }
}
