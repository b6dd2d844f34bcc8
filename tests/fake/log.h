/* The log of calls: every request of a bot in the order they were executed, numbered from 1.
 *
 * Tests read it with "everything since number N" and wait for what has not happened yet. */
#ifndef FAKE_LOG_H
#define FAKE_LOG_H

#include "buf.h"

#include <stdbool.h>

struct bot;
struct request;

/* What is known of a call once it has been dealt with. Strings are taken over by the log. */
struct log_entry {
    int64_t number;
    int64_t at_ms;      /* the bot's clock */
    const char *method; /* a constant; "(unknown)" when there is no such method */
    const char *via;    /* "http", or "webhook" for a method in a webhook's response */
    const char *fault;  /* the scripted fault that met it, or NULL; a constant */
    bool executed;      /* it had its effect, whatever the bot was told */
    bool ok;
    int code;
    int64_t chat_id;    /* 0: none */
    int64_t message_id; /* 0: none */
    char *description;  /* of an error */
    char *params;       /* JSON object */
    char *text;         /* plain text of the message sent or edited */
    char *markup;       /* its buttons, JSON */
    char *unknown;      /* parameters the method does not have, or NULL */
};

struct log_filter {
    int64_t since;
    int64_t chat_id; /* 0: any */
    char method[48]; /* lower case; empty: any */
    bool ok_only;
    size_t limit;
};

struct call_log *log_new(bool keep);
void log_free(struct call_log *log);
void log_reset(struct call_log *log);
int64_t log_last_number(const struct call_log *log);

/* Numbers and stores the entry, then ends the waits it satisfies. */
void log_add(struct bot *bot, struct log_entry *entry);
/* False: strings for the entry need not be made, they would be thrown away. */
bool log_keeps(const struct call_log *log);

/* Appends {"next":N,"entries":[…]}; returns how many entries. */
size_t log_render(const struct call_log *log, const struct log_filter *filter, struct buf *out);
/* Answers the request with the entries; with none, waits for one up to wait_ms. */
void log_answer(struct bot *bot, struct request *request, const struct log_filter *filter,
                int64_t wait_ms);
/* Answers {"sent":N} as soon as that many messages have been sent, or after wait_ms. */
void log_answer_sent(struct bot *bot, struct request *request, int64_t at_least, int64_t wait_ms);

#endif
