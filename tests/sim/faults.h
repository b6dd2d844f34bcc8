/* What goes wrong in a simulation, how often, and how often it did. */
#pragma once

#include "dice.h"

/* X(constant, name, the usual chance in a million of its occasions) */
#define FAULT_LIST(X)                                                                              \
    X(FAULT_UPDATE_TWICE, "update came twice", 25000)                                              \
    X(FAULT_UPDATE_LATE, "update came late", 10000)                                                \
    X(FAULT_UPDATE_SWAPPED, "updates came in another order", 10000)                                \
    X(FAULT_UPDATE_UNCONFIRMED, "update's confirmation lost", 10000)                               \
    X(FAULT_PAUSE_SHORT, "429 with a short retry_after", 4000)                                     \
    X(FAULT_PAUSE_LONG, "429 with a very long retry_after", 400)                                   \
    X(FAULT_SERVER_ERROR, "5xx", 10000)                                                            \
    X(FAULT_ANSWER_LOST, "timeout, message delivered", 6000)                                       \
    X(FAULT_TIMEOUT, "timeout, message lost", 4000)                                                \
    X(FAULT_RESET, "connection reset", 6000)                                                       \
    X(FAULT_REFUSED, "400", 2000)                                                                  \
    X(FAULT_GONE, "chat not found", 500)                                                           \
    X(FAULT_MALFORMED, "malformed answer, message delivered", 3000)                                \
    X(FAULT_REPORT_TWICE, "report came twice", 6000)                                               \
    X(FAULT_REPORT_LATE, "report came after minutes", 3000)                                        \
    X(FAULT_CHANNEL_FULL, "channel full", 4000)                                                    \
    X(FAULT_READ, "read failed", 120)                                                              \
    X(FAULT_WRITE, "write failed", 60)                                                             \
    X(FAULT_DISK_FULL, "disk full", 60)                                                            \
    X(FAULT_SYNC, "commit failed at its sync", 200)                                                \
    X(FAULT_CRASH_WRITE, "crash while writing", 25)                                                \
    X(FAULT_CRASH_BEFORE_SYNC, "crash before a commit", 90)                                        \
    X(FAULT_CRASH_AFTER_SYNC, "crash after a commit", 90)                                          \
    X(FAULT_CRASH_BEFORE_SEND, "crash before a send", 300)                                         \
    X(FAULT_CRASH_AFTER_SEND, "crash after a send", 300)                                           \
    X(FAULT_CRASH_IDLE, "crash in between", 150)                                                   \
    X(FAULT_SECOND, "second process started", 60)                                                  \
    X(FAULT_STANDS_STILL, "process stood still and was replaced", 60)                              \
    X(FAULT_CLOCK_FORWARD, "clock jumped forward", 150)                                            \
    X(FAULT_CLOCK_BACK, "clock jumped back", 150)                                                  \
    X(FAULT_KEY_UNDER_WAY, "mail: 409, the same key is under way", 8000)                           \
    X(FAULT_BOUNCED, "mail: bounced for good", 4000)                                               \
    X(FAULT_BOUNCED_FOR_NOW, "mail: bounced for now", 8000)                                        \
    X(FAULT_COMPLAINED, "mail: complained", 5000)                                                  \
    X(FAULT_EVENT_TWICE, "mail: event came twice", 30000)                                          \
    X(FAULT_EVENT_LATE, "mail: event came late", 30000)                                            \
    X(FAULT_KEY_KNOWN, "mail: asked for again, sent once", 0)                                      \
    X(FAULT_UNSUBSCRIBED, "mail: unsubscribed", 0)                                                 \
    X(FAULT_BLOCKED, "403, the person blocked us", 0)

/* Calls that never fail by chance, only when it is their turn. */
#define FAULT_CALLS(X)                                                                             \
    X(FAULT_CALL, "store", 0)                                                                      \
    X(FAULT_OPEN, "open failed", 0)                                                                \
    X(FAULT_MEMORY, "no memory for SQLite", 0)                                                     \
    X(FAULT_NOT_TAKEN, "channel does not take it", 0)

enum fault {
#define FAULT_ENUM(constant, name, chance) constant,
    FAULT_LIST(FAULT_ENUM) FAULT_BY_CHANCE, /* so many of them */
    FAULT_BEFORE_CALLS = FAULT_BY_CHANCE - 1,
    FAULT_CALLS(FAULT_ENUM)
#undef FAULT_ENUM
        FAULT_COUNT
};

/* Decides instead of chance whether this occasion is one; `call` says which call it is ("" when the
 * fault's own name says it). */
typedef bool faults_turn(void *context, enum fault fault, const char *call);

struct faults {
    bool on;
    faults_turn *turn; /* NULL: by chance */
    void *turn_context;
    struct dice dice;
    int64_t per_million[FAULT_COUNT];
    int64_t hits[FAULT_COUNT];
};

const char *fault_name(enum fault fault);
/* A plan for the seed: some kinds never, some often, most as usual. */
void faults_plan(struct faults *faults, uint64_t seed);
/* Whether it happens now; counts. Never while faults are off. */
bool faults_happen(struct faults *faults, enum fault fault);
bool faults_happen_in(struct faults *faults, enum fault fault, const char *call);
/* Counts one that came about by itself. */
void faults_note(struct faults *faults, enum fault fault);
