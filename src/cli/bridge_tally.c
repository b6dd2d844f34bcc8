/* Counting the live tables, and showing the counts. */
#include "cli/bridge_tally.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"

static void note(struct arena *arena, struct str text, char (**list)[DIGEST_HEX_BYTES + 1],
                 size_t *count, size_t *capacity)
{
    if (text.length == 0) {
        return;
    }
    if (*count == *capacity) {
        *capacity = *capacity == 0 ? 256 : *capacity * 2;
        *list = reallocarray(*list, *capacity, sizeof(**list));
        ASSERT(*list != NULL);
    }
    digest_sha256_hex(text_fold(arena, text), (*list)[(*count)++]);
}

void bridge_tally_add(struct bridge_tally *tally, struct arena *arena,
                      const struct live_person *person)
{
    tally->people++;
    if (person->is_bot) {
        tally->bots++;
        return;
    }
    tally->invented += person->invented;
    tally->test += person->is_test;
    tally->in_groups += person->in_group;
    tally->opted_out += person->refusals != 0;
    tally->paused += person->refusals == 0 && person->paused_until_ms != 0;
    for (int i = 0; i < LIVE_REFUSAL_COUNT; i++) {
        tally->refusals[i] += (person->refusals >> i) & 1u;
    }
    for (int i = 0; i < person->commitment_count; i++) {
        tally->commitments++;
        tally->states[person->commitments[i].state]++;
        tally->odd_statuses += person->commitments[i].odd_status;
    }
    note(arena, person->email, &tally->emails, &tally->email_count, &tally->email_capacity);
    note(arena, person->username, &tally->usernames, &tally->username_count,
         &tally->username_capacity);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int64_t count_shared(char (*list)[DIGEST_HEX_BYTES + 1], size_t count)
{
    int64_t shared = 0;
    if (count > 0) {
        qsort(list, count, sizeof(*list), by_text);
    }
    for (size_t i = 0; i < count; i++) {
        bool before = i > 0 && strcmp(list[i - 1], list[i]) == 0;
        bool after = i + 1 < count && strcmp(list[i + 1], list[i]) == 0;
        shared += before || after;
    }
    return shared;
}

void bridge_tally_finish(struct bridge_tally *tally)
{
    tally->same_email = count_shared(tally->emails, tally->email_count);
    tally->same_username = count_shared(tally->usernames, tally->username_count);
}

void bridge_tally_free(struct bridge_tally *tally)
{
    free(tally->emails);
    free(tally->usernames);
}

/* ---- showing --------------------------------------------------------------------------------- */

static void row(struct table *table, struct arena *arena, const char *what, int64_t count)
{
    const char *cells[] = {what, arena_printf(arena, "%" PRId64, count).ptr};
    table_row(table, cells);
}

void bridge_tally_rows(const struct bridge_tally *tally, struct arena *arena, struct table *table)
{
    row(table, arena, "people", tally->people);
    row(table, arena, "  bots, left out", tally->bots);
    row(table, arena, "  with an invented Telegram id", tally->invented);
    row(table, arena, "  test people", tally->test);
    row(table, arena, "  who share an e-mail address with another", tally->same_email);
    row(table, arena, "  who share a user name with another", tally->same_username);
    row(table, arena, "  in a group", tally->in_groups);
    row(table, arena, "  paused until a day to come", tally->paused);
    row(table, arena, "  who opted out", tally->opted_out);
    for (int i = 0; i < LIVE_REFUSAL_COUNT; i++) {
        if (tally->refusals[i] > 0) {
            struct str name =
                arena_printf(arena, "    %s", live_refusal_name((enum live_refusal)i));
            row(table, arena, name.ptr, tally->refusals[i]);
        }
    }
    row(table, arena, "commitments", tally->commitments);
    row(table, arena, "  open", tally->states[COMMITMENT_ACTIVE]);
    row(table, arena, "  completed", tally->states[COMMITMENT_COMPLETED]);
    row(table, arena, "  missed", tally->states[COMMITMENT_MISSED]);
    row(table, arena, "  dropped", tally->states[COMMITMENT_DROPPED]);
    if (tally->odd_statuses > 0) {
        row(table, arena, "    of them with a status of no known meaning", tally->odd_statuses);
    }
}

json_t *bridge_tally_json(const struct bridge_tally *tally)
{
    json_t *refusals = json_object();
    for (int i = 0; i < LIVE_REFUSAL_COUNT; i++) {
        json_object_set_new(refusals, live_refusal_name((enum live_refusal)i),
                            json_integer(tally->refusals[i]));
    }
    return json_pack("{s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o},"
                     " s:{s:I, s:I, s:I, s:I, s:I, s:I}}",
                     "people", "total", (json_int_t)tally->people, "bots", (json_int_t)tally->bots,
                     "invented_ids", (json_int_t)tally->invented, "test", (json_int_t)tally->test,
                     "sharing_an_email", (json_int_t)tally->same_email, "sharing_a_username",
                     (json_int_t)tally->same_username, "in_groups", (json_int_t)tally->in_groups,
                     "paused", (json_int_t)tally->paused, "opted_out", (json_int_t)tally->opted_out,
                     "refusals", refusals, "commitments", "total", (json_int_t)tally->commitments,
                     "open", (json_int_t)tally->states[COMMITMENT_ACTIVE], "completed",
                     (json_int_t)tally->states[COMMITMENT_COMPLETED], "missed",
                     (json_int_t)tally->states[COMMITMENT_MISSED], "dropped",
                     (json_int_t)tally->states[COMMITMENT_DROPPED], "unknown_status",
                     (json_int_t)tally->odd_statuses);
}
