/* The second thread: it posts updates to webhooks and wakes what waits for a time. */
#ifndef FAKE_DELIVER_H
#define FAKE_DELIVER_H

#include "state.h"

/* Starts the thread. False: libcurl or the thread could not be had. */
bool deliverer_start(struct world *world);
/* Something changed: look again at once. Any thread. */
void deliverer_wake(struct world *world);
/* Lets go of the bot's requests under way, because the bot is about to be freed. */
void deliverer_forget(struct bot *bot);

#endif
