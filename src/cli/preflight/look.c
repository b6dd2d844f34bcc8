/* All checks, one after the other, and what they found as JSON. */
#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "cli/preflight/preflight.h"

const char *check_state_name(enum check_state state)
{
    switch (state) {
    case CHECK_PASS:
        return "pass";
    case CHECK_FAIL:
        return "fail";
    case CHECK_NOT_CHECKED:
        return "not checked";
    case CHECK_NOTE:
        return "note";
    }
    return "";
}

void preflight_line(struct preflight *preflight, enum check_state state, const char *name,
                    const char *mend, const char *format, ...)
{
    ASSERT(preflight->count < CHECK_LINES_MAX);
    char buffer[512];
    va_list values;
    va_start(values, format);
    vsnprintf(buffer, sizeof(buffer), format, values);
    va_end(values);
    struct arena *arena = preflight->cli->arena;
    preflight->lines[preflight->count++] = (struct check_line){
        state, name, arena_str(arena, str_of(buffer)), arena_str(arena, str_of(mend))};
}

int preflight_count(const struct preflight *preflight, enum check_state state)
{
    int count = 0;
    for (int i = 0; i < preflight->count; i++) {
        count += preflight->lines[i].state == state;
    }
    return count;
}

json_t *preflight_json(const struct preflight *preflight)
{
    json_t *list = json_array();
    for (int i = 0; i < preflight->count; i++) {
        const struct check_line *line = &preflight->lines[i];
        json_t *row =
            json_pack("{s:s, s:s}", "name", line->name, "state", check_state_name(line->state));
        json_object_set_new(row, "says", json_str(line->says));
        json_object_set_new(row, "mend", json_str(line->mend));
        json_array_append_new(list, row);
    }
    return json_pack("{s:b, s:I, s:o}", "go", preflight_count(preflight, CHECK_FAIL) == 0, "at_ms",
                     (json_int_t)preflight->now_ms, "checks", list);
}

enum err preflight_look(struct preflight *preflight, struct err_detail *detail)
{
    static void (*const checks[])(struct preflight *) = {
        preflight_database, preflight_exposure, preflight_telegram,
        preflight_email,    preflight_keys,     preflight_alerts,
        preflight_figures,  preflight_clock,    preflight_records,
    };
    const struct cli *cli = preflight->cli;
    const struct http_client_options http = {.clock = cli->clock};
    preflight->now_ms = clock_now_ms(cli->clock);
    enum err error = http_client_new(&http, &preflight->client, detail);
    for (size_t i = 0; error == OK && i < sizeof(checks) / sizeof(*checks); i++) {
        if (cli->stopping != NULL && atomic_load(cli->stopping)) {
            error = err_set(detail, ERR_CANCELLED, "the server stops");
        } else {
            checks[i](preflight);
        }
    }
    http_client_free(preflight->client);
    catalog_free(preflight->catalog);
    store_close(preflight->store);
    return error;
}
