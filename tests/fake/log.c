/* The log of log.h. Entries live in blocks of fixed size, so that a long log never moves. */
#include "log.h"

#include "server.h"
#include "state.h"
#include "waits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define BLOCK_ENTRIES 1024

struct log_block {
    struct log_entry entries[BLOCK_ENTRIES];
};

struct call_log {
    bool keep;
    struct log_block **blocks;
    size_t block_count;
    size_t count; /* entries stored; entry i has number i + 1 */
    int64_t last_number;
};

struct call_log *log_new(bool keep)
{
    struct call_log *log = fake_alloc(sizeof *log);
    log->keep = keep;
    return log;
}

static struct log_entry *log_entry_at(const struct call_log *log, size_t index)
{
    return &log->blocks[index / BLOCK_ENTRIES]->entries[index % BLOCK_ENTRIES];
}

static void entry_release(struct log_entry *entry)
{
    free(entry->description);
    free(entry->params);
    free(entry->text);
    free(entry->markup);
    free(entry->unknown);
}

void log_reset(struct call_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        entry_release(log_entry_at(log, i));
    }
    for (size_t i = 0; i < log->block_count; i++) {
        free(log->blocks[i]);
    }
    free(log->blocks);
    log->blocks = NULL;
    log->block_count = 0;
    log->count = 0;
    log->last_number = 0;
}

void log_free(struct call_log *log)
{
    log_reset(log);
    free(log);
}

int64_t log_last_number(const struct call_log *log)
{
    return log->last_number;
}

bool log_keeps(const struct call_log *log)
{
    return log->keep;
}

static bool filter_takes(const struct log_filter *filter, const struct log_entry *entry)
{
    return (!filter->chat_id || filter->chat_id == entry->chat_id) &&
           (!filter->method[0] || !strcasecmp(filter->method, entry->method)) &&
           (!filter->ok_only || entry->executed);
}

static void end_satisfied(struct bot *bot, const struct log_entry *entry)
{
    struct waiter *waiter;
    struct waiter *next;
    DL_FOREACH_SAFE(bot->world->waiters, waiter, next)
    {
        if (waiter->bot != bot) {
            continue;
        }
        if (waiter->kind == WAIT_LOG && filter_takes(waiter->data, entry)) {
            wait_end(waiter);
        } else if (waiter->kind == WAIT_SENT && bot->sent >= *(int64_t *)waiter->data) {
            wait_end(waiter);
        }
    }
}

void log_add(struct bot *bot, struct log_entry *entry)
{
    struct call_log *log = bot->log;
    entry->number = ++log->last_number;
    entry->at_ms = bot_now_ms(bot);
    if (log->keep) {
        if (log->count == log->block_count * BLOCK_ENTRIES) {
            size_t bytes = (log->block_count + 1) * sizeof(struct log_block *);
            log->blocks = realloc(log->blocks, bytes);
            if (!log->blocks) {
                abort();
            }
            log->blocks[log->block_count++] = fake_alloc(sizeof(struct log_block));
        }
        *log_entry_at(log, log->count++) = *entry;
    }
    end_satisfied(bot, entry);
    if (!log->keep) {
        entry_release(entry);
    }
}

static void entry_render(const struct log_entry *entry, struct buf *out)
{
    buf_char(out, '{');
    buf_member_i64(out, "n", entry->number);
    buf_member_i64(out, "at_ms", entry->at_ms);
    buf_member(out, "method", entry->method);
    buf_member(out, "via", entry->via);
    buf_member(out, "fault", entry->fault);
    buf_member_bool(out, "executed", entry->executed);
    buf_member_bool(out, "ok", entry->ok);
    buf_member_i64(out, "code", entry->code);
    buf_member(out, "description", entry->description);
    if (entry->chat_id) {
        buf_member_i64(out, "chat_id", entry->chat_id);
    }
    if (entry->message_id) {
        buf_member_i64(out, "message_id", entry->message_id);
    }
    buf_member(out, "text", entry->text);
    buf_member_raw(out, "reply_markup", entry->markup);
    buf_member(out, "unknown_params", entry->unknown);
    buf_member_raw(out, "params", entry->params);
    buf_char(out, '}');
}

size_t log_render(const struct call_log *log, const struct log_filter *filter, struct buf *out)
{
    size_t found = 0;
    int64_t next = log->last_number;
    struct buf list = {0};
    size_t from = filter->since > 0 ? (size_t)filter->since : 0;
    for (size_t i = from; i < log->count; i++) {
        const struct log_entry *entry = log_entry_at(log, i);
        if (!filter_takes(filter, entry)) {
            continue;
        }
        if (found == filter->limit) {
            next = entry->number - 1;
            break;
        }
        if (found++) {
            buf_char(&list, ',');
        }
        entry_render(entry, &list);
    }
    buf_char(out, '{');
    buf_member_i64(out, "next", next);
    buf_str(out, ",\"entries\":[");
    buf_add(out, list.data, list.len);
    buf_str(out, "]}");
    buf_release(&list);
    return found;
}

static void log_wait_done(struct waiter *waiter)
{
    struct buf out = {0};
    log_render(waiter->bot->log, waiter->data, &out);
    request_answer(waiter->request, 200, &out, 0);
}

void log_answer(struct bot *bot, struct request *request, const struct log_filter *filter,
                int64_t wait_ms)
{
    struct buf out = {0};
    if (log_render(bot->log, filter, &out) || wait_ms <= 0) {
        request_answer(request, 200, &out, 0);
        return;
    }
    buf_release(&out);
    struct waiter *waiter = wait_add(bot, request, WAIT_LOG, log_wait_done);
    struct log_filter *copy = fake_alloc(sizeof *copy);
    *copy = *filter;
    waiter->data = copy;
    waiter->steady_until_ms = steady_now_ms() + wait_ms;
}

static void sent_wait_done(struct waiter *waiter)
{
    struct buf out = {0};
    buf_fmt(&out, "{\"sent\":%lld}", (long long)waiter->bot->sent);
    request_answer(waiter->request, 200, &out, 0);
}

void log_answer_sent(struct bot *bot, struct request *request, int64_t at_least, int64_t wait_ms)
{
    int64_t *wanted = fake_alloc(sizeof *wanted);
    *wanted = at_least;
    struct waiter *waiter = wait_add(bot, request, WAIT_SENT, sent_wait_done);
    waiter->data = wanted;
    waiter->steady_until_ms = steady_now_ms() + (wait_ms > 0 ? wait_ms : 0);
    if (bot->sent >= at_least) {
        wait_end(waiter);
    }
}
