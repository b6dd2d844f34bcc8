/* Runs go on by a newer definition of their journey, at the step they are at. What they have been
 * sent and have answered goes along by the steps' names; what is silent stays silent since then,
 * and waits as long as the new definition says. */
#include "core/run_parts.h"

#include <string.h>

#include "base/json.h"
#include "core/delivery.h"
#include "core/version.h"

struct moving {
    struct deciding *deciding;
    struct run *run;
    const struct journey *from, *to;
    const struct step_names *names;
};

static int new_step(const struct moving *moving, int step)
{
    return version_step(moving->from, step, moving->to, moving->names);
}

/* Buttons of messages sent before carry the old name. */
static struct str old_name_key(struct arena *arena, struct str name)
{
    return arena_printf(arena, "was.%.*s", STR_ARG(name));
}

static int index_of(const struct journey *journey, struct str id)
{
    for (int i = 0; i < journey->step_count; i++) {
        if (str_equal(journey->steps[i].id, id)) {
            return i;
        }
    }
    return -1;
}

int run_step_now(struct deciding *deciding, const struct run *run, struct str name)
{
    const struct journey *journey = run_journey(deciding->world, run);
    int index = index_of(journey, name);
    for (int i = 0; index < 0 && name.length > 0 && i < RUN_STEPS_MAX; i++) {
        name = run_stored(deciding, run, old_name_key(deciding->arena, name).ptr);
        index = index_of(journey, name);
    }
    return index;
}

static void carry_marks(const struct moving *moving)
{
    struct run *run = moving->run;
    const struct run before = *run;
    memset(run->step_sent_at_ms, 0, sizeof(run->step_sent_at_ms));
    memset(run->step_completed_at_ms, 0, sizeof(run->step_completed_at_ms));
    run->steps_assisted = 0;
    for (int i = 0; i < moving->from->step_count; i++) {
        int to = new_step(moving, i);
        if (to < 0) {
            continue;
        }
        run->step_sent_at_ms[to] = before.step_sent_at_ms[i];
        run->step_completed_at_ms[to] = before.step_completed_at_ms[i];
        run->steps_assisted |= ((before.steps_assisted >> i) & 1u) << to;
        struct str name = moving->from->steps[i].id;
        if (!str_equal(name, moving->to->steps[to].id)) {
            run_store_answer(moving->deciding, run, old_name_key(moving->deciding->arena, name),
                             moving->to->steps[to].id);
        }
    }
}

/* Messages that have no outcome yet are of the new step, and are rendered as it says. */
static void carry_messages(const struct moving *moving)
{
    const struct person *person = moving->deciding->person;
    for (int i = 0; i < person->delivery_count; i++) {
        struct delivery *delivery = person->deliveries[i];
        if (delivery->run_id != moving->run->id || delivery->step_index < 0 ||
            delivery_state_is_final(delivery->state)) {
            continue;
        }
        delivery->step_index = new_step(moving, delivery->step_index);
        if (delivery->step_index >= 0) {
            delivery->step = moving->to->steps[delivery->step_index].id;
        }
        delivery->changed = true;
    }
}

/* A plan's "when?" was asked by a step that makes no plan any more. */
static void forget_question(const struct moving *moving)
{
    struct user *user = &moving->deciding->person->user;
    if (user->dialog == DIALOG_PLAN_WHEN && user->dialog_ref == moving->run->id &&
        moving->to->steps[moving->run->step].takes != TAKES_PLAN) {
        user->dialog = DIALOG_NONE;
        user->dialog_ref = 0;
        user->changed = true;
    }
}

static void go_on(const struct moving *moving, int64_t since_ms)
{
    struct run *run = moving->run;
    switch (run->phase) {
    case PHASE_DUE:
        run_due_anew(moving->deciding, run);
        return;
    case PHASE_WAITING:
    case PHASE_RECOVERY:
    case PHASE_ABANDONING:
        if (moving->to->steps[run->step].expects == EXPECTS_NOTHING) {
            run_next_step(moving->deciding, run, since_ms, false);
        } else {
            run_wait(moving->deciding, run, run->phase, since_ms);
        }
        return;
    case PHASE_SENDING: /* goes on when its message has an outcome */
    case PHASE_RATING:
    case PHASE_ENDED:
        return;
    }
}

static void move(const struct moving *moving)
{
    struct run *run = moving->run;
    int64_t since_ms = run_waits_since(moving->deciding, run);
    int step = new_step(moving, run->step);
    carry_marks(moving);
    carry_messages(moving);
    run->step = step;
    run->definition = moving->to->hash;
    run->sequence = moving->to->sequence;
    run->changed = true;
    forget_question(moving);
    struct event *event = run_event(moving->deciding, run, EVENT_RUN_MOVED, step,
                                    moving->names->renamed ? "version.migrate" : "version.follow");
    json_t *data = json_object();
    json_object_set_new(data, "version_before", json_str(moving->from->version));
    json_object_set_new(data, "version", json_str(moving->to->version));
    event->data = json_write(moving->deciding->arena, data);
    json_decref(data);
    go_on(moving, since_ms);
}

void run_follow(struct deciding *deciding, const struct step_names *names)
{
    const struct person *person = deciding->person;
    int count = person->run_count; /* those that begin meanwhile are of the new definition */
    for (int i = 0; i < count; i++) {
        struct run *run = person->runs[i];
        const struct journey *to = catalog_journey(deciding->world->catalog, run->journey);
        if (run->outcome != RUN_ACTIVE || to == NULL || str_equal(to->hash, run->definition)) {
            continue;
        }
        const struct delivery *pending = run_pending(deciding, run);
        const struct moving moving = {deciding, run, run_journey(deciding->world, run), to, names};
        const struct run_place place = {run->step, run->phase,
                                        pending != NULL ? pending->kind : KIND_STEP,
                                        run->subject_id != 0};
        if (version_refusal(moving.from, to, &place, names) == NULL) {
            move(&moving);
        }
    }
}
