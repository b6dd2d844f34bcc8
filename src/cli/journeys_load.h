/* Reading journey definitions: the embedded ones, or a folder's *.yaml files. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "core/catalog.h"

/* All *.yaml files below the folder, sorted by name; names are relative to it with '/'. ERR_IO,
 * ERR_LIMIT (over 512 files or LIMIT_YAML_BYTES each). */
MUST_CHECK enum err journeys_read_folder(struct arena *arena, const char *folder,
                                         struct definition_file **ret_files, int *ret_count,
                                         struct err_detail *detail);
/* Compiles the folder's files ("" or NULL: the embedded ones). On ERR_INVALID the detail names the
 * first mistake and how many there are. */
MUST_CHECK enum err journeys_load(struct arena *arena, const char *folder,
                                  struct catalog **ret_catalog, struct err_detail *detail);
