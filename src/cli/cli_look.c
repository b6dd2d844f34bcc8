/* What a command looks at. */
#include "cli/cli_look.h"

#include "cli/journeys_load.h"

enum err cli_look(struct cli *cli, struct store *store, struct look_basis *ret_look,
                  struct catalog **ret_catalog, struct err_detail *detail)
{
    const char *folder = cli->config.journeys_dir;
    *ret_look = (struct look_basis){.store = store, .arena = cli->arena, .folder = folder};
    enum err error =
        metrics_now(store, cli->arena, clock_now_ms(cli->clock), &ret_look->now_ms, detail);
    if (error == OK) {
        error = journeys_in_force(cli->arena, store, folder, ret_catalog, detail);
    }
    ret_look->catalog = *ret_catalog;
    return error;
}
