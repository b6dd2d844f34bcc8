/* People of whom a condition holds, the newest first. One thread, the store's. */
#pragma once

#include "base/json.h"
#include "core/condition.h"
#include "core/decide.h"
#include "store/store.h"

/* One call looks at no more people than this, however few it finds. */
enum { SEGMENT_LOOKED_MAX = 5000 };

struct segment_wish {
    const struct condition *where;
    const struct world *world; /* its installation without rollout and groups: they are read */
    int limit;                 /* people found, at most */
    int64_t before;            /* only ids below; 0: any */
};

struct segment_page {
    json_t *people; /* a list like that of people_list; new reference */
    int looked;     /* at so many */
    int64_t next;   /* go on with this as `before`; 0: that was everybody */
};

MUST_CHECK enum err segment_read(struct store *store, struct arena *arena,
                                 const struct segment_wish *wish, struct segment_page *ret_page,
                                 struct err_detail *detail);
