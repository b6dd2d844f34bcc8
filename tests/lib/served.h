/* The program behind its HTTP interface, in this process: store, engine, web chat and server, on a
 * database of its own in memory files, with time that only the caller moves. Telegram's webhook is
 * open to who has served_secret; what would be sent there is not. For fuzz targets. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

struct served;

extern const char served_secret[];

/* Never NULL: what cannot be set up ends the program. */
struct served *served_new(void);
void served_free(struct served *served);
/* One that is kept from ask to ask, renewed after so many, and freed at the program's exit. */
struct served *served_kept(int asks_before_renewal);
struct clock *served_clock(struct served *served);
/* Sends the bytes over a connection of their own, decides on what came in by them, and gives all
 * that was answered, head and body; of an event stream what came at once. "": the connection was
 * closed without an answer. A request that may be no whole one ends after patience_ms without an
 * answer (0: never), which can cut a slow answer off. No end within 20 s ends the program. */
struct str served_ask(struct served *served, struct arena *arena, struct str request,
                      int patience_ms);
/* Decides on all that is due by now. */
void served_settle(struct served *served);

/* Parts of an answer. */
int served_status(struct str answer);                          /* 0: there is none */
struct str served_header(struct str answer, const char *name); /* as the server writes the name */
struct str served_body(struct str answer);
