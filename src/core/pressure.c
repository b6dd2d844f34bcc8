/* The gate: every reason for which a message waits, is held back or comes too late, in one order.
 * What ends a message for good is asked first, then what holds it without counting (pause, crisis,
 * quiet hours), then the caps, during which its time runs. */
#include "core/pressure.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

enum { FOLLOWUPS_PER_COMMITMENT = 5, FOLLOWUPS_PER_DAY = 6 };
/* A crisis hold ends by a person's decision, which wakes what waits; asking again is a safety net.
 */
#define CRISIS_RECHECK_MS DAY_MS
/* A channel that takes thirty messages a second lets so many go in it: 27,000. */
#define RELEASE_SPREAD_MS (15 * MINUTE_MS)

const struct zone *person_zone(const struct world *world, const struct person *person)
{
    if (person->user.zone[0] != '\0') {
        const struct zone *zone = zone_find(str_of(person->user.zone));
        if (zone != NULL) {
            return zone;
        }
    }
    return world->installation->default_zone;
}

const char *person_language(const struct world *world, const struct person *person)
{
    const char *own = person->user.language;
    int count;
    const char *const *languages = catalog_languages(world->catalog, &count);
    int index = own[0] != '\0' ? catalog_language_index(world->catalog, own) : -1;
    if (index < 0) {
        index = catalog_language_index(world->catalog, world->installation->default_language);
    }
    ASSERT(count > 0);
    return languages[index >= 0 ? index : 0];
}

static void quiet_hours(const struct world *world, const struct person *person, int *ret_from,
                        int *ret_to)
{
    bool own = person->user.quiet_from_minute >= 0 && person->user.quiet_to_minute >= 0;
    *ret_from = own ? person->user.quiet_from_minute : world->installation->quiet_from_minute;
    *ret_to = own ? person->user.quiet_to_minute : world->installation->quiet_to_minute;
}

static int64_t after_quiet(const struct world *world, const struct person *person, int64_t at_ms)
{
    int from, to;
    quiet_hours(world, person, &from, &to);
    const struct zone *zone = person_zone(world, person);
    /* A change of the clocks may lead from one showing of the window into the next, once. */
    for (int i = 0; i < 2 && calendar_in_window(zone, at_ms, from, to); i++) {
        at_ms = calendar_next_minute(zone, at_ms, to);
    }
    return at_ms;
}

/* Quiet hours end, and days begin, for many in the same second: whoever waited for that is written
 * to some minutes later, at the same distance every day. Not where the quiet hours begin again. */
static int64_t spread(const struct world *world, const struct person *person, int64_t at_ms)
{
    int from, to;
    quiet_hours(world, person, &from, &to);
    int64_t id = person->user.id;
    uint64_t hash = hash_bytes((struct str){(const char *)&id, sizeof(id)});
    int64_t later_ms = at_ms + (int64_t)(hash % (uint64_t)RELEASE_SPREAD_MS);
    return calendar_in_window(person_zone(world, person), later_ms, from, to) ? at_ms : later_ms;
}

/* When a message held until the end of the quiet hours goes out. Broadcasts have a pace of their
 * own; what the person has planned for these quiet hours comes as soon as they are over. */
static int64_t release(const struct world *world, const struct person *person,
                       const struct delivery *delivery, int64_t quiet_until_ms)
{
    const struct commitment *commitment = person_commitment(person, delivery->commitment_id);
    bool is_asked_for = commitment != NULL && commitment->planned_at_ms != 0 &&
                        after_quiet(world, person, commitment->planned_at_ms) == quiet_until_ms;
    return delivery->kind == KIND_BROADCAST || is_asked_for ? quiet_until_ms
                                                            : spread(world, person, quiet_until_ms);
}

static struct gate verdict(enum gate_verdict kind, const char *reason)
{
    return (struct gate){.verdict = kind, .reason = reason};
}

static struct gate hold(int64_t until_ms, bool is_free, const char *reason)
{
    return (struct gate){
        .verdict = GATE_HOLD, .until_ms = until_ms, .hold_is_free = is_free, .reason = reason};
}

static struct gate cap(struct gate gate, const char *limit, int used, int allowed)
{
    gate.limit = limit;
    gate.used = used;
    gate.allowed = allowed;
    return gate;
}

static int64_t next_day(const struct world *world, const struct person *person)
{
    const struct zone *zone = person_zone(world, person);
    int64_t day = calendar_local_day(zone, world->now_ms);
    return spread(world, person, after_quiet(world, person, calendar_day_start(zone, day + 1)));
}

/* Counting settles the language, taking it back unsettles it. */
bool pressure_is_counted(const struct delivery *delivery)
{
    return delivery->language.length > 0;
}

/* Whoever moves west lives some hours twice: what was counted on the later day still counts. */
static bool counts_on(int64_t counted_day, int64_t day)
{
    return counted_day == day || counted_day == day + 1;
}

static struct gate followup_cap(const struct world *world, const struct person *person,
                                const struct delivery *delivery)
{
    const struct commitment *commitment = person_commitment(person, delivery->commitment_id);
    if (commitment != NULL && commitment->followups >= FOLLOWUPS_PER_COMMITMENT) {
        return cap(verdict(GATE_SUPPRESS, "cap"), "commitment", commitment->followups,
                   FOLLOWUPS_PER_COMMITMENT);
    }
    int64_t today = calendar_local_day(person_zone(world, person), world->now_ms);
    if (counts_on(person->user.followup_day, today) &&
        person->user.followup_count >= FOLLOWUPS_PER_DAY) {
        return cap(hold(next_day(world, person), false, "cap"), "day", person->user.followup_count,
                   FOLLOWUPS_PER_DAY);
    }
    return verdict(GATE_SEND, "");
}

static struct gate nudge_cap(const struct world *world, const struct person *person)
{
    const struct user *user = &person->user;
    const struct installation *installation = world->installation;
    int64_t today = calendar_local_day(person_zone(world, person), world->now_ms);
    if (counts_on(user->nudge_day, today) && user->nudge_count >= installation->nudge_per_day) {
        return cap(hold(next_day(world, person), false, "cap"), "day", user->nudge_count,
                   installation->nudge_per_day);
    }
    int64_t gap_until_ms = user->nudge_last_at_ms + installation->nudge_min_gap_ms;
    if (user->nudge_last_at_ms != 0 && gap_until_ms > world->now_ms) {
        return cap(hold(gap_until_ms, false, "cap"), "gap", 0, 0);
    }
    return verdict(GATE_SEND, "");
}

static struct gate class_cap(const struct world *world, const struct person *person,
                             const struct delivery *delivery)
{
    if (pressure_is_counted(delivery)) {
        return verdict(GATE_SEND, "");
    }
    switch (delivery->class) {
    case CLASS_REPLY:
    case CLASS_ONBOARDING:
        break;
    case CLASS_FOLLOWUP:
        return followup_cap(world, person, delivery);
    case CLASS_NUDGE:
        return nudge_cap(world, person);
    }
    return verdict(GATE_SEND, "");
}

/* What ends it whatever the hour; GATE_SEND when nothing does. */
static struct gate lasting(const struct person *person, const struct delivery *delivery)
{
    const struct user *user = &person->user;
    if (user->is_erased) {
        return verdict(GATE_SUPPRESS, "erased");
    }
    switch (user->contacts[delivery->channel].reach) {
    case REACH_NONE:
        return verdict(GATE_SUPPRESS, "no_address");
    case REACH_BLOCKED:
        return verdict(GATE_SUPPRESS, "blocked");
    case REACH_GONE:
        return verdict(GATE_SUPPRESS, "gone");
    case REACH_OK:
        break;
    }
    if (delivery->class == CLASS_REPLY) {
        return verdict(GATE_SEND, "");
    }
    if (user->stopped) {
        return verdict(GATE_SUPPRESS, "stopped");
    }
    if (user->is_held && delivery->class == CLASS_NUDGE) {
        return verdict(GATE_SUPPRESS, "held");
    }
    return verdict(GATE_SEND, "");
}

static struct gate ask(const struct world *world, const struct person *person,
                       const struct delivery *delivery)
{
    const struct user *user = &person->user;
    int64_t now_ms = world->now_ms;
    struct gate gate = lasting(person, delivery);
    if (gate.verdict != GATE_SEND) {
        return gate;
    }
    bool late = delivery->expires_at_ms != 0 && now_ms >= delivery->expires_at_ms;
    if (delivery->class == CLASS_REPLY) {
        return late ? verdict(GATE_EXPIRE, "late") : gate;
    }
    struct gate capped = class_cap(world, person, delivery);
    if (late || capped.verdict == GATE_SUPPRESS) {
        return capped.verdict != GATE_SEND
                   ? cap(verdict(GATE_SUPPRESS, "cap"), capped.limit, capped.used, capped.allowed)
                   : verdict(GATE_EXPIRE, "late");
    }
    if (user->crisis_hold) {
        return hold(now_ms + CRISIS_RECHECK_MS, true, "crisis");
    }
    if (user->paused_until_ms > now_ms) {
        return hold(user->paused_until_ms, true, "paused");
    }
    int64_t quiet_until_ms = after_quiet(world, person, now_ms);
    if (quiet_until_ms > now_ms) {
        int64_t until_ms = release(world, person, delivery, quiet_until_ms);
        return hold(until_ms, true, "quiet_hours");
    }
    if (capped.verdict == GATE_HOLD && delivery->expires_at_ms != 0 &&
        capped.until_ms > delivery->expires_at_ms) {
        capped.until_ms = delivery->expires_at_ms;
    }
    return capped;
}

struct gate pressure_gate(const struct world *world, const struct person *person,
                          const struct delivery *delivery)
{
    struct gate gate = ask(world, person, delivery);
    trace_gate(world->trace, delivery, &gate);
    return gate;
}

static void count_on(int64_t today, int64_t *counted_day, int *count)
{
    if (!counts_on(*counted_day, today)) {
        *counted_day = today;
        *count = 0;
    }
    ++*count;
}

void pressure_count(const struct world *world, struct person *person, struct delivery *delivery)
{
    struct user *user = &person->user;
    if (delivery->class == CLASS_REPLY || delivery->class == CLASS_ONBOARDING) {
        return;
    }
    int64_t today = calendar_local_day(person_zone(world, person), world->now_ms);
    if (delivery->class == CLASS_NUDGE) {
        count_on(today, &user->nudge_day, &user->nudge_count);
        user->nudge_last_at_ms = world->now_ms;
    } else {
        count_on(today, &user->followup_day, &user->followup_count);
        struct commitment *commitment = person_commitment(person, delivery->commitment_id);
        if (commitment != NULL) {
            commitment->followups++;
            commitment->changed = true;
        }
    }
    user->changed = true;
}

void pressure_uncount(const struct world *world, struct person *person, struct delivery *delivery,
                      int64_t attempted_at_ms)
{
    struct user *user = &person->user;
    if (delivery->class == CLASS_REPLY || delivery->class == CLASS_ONBOARDING ||
        !pressure_is_counted(delivery)) {
        return;
    }
    int64_t day = calendar_local_day(person_zone(world, person), attempted_at_ms);
    if (delivery->class == CLASS_NUDGE) {
        user->nudge_count -= user->nudge_day == day && user->nudge_count > 0;
        /* The one before it was a whole gap away when this one was counted. */
        user->nudge_last_at_ms =
            user->nudge_last_at_ms == attempted_at_ms ? 0 : user->nudge_last_at_ms;
    } else {
        struct commitment *commitment = person_commitment(person, delivery->commitment_id);
        user->followup_count -= user->followup_day == day && user->followup_count > 0;
        if (commitment != NULL && commitment->followups > 0) {
            commitment->followups--;
            commitment->changed = true;
        }
    }
    delivery->language = STR_NONE;
    delivery->changed = true;
    user->changed = true;
}
