/* The person in the chat: chat.h says what it plays. It keeps the rules of saving (new rows become
 * saved ones, messages count as sent) in one place, so that tests state only what people do. */
#include "lib/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "core/mistakes.h"

static const int64_t START_MS = 1764000000000; /* Monday 2025-11-24 16:00 UTC */

struct chat *chat_new(const char *language)
{
    struct chat *chat = calloc(1, sizeof(*chat));
    ASSERT(chat != NULL);
    chat->arena = arena_new(256 * 1024);
    struct mistakes mistakes;
    enum err error = catalog_build_embedded(chat->arena, &chat->catalog, &mistakes);
    ASSERT(error == OK);
    chat->installation = (struct installation){
        .default_zone = zone_utc(),
        .default_language = "en",
        .nudge_min_gap_ms = 4 * HOUR_MS,
        .nudge_per_day = 3,
        .channels = {[CHANNEL_TELEGRAM] = true, [CHANNEL_WEBCHAT] = true},
    };
    chat->world = (struct world){.catalog = chat->catalog,
                                 .installation = &chat->installation,
                                 .now_ms = START_MS,
                                 .ids = &chat->ids};
    person_init(&chat->person, id_next(&chat->ids, START_MS - 20 * DAY_MS, 7),
                START_MS - 20 * DAY_MS);
    struct user *user = &chat->person.user;
    user->first_name = STR("Rowan");
    str_copy(user->language, sizeof(user->language), str_of(language));
    user->contacts[CHANNEL_TELEGRAM] = (struct contact){STR("7001"), REACH_OK};
    user->channel = CHANNEL_TELEGRAM;
    user->set_assigned = true;
    user->onboarding_completed = true;
    user->onboarding_completed_at_ms = START_MS - 19 * DAY_MS;
    user->activity_last_at_ms = START_MS - DAY_MS;
    user->is_new = false;
    return chat;
}

void chat_free(struct chat *chat)
{
    catalog_free(chat->catalog);
    arena_free(chat->arena);
    free(chat);
}

static void settle(struct chat *chat)
{
    struct person *person = &chat->person;
    person->user.is_new = false;
    for (int i = 0; i < person->run_count; i++) {
        person->runs[i]->is_new = false;
    }
    for (int i = 0; i < person->commitment_count; i++) {
        person->commitments[i]->is_new = false;
    }
    for (int i = 0; i < person->delivery_count; i++) {
        struct delivery *delivery = person->deliveries[i];
        delivery->is_new = false;
        if (delivery->dispatch) {
            delivery->dispatch = false;
            delivery->state = DELIVERY_SENT;
            delivery->next_at_ms = 0;
        }
    }
}

static void take(struct chat *chat, struct input *input)
{
    input->at_ms = chat->world.now_ms;
    input->user_id = chat->person.user.id;
    input->source = STR("telegram");
    input->channel = CHANNEL_TELEGRAM;
    input->identity = STR("7001");
    input->address = STR("7001");
    settle(chat);
    chat->said_from = chat->person.delivery_count;
    chat->decision = (struct decision){0};
    decide(chat->arena, &chat->world, &chat->person, input, &chat->decision);
}

void chat_text(struct chat *chat, struct str text)
{
    chat->world.now_ms += 1000;
    struct input *input = ARENA_NEW(chat->arena, struct input);
    input->kind = INPUT_TEXT;
    input->text = text;
    take(chat, input);
}

void chat_press(struct chat *chat, const char *token)
{
    chat->world.now_ms += 1000;
    struct input *input = ARENA_NEW(chat->arena, struct input);
    input->kind = INPUT_BUTTON;
    input->token = str_of(token);
    input->callback_id = STR("tap");
    input->message_id = STR("55");
    take(chat, input);
}

void chat_wait(struct chat *chat, int64_t ms)
{
    int64_t end_ms = chat->world.now_ms + ms;
    for (;;) {
        struct commitment *first = NULL;
        for (int i = 0; i < chat->person.commitment_count; i++) {
            struct commitment *commitment = chat->person.commitments[i];
            if (commitment->next_at_ms > 0 && commitment->next_at_ms <= end_ms &&
                (first == NULL || commitment->next_at_ms < first->next_at_ms)) {
                first = commitment;
            }
        }
        if (first == NULL) {
            break;
        }
        chat->world.now_ms = first->next_at_ms;
        struct input *input = ARENA_NEW(chat->arena, struct input);
        input->kind = INPUT_TIMER;
        input->ref_kind = DUE_COMMITMENT;
        input->ref_id = first->id;
        take(chat, input);
    }
    chat->world.now_ms = end_ms;
}

struct deciding chat_deciding(struct chat *chat)
{
    static const struct input timer = {.kind = INPUT_TIMER};
    settle(chat);
    chat->said_from = chat->person.delivery_count;
    chat->decision = (struct decision){0};
    return (struct deciding){.arena = chat->arena,
                             .world = &chat->world,
                             .person = &chat->person,
                             .input = &timer,
                             .decision = &chat->decision};
}

const char *chat_said(struct chat *chat)
{
    struct str all = STR_NONE;
    for (int i = chat->said_from; i < chat->person.delivery_count; i++) {
        all = arena_printf(chat->arena, "%.*s%.*s\n", STR_ARG(all),
                           STR_ARG(chat->person.deliveries[i]->text));
    }
    for (int i = 0; i < chat->decision.act_count; i++) {
        if (chat->decision.acts[i].kind == ACT_EDIT_MESSAGE ||
            chat->decision.acts[i].kind == ACT_ANSWER_TAP) {
            all = arena_printf(chat->arena, "%.*s%.*s\n", STR_ARG(all),
                               STR_ARG(chat->decision.acts[i].text));
        }
    }
    return all.ptr != NULL ? all.ptr : "";
}

/* Calls for all buttons of the last input; ends with the first that the function wants. */
static const struct button *find_button(struct chat *chat, struct str label, int *ret_count)
{
    const struct button *found = NULL;
    *ret_count = 0;
    for (int i = chat->said_from; i < chat->person.delivery_count; i++) {
        const struct delivery *delivery = chat->person.deliveries[i];
        for (int k = 0; k < delivery->button_count; k++, (*ret_count)++) {
            found = found == NULL && str_starts(delivery->buttons[k].text, label)
                        ? &delivery->buttons[k]
                        : found;
        }
    }
    for (int i = 0; i < chat->decision.act_count; i++) {
        const struct act *act = &chat->decision.acts[i];
        for (int k = 0; k < act->button_count; k++, (*ret_count)++) {
            found =
                found == NULL && str_starts(act->buttons[k].text, label) ? &act->buttons[k] : found;
        }
    }
    return found;
}

const char *chat_token(struct chat *chat, const char *label)
{
    int count;
    const struct button *button = find_button(chat, str_of(label), &count);
    return button == NULL ? NULL : arena_str(chat->arena, button->token).ptr;
}

int chat_button_count(struct chat *chat)
{
    int count;
    find_button(chat, STR("\n"), &count);
    return count;
}

int chat_events(const struct chat *chat, enum event_type type)
{
    int count = 0;
    for (int i = 0; i < chat->decision.event_count; i++) {
        count += chat->decision.events[i].type == type;
    }
    return count;
}
