/* Recounts what is kept twice: every block whose name begins with doctor_, among them the
 * check that the database makes of itself.
 *
 * All checks read one snapshot, so that an engine at work does not make findings. Nothing is
 * repaired: a finding is a bug or a damaged disk, and both want a person. */
#include "store/driver.h"

#include <string.h>

static const char PREFIX[] = "doctor_";

struct doctor {
    struct store *store;
    struct arena *arena;
    struct finding *findings;
    int count, max, checks;
};

static void add_finding(struct doctor *doctor, const char *check, int64_t id, struct str text)
{
    doctor->findings[doctor->count++] = (struct finding){
        .check = arena_str(doctor->arena, str_of(check)),
        .id = id,
        .text = arena_str(doctor->arena, text),
    };
}

/* Rows of (id, text), as long as there is room. */
static enum err run_check(struct doctor *doctor, const char *check, struct binder *binder,
                          struct err_detail *detail)
{
    doctor->checks++;
    while (doctor->count < doctor->max) {
        bool is_row;
        enum err error = statement_next(binder, &is_row, check, detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct reader reader = read_begin(binder, doctor->arena);
        int64_t id = read_int64(&reader);
        add_finding(doctor, check, id, read_view(&reader));
    }
    statement_done(binder);
    return OK;
}

static enum err check_blocks(struct doctor *doctor, struct err_detail *detail)
{
    int count;
    const struct block *blocks = blocks_all(&count);
    for (int i = 0; i < count; i++) {
        if (strncmp(blocks[i].name, PREFIX, strlen(PREFIX)) != 0) {
            continue;
        }
        struct binder binder;
        enum err error = bind_block(doctor->store, i, &binder, detail);
        if (error == OK) {
            error = run_check(doctor, blocks[i].name + strlen(PREFIX), &binder, detail);
        }
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

enum err store_doctor(struct store *store, struct arena *arena, int max,
                      struct finding **ret_findings, int *ret_count, int *ret_checks,
                      struct err_detail *detail)
{
    struct doctor doctor = {store, arena, ARENA_ARRAY(arena, struct finding, (size_t)max),
                            0,     max,   0};
    bool alone = !store->driver->in_transaction(store);
    enum err error = alone ? store->driver->begin_reading(store, detail) : OK;
    if (error != OK) {
        return error;
    }
    error = check_blocks(&doctor, detail);
    if (alone) {
        store_rollback(store); /* nothing was written */
    }
    if (error == OK) {
        *ret_findings = doctor.findings;
        *ret_count = doctor.count;
        *ret_checks = doctor.checks;
    }
    return error;
}
