/* What e-mails and the pages of their links say, in all languages of a catalog. */
#pragma once

#include "channel/mail.h"
#include "cli/cli.h"
#include "core/catalog.h"

/* Lives in the arena, apart from the catalog; without a secret, which is the engine's to give. */
struct mail_site *mail_site_of(struct arena *arena, const struct config *config,
                               const struct catalog *catalog);
