/* The contract of copying: both catalogues are the same, whatever migrations add, so that all
 * of one store has its place in the other; and what was copied reads as it did. */
#include "store_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/copy.h"

#define FIXTURE    struct fixture *fixture = *state
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

enum { TARGET_OWNER = 77, FINDINGS_MAX = 10 };

static struct store *open_file(struct fixture *fixture)
{
    char url[160];
    struct store *store = NULL;
    snprintf(url, sizeof(url), "sqlite:%s-copy", fixture->path);
    assert_ok(store_open(url, STORE_WRITER, &store, &fixture->detail));
    return store;
}

static struct copy_table *catalogue(struct fixture *fixture, struct store *store, int *ret_count)
{
    struct copy_table *tables = NULL;
    assert_ok(copy_tables(store, fixture->arena, &tables, ret_count, &fixture->detail));
    return tables;
}

static struct copy_table *find(struct copy_table *tables, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(tables[i].name, name) == 0) {
            return &tables[i];
        }
    }
    fail_msg("there is no table %s", name);
    return NULL;
}

/* A migration that adds a table or a column to one database alone fails here. */
static void both_catalogues_are_the_same(void **state)
{
    FIXTURE;
    struct store *file = open_file(fixture);
    int count = 0;
    int file_count = 0;
    assert_ok(store_migrate(file, NULL, NULL, &fixture->detail));
    struct copy_table *tables = catalogue(fixture, fixture->store, &count);
    struct copy_table *files = catalogue(fixture, file, &file_count);
    assert_ok(copy_tables_compare(tables, count, files, file_count, &fixture->detail));
    assert_true(count >= 22);
    assert_int_equal(2, find(tables, count, "commitments")->key_count);
    assert_int_equal(3, find(tables, count, "due")->key_count);

    assert_err(ERR_SCHEMA,
               copy_tables_compare(tables, count - 1, files, file_count, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "users"));
    struct copy_table *users = find(files, file_count, "users");
    users->column_count--;
    assert_err(ERR_SCHEMA, copy_tables_compare(tables, count, files, file_count, &fixture->detail));
    users->column_count++;
    users->columns[3].kind = COPY_BYTES;
    assert_err(ERR_SCHEMA, copy_tables_compare(tables, count, files, file_count, &fixture->detail));
    store_close(file);
}

static void note_progress(void *context, const char *table, int64_t done, int64_t total,
                          bool checking)
{
    int64_t *rows = context;
    (void)table;
    assert_true(done <= total);
    *rows += checking ? 0 : done;
}

static void what_was_copied_reads_as_it_did(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    fixture_commitment(fixture, person, COMMITMENT_COMPLETED);
    fixture_run(fixture, person, RUN_ACTIVE);
    fixture_save(fixture, person);
    int64_t rows = 0;
    struct clock *clock = clock_new_virtual(NOW_MS);
    struct copy_job job = {.owner = TARGET_OWNER,
                           .pid = getpid(),
                           .progress = note_progress,
                           .context = &rows,
                           .clock = clock,
                           .target = open_file(fixture)};
    struct copy_proof *proofs = NULL;
    int count = 0;
    assert_ok(store_open(fixture->url, STORE_READER, &job.source, &fixture->detail));
    assert_ok(store_copy(&job, fixture->arena, &proofs, &count, &fixture->detail));
    for (int i = 0; i < count; i++) {
        assert_true(copy_proof_holds(&proofs[i]));
    }
    assert_true(rows >= 3);
    assert_err(ERR_CONFLICT, store_copy(&job, fixture->arena, &proofs, &count, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "holds 1 people already"));

    struct person *there = NULL;
    const struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    struct person *here = fixture_load(fixture, &want);
    assert_ok(store_people_load(job.target, fixture->arena, &want, 1, &there, &fixture->detail));
    assert_non_null(there);
    assert_int_equal(here->run_count, there->run_count);
    assert_int_equal(here->commitment_count, there->commitment_count);
    assert_true(str_equal(here->user.first_name, there->user.first_name));
    struct lease lease = {0};
    assert_ok(store_lease_show(job.target, NOW_MS, &lease, &fixture->detail));
    assert_int_equal(0, lease.until_ms);
    store_close(job.source);
    store_close(job.target);
    clock_free(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(both_catalogues_are_the_same),
        CASE(what_was_copied_reads_as_it_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
