/* What differs between two sets of definitions. Pure. */
#pragma once

#include "base/json.h"
#include "core/catalog.h"

/* A list of {"change": "new", "changed" or "removed", "kind": "journey" or "texts", "name",
 * "version_before", "version"}. Texts of the bot and words have no version: by file. New reference.
 */
json_t *journeys_changes(const struct catalog *before, const struct catalog *after);
/* A list of {"file", "line", "column", "text"}. New reference. */
json_t *journeys_mistakes(const struct mistakes *mistakes);
/* Payload of the engine's command journeys_apply: the catalog's files. policy "" is pin; steps are
 * the pairs "old=new,…" of migrate, "" none. New reference. */
json_t *journeys_apply_payload(const struct catalog *catalog, struct str policy, struct str steps);
