/* Scripted faults: what the next calls of a bot meet instead of a normal answer. */
#ifndef FAKE_FAULTS_H
#define FAKE_FAULTS_H

#include "state.h"

#include <jansson.h>

enum fault_kind {
    FAULT_ERROR,     /* an error answer; not executed */
    FAULT_CLOSE,     /* the connection is closed; not executed */
    FAULT_LOST,      /* executed, then the connection is closed */
    FAULT_MALFORMED, /* executed, then an answer that is no JSON */
    FAULT_DELAY,     /* executed, answered late */
    FAULT_TIMEOUT,   /* never answered; executed only when asked for */
};

struct fault {
    enum fault_kind kind;
    char *method;    /* NULL: any */
    int64_t chat_id; /* 0: any */
    int64_t left;    /* how many more calls */
    int code;        /* of the error answer, or the HTTP status of a malformed one */
    int retry_after_s;
    int64_t migrate_to;
    int64_t delay_ms;
    bool execute;
    char *description;
    char *body; /* of a malformed answer; NULL: the right answer cut in half */
    struct fault *prev;
    struct fault *next;
};

/* From {"kind":…,"method":…,"chat_id":…,"count":…,"code":…,"retry_after":…,…}. False: `error`
 * says what is wrong. */
bool faults_add(struct bot *bot, json_t *script, const char **error);
void faults_clear(struct bot *bot);

/* The first that fits the call, with one use taken off. Valid until the next call of this file;
 * the caller ends it with fault_used. */
struct fault *fault_for(struct bot *bot, const char *method, int64_t chat_id);
void fault_used(struct bot *bot, struct fault *fault);
const char *fault_name(enum fault_kind kind);

#endif
