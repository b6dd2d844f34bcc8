/* Go or no-go: what has to be so before real people are written to. Each check looks at the very
 * thing (asks the provider, reads the catalogue), adds a line and changes nothing. A line that
 * cannot be checked says why; only a line that failed means no-go. */
#pragma once

#include "cli/cli.h"
#include "core/catalog.h"
#include "net/http_client.h"

enum check_state {
    CHECK_PASS,
    CHECK_FAIL,
    CHECK_NOT_CHECKED,
    CHECK_NOTE /* to be known; decides nothing */
};

struct check_line {
    enum check_state state;
    const char *name; /* static: what scripts go by */
    struct str says;
    struct str mend; /* the command or setting that mends it; "" none */
};

enum { CHECK_LINES_MAX = 40 };

struct preflight {
    struct cli *cli;
    int64_t now_ms;
    struct store *store;        /* NULL: not reached, or not migrated */
    struct catalog *catalog;    /* in force; NULL likewise */
    struct http_client *client; /* NULL: none could be made */
    struct check_line lines[CHECK_LINES_MAX];
    int count;
};

/* Adds a line; texts in the command's arena. `mend` may be "". */
void preflight_line(struct preflight *preflight, enum check_state state, const char *name,
                    const char *mend, const char *format, ...) PRINTF_LIKE(5, 6);
/* "pass", "fail", "not checked", "note". */
const char *check_state_name(enum check_state state);
int preflight_count(const struct preflight *preflight, enum check_state state);

/* Makes all checks. preflight->cli is set, all else empty; what they open is closed again. */
MUST_CHECK enum err preflight_look(struct preflight *preflight, struct err_detail *detail);
/* {go, at_ms, checks}. New reference. */
json_t *preflight_json(const struct preflight *preflight);

/* store.c: opens the store and the journeys for all others; then what the database says. */
void preflight_database(struct preflight *preflight);
void preflight_exposure(struct preflight *preflight);
void preflight_figures(struct preflight *preflight); /* baseline, backlog, stages */
void preflight_clock(struct preflight *preflight);

/* providers.c */
void preflight_telegram(struct preflight *preflight); /* bot, webhook */
void preflight_email(struct preflight *preflight);
void preflight_keys(struct preflight *preflight);
void preflight_alerts(struct preflight *preflight);

/* records.c: what people did before: the drill, the test person, what was signed. */
void preflight_records(struct preflight *preflight);
/* What people sign by hand; NULL behind the last. */
struct manual_item {
    const char *name;
    const char *means;
    bool of_build; /* holds for the build that it was signed with only */
};
const struct manual_item *manual_items(void);
/* One hash of all journeys in force. */
struct str definitions_hash(struct arena *arena, const struct catalog *catalog);
/* This build, as it is signed: version and commit. */
struct str build_name(struct arena *arena);
/* Keeps {…} under "preflight/NAME" with the command's clock as at_ms; takes the reference. */
MUST_CHECK enum err preflight_record(struct cli *cli, const char *name, json_t *value,
                                     struct err_detail *detail);

/* Signs an item by hand; ERR_INVALID says what was expected, ERR_NOT_FOUND which items there are.
 * *ret_item is static. */
MUST_CHECK enum err preflight_confirm(struct cli *cli, struct str name, const char *by,
                                      const struct manual_item **ret_item,
                                      struct err_detail *detail);

/* drill.c: one made-up person enters the optimized onboarding and is rolled back on the running
 * installation; timed, recorded, erased. An error: it could not be tried, or not be recorded. */
struct drill_result {
    bool passed;
    int64_t took_ms;
    const char *why; /* it did not pass; "" else */
};
MUST_CHECK enum err rollback_drill(struct cli *cli, struct drill_result *ret_result,
                                   struct err_detail *detail);
/* New reference. */
json_t *drill_json(const struct drill_result *result);
