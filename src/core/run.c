/* Entering and ending runs: triggers, the sets, leave rules. What happens between stands in
 * run_step.c (messages and silence), run_answer.c, run_button.c, run_plan.c and run_finish.c;
 * inactivity in run_user.c, changes of set in run_move.c. */
#include "core/run_parts.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "core/delivery.h"

#define BIT(phase) (1u << (phase))
#define OVER       (BIT(PHASE_RATING) | BIT(PHASE_ENDED))

void run_phase(struct run *run, enum run_phase to, int64_t next_at_ms)
{
    static const unsigned next[] = {
        [PHASE_DUE] = BIT(PHASE_DUE) | BIT(PHASE_SENDING) | BIT(PHASE_WAITING) | OVER,
        [PHASE_SENDING] = BIT(PHASE_DUE) | BIT(PHASE_SENDING) | BIT(PHASE_WAITING) |
                          BIT(PHASE_RECOVERY) | BIT(PHASE_ABANDONING) | OVER,
        [PHASE_WAITING] =
            BIT(PHASE_DUE) | BIT(PHASE_SENDING) | BIT(PHASE_WAITING) | BIT(PHASE_RECOVERY) | OVER,
        [PHASE_RECOVERY] =
            BIT(PHASE_DUE) | BIT(PHASE_SENDING) | BIT(PHASE_WAITING) | BIT(PHASE_RECOVERY) | OVER,
        [PHASE_ABANDONING] =
            BIT(PHASE_DUE) | BIT(PHASE_SENDING) | BIT(PHASE_WAITING) | BIT(PHASE_ABANDONING) | OVER,
        [PHASE_RATING] = BIT(PHASE_ENDED),
        [PHASE_ENDED] = 0,
    };
    ASSERT((next[run->phase] & BIT(to)) != 0);
    bool timed = to != PHASE_SENDING && to != PHASE_RATING && to != PHASE_ENDED;
    ASSERT(timed == (next_at_ms > 0));
    run->phase = to;
    run->next_at_ms = next_at_ms;
    run->changed = true;
}

struct event *run_event(struct deciding *deciding, const struct run *run, enum event_type type,
                        int step, const char *rule)
{
    const struct journey *journey = run_journey(deciding->world, run);
    struct event *event = decision_event(deciding->arena, deciding->decision, type);
    event->user_id = run->user_id;
    event->at_ms = deciding->world->now_ms;
    event->journey = run->journey;
    event->ref_id = run->id;
    event->rule = str_of(rule);
    if (step >= 0 && step < journey->step_count) {
        event->step = journey->steps[step].id;
    }
    return event;
}

const struct journey *run_journey(const struct world *world, const struct run *run)
{
    const struct journey *journey = catalog_definition(world->catalog, run->definition);
    ASSERT(journey != NULL);
    return journey;
}

bool run_is_of_now(const struct deciding *deciding, const struct run *run)
{
    for (int i = deciding->first_run; i < deciding->person->run_count; i++) {
        if (deciding->person->runs[i] == run) {
            return true;
        }
    }
    return false;
}

const struct step *run_step_of(const struct deciding *deciding, const struct run *run)
{
    const struct journey *journey = run_journey(deciding->world, run);
    ASSERT(run->step >= 0 && run->step < journey->step_count);
    return &journey->steps[run->step];
}

struct run *run_onboarding(const struct world *world, const struct person *person)
{
    for (int i = 0; i < person->run_count; i++) {
        struct run *run = person->runs[i];
        if (run->outcome == RUN_ACTIVE && run_journey(world, run)->is_onboarding) {
            return run;
        }
    }
    return NULL;
}

bool run_was_onboarded(const struct world *world, const struct person *person)
{
    return person->user.onboarding_completed || person->user.onboarding_ended_at_ms != 0 ||
           run_onboarding(world, person) != NULL;
}

/* ---- when journeys were entered
 * ------------------------------------------------------------------- user.entered is written here
 * only, as compact JSON of names and numbers, so it is read by looking for the quoted name: this
 * happens at every input. */

static const char *find_entered(struct str entered, struct str journey)
{
    if (entered.length == 0) {
        return NULL; /* perhaps without any text to point into */
    }
    const char *at = entered.ptr + 1; /* behind the brace; then behind each comma */
    const char *end = entered.ptr + entered.length;
    while (at + journey.length + 2 < end) {
        if (at[1 + journey.length] == '"' && memcmp(at + 1, journey.ptr, journey.length) == 0) {
            return at;
        }
        at = memchr(at, ',', (size_t)(end - at));
        if (at == NULL) {
            break;
        }
        at++;
    }
    return NULL;
}

int64_t run_entered_at(const struct user *user, struct str journey)
{
    const char *found = find_entered(user->entered, journey);
    if (found == NULL) {
        return 0;
    }
    const char *digits = found + journey.length + 3;
    size_t rest = (size_t)(user->entered.ptr + user->entered.length - digits);
    size_t length = 0;
    while (length < rest && digits[length] >= '0' && digits[length] <= '9') {
        length++;
    }
    int64_t at_ms;
    return str_to_int64((struct str){digits, length}, &at_ms) ? at_ms : 0;
}

/* Members of an object and what follows them, if there are any. */
static char *append_member(char *to, struct str members, char behind)
{
    if (members.length > 0) {
        memcpy(to, members.ptr, members.length);
        to += members.length;
        *to++ = behind;
    }
    return to;
}

void run_note_entered(struct deciding *deciding, struct str journey, int64_t at_ms)
{
    struct user *user = &deciding->person->user;
    struct str others = STR_NONE; /* the members before and after the journey's own */
    struct str after = STR_NONE;
    if (user->entered.length > 2) {
        others = (struct str){user->entered.ptr + 1, user->entered.length - 2};
        const char *found = find_entered(user->entered, journey);
        if (found != NULL) {
            const char *end = found;
            const char *close = others.ptr + others.length;
            end = memchr(end, ',', (size_t)(close - end));
            end = end != NULL ? end : close;
            after = end < close ? (struct str){end + 1, (size_t)(close - end - 1)} : STR_NONE;
            others.length = found > others.ptr ? (size_t)(found - others.ptr - 1) : 0;
        }
    }
    struct str own =
        arena_printf(deciding->arena, "\"%.*s\":%lld", STR_ARG(journey), (long long)at_ms);
    char *entered = arena_alloc(deciding->arena, others.length + after.length + own.length + 5);
    char *end = entered;
    *end++ = '{';
    end = append_member(end, others, ',');
    end = append_member(end, after, ',');
    end = append_member(end, own, '}');
    user->entered = (struct str){entered, (size_t)(end - entered)};
    user->changed = true;
}

/* ---- entering
 * ------------------------------------------------------------------------------------- */

enum journey_set run_effective_set(const struct world *world, const struct person *person,
                                   bool onboarding)
{
    const struct rollout *rollout = &world->installation->rollout;
    if (onboarding ? rollout->rolled_back_entries : rollout->rolled_back_nurture) {
        return SET_ORIGINAL;
    }
    return person->user.set;
}

bool run_user_is_existing(const struct world *world, const struct user *user)
{
    int64_t started_at_ms = world->installation->rollout.started_at_ms;
    return user->existing || (started_at_ms != 0 && user->joined_at_ms < started_at_ms);
}

bool run_stage_is_open(const struct world *world, enum stage stage)
{
    const struct rollout *rollout = &world->installation->rollout;
    switch (stage) {
    case STAGE_NONE:
        return true;
    case STAGE_EXISTING_RESCUE:
        return rollout->stage_existing_rescue;
    case STAGE_EXISTING_AMPLIFICATION:
        return rollout->stage_existing_amplification;
    }
    return false;
}

/* Whether the journey is for existing people, who get it by its stage and not by their set. */
static bool is_by_stage(const struct deciding *deciding, const struct journey *journey)
{
    return journey->stage != STAGE_NONE &&
           run_user_is_existing(deciding->world, &deciding->person->user);
}

bool run_reaches(const struct deciding *deciding, const struct journey *journey,
                 enum journey_set set)
{
    const struct user *user = &deciding->person->user;
    const struct rollout *rollout = &deciding->world->installation->rollout;
    if (is_by_stage(deciding, journey)) {
        return !user->is_test && run_stage_is_open(deciding->world, journey->stage) &&
               !(journey->is_onboarding ? rollout->rolled_back_entries
                                        : rollout->rolled_back_nurture);
    }
    return (journey->set == SET_BOTH || journey->set == set) &&
           !(user->is_held && journey->class == CLASS_NUDGE);
}

static bool again_allows(const struct user *user, const struct journey *journey, int64_t now_ms)
{
    if (journey->again == AGAIN_ALWAYS) {
        return true;
    }
    int64_t entered_at_ms = run_entered_at(user, journey->name);
    return entered_at_ms == 0 ||
           (journey->again == AGAIN_AFTER && now_ms - entered_at_ms >= journey->again_after_ms);
}

static bool reaches_streak(const struct journey *journey, int streak_days)
{
    for (int i = 0; i < journey->streak_count; i++) {
        if (journey->streaks[i] == streak_days) {
            return true;
        }
    }
    return false;
}

static int active_count(const struct person *person)
{
    int count = 0;
    for (int i = 0; i < person->run_count; i++) {
        count += person->runs[i]->outcome == RUN_ACTIVE;
    }
    return count;
}

/* Whether a run of it may be beside those that are active. */
static bool has_room(const struct deciding *deciding, const struct journey *journey,
                     const struct commitment *subject)
{
    const struct person *person = deciding->person;
    int64_t subject_id = journey->per_commitment && subject != NULL ? subject->id : 0;
    if (journey->step_count == 0 || (journey->per_commitment && subject == NULL) ||
        active_count(person) >= LIMIT_RUNS_ACTIVE ||
        person_active_run(person, journey->name, subject_id) != NULL) {
        return false;
    }
    return !journey->is_onboarding || run_onboarding(deciding->world, person) == NULL;
}

static bool may_enter(struct deciding *deciding, const struct journey *journey,
                      struct commitment *subject, enum journey_set set)
{
    const struct user *user = &deciding->person->user;
    if (!run_reaches(deciding, journey, set) || user->stopped || user->is_erased ||
        (journey->needs_plan && (subject == NULL || subject->planned_at_ms == 0)) ||
        (journey->trigger == TRIGGER_STREAK && !reaches_streak(journey, user->streak_days)) ||
        !again_allows(user, journey, deciding->world->now_ms) ||
        !has_room(deciding, journey, subject)) {
        return false;
    }
    if (journey->trigger == TRIGGER_INACTIVITY) {
        int64_t due_at_ms = run_inactivity_due(deciding, journey);
        if (due_at_ms == 0 || due_at_ms > deciding->world->now_ms ||
            user->contacts[user->channel].reach != REACH_OK ||
            run_onboarding(deciding->world, deciding->person) != NULL) {
            return false;
        }
    }
    if (journey->when == NULL) {
        return true;
    }
    struct facts facts = compose_facts(deciding, subject, NULL);
    return condition_holds(journey->when, &facts);
}

struct run *run_make(struct deciding *deciding, const struct journey *journey,
                     struct commitment *subject, int64_t at_ms, const char *rule)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    if (!has_room(deciding, journey, subject)) {
        return NULL;
    }
    struct run *run = person_add_run(deciding->arena, deciding->person);
    run->id = id_next(deciding->world->ids, now_ms, id_slot(user->id));
    run->user_id = user->id;
    run->journey = journey->name;
    run->definition = journey->hash;
    run->sequence = journey->sequence;
    run->subject_id = journey->per_commitment ? subject->id : 0;
    run->flags = user->is_test ? RUN_FLAG_TEST : 0;
    run->entered_at_ms = at_ms;
    run->anchor_at_ms = at_ms;
    run->next_at_ms = now_ms;
    run_note_entered(deciding, journey->name, now_ms);
    run_event(deciding, run, EVENT_RUN_ENTERED, -1, rule);
    return run;
}

static const char *trigger_rule(enum trigger trigger)
{
    switch (trigger) {
    case TRIGGER_NONE:
        return "enter.asked";
    case TRIGGER_FIRST_CONTACT:
        return "enter.first_contact";
    case TRIGGER_EXISTING_CONTACT:
        return "enter.existing_contact";
    case TRIGGER_COMMITMENT_MADE:
        return "enter.commitment_made";
    case TRIGGER_COMMITMENT_COMPLETED:
        return "enter.commitment_completed";
    case TRIGGER_COMMITMENT_MISSED:
        return "enter.commitment_missed";
    case TRIGGER_INACTIVITY:
        return "enter.inactivity";
    case TRIGGER_STREAK:
        return "enter.streak";
    }
    return "";
}

/* What a stage gives to someone from before changes their set, and replaces its original. */
static void join_stage(struct deciding *deciding, const struct journey *journey)
{
    struct user *user = &deciding->person->user;
    run_set_journeys(deciding, SET_OPTIMIZED,
                     journey->stage == STAGE_EXISTING_RESCUE ? "stage.existing_rescue"
                                                             : "stage.existing_amplification");
    user->is_held = false;
    user->changed = true;
    struct run *replaced = person_active_run(deciding->person, journey->replaces, 0);
    if (replaced != NULL) {
        run_end(deciding, replaced, RUN_LEFT);
    }
}

static void enter(struct deciding *deciding, const struct journey *journey,
                  struct commitment *subject, const char *rule)
{
    if (is_by_stage(deciding, journey)) {
        join_stage(deciding, journey);
    }
    struct run *run = run_make(deciding, journey, subject, deciding->world->now_ms, rule);
    if (run != NULL) {
        run_schedule(deciding, run);
    }
}

/* Enters the journeys of the trigger that a stage gives (by_stage), or the others. */
static int enter_those(struct deciding *deciding, enum trigger trigger, struct commitment *subject,
                       bool original_only, bool by_stage)
{
    const struct catalog *catalog = deciding->world->catalog;
    int entered = 0;
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        if (journey->trigger != trigger || is_by_stage(deciding, journey) != by_stage) {
            continue;
        }
        enum journey_set set = original_only ? SET_ORIGINAL
                                             : run_effective_set(deciding->world, deciding->person,
                                                                 journey->is_onboarding);
        if (may_enter(deciding, journey, subject, set)) {
            enter(deciding, journey, subject, trigger_rule(trigger));
            entered++;
        }
    }
    return entered;
}

/* What a stage gives comes first: it decides which of the others are still the person's. */
static int enter_all(struct deciding *deciding, enum trigger trigger, struct commitment *subject,
                     bool original_only)
{
    int entered = enter_those(deciding, trigger, subject, original_only, true);
    return entered + enter_those(deciding, trigger, subject, original_only, false);
}

void run_trigger(struct deciding *deciding, enum trigger trigger, struct commitment *subject)
{
    int entered = enter_all(deciding, trigger, subject, false);
    /* Whom the optimized onboarding does not take (commitments already) gets the original one. */
    if (trigger == TRIGGER_FIRST_CONTACT && entered == 0) {
        enter_all(deciding, trigger, subject, true);
    }
}

void run_enter_stage(struct deciding *deciding, enum stage stage)
{
    const struct catalog *catalog = deciding->world->catalog;
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        bool by_contact = journey->trigger == TRIGGER_EXISTING_CONTACT; /* when they write */
        if (journey->stage == stage && !by_contact && !journey->per_commitment &&
            may_enter(deciding, journey, NULL, SET_OPTIMIZED)) {
            enter(deciding, journey, NULL, "enter.stage");
        }
    }
}

struct run *run_enter(struct deciding *deciding, const struct journey *journey,
                      struct commitment *subject)
{
    if (deciding->person->user.stopped || deciding->person->user.is_erased) {
        return NULL;
    }
    struct run *run =
        run_make(deciding, journey, subject, deciding->world->now_ms, trigger_rule(TRIGGER_NONE));
    if (run != NULL) {
        run_schedule(deciding, run);
    }
    return run;
}

/* ---- ending
 * --------------------------------------------------------------------------------------- */

void run_end(struct deciding *deciding, struct run *run, enum run_outcome outcome)
{
    struct user *user = &deciding->person->user;
    ASSERT(run->outcome == RUN_ACTIVE && outcome != RUN_ACTIVE);
    run->outcome = outcome;
    run->ended_at_ms = deciding->world->now_ms;
    bool may_be_rated = outcome == RUN_COMPLETED && (run->flags & RUN_FLAG_PARTIAL) == 0 &&
                        run_journey(deciding->world, run)->rating != NULL;
    run_phase(run, may_be_rated ? PHASE_RATING : PHASE_ENDED, 0);
    compose_withdraw(deciding, run, str_of(run_outcome_name(outcome)));
    struct event *event = run_event(deciding, run, EVENT_RUN_ENDED, run->step, "end");
    event->data = arena_printf(deciding->arena, "{\"outcome\":\"%s\"}", run_outcome_name(outcome));
    if (user->dialog == DIALOG_PLAN_WHEN && user->dialog_ref == run->id) {
        user->dialog = DIALOG_NONE;
        user->dialog_ref = 0;
        user->changed = true;
    }
    if (run_journey(deciding->world, run)->is_onboarding) {
        user->onboarding_ended_at_ms = deciding->world->now_ms;
        user->changed = true;
        run_rearm_user(deciding);
    }
}

void run_end_all(struct deciding *deciding, enum run_outcome outcome)
{
    for (int i = 0; i < deciding->person->run_count; i++) {
        if (deciding->person->runs[i]->outcome == RUN_ACTIVE) {
            run_end(deciding, deciding->person->runs[i], outcome);
        }
    }
}

static const struct leave_rule *leave_rule_of(const struct journey *journey, enum leave_on on)
{
    for (int i = 0; i < journey->leave_count; i++) {
        if (journey->leaves[i].on == on) {
            return &journey->leaves[i];
        }
    }
    return NULL;
}

static bool concerns(const struct deciding *deciding, const struct run *run, enum leave_on on,
                     const struct commitment *about)
{
    switch (on) {
    case LEAVE_ON_ACTIVITY:
        return !run_is_of_now(deciding,
                              run); /* what the activity itself started does not end by it */
    case LEAVE_ON_COMMITMENT_MADE:
        return about == NULL || run->subject_id != about->id;
    case LEAVE_ON_COMMITMENT_COMPLETED:
    case LEAVE_ON_COMMITMENT_ENDED:
        return run->subject_id == 0 || (about != NULL && run->subject_id == about->id);
    case LEAVE_ON_ANSWERED:
        return true;
    }
    return false;
}

void run_leave(struct deciding *deciding, enum leave_on on, struct commitment *about)
{
    /* Runs that ending one of them may start stand behind: they are not looked at. */
    int count = deciding->person->run_count;
    for (int i = 0; i < count; i++) {
        struct run *run = deciding->person->runs[i];
        if (run->outcome != RUN_ACTIVE || !concerns(deciding, run, on, about)) {
            continue;
        }
        const struct leave_rule *rule = leave_rule_of(run_journey(deciding->world, run), on);
        if (rule == NULL) {
            continue;
        }
        if (rule->graduates) {
            deciding->about = about;
            run_graduate(deciding, run, GRADUATION_EARLY);
            deciding->about = NULL;
        } else {
            run_end(deciding, run, RUN_LEFT);
        }
    }
}
