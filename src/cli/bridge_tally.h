/* What `nudge bridge` counts of the live tables: people, consents, commitments, and what an import
 * makes of them. */
#pragma once

#include "base/json.h"
#include "cli/cli.h"
#include "core/live_person.h"

struct bridge_tally {
    int64_t people, bots, invented, test, paused, opted_out, in_groups;
    int64_t refusals[LIVE_REFUSAL_COUNT];
    int64_t same_email, same_username; /* people who share it with somebody else */
    int64_t commitments, states[4], odd_statuses;
    char (*emails)[DIGEST_HEX_BYTES + 1]; /* hashes, so that no addresses pile up */
    char (*usernames)[DIGEST_HEX_BYTES + 1];
    size_t email_count, email_capacity, username_count, username_capacity;
};

void bridge_tally_add(struct bridge_tally *tally, struct arena *arena,
                      const struct live_person *person);
/* Finds those who share something; once, after the last. */
void bridge_tally_finish(struct bridge_tally *tally);
void bridge_tally_free(struct bridge_tally *tally);
/* Two columns: what, how many. */
void bridge_tally_rows(const struct bridge_tally *tally, struct arena *arena, struct table *table);
json_t *bridge_tally_json(const struct bridge_tally *tally);
