/* Reading a person of the previous bot's tables: names of columns differ between the shapes, JSON
 * columns hold JSON as text as often as objects, instants may lack a zone. */
#include "core/live_person.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/text.h"
#include "core/commitment.h"

enum {
    JSON_COLUMN_BYTES_MAX = 64 * 1024,
    INVENTED_FROM = 100000, /* an import gave out 100000 + n; ids of people are longer today */
    INVENTED_TO = 999999,
    TEST_TELEGRAM_ID = 999999999,
    SIZE_MINUTES_MAX = 24 * 60,
    ADDRESS_BYTES_MAX = 254
};

const char *live_refusal_name(enum live_refusal refusal)
{
    static const char *const names[] = {
#define LIVE_REFUSAL_TEXT(constant, name) name,
        LIVE_REFUSAL_LIST(LIVE_REFUSAL_TEXT)
#undef LIVE_REFUSAL_TEXT
    };
    return names[refusal];
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The first member of these names that is not null. */
static const json_t *either(const json_t *row, const char *const *names)
{
    for (; *names != NULL; names++) {
        const json_t *value = json_object_get(row, *names);
        if (value != NULL && !json_is_null(value)) {
            return value;
        }
    }
    return NULL;
}

static struct str text_of(const json_t *value)
{
    return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)}
                                 : STR_NONE;
}

/* A date alone is 0; without a zone an instant is one of UTC. */
static int64_t instant_of(struct arena *arena, const json_t *value)
{
    int64_t at_ms = 0;
    struct str text = text_of(value);
    if (!calendar_parse_iso(text, &at_ms) &&
        (text.length > 40 ||
         !calendar_parse_iso(arena_printf(arena, "%.*sZ", STR_ARG(text)), &at_ms))) {
        return 0;
    }
    return at_ms > 0 ? at_ms : 0;
}

static int64_t instant(struct arena *arena, const json_t *row, const char *name)
{
    return instant_of(arena, json_object_get(row, name));
}

static bool is_one_of(struct str word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (word.length == strlen(*words) && strncasecmp(word.ptr, *words, word.length) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_false(const json_t *value)
{
    static const char *const words[] = {"false", "f", "off", "no", "0", "disabled", NULL};
    return json_is_false(value) || (json_is_integer(value) && json_integer_value(value) == 0) ||
           is_one_of(text_of(value), words);
}

static bool is_true(const json_t *value)
{
    static const char *const words[] = {"true", "t", "on", "yes", "1", "enabled", NULL};
    return json_is_true(value) || (json_is_integer(value) && json_integer_value(value) != 0) ||
           is_one_of(text_of(value), words);
}

static bool is_set(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(row, name);
    return value != NULL && !json_is_null(value) && !is_false(value);
}

static struct str short_text(struct arena *arena, const json_t *value, size_t bytes_max)
{
    struct str text = text_clean(arena, str_trim(text_of(value)));
    while (text.length > bytes_max) {
        text.length--;
    }
    while (text.length > 0 && !text_is_utf8(text)) {
        text.length--; /* a character was cut */
    }
    return arena_str(arena, text);
}

/* ---- consents -------------------------------------------------------------------------------- */

static void refuses(struct live_person *person, enum live_refusal refusal, bool does)
{
    if (does) {
        person->refusals |= 1u << refusal;
    }
}

/* Who named a day until which they pause is written to again after it. */
static void read_communication(struct arena *arena, const json_t *row, int64_t now_ms,
                               struct live_person *person)
{
    static const char *const paused[] = {"paused", NULL};
    int64_t until_ms = instant(arena, row, "pause_until");
    if (until_ms > now_ms && until_ms > person->paused_until_ms) {
        person->paused_until_ms = until_ms;
    }
    bool is_paused = is_one_of(text_of(json_object_get(row, "communication_style")), paused);
    refuses(person, LIVE_REFUSAL_STYLE_PAUSED, is_paused && until_ms <= now_ms);
    refuses(person, LIVE_REFUSAL_COMMUNICATION_OFF, is_false(json_object_get(row, "is_active")));
}

static void read_email(struct live_person *person, const json_t *row)
{
    refuses(person, LIVE_REFUSAL_UNSUBSCRIBED, is_true(json_object_get(row, "unsubscribed")));
    refuses(person, LIVE_REFUSAL_UNSUBSCRIBED_AT, is_set(row, "unsubscribed_at"));
    refuses(person, LIVE_REFUSAL_EMAIL_DISABLED, is_false(json_object_get(row, "email_enabled")));
    refuses(person, LIVE_REFUSAL_NO_SEQUENCES, is_false(json_object_get(row, "opt_in_sequences")));
}

static void read_notifications(const json_t *user, struct live_person *person)
{
    const json_t *value = json_object_get(user, "notification_preferences");
    json_t *parsed = NULL;
    if (json_is_string(value) &&
        json_read(text_of(value), JSON_COLUMN_BYTES_MAX, &parsed, NULL) == OK) {
        value = parsed;
    }
    refuses(person, LIVE_REFUSAL_TELEGRAM_OFF, is_false(json_object_get(value, "telegram")));
    refuses(person, LIVE_REFUSAL_EMAIL_OFF, is_false(json_object_get(value, "email")));
    json_decref(parsed);
}

static void read_consents(struct arena *arena, const json_t *document, int64_t now_ms,
                          struct live_person *person)
{
    const json_t *user = json_get_object(document, "user");
    size_t i;
    const json_t *row;
    refuses(person, LIVE_REFUSAL_INACTIVE, is_false(json_object_get(user, "is_active")));
    read_notifications(user, person);
    json_array_foreach(json_object_get(document, "communication_preferences"), i, row)
    {
        read_communication(arena, row, now_ms, person);
    }
    json_array_foreach(json_object_get(document, "user_email_preferences"), i, row)
    {
        read_email(person, row);
    }
    json_array_foreach(json_object_get(document, "nurture_user_preferences"), i, row)
    {
        refuses(person, LIVE_REFUSAL_NURTURE_OFF, is_false(json_object_get(row, "enabled")));
        refuses(person, LIVE_REFUSAL_NURTURE_OUT, is_set(row, "opted_out_at"));
    }
    json_array_foreach(json_object_get(document, "user_sequence_state"), i, row)
    {
        refuses(person, LIVE_REFUSAL_SEQUENCE_STOPPED, is_set(row, "stopped_at"));
    }
}

/* ---- commitments ----------------------------------------------------------------------------- */

static void read_state(struct arena *arena, const json_t *row, struct live_commitment *commitment)
{
    static const char *const open[] = {"active", "pending", "open", "in_progress", NULL};
    static const char *const done[] = {"completed", "done", NULL};
    static const char *const missed[] = {"failed", "missed", "expired", NULL};
    static const char *const dropped[] = {"paused",  "dropped",   "cancelled", "canceled",
                                          "deleted", "abandoned", NULL};
    struct str status = text_of(json_object_get(row, "status"));
    int64_t completed_at_ms = instant(arena, row, "completed_at");
    commitment->ended_at_ms = instant(arena, row, "updated_at");
    if (is_one_of(status, done) || (completed_at_ms != 0 && is_one_of(status, open))) {
        commitment->state = COMMITMENT_COMPLETED;
        if (completed_at_ms != 0) {
            commitment->ended_at_ms = completed_at_ms;
        }
    } else if (is_one_of(status, open)) {
        commitment->state = COMMITMENT_ACTIVE;
    } else if (is_one_of(status, missed)) {
        commitment->state = COMMITMENT_MISSED;
    } else {
        commitment->state = COMMITMENT_DROPPED;
        commitment->odd_status = !is_one_of(status, dropped);
    }
}

/* "2026-01-15" is due when that day ends where the person lives. */
static int64_t planned_at(struct arena *arena, const json_t *row, const struct zone *zone)
{
    struct str text = text_of(json_object_get(row, "due_date"));
    int64_t midnight_ms = 0;
    if (text.length == 10 &&
        calendar_parse_iso(arena_printf(arena, "%.*sT00:00Z", STR_ARG(text)), &midnight_ms)) {
        return calendar_day_start(zone, midnight_ms / DAY_MS + 1);
    }
    return instant_of(arena, json_object_get(row, "due_date"));
}

static struct str id_text(struct arena *arena, const json_t *value)
{
    return json_is_integer(value)
               ? arena_printf(arena, "%lld", (long long)json_integer_value(value))
               : short_text(arena, value, LIMIT_KEY_BYTES);
}

static void read_commitment(struct arena *arena, const json_t *row, const struct zone *zone,
                            int64_t now_ms, const struct live_person *person,
                            struct live_commitment *commitment)
{
    static const char *const texts[] = {"commitment", "text", "original_commitment", NULL};
    commitment->id = id_text(arena, json_object_get(row, "id"));
    commitment->text = commitment_text(arena, text_of(either(row, texts)));
    if (commitment->text.length == 0) {
        commitment->text = STR("…");
    }
    int64_t minutes = json_get_int(row, "estimated_time_minutes", 0);
    commitment->size_s = minutes > 0 && minutes <= SIZE_MINUTES_MAX ? (int)minutes * 60 : 0;
    read_state(arena, row, commitment);
    int64_t at_ms = instant(arena, row, "created_at");
    at_ms = at_ms != 0 ? at_ms : person->joined_at_ms;
    commitment->created_at_ms = at_ms < now_ms ? at_ms : now_ms;
    commitment->planned_at_ms = planned_at(arena, row, zone);
    if (commitment->planned_at_ms < commitment->created_at_ms) {
        commitment->planned_at_ms = 0;
    }
    commitment->due_at_ms = commitment->planned_at_ms != 0 ? commitment->planned_at_ms
                                                           : commitment->created_at_ms + DAY_MS;
    if (commitment->state == COMMITMENT_ACTIVE) {
        commitment->ended_at_ms = 0;
        return;
    }
    if (commitment->ended_at_ms < commitment->created_at_ms) {
        commitment->ended_at_ms = commitment->created_at_ms;
    }
    if (commitment->ended_at_ms > now_ms) {
        commitment->ended_at_ms = now_ms;
    }
}

static int by_instant(const void *a, const void *b)
{
    const struct live_commitment *left = a;
    const struct live_commitment *right = b;
    if (left->created_at_ms != right->created_at_ms) {
        return left->created_at_ms < right->created_at_ms ? -1 : 1;
    }
    return str_compare(left->id, right->id);
}

static void read_commitments(struct arena *arena, const json_t *document, const struct zone *zone,
                             int64_t now_ms, struct live_person *person)
{
    const json_t *rows = json_object_get(document, "commitments");
    size_t count = json_array_size(rows);
    person->commitments = ARENA_ARRAY(arena, struct live_commitment, count);
    for (size_t i = 0; i < count; i++) {
        struct live_commitment *commitment = &person->commitments[person->commitment_count];
        read_commitment(arena, json_array_get(rows, i), zone, now_ms, person, commitment);
        person->commitment_count += commitment->id.length > 0;
    }
    qsort(person->commitments, (size_t)person->commitment_count, sizeof(struct live_commitment),
          by_instant);
}

/* ---- the person ------------------------------------------------------------------------------ */

static bool ends_with(struct str text, const char *end)
{
    size_t length = strlen(end);
    return text.length >= length && strncasecmp(text.ptr + text.length - length, end, length) == 0;
}

static void read_address(struct arena *arena, const json_t *user, struct live_person *person)
{
    struct str email = short_text(arena, json_object_get(user, "email"), ADDRESS_BYTES_MAX);
    bool of_import = ends_with(email, "@telegram.emergency");
    person->invented = person->telegram_id <= 0 || of_import ||
                       person->telegram_id == TEST_TELEGRAM_ID ||
                       (person->telegram_id >= INVENTED_FROM && person->telegram_id <= INVENTED_TO);
    person->email = of_import || ends_with(email, "@telegram.user") ? STR_NONE : email;
}

static void read_who(struct arena *arena, const json_t *user, int64_t now_ms,
                     struct live_person *person)
{
    static const char *const telegram[] = {"telegram_user_id", "telegram_id", NULL};
    static const char *const joined[] = {
        "joined_at",   "created_at", "first_bot_interaction_at", "onboarding_started_at",
        "accepted_at", NULL};
    static const char *const language[] = {"language", "language_code", NULL};
    static const char *const zone[] = {"timezone", "time_zone", NULL};
    person->telegram_id = json_integer_value(either(user, telegram));
    person->id = id_text(arena, json_object_get(user, "id"));
    person->first_name = short_text(arena, json_object_get(user, "first_name"), LIMIT_NAME_BYTES);
    person->username = short_text(arena, json_object_get(user, "username"), LIMIT_NAME_BYTES);
    person->language = short_text(arena, either(user, language), LIMIT_LANGUAGE_BYTES - 1);
    person->zone = short_text(arena, either(user, zone), LIMIT_ZONE_BYTES - 1);
    if (person->zone.length > 0 && zone_find(person->zone) == NULL) {
        person->zone = STR_NONE;
    }
    int64_t joined_at_ms = instant_of(arena, either(user, joined));
    person->joined_at_ms = joined_at_ms != 0 && joined_at_ms < now_ms ? joined_at_ms : now_ms;
    person->is_bot = is_true(json_object_get(user, "is_bot"));
    person->is_test =
        str_is(person->username, "behavioral_test_user") || person->telegram_id == TEST_TELEGRAM_ID;
    read_address(arena, user, person);
}

/* What is not known there is taken for now, and is no change a moment later. */
static long long steady(int64_t at_ms, int64_t now_ms)
{
    return at_ms == now_ms ? 0 : (long long)at_ms;
}

static void take_prints(struct arena *arena, int64_t now_ms, struct live_person *person)
{
    struct str key = person->telegram_id != 0
                         ? arena_printf(arena, "telegram:%lld", (long long)person->telegram_id)
                         : arena_printf(arena, "id:%.*s", STR_ARG(person->id));
    digest_sha256_hex(key, person->key);
    struct str all = arena_printf(
        arena, "%.*s %lld %u %lld %d%d\n%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(person->id),
        steady(person->joined_at_ms, now_ms), person->refusals, (long long)person->paused_until_ms,
        person->in_group, person->is_test, STR_ARG(person->first_name), STR_ARG(person->username),
        STR_ARG(person->language), STR_ARG(person->zone));
    digest_sha256_hex(all, person->fingerprint);
    for (int i = 0; i < person->commitment_count; i++) {
        const struct live_commitment *commitment = &person->commitments[i];
        all = arena_printf(
            arena, "%s %.*s %d %lld %lld %lld", person->fingerprint, STR_ARG(commitment->id),
            (int)commitment->state, steady(commitment->created_at_ms, now_ms),
            steady(commitment->ended_at_ms, now_ms),
            commitment->created_at_ms == now_ms ? 0 : (long long)commitment->due_at_ms);
        digest_sha256_hex(all, person->fingerprint);
    }
}

enum err live_person_read(struct arena *arena, const json_t *document, const struct zone *zone,
                          int64_t now_ms, struct live_person *ret_person, struct err_detail *detail)
{
    struct live_person person = {0};
    const json_t *user = json_get_object(document, "user");
    if (user == NULL) {
        return err_set(detail, ERR_INVALID, "a row of the live tables is no object");
    }
    read_who(arena, user, now_ms, &person);
    if (person.telegram_id == 0 && person.id.length == 0) {
        return err_set(detail, ERR_INVALID, "a row of the live users holds no id");
    }
    person.in_group = json_array_size(json_object_get(document, "pod_memberships")) > 0;
    read_consents(arena, document, now_ms, &person);
    read_commitments(arena, document, person.zone.length > 0 ? zone_find(person.zone) : zone,
                     now_ms, &person);
    take_prints(arena, now_ms, &person);
    *ret_person = person;
    return OK;
}
