/* What a decision looked at, written down while it is made: for explaining it, and for knowing what
 * of the person has to be kept to make it again. Nothing is decided by it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct facts;
struct fact_value;
struct gate;
struct person;
struct delivery;

enum { TRACE_FACTS_MAX = 64, TRACE_GATES_MAX = 64 };

/* A fact that a condition read. */
struct traced_fact {
    struct str name;
    struct str value;     /* as JSON; "null" not known */
    struct str condition; /* its source */
    bool holds;           /* the whole condition */
};

/* The gate was asked about a message, and what it compared. */
struct traced_gate {
    int64_t delivery_id;
    int verdict; /* enum gate_verdict */
    const char *reason;
    int64_t until_ms;
    const char *limit; /* of "cap": "day", "gap" or "commitment"; "" else */
    int used, allowed; /* of "day" and "commitment" */
};

struct trace_log {
    struct arena *arena;
    struct traced_fact facts[TRACE_FACTS_MAX]; /* the first so many */
    int fact_count;
    struct traced_gate gates[TRACE_GATES_MAX];
    int gate_count;
};

struct trace {
    bool read_ended;       /* commitments that ended long ago were looked at */
    struct trace_log *log; /* NULL: only that */
};

/* All accept NULL. */
void trace_read_ended(struct trace *trace);
void trace_gate(struct trace *trace, const struct delivery *delivery, const struct gate *gate);
/* Facts between begin and end belong to the condition; begin gives what end takes. */
int trace_condition_begin(const struct trace *trace);
void trace_fact(struct trace *trace, int index, const struct fact_value *value);
void trace_condition_end(struct trace *trace, int first, struct str source, bool holds);
