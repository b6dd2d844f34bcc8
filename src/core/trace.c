/* Writing down what a decision looked at (trace.h). */
#include "core/trace.h"

#include <stdio.h>

#include "base/json.h"
#include "core/facts.h"
#include "core/pressure.h"

void trace_read_ended(struct trace *trace)
{
    if (trace != NULL) {
        trace->read_ended = true;
    }
}

void trace_gate(struct trace *trace, const struct delivery *delivery, const struct gate *gate)
{
    if (trace == NULL || trace->log == NULL || trace->log->gate_count == TRACE_GATES_MAX) {
        return;
    }
    trace->log->gates[trace->log->gate_count++] =
        (struct traced_gate){.delivery_id = delivery->id,
                             .verdict = (int)gate->verdict,
                             .reason = gate->reason,
                             .until_ms = gate->until_ms,
                             .limit = gate->limit != NULL ? gate->limit : "",
                             .used = gate->used,
                             .allowed = gate->allowed};
}

int trace_condition_begin(const struct trace *trace)
{
    return trace != NULL && trace->log != NULL ? trace->log->fact_count : 0;
}

static struct str value_text(struct arena *arena, enum fact_type type,
                             const struct fact_value *value)
{
    json_t *json = json_null();
    if (value->known) {
        switch (type) {
        case FACT_NUMBER:
            json = json_real(value->number);
            break;
        case FACT_TEXT:
            json = json_str(value->text);
            break;
        case FACT_BOOL:
            json = json_boolean(value->yes);
            break;
        }
    }
    struct str text = value->known && type == FACT_NUMBER
                          ? arena_printf(arena, "%.6g", value->number)
                          : json_write(arena, json);
    json_decref(json);
    return text;
}

void trace_fact(struct trace *trace, int index, const struct fact_value *value)
{
    if (trace == NULL || trace->log == NULL || trace->log->fact_count == TRACE_FACTS_MAX) {
        return;
    }
    int count;
    const struct fact_row *row = &facts_rows(&count)[index];
    struct trace_log *log = trace->log;
    log->facts[log->fact_count++] = (struct traced_fact){
        .name = str_of(row->name), .value = value_text(log->arena, row->type, value)};
}

void trace_condition_end(struct trace *trace, int first, struct str source, bool holds)
{
    if (trace == NULL || trace->log == NULL) {
        return;
    }
    for (int i = first; i < trace->log->fact_count; i++) {
        trace->log->facts[i].condition = source;
        trace->log->facts[i].holds = holds;
    }
}
