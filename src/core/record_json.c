/* A record as JSON, readable without making the decision again: what came in and out. */
#include "core/record_json.h"

#include <stdio.h>

#include "core/delivery.h"

static void set_text(json_t *object, const char *key, struct str text)
{
    if (text.length > 0) {
        json_object_set_new(object, key, json_str(text));
    }
}

static void set_word(json_t *object, const char *key, const char *word)
{
    json_object_set_new(object, key, json_string(word));
}

static void set_number(json_t *object, const char *key, int64_t number)
{
    if (number != 0) {
        json_object_set_new(object, key, json_integer(number));
    }
}

static void set_id(json_t *object, const char *key, int64_t id)
{
    char text[24];
    if (id != 0) {
        snprintf(text, sizeof(text), "%lld", (long long)id);
        json_object_set_new(object, key, json_string(text));
    }
}

const char *record_input_name(enum input_kind kind)
{
    static const char *const names[] = {
        "text",       "text_edited", "button", "unsupported", "group",   "blocked",
        "unblocked",  "migrated",    "report", "timer",       "trigger", "track",
        "commitment", "answer",      "admin",  "move",
    };
    return names[kind];
}

const char *record_report_name(enum report_kind kind)
{
    static const char *const names[] = {
        "sent",     "retry",     "paused", "uncertain", "failed",  "blocked",    "gone",
        "migrated", "delivered", "opened", "clicked",   "bounced", "complained",
    };
    return names[kind];
}

const char *record_due_name(enum due_kind kind)
{
    static const char *const names[] = {"person", "commitment", "journey", "message"};
    return names[kind];
}

static json_t *input_json(const struct input *input)
{
    json_t *object = json_object();
    set_word(object, "kind", record_input_name(input->kind));
    set_text(object, "source", input->source);
    if (input->channel != CHANNEL_NONE) {
        set_word(object, "channel", channel_kind_name(input->channel));
    }
    set_text(object, "text", input->text);
    set_text(object, "token", input->token);
    set_text(object, "name", input->name);
    set_text(object, "data", input->data);
    if (input->kind == INPUT_TIMER) {
        set_word(object, "timer", record_due_name(input->ref_kind));
    }
    if (input->kind == INPUT_REPORT) {
        set_word(object, "report", record_report_name(input->report));
        set_text(object, "reason", input->reason);
    }
    set_id(object, "ref_id", input->ref_id);
    return object;
}

static json_t *messages_json(const struct record *record, const struct record_message *messages,
                             int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        const struct record_message *message = &messages[i];
        const struct delivery *before = person_delivery(&record->person, message->id);
        json_t *object = json_object();
        set_id(object, "id", message->id);
        json_object_set_new(object, "is_new", json_boolean(message->is_new));
        set_text(object, "journey",
                 before != NULL && !message->is_new ? before->journey : message->journey);
        set_text(object, "step", before != NULL && !message->is_new ? before->step : message->step);
        set_word(object, "kind", message_kind_name(message->kind));
        set_word(object, "class", message_class_name(message->class));
        set_word(object, "channel", channel_kind_name(message->channel));
        set_word(object, "state", delivery_state_name(message->state));
        set_text(object, "reason", message->reason);
        set_number(object, "next_at_ms", message->next_at_ms);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *runs_json(const struct record *record)
{
    json_t *list = json_array();
    for (int i = 0; i < record->result.run_count; i++) {
        const struct record_run *run = &record->result.runs[i];
        const struct run *before = person_run(&record->person, run->id);
        json_t *object = json_object();
        set_id(object, "id", run->id);
        set_text(object, "journey", run->journey);
        if (before != NULL) {
            json_object_set_new(object, "before",
                                json_pack("{s:s, s:s, s:i}", "outcome",
                                          run_outcome_name(before->outcome), "phase",
                                          run_phase_name(before->phase), "step", before->step + 1));
        }
        set_word(object, "outcome", run_outcome_name(run->outcome));
        set_word(object, "phase", run_phase_name(run->phase));
        json_object_set_new(object, "step", json_integer(run->step + 1));
        set_number(object, "next_at_ms", run->next_at_ms);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *commitments_json(const struct record *record)
{
    json_t *list = json_array();
    for (int i = 0; i < record->result.commitment_count; i++) {
        const struct record_commitment *commitment = &record->result.commitments[i];
        const struct commitment *before = person_commitment(&record->person, commitment->id);
        json_t *object = json_object();
        set_id(object, "id", commitment->id);
        if (before != NULL) {
            set_word(object, "before", commitment_state_name(before->state));
        }
        set_word(object, "state", commitment_state_name(commitment->state));
        json_array_append_new(list, object);
    }
    return list;
}

json_t *record_json(const struct record *record)
{
    json_t *object = json_object();
    set_id(object, "id", record->id);
    json_object_set_new(object, "at_ms", json_integer(record->now_ms));
    json_object_set_new(object, "input", input_json(&record->input));
    json_object_set_new(
        object, "messages",
        messages_json(record, record->result.messages, record->result.message_count));
    if (record->held_count > 0) {
        json_object_set_new(object, "held",
                            messages_json(record, record->held, record->held_count));
    }
    json_object_set_new(object, "runs", runs_json(record));
    json_object_set_new(object, "commitments", commitments_json(record));
    if (record->result.error != OK) {
        set_word(object, "error", err_text(record->result.error));
    }
    return object;
}
