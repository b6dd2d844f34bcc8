/* A table of few answers; the one that is good for the shortest time makes room. */
#include "http/api/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    ANSWERS_MAX = 32,
    BYTES_MAX = 1 << 20, /* of one answer */
    MUCH_MS = 250,
    FACTOR = 10,
    LONGEST_MS = 60 * 1000,
    AFTER_CHANGE_MS = 1000
};

struct entry {
    char *text; /* target, etag and body, one behind the other; NULL: free */
    size_t target_bytes, etag_bytes, body_bytes;
    int64_t until_ms;
};

struct kept {
    struct entry entries[ANSWERS_MAX];
    int64_t closed_until_ms;
};

struct kept *kept_new(void)
{
    struct kept *kept = calloc(1, sizeof(*kept));
    ASSERT(kept != NULL);
    return kept;
}

static void drop(struct entry *entry)
{
    free(entry->text);
    *entry = (struct entry){0};
}

void kept_free(struct kept *kept)
{
    if (kept != NULL) {
        for (int i = 0; i < ANSWERS_MAX; i++) {
            drop(&kept->entries[i]);
        }
        free(kept);
    }
}

static struct entry *find(struct kept *kept, struct str target)
{
    for (int i = 0; i < ANSWERS_MAX; i++) {
        struct entry *entry = &kept->entries[i];
        if (entry->text != NULL &&
            str_equal((struct str){entry->text, entry->target_bytes}, target)) {
            return entry;
        }
    }
    return NULL;
}

bool kept_find(struct kept *kept, struct str target, int64_t now_ms, struct kept_answer *ret_answer)
{
    struct entry *entry = find(kept, target);
    if (entry == NULL) {
        return false;
    }
    if (now_ms >= entry->until_ms) {
        drop(entry);
        return false;
    }
    const char *etag = entry->text + entry->target_bytes;
    *ret_answer = (struct kept_answer){{etag, entry->etag_bytes},
                                       {etag + entry->etag_bytes, entry->body_bytes}};
    return true;
}

static struct entry *room(struct kept *kept)
{
    struct entry *least = &kept->entries[0];
    for (int i = 0; i < ANSWERS_MAX && least->text != NULL; i++) {
        struct entry *entry = &kept->entries[i];
        least = entry->text == NULL || entry->until_ms < least->until_ms ? entry : least;
    }
    drop(least);
    return least;
}

void kept_offer(struct kept *kept, struct str target, int64_t now_ms, int64_t took_ms,
                const struct kept_answer *answer)
{
    size_t bytes = target.length + answer->etag.length + answer->body.length;
    if (took_ms < MUCH_MS || now_ms < kept->closed_until_ms || bytes > BYTES_MAX) {
        return;
    }
    struct entry *entry = room(kept);
    entry->text = malloc(bytes);
    ASSERT(entry->text != NULL);
    memcpy(entry->text, target.ptr, target.length);
    memcpy(entry->text + target.length, answer->etag.ptr, answer->etag.length);
    memcpy(entry->text + target.length + answer->etag.length, answer->body.ptr,
           answer->body.length);
    entry->target_bytes = target.length;
    entry->etag_bytes = answer->etag.length;
    entry->body_bytes = answer->body.length;
    entry->until_ms = now_ms + (took_ms < LONGEST_MS / FACTOR ? took_ms * FACTOR : LONGEST_MS);
}

void kept_forget(struct kept *kept, int64_t now_ms)
{
    for (int i = 0; i < ANSWERS_MAX; i++) {
        drop(&kept->entries[i]);
    }
    kept->closed_until_ms = now_ms + AFTER_CHANGE_MS;
}
