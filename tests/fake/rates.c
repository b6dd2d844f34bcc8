/* Leaky buckets: a request adds one to each bucket it counts in, time empties them. A refused
 * request adds nothing. The exact algorithm of Telegram is not published. */
#include "rates.h"

#define ONE_REQUEST 1000

/* How full the bucket is now, in thousandths of a request. */
static void bucket_leak(struct bucket *bucket, int64_t now_ms, int64_t requests, int64_t per_ms)
{
    int64_t passed_ms = now_ms - bucket->at_ms;
    bucket->at_ms = now_ms;
    int64_t leaked = passed_ms > per_ms * 1000 ? bucket->filled_permille
                                               : passed_ms * requests * ONE_REQUEST / per_ms;
    bucket->filled_permille =
        bucket->filled_permille > leaked ? bucket->filled_permille - leaked : 0;
}

/* Milliseconds until one more request fits, 0 when it does now. */
static int64_t bucket_wait_ms(const struct bucket *bucket, int64_t capacity, int64_t requests,
                              int64_t per_ms)
{
    int64_t over = bucket->filled_permille + ONE_REQUEST - capacity * ONE_REQUEST;
    return over <= 0 ? 0 : (over * per_ms + requests * ONE_REQUEST - 1) / (requests * ONE_REQUEST);
}

void rates_count(struct call *call, struct chat *chat)
{
    struct limits *limits = &call->bot->limits;
    if (!limits->per_second) {
        return;
    }
    int64_t now_ms = bot_now_ms(call->bot);
    bucket_leak(&limits->bucket, now_ms, limits->per_second, 1000);
    int64_t wait_ms = bucket_wait_ms(&limits->bucket, limits->per_second, limits->per_second, 1000);
    if (chat) {
        bool group = chat_is_group(chat);
        int64_t capacity = group ? limits->group_per_minute : limits->chat_burst;
        int64_t rate = group ? limits->group_per_minute : 1;
        int64_t per_ms = group ? 60000 : 1000;
        bucket_leak(&chat->bucket, now_ms, rate, per_ms);
        int64_t chat_wait_ms = bucket_wait_ms(&chat->bucket, capacity, rate, per_ms);
        wait_ms = chat_wait_ms > wait_ms ? chat_wait_ms : wait_ms;
    }
    if (wait_ms > 0) {
        limits->refused++;
        call->retry_after_s = (int)((wait_ms + 999) / 1000);
        call_fail(call, 429, "Too Many Requests: retry after %d", call->retry_after_s);
        return;
    }
    limits->bucket.filled_permille += ONE_REQUEST;
    if (chat) {
        chat->bucket.filled_permille += ONE_REQUEST;
    }
}
