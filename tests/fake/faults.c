/* The list of faults.h. Faults are used in the order they were scripted. */
#include "faults.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

static const char *const fault_names[] = {
    [FAULT_ERROR] = "error",         [FAULT_CLOSE] = "close", [FAULT_LOST] = "lost",
    [FAULT_MALFORMED] = "malformed", [FAULT_DELAY] = "delay", [FAULT_TIMEOUT] = "timeout",
};

const char *fault_name(enum fault_kind kind)
{
    return fault_names[kind];
}

static int64_t integer(json_t *object, const char *key, int64_t absent)
{
    json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : absent;
}

bool faults_add(struct bot *bot, json_t *script, const char **error)
{
    const char *name = json_string_value(json_object_get(script, "kind"));
    size_t kind = 0;
    size_t kinds = sizeof fault_names / sizeof fault_names[0];
    while (kind < kinds && (!name || strcmp(name, fault_names[kind]))) {
        kind++;
    }
    if (kind == kinds) {
        *error = "kind must be error, close, lost, malformed, delay or timeout";
        return false;
    }
    const char *description = json_string_value(json_object_get(script, "description"));
    if (kind == FAULT_ERROR && (integer(script, "code", 0) < 400 || !description)) {
        *error = "an error needs a code of at least 400 and a description";
        return false;
    }
    if (kind == FAULT_DELAY && integer(script, "delay_ms", 0) <= 0) {
        *error = "a delay needs delay_ms above 0";
        return false;
    }
    struct fault *fault = fake_alloc(sizeof *fault);
    fault->kind = (enum fault_kind)kind;
    fault->method = fake_copy(json_string_value(json_object_get(script, "method")));
    fault->chat_id = integer(script, "chat_id", 0);
    fault->left = integer(script, "count", 1);
    fault->code = (int)integer(script, "code", 200);
    fault->retry_after_s = (int)integer(script, "retry_after", 0);
    fault->migrate_to = integer(script, "migrate_to_chat_id", 0);
    fault->delay_ms = integer(script, "delay_ms", 0);
    fault->execute = json_is_true(json_object_get(script, "execute")) ||
                     (kind != FAULT_ERROR && kind != FAULT_CLOSE && kind != FAULT_TIMEOUT);
    fault->description = fake_copy(description);
    fault->body = fake_copy(json_string_value(json_object_get(script, "body")));
    DL_APPEND(bot->faults, fault);
    return true;
}

static void fault_free(struct bot *bot, struct fault *fault)
{
    DL_DELETE(bot->faults, fault);
    free(fault->method);
    free(fault->description);
    free(fault->body);
    free(fault);
}

void faults_clear(struct bot *bot)
{
    while (bot->faults) {
        fault_free(bot, bot->faults);
    }
}

struct fault *fault_for(struct bot *bot, const char *method, int64_t chat_id)
{
    struct fault *fault;
    DL_FOREACH(bot->faults, fault)
    {
        if ((!fault->method || !strcasecmp(fault->method, method)) &&
            (!fault->chat_id || fault->chat_id == chat_id)) {
            fault->left--;
            return fault;
        }
    }
    return NULL;
}

void fault_used(struct bot *bot, struct fault *fault)
{
    if (fault->left <= 0) {
        fault_free(bot, fault);
    }
}
