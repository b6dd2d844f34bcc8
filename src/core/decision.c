/* Appending to a decision; arrays grow in the arena. */
#include "core/decision.h"

#include "base/arena.h"
#include "base/limits.h"

static void *grow(struct arena *arena, void *items, int count, int *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    int wanted = *capacity == 0 ? PORTION(4, 1) : *capacity * 2;
    void *grown = arena_grow(arena, items, (size_t)count * size, (size_t)wanted * size);
    *capacity = wanted;
    return grown;
}

struct event *decision_event(struct arena *arena, struct decision *decision, enum event_type type)
{
    decision->events = (struct event *)grow(arena, decision->events, decision->event_count,
                                            &decision->event_capacity, sizeof(struct event));
    struct event *event = &decision->events[decision->event_count++];
    event->type = type;
    return event;
}

struct act *decision_act(struct arena *arena, struct decision *decision, enum act_kind kind)
{
    decision->acts = (struct act *)grow(arena, decision->acts, decision->act_count,
                                        &decision->act_capacity, sizeof(struct act));
    struct act *act = &decision->acts[decision->act_count++];
    act->kind = kind;
    return act;
}

struct notice *decision_notice(struct arena *arena, struct decision *decision)
{
    decision->notices = (struct notice *)grow(arena, decision->notices, decision->notice_count,
                                              &decision->notice_capacity, sizeof(struct notice));
    return &decision->notices[decision->notice_count++];
}

void decision_chain_events(struct decision *decision, struct user *user, int64_t now_ms,
                           struct id_source *ids)
{
    for (int i = 0; i < decision->event_count; i++) {
        struct event *event = &decision->events[i];
        event->id = id_next(ids, now_ms, id_slot(user->id));
        event->user_id = user->id;
        event->previous_event_id = user->event_last_id;
        user->event_last_id = event->id;
        user->changed = true;
    }
}

struct feedback *decision_feedback(struct arena *arena, struct decision *decision)
{
    decision->feedback =
        (struct feedback *)grow(arena, decision->feedback, decision->feedback_count,
                                &decision->feedback_capacity, sizeof(struct feedback));
    return &decision->feedback[decision->feedback_count++];
}
