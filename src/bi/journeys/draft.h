/* A draft: files of definitions laid over those in force, compiled but not put into force. Pure. */
#pragma once

#include "base/json.h"
#include "core/catalog.h"

/* files: a list of {"name", "yaml"}; one that is known replaces the file of that name, another is
 * added. ERR_INVALID: the list is none, or a name is no path of a definition; or, with
 * ret_mistakes->count > 0, the draft has mistakes, and the detail names the first. ERR_LIMIT: too
 * many or too long. The catalog is the caller's. */
MUST_CHECK enum err journeys_draft(struct arena *arena, const struct catalog *in_force,
                                   const json_t *files, struct catalog **ret_catalog,
                                   struct mistakes *ret_mistakes, struct err_detail *detail);
