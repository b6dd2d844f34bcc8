/* What the building blocks cost that every message passes through: nanoseconds for one call, the
 * best of several rounds, so that a busy machine disturbs little. Prints one line for each; asserts
 * nothing about speed. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

enum { ROUNDS = 7, ROUND_NS = 60 * 1000 * 1000 };

static const char update[] =
    "{\"update_id\":90210,\"message\":{\"message_id\":17,\"from\":{\"id\":4711,\"is_bot\":false,"
    "\"first_name\":\"Ada\",\"language_code\":\"en\"},\"chat\":{\"id\":4711,\"first_name\":\"Ada\","
    "\"type\":\"private\"},\"date\":1795340000,\"text\":\"I read ten pages today\"}}";
static const char talk[] = "I\u2019ll read TEN pages tomorrow at 7, caf\u00e9 after \U0001F60A";

struct work {
    struct arena *arena;
    json_t *json;
    const struct zone *zone;
    int64_t at_ms;
    uint64_t sum; /* of results, so that no call is optimised away */
};

static void read_json(struct work *work)
{
    json_t *json = NULL;
    struct err_detail detail;
    enum err error = json_read(str_of(update), sizeof(update), &json, &detail);
    ASSERT(error == OK);
    work->sum += json_object_size(json);
    json_decref(json);
}

static void write_json(struct work *work)
{
    work->sum += json_write(work->arena, work->json).length;
}

static void clean_text(struct work *work)
{
    work->sum += text_clean(work->arena, str_of(talk)).length;
}

static void fold_text(struct work *work)
{
    work->sum += text_fold(work->arena, str_of(talk)).length;
}

static void split_words(struct work *work)
{
    struct str *words = NULL;
    work->sum += text_words(work->arena, str_of(talk), 32, &words);
}

static void local_time(struct work *work)
{
    work->at_ms += 3600 * 1000;
    work->sum += (uint64_t)calendar_local(work->zone, work->at_ms).minute;
}

static void sign(struct work *work)
{
    unsigned char mac[DIGEST_SHA256_BYTES];
    digest_hmac_sha256(STR("a secret of some length"), str_of(update), mac);
    work->sum += mac[0];
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Runs `call` again and again for one round; the time of one call. */
static double round_ns(struct work *work, void (*call)(struct work *))
{
    int64_t start = now_ns();
    int64_t elapsed = 0;
    int64_t calls = 0;
    while (elapsed < ROUND_NS) {
        for (int i = 0; i < 100; i++) {
            call(work);
        }
        calls += 100;
        arena_reset(work->arena);
        elapsed = now_ns() - start;
    }
    return (double)elapsed / (double)calls;
}

static void measure(struct work *work, const char *name, void (*call)(struct work *))
{
    double best = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double once = round_ns(work, call);
        best = i == 0 || once < best ? once : best;
    }
    printf("%-46s %10.0f ns %12.0f a second\n", name, best, 1e9 / best);
}

int main(void)
{
    struct err_detail detail;
    struct work work = {
        .arena = arena_new(1 << 16),
        .zone = zone_find(STR("Europe/Berlin")),
        .at_ms = 1795340000000,
    };
    ASSERT(work.zone != NULL);
    enum err error = json_read(str_of(update), sizeof(update), &work.json, &detail);
    ASSERT(error == OK);
    measure(&work, "read a Telegram update (JSON)", read_json);
    measure(&work, "write it", write_json);
    measure(&work, "clean what a person wrote", clean_text);
    measure(&work, "fold it for comparing", fold_text);
    measure(&work, "split it into words", split_words);
    measure(&work, "local time of an instant", local_time);
    measure(&work, "sign 300 bytes (HMAC-SHA-256)", sign);
    json_decref(work.json);
    arena_free(work.arena);
    return work.sum == 0;
}
