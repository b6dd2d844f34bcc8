/* The zones: read once through GLib's GTimeZone from the system's tzdata, kept as a sorted list of
 * changes of the offset, found by name in a bounded table. GLib searches linearly and tells no
 * borders; the list makes a lookup a binary search over some 250 numbers.
 *
 * GLib 2.74 misreads rules with a negative summer time (Europe/Dublin) for instants after 2037. */
#include "base/calendar_zone.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

enum {
    ZONES_MAX = 1024,
    TABLE_SIZE = 2 * ZONES_MAX,
    PATH_BYTES = 512,
    VERSION_BYTES = 32,
};

static const int64_t known_from_s = 0;
static const int64_t known_to_s = 4417977600; /* 2110-01-01 */
static const int64_t probe_step_s = 30 * 86400;

struct change {
    int64_t at_s;
    int offset_s; /* from at_s on */
};

struct zone {
    char name[LIMIT_ZONE_BYTES + 1];
    int first_offset_s; /* before the first change */
    size_t count;
    struct change *changes;
};

static const struct zone utc_zone = {.name = "UTC"};

/* Open addressing, never more than half full. A slot is filled once, by whoever holds the lock, and
 * never emptied: finding needs none, which every decision does some times. */
static struct {
    pthread_mutex_t lock;
    size_t count;
    _Atomic(struct zone *) slots[TABLE_SIZE];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What a thread found last: whoever decides about one person asks for the same again. */
static _Thread_local struct {
    const struct zone *named;
    const struct zone *zone;
    struct zone_interval interval; /* of zone */
} recent;

static struct zone_interval find_interval(const struct zone *zone, int64_t at_s)
{
    size_t low = 0; /* changes before `low` are at or before at_s, those from `high` on after it */
    size_t high = zone->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].at_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (struct zone_interval){
        .from_s = low == 0 ? INT64_MIN : zone->changes[low - 1].at_s,
        .to_s = low == zone->count ? INT64_MAX : zone->changes[low].at_s,
        .offset_s = low == 0 ? zone->first_offset_s : zone->changes[low - 1].offset_s,
    };
}

struct zone_interval zone_interval_at(const struct zone *zone, int64_t at_s)
{
    if (recent.zone != zone || at_s < recent.interval.from_s || at_s >= recent.interval.to_s) {
        recent.interval = find_interval(zone, at_s);
        recent.zone = zone;
    }
    return recent.interval;
}

static void add_change(struct zone *zone, int64_t at_s, int offset_s)
{
    int last = zone->count == 0 ? zone->first_offset_s : zone->changes[zone->count - 1].offset_s;
    if (offset_s == last) {
        return; /* only the abbreviation changed */
    }
    if ((zone->count & (zone->count - 1)) == 0) {
        size_t room = zone->count == 0 ? 1 : 2 * zone->count;
        zone->changes = realloc(zone->changes, room * sizeof(*zone->changes));
        ASSERT(zone->changes != NULL);
    }
    zone->changes[zone->count++] = (struct change){.at_s = at_s, .offset_s = offset_s};
}

static int interval_of(GTimeZone *source, int64_t at_s)
{
    int interval = g_time_zone_find_interval(source, G_TIME_TYPE_UNIVERSAL, at_s);
    ASSERT(interval >= 0);
    return interval;
}

/* Adds every change in (from_s, to_s]; `from` and `to` are the intervals at the ends. */
static void add_changes(struct zone *zone, GTimeZone *source, int64_t from_s, int from,
                        int64_t to_s, int to)
{
    while (from < to) {
        int64_t low = from_s; /* still in `from` */
        int64_t high = to_s;  /* beyond it */
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (interval_of(source, middle) == from) {
                low = middle;
            } else {
                high = middle;
            }
        }
        from_s = high;
        from = interval_of(source, high);
        add_change(zone, high, g_time_zone_get_offset(source, from));
    }
}

static struct zone *zone_read(struct str name)
{
    struct zone *zone = calloc(1, sizeof(*zone));
    ASSERT(zone != NULL);
    str_copy(zone->name, sizeof(zone->name), name);
    GTimeZone *source = g_time_zone_new_identifier(zone->name);
    if (source == NULL) {
        free(zone);
        return NULL;
    }
    int64_t at_s = known_from_s;
    int interval = interval_of(source, at_s);
    zone->first_offset_s = g_time_zone_get_offset(source, interval);
    while (at_s < known_to_s) {
        int64_t next_s = at_s + probe_step_s;
        int next = interval_of(source, next_s);
        add_changes(zone, source, at_s, interval, next_s, next);
        at_s = next_s;
        interval = next;
    }
    g_time_zone_unref(source);
    return zone;
}

static const char *zoneinfo_dir(void)
{
    const char *dir = getenv("TZDIR"); /* as GLib does */
    return dir != NULL && dir[0] != '\0' ? dir : "/usr/share/zoneinfo";
}

/* IANA names only: GLib itself also takes "+02:00", "EST5" and files beside the zones. */
static bool name_is_plausible(struct str name)
{
    if (name.length == 0 || name.length > LIMIT_ZONE_BYTES || name.ptr[0] < 'A' ||
        name.ptr[0] > 'Z') {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        char c = name.ptr[i];
        if (!g_ascii_isalnum(c) && c != '_' && c != '-' && c != '+' && c != '/') {
            return false;
        }
    }
    return !str_is(name, "Factory"); /* tzdata's word for "not set" */
}

static bool file_is_zone(struct str name)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof(path), "%s/%.*s", zoneinfo_dir(), STR_ARG(name));
    if (length < 0 || (size_t)length >= sizeof(path)) {
        return false;
    }
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return false;
    }
    char magic[4];
    bool found = fread(magic, 1, sizeof(magic), file) == sizeof(magic) &&
                 memcmp(magic, "TZif", sizeof(magic)) == 0;
    fclose(file);
    return found;
}

/* The slot that holds the name, or the free one where it belongs. */
static size_t slot_of(struct str name, const struct zone **ret_zone)
{
    size_t at = hash_bytes(name) % TABLE_SIZE;
    for (;;) {
        *ret_zone = atomic_load_explicit(&table.slots[at], memory_order_acquire);
        if (*ret_zone == NULL || str_is(name, (*ret_zone)->name)) {
            return at;
        }
        at = (at + 1) % TABLE_SIZE;
    }
}

static const struct zone *zone_add(struct str name)
{
    if (!name_is_plausible(name)) {
        return NULL;
    }
    pthread_mutex_lock(&table.lock);
    const struct zone *found;
    size_t slot = slot_of(name, &found);
    if (found == NULL && table.count < ZONES_MAX && file_is_zone(name)) {
        struct zone *zone = zone_read(name);
        table.count += zone != NULL;
        atomic_store_explicit(&table.slots[slot], zone, memory_order_release);
        found = zone;
    }
    pthread_mutex_unlock(&table.lock);
    return found;
}

const struct zone *zone_find(struct str name)
{
    if (recent.named != NULL && str_is(name, recent.named->name)) {
        return recent.named;
    }
    const struct zone *zone = &utc_zone;
    if (!str_is(name, utc_zone.name)) {
        slot_of(name, &zone);
        zone = zone != NULL ? zone : zone_add(name);
    }
    recent.named = zone;
    return zone;
}

const struct zone *zone_utc(void)
{
    return &utc_zone;
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

static pthread_once_t version_once = PTHREAD_ONCE_INIT;
static char version[VERSION_BYTES];

/* The first line of the compact source beside the zones: "# version 2025b". */
static void version_read(void)
{
    static const char start[] = "# version ";
    char text[PATH_BYTES];
    snprintf(version, sizeof(version), "unknown");
    snprintf(text, sizeof(text), "%s/tzdata.zi", zoneinfo_dir());
    FILE *file = fopen(text, "re");
    if (file == NULL) {
        return;
    }
    if (fgets(text, sizeof(text), file) != NULL && strncmp(text, start, strlen(start)) == 0) {
        str_copy(version, sizeof(version), str_trim(str_of(text + strlen(start))));
    }
    fclose(file);
}

const char *calendar_tzdata_version(void)
{
    pthread_once(&version_once, version_read);
    return version;
}
