/* What is added to a log before it is sorted. Private to log.c and log_sort.c. */
#pragma once

#include "bi/behaviour/log.h"

/* Events as they came. */
struct behaviour_staging {
    size_t event_room;
    size_t event_count;
    uint32_t *person;
    uint32_t *at_s;
    uint16_t *at_ms;
    uint8_t *type;
    uint16_t *properties[BEHAVIOUR_COLUMNS_MAX];
    bool has_ms;
    bool bounds_are_old;    /* the oldest or newest event may be gone */
    uint32_t people_before; /* whom the edition before may look at */
};

struct behaviour_staging *behaviour_staging_new(void);
/* Accepts a log without one. */
void behaviour_staging_free(struct behaviour_log *log);
/* Makes room for more events. */
void behaviour_staging_grow(struct behaviour_log *log);
