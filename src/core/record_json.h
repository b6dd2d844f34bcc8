/* A record (core/record.h) as JSON, for a person's export and for explaining. Pure. */
#pragma once

#include "base/json.h"
#include "core/record.h"

/* A new reference: id, at_ms, input, messages, held, runs, commitments, error. */
json_t *record_json(const struct record *record);
/* Words for what came in; static storage. */
const char *record_input_name(enum input_kind kind);
const char *record_report_name(enum report_kind kind);
const char *record_due_name(enum due_kind kind);
