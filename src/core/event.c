/* Names of event types and which of them are activity, from the one list in event.h. */
#include "core/event.h"

#include "base/check.h"

static const struct {
    const char *name;
    bool activity;
} TYPES[EVENT_TYPE_COUNT] = {
#define EVENT_ROW(constant, name, activity) {name, activity},
    EVENT_LIST(EVENT_ROW)
#undef EVENT_ROW
};

const char *event_type_name(enum event_type type)
{
    ASSERT(type >= 0 && type < EVENT_TYPE_COUNT);
    return TYPES[type].name;
}

bool event_type_is_activity(enum event_type type)
{
    ASSERT(type >= 0 && type < EVENT_TYPE_COUNT);
    return TYPES[type].activity;
}

enum event_type event_type_of(struct str name)
{
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        if (str_is(name, TYPES[i].name)) {
            return (enum event_type)i;
        }
    }
    return EVENT_TYPE_COUNT;
}
