/* The table of delivery states, and the names of what person.h counts. */
#include "core/delivery.h"

#include "base/check.h"

#define BIT(state) (1u << (state))
/* What the provider reports once it has the message. */
#define REPORTED                                                                                   \
    (BIT(DELIVERY_SENT) | BIT(DELIVERY_DELIVERED) | BIT(DELIVERY_OPENED) | BIT(DELIVERY_CLICKED))
#define ENDED                                                                                      \
    (BIT(DELIVERY_SUPPRESSED) | BIT(DELIVERY_EXPIRED) | BIT(DELIVERY_FAILED) | BIT(DELIVERY_DEAD))

/* A retried message goes back to scheduled, since its attempt is known not to have arrived; that is
 * the one way back, with dead and failed ones that are retried by hand. Reports of the provider may
 * come for any attempt, also for one that was given up. A bounce may follow after sent. */
static const struct {
    const char *name;
    unsigned next;
    bool final;
} STATES[DELIVERY_STATE_COUNT] = {
    [DELIVERY_SCHEDULED] = {"scheduled", BIT(DELIVERY_SENDING) | ENDED | REPORTED, false},
    [DELIVERY_SENDING] = {"sending",
                          BIT(DELIVERY_SCHEDULED) | BIT(DELIVERY_UNCERTAIN) | ENDED | REPORTED,
                          false},
    [DELIVERY_UNCERTAIN] = {"uncertain", BIT(DELIVERY_SENDING) | ENDED | REPORTED, false},
    [DELIVERY_SENT] = {"sent",
                       BIT(DELIVERY_DELIVERED) | BIT(DELIVERY_OPENED) | BIT(DELIVERY_CLICKED) |
                           BIT(DELIVERY_FAILED),
                       true},
    [DELIVERY_DELIVERED] = {"delivered",
                            BIT(DELIVERY_OPENED) | BIT(DELIVERY_CLICKED) | BIT(DELIVERY_FAILED),
                            true},
    [DELIVERY_OPENED] = {"opened", BIT(DELIVERY_CLICKED), true},
    [DELIVERY_CLICKED] = {"clicked", 0, true},
    [DELIVERY_SUPPRESSED] = {"suppressed", 0, true},
    [DELIVERY_EXPIRED] = {"expired", REPORTED, true},
    [DELIVERY_FAILED] = {"failed", REPORTED | BIT(DELIVERY_SCHEDULED), true},
    [DELIVERY_DEAD] = {"dead", REPORTED | BIT(DELIVERY_SCHEDULED), true},
};

const char *delivery_state_name(enum delivery_state state)
{
    ASSERT(state >= 0 && state < DELIVERY_STATE_COUNT);
    return STATES[state].name;
}

enum delivery_state delivery_state_of(struct str name)
{
    for (int i = 0; i < DELIVERY_STATE_COUNT; i++) {
        if (str_is(name, STATES[i].name)) {
            return (enum delivery_state)i;
        }
    }
    return DELIVERY_STATE_COUNT;
}

bool delivery_state_is_final(enum delivery_state state)
{
    ASSERT(state >= 0 && state < DELIVERY_STATE_COUNT);
    return STATES[state].final;
}

bool delivery_may_move(enum delivery_state from, enum delivery_state to)
{
    ASSERT(from >= 0 && from < DELIVERY_STATE_COUNT && to >= 0 && to < DELIVERY_STATE_COUNT);
    return (STATES[from].next & BIT(to)) != 0;
}

bool delivery_move(struct delivery *delivery, enum delivery_state to, struct str reason)
{
    if (!delivery_may_move(delivery->state, to)) {
        return false;
    }
    delivery->state = to;
    delivery->reason = reason;
    if (STATES[to].final) {
        delivery->next_at_ms = 0;
    }
    if (to != DELIVERY_SENDING) {
        delivery->dispatch = false;
    }
    delivery->changed = true;
    return true;
}

enum priority delivery_priority(const struct delivery *delivery)
{
    return delivery->kind == KIND_BROADCAST ? PRIORITY_BROADCAST : (enum priority)delivery->class;
}

int line_number(enum channel_kind channel, enum priority priority)
{
    return ((int)channel + 1) * LINES_OF_CHANNEL + (int)priority;
}

int delivery_line(const struct delivery *delivery)
{
    bool waits = delivery->state == DELIVERY_SCHEDULED || delivery->state == DELIVERY_UNCERTAIN;
    return waits ? line_number(delivery->channel, delivery_priority(delivery)) : 0;
}

const char *message_class_name(enum message_class class)
{
    static const char *const names[] = {"reply", "onboarding", "followup", "nudge"};
    ASSERT(class >= 0 && class <= CLASS_NUDGE);
    return names[class];
}

enum message_class message_class_of(struct str name, bool *ret_known)
{
    for (int i = CLASS_REPLY; i <= CLASS_NUDGE; i++) {
        if (str_is(name, message_class_name((enum message_class)i))) {
            *ret_known = true;
            return (enum message_class)i;
        }
    }
    *ret_known = false;
    return CLASS_REPLY;
}

const char *message_kind_name(enum message_kind kind)
{
    static const char *const names[KIND_COUNT] = {
        "step",       "recovery", "ultra", "celebration", "abandonment",
        "graduation", "rating",   "reply", "broadcast",
    };
    ASSERT(kind >= 0 && kind < KIND_COUNT);
    return names[kind];
}

const char *run_outcome_name(enum run_outcome outcome)
{
    static const char *const names[] = {"active",  "completed",   "left",   "abandoned",
                                        "expired", "rolled_back", "stopped"};
    ASSERT(outcome >= 0 && outcome <= RUN_STOPPED);
    return names[outcome];
}

const char *run_phase_name(enum run_phase phase)
{
    static const char *const names[] = {"due",        "sending", "waiting", "recovery",
                                        "abandoning", "rating",  "ended"};
    ASSERT(phase >= 0 && phase <= PHASE_ENDED);
    return names[phase];
}

const char *commitment_state_name(enum commitment_state state)
{
    static const char *const names[] = {"active", "completed", "missed", "dropped"};
    ASSERT(state >= 0 && state <= COMMITMENT_DROPPED);
    return names[state];
}

const char *journey_set_name(enum journey_set set)
{
    static const char *const names[] = {"original", "optimized", "both"};
    ASSERT(set >= 0 && set <= SET_BOTH);
    return names[set];
}

bool delivery_resends_uncertain(const struct delivery *delivery)
{
    return (delivery->class == CLASS_REPLY || delivery->class == CLASS_ONBOARDING) &&
           (delivery->uncertain <= 1 || delivery->channel == CHANNEL_EMAIL);
}

bool delivery_has_key(const struct delivery *delivery)
{
    return delivery->channel == CHANNEL_EMAIL && delivery->uncertain > 0;
}

bool delivery_wait_again(struct delivery *delivery, struct str reason)
{
    return delivery_move(delivery,
                         delivery->uncertain > 0 ? DELIVERY_UNCERTAIN : DELIVERY_SCHEDULED, reason);
}
