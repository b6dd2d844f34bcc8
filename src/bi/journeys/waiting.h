/* Who is in the middle of which journey, at which step and by which version of it, and what would
 * become of them when other definitions come into force. One thread, the store's. */
#pragma once

#include "base/json.h"
#include "core/version.h"
#include "store/store.h"

enum { WAITING_GROUPS_MAX = 10000 };

/* A list of {"journey","version","step","people","fate","step_after","why"}, a member for each
 * journey, version, step and fate. `catalog` is what is, or will be, in force; it takes in older
 * definitions that people follow, so it must be the caller's alone. names NULL: everybody finishes
 * by the version they began with. fate: "current" (already of the definition in force; left out
 * unless `all`), "finish" (as they began), "move" (to step_after), "stay" (they finish as they
 * began, though others move; why says it). New reference. */
MUST_CHECK enum err waiting_people(struct store *store, struct arena *arena,
                                   struct catalog *catalog, const struct step_names *names,
                                   bool all, json_t **ret_list, struct err_detail *detail);
