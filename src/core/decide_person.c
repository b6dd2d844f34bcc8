/* Who the person is: contact, reach, the set they are assigned to, their activity, and entering
 * onboarding when they first come, or come back. */
#include "core/decide_parts.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/assign.h"
#include "core/delivery.h"

enum { WORDS_KEPT_GRAPHEMES = 1000 };

static struct event *record(struct deciding *deciding, enum event_type type, const char *rule)
{
    struct event *event = decision_event(deciding->arena, deciding->decision, type);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = str_of(rule);
    return event;
}

void decide_reach(struct deciding *deciding, enum channel_kind channel, enum reach reach,
                  const char *rule)
{
    struct user *user = &deciding->person->user;
    if (channel == CHANNEL_NONE || user->contacts[channel].reach == reach ||
        user->contacts[channel].address.length == 0) {
        return;
    }
    user->contacts[channel].reach = reach;
    user->changed = true;
    struct event *event =
        record(deciding, reach == REACH_OK ? EVENT_UNBLOCKED : EVENT_BLOCKED, rule);
    event->data = arena_printf(deciding->arena, "{\"channel\":\"%s\",\"gone\":%s}",
                               channel_kind_name(channel), reach == REACH_GONE ? "true" : "false");
}

/* ---- assignment
 * ------------------------------------------------------------------------------------- */

static void assign_set(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    const struct rollout *rollout = &deciding->world->installation->rollout;
    if (user->set_assigned) {
        return;
    }
    bool existing = run_user_is_existing(deciding->world, user);
    bool optimized =
        !existing && !rollout->rolled_back_entries && assign_rollout(rollout, user->id);
    user->set = optimized ? SET_OPTIMIZED : SET_ORIGINAL;
    user->set_assigned = true;
    user->changed = true;
    struct event *event = record(deciding, EVENT_SET_ASSIGNED,
                                 existing                       ? "assign.existing"
                                 : rollout->rolled_back_entries ? "assign.rolled_back"
                                                                : "assign.share");
    event->data = arena_printf(deciding->arena, "{\"set\":\"%s\",\"share_permyriad\":%d}",
                               journey_set_name(user->set), rollout->share_permyriad);
}

static void join(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    if (!user->is_new || user->set_assigned) {
        return;
    }
    struct event *event = record(deciding, EVENT_USER_JOINED, "join");
    event->data = arena_printf(deciding->arena, "{\"channel\":\"%s\"}",
                               channel_kind_name(deciding->input->channel));
}

/* ---- contact
 * ---------------------------------------------------------------------------------------- */

static void keep_name(struct deciding *deciding, struct str *field, struct str value)
{
    if (value.length > 0 && value.length <= LIMIT_NAME_BYTES && !str_equal(*field, value)) {
        *field = arena_str(deciding->arena, value);
        deciding->person->user.changed = true;
    }
}

static void keep_address(struct deciding *deciding, bool is_theirs)
{
    const struct input *input = deciding->input;
    struct user *user = &deciding->person->user;
    struct str address = input->address.length > 0 ? input->address : input->identity;
    if (input->channel == CHANNEL_NONE || address.length == 0 || input->in_group) {
        return;
    }
    struct contact *contact = &user->contacts[input->channel];
    if (!str_equal(contact->address, address)) {
        contact->address = arena_str(deciding->arena, address);
        user->changed = true;
    }
    if (contact->reach == REACH_NONE) {
        contact->reach = REACH_OK;
        user->changed = true;
    } else if (is_theirs && contact->reach != REACH_OK) {
        decide_reach(deciding, input->channel, REACH_OK, "person.wrote");
        run_wake(deciding);
    }
    if (user->channel == CHANNEL_NONE || user->contacts[user->channel].reach != REACH_OK) {
        user->channel = input->channel;
        user->changed = true;
    }
}

/* Whoever opened a link of theirs goes on where they opened it. */
static void follow_link(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    struct user *user = &deciding->person->user;
    if (input->linked_user_id != user->id || user->contacts[input->channel].reach != REACH_OK) {
        return;
    }
    user->channel = input->channel;
    user->changed = true;
    struct event *event = record(deciding, EVENT_IDENTITY_ADDED, "link");
    event->data =
        arena_printf(deciding->arena, "{\"channel\":\"%s\"}", channel_kind_name(input->channel));
}

void decide_arrive(struct deciding *deciding, bool is_theirs)
{
    const struct input *input = deciding->input;
    struct user *user = &deciding->person->user;
    keep_address(deciding, is_theirs);
    follow_link(deciding);
    keep_name(deciding, &user->first_name, input->first_name);
    keep_name(deciding, &user->username, input->username);
    if (user->language[0] == '\0' && input->language.length > 0 &&
        input->language.length < sizeof(user->language)) {
        str_copy(user->language, sizeof(user->language), input->language);
        user->changed = true;
    }
    join(deciding);
    assign_set(deciding);
}

/* ---- activity
 * --------------------------------------------------------------------------------------- */

/* The page of the web chat shows the conversation from the events after a reload. Other channels
 * keep it themselves, so for them nothing of what was written is stored here. */
static void keep_words(struct deciding *deciding, struct event *event)
{
    const struct input *input = deciding->input;
    bool theirs = event->type == EVENT_MESSAGE_RECEIVED || event->type == EVENT_BUTTON_PRESSED;
    if (!theirs || input->channel != CHANNEL_WEBCHAT || input->text.length == 0) {
        return;
    }
    json_t *data = json_object();
    json_object_set_new(data, "text",
                        json_str(text_cut(deciding->arena, input->text, WORDS_KEPT_GRAPHEMES)));
    event->data = json_write(deciding->arena, data);
    json_decref(data);
}

void decide_activity(struct deciding *deciding, enum event_type event)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    int64_t today = calendar_local_day(person_zone(deciding->world, deciding->person), now_ms);
    int64_t days = today - user->activity_day;
    if (user->activity_last_at_ms == 0 || days >= 64) {
        user->activity_days = 0;
    } else if (days > 0) {
        user->activity_days <<= days;
    }
    if (user->activity_last_at_ms == 0 || days > 0) {
        user->activity_day = today;
    }
    user->activity_days |= 1; /* a day already past, after a move west, counts as the last one */
    if (now_ms > user->activity_last_at_ms) { /* a clock that is set back undoes nothing */
        user->activity_last_at_ms = now_ms;
    }
    user->changed = true;
    if (event != EVENT_TYPE_COUNT) {
        keep_words(deciding, record(deciding, event, "input"));
    }
}

/* Gives the delivery the id, wherever it is spoken of. */
static void change_id(struct deciding *deciding, struct delivery *delivery, int64_t id)
{
    for (int i = 0; i < deciding->person->run_count; i++) {
        if (deciding->person->runs[i]->delivery_id == delivery->id) {
            deciding->person->runs[i]->delivery_id = id;
        }
    }
    for (int i = 0; i < deciding->decision->event_count; i++) {
        if (deciding->decision->events[i].ref_id == delivery->id) {
            deciding->decision->events[i].ref_id = id;
        }
    }
    delivery->id = id;
}

/* Swaps two neighbours; the earlier one keeps the smaller id, for the history is read by ids. */
static void swap(struct deciding *deciding, int earlier)
{
    struct delivery **pair = deciding->person->deliveries + earlier;
    struct delivery *first = pair[1];
    struct delivery *second = pair[0];
    int64_t small_id = second->id;
    int64_t large_id = first->id;
    change_id(deciding, second, -1); /* an id of nothing */
    change_id(deciding, first, small_id);
    change_id(deciding, second, large_id);
    pair[0] = first;
    pair[1] = second;
}

/* Replies come before what the same deed set off (graduation, praise): first "noted", then the
 * rest. */
static void replies_first(struct deciding *deciding)
{
    struct person *person = deciding->person;
    int first = deciding->first_delivery;
    for (int i = first + 1; i < person->delivery_count; i++) {
        for (int to = i; to > first && person->deliveries[to]->kind == KIND_REPLY &&
                         person->deliveries[to - 1]->kind != KIND_REPLY;
             to--) {
            swap(deciding, to - 1);
        }
    }
}

void decide_settle(struct deciding *deciding)
{
    replies_first(deciding);
    run_leave(deciding, LEAVE_ON_ACTIVITY, NULL);
    run_rearm_user(deciding);
}

/* ---- onboarding
 * ------------------------------------------------------------------------------------- */

bool decide_contact(struct deciding *deciding)
{
    struct person *person = deciding->person;
    const struct user *user = &person->user;
    if (user->stopped || user->crisis_hold || user->contacts[user->channel].reach != REACH_OK) {
        return false;
    }
    if (run_user_is_existing(deciding->world, user)) {
        if (run_onboarding(deciding->world, person) == NULL) {
            run_trigger(deciding, TRIGGER_EXISTING_CONTACT, NULL);
        }
    } else if (!run_was_onboarded(deciding->world, person)) {
        run_trigger(deciding, TRIGGER_FIRST_CONTACT, NULL);
    }
    const struct run *run = run_onboarding(deciding->world, person);
    return run != NULL && run_is_of_now(deciding, run);
}
