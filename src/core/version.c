/* Where a run's step is in a newer definition, and whether the run can go on there. */
#include "core/version.h"

#include "core/compose_parts.h"
#include "core/schema.h"

/* ---- names ---- */

bool step_pairs_next(struct str *rest, struct str *ret_old, struct str *ret_new)
{
    if (rest->length == 0) {
        return false;
    }
    struct str pair = str_split(*rest, ',', rest);
    *ret_old = str_trim(str_split(pair, '=', ret_new));
    *ret_new = str_trim(*ret_new);
    return true;
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return name.length > 0 && name.length <= STEP_ID_BYTES_MAX;
}

bool step_pairs_are_names(struct str pairs)
{
    struct str old, new;
    int count = 0;
    while (step_pairs_next(&pairs, &old, &new)) {
        if (!is_name(old) || !is_name(new) || ++count > STEP_PAIRS_MAX) {
            return false;
        }
    }
    return true;
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

/* By the pairs, else by `was`; -1: neither names it. */
static int renamed_to(const struct journey *to, struct str id, const struct step_names *names)
{
    struct str rest = names->pairs;
    struct str old, new;
    while (step_pairs_next(&rest, &old, &new)) {
        if (str_equal(old, id) && index_of(to, new) >= 0) {
            return index_of(to, new);
        }
    }
    for (int i = 0; i < to->step_count; i++) {
        if (to->steps[i].was.length > 0 && str_equal(to->steps[i].was, id)) {
            return i;
        }
    }
    return -1;
}

int version_step(const struct journey *from, int step, const struct journey *to,
                 const struct step_names *names)
{
    if (step < 0 || step >= from->step_count) {
        return -1;
    }
    struct str id = from->steps[step].id;
    int index = index_of(to, id);
    if (!names->renamed) {
        return index;
    }
    int renamed = renamed_to(to, id, names);
    if (renamed >= 0 || index < 0) {
        return renamed;
    }
    /* A step of the same name is another one when an old step of another name became it. */
    for (int i = 0; i < from->step_count; i++) {
        if (i != step && renamed_to(to, from->steps[i].id, names) == index) {
            return -1;
        }
    }
    return index;
}

/* ---- whether it can ---- */

static bool has_button(const struct prompt *prompt, struct str id)
{
    for (int i = 0; prompt != NULL && i < prompt->button_count; i++) {
        if (str_equal(prompt->buttons[i].id, id)) {
            return true;
        }
    }
    return false;
}

/* Messages that the person has before them stay what they are: their buttons have to count. */
static bool keeps_buttons(const struct journey *from, int old_step, const struct journey *to,
                          int new_step)
{
    static const enum message_kind kinds[] = {KIND_STEP, KIND_RECOVERY, KIND_ULTRA};
    for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
        const struct prompt *old = compose_prompt(from, old_step, kinds[k]);
        const struct prompt *new = compose_prompt(to, new_step, kinds[k]);
        for (int i = 0; old != NULL && i < old->button_count; i++) {
            if (!has_button(new, old->buttons[i].id)) {
                return false;
            }
        }
    }
    return true;
}

const char *version_refusal(const struct journey *from, const struct journey *to,
                            const struct run_place *place, const struct step_names *names)
{
    int step = version_step(from, place->step, to, names);
    if (step < 0) {
        return "the new version has no such step";
    }
    if (from->is_onboarding != to->is_onboarding) {
        return "only one of the two versions is an onboarding";
    }
    if (to->per_commitment != place->has_subject) {
        return "only one of the two versions is about a commitment";
    }
    if (place->phase != PHASE_DUE && !keeps_buttons(from, place->step, to, step)) {
        return "the new version lacks a button of the step's messages";
    }
    if (place->phase == PHASE_SENDING && compose_source(to, step, place->kind, STR_NONE) == NULL) {
        return "the new version lacks the message that is about to be sent";
    }
    return NULL;
}
