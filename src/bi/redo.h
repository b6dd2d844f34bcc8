/* Making recorded decisions again: the same core, given what it was given then. The core is pure,
 * so another result means that its rules have changed since. Reads only; one thread. */
#pragma once

#include "core/record.h"
#include "core/trace.h"
#include "store/store.h"

struct redo;

/* The worlds of decisions are loaded once each. The store must outlive it. */
struct redo *redo_new(struct store *store);
void redo_free(struct redo *redo);

struct redone {
    struct record record; /* as it was kept: the person is as before the decision */
    const struct installation *installation;
    const struct catalog *catalog; /* NULL: why_not says what is missing */
    struct str why_not;            /* why it cannot be made again, "" it was */
    bool same;
    /* Of the decision made now: */
    struct record_result result;
    struct decision decision;
    struct trace_log *log;
};

/* ERR_INVALID when the record cannot be read at all; other errors are the store's. */
MUST_CHECK enum err redo_decision(struct redo *redo, struct arena *arena,
                                  const struct decision_row *row, struct redone *ret_redone,
                                  struct err_detail *detail);
