/* Reading journey definitions: the embedded ones, or a folder's *.yaml files. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "core/catalog.h"
#include "store/store.h"

/* All *.yaml files below the folder, sorted by name; names are relative to it with '/'. ERR_IO,
 * ERR_LIMIT (over 512 files or LIMIT_YAML_BYTES each). */
MUST_CHECK enum err journeys_read_folder(struct arena *arena, const char *folder,
                                         struct definition_file **ret_files, int *ret_count,
                                         struct err_detail *detail);
/* Adds the program's own bot texts when the files have none below bot/, and its words likewise, so
 * that a folder may hold nothing but journeys. */
void journeys_complete(struct arena *arena, struct definition_file **files, int *count);
/* Compiles the folder's files ("" or NULL: the embedded ones). On ERR_INVALID the detail names the
 * first mistake and how many there are. */
MUST_CHECK enum err journeys_load(struct arena *arena, const char *folder,
                                  struct catalog **ret_catalog, struct err_detail *detail);
/* Those in force for the store: applied ones, else those of the folder. */
MUST_CHECK enum err journeys_in_force(struct arena *arena, struct store *store, const char *folder,
                                      struct catalog **ret_catalog, struct err_detail *detail);
