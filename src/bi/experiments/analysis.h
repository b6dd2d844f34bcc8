/* What an experiment has shown so far (docs/reference/experiments.md). Read from the store's
 * events: people count by their first exposure, which is recorded when the message was really sent;
 * an outcome counts within the experiment's window, and a person is judged when it is over. One
 * thread, the store's. */
#pragma once

#include "bi/experiments/bayes.h"
#include "bi/experiments/outcomes.h"

enum guardrail { GUARD_BLOCKS = 0, GUARD_OPT_OUTS, GUARD_COMPLAINTS, GUARD_COUNT };
/* "blocks", …: static storage. */
const char *guardrail_name(enum guardrail guard);

struct arm_result {
    struct str variant;
    double weight;
    int64_t exposed; /* people who were shown it */
    int64_t unknown; /* of them, without a note of how likely it was; only if weights change */
    double mean;     /* of the outcome; weighted if weights change */
    struct sample outcome; /* of those whose window is over */
    struct effect effect;  /* against the first arm; of the first itself all 0 and e_value 1 */
    struct chance chance;
    struct sample guards[GUARD_COUNT];
    struct weighted_sums shown, judged, guards_judged[GUARD_COUNT]; /* only if weights change */
    struct effect guard_effects[GUARD_COUNT];
    bool found;                     /* e-BH over all figures of all arms says it differs */
    bool guards_found[GUARD_COUNT]; /* likewise */
};

enum verdict {
    VERDICT_NO_CHANCES,   /* weights change, and of some it is not known how likely their arm was */
    VERDICT_SPLIT_BROKEN, /* people are not split by the weights: nothing can be said */
    VERDICT_TOO_EARLY,    /* the planned people or days are not there yet */
    VERDICT_BETTER,       /* `winner` is better than the first arm */
    VERDICT_FIRST_IS_BEST, /* all others are worse */
    VERDICT_NOT_SHOWN      /* the truth may lie on either side */
};

struct analysis {
    const struct experiment *experiment;
    int64_t now_ms;
    bool is_share; /* outcomes are yes or no, and shown as percentages */
    struct arm_result arms[EXPERIMENT_ARMS_MAX];
    int arm_count;
    int64_t people; /* judged, of all arms */
    double split_p; /* the probability that stays valid under looking; below 0.01: broken */
    double theta;   /* CUPED's; 0: people had no history that says anything */
    enum verdict verdict;
    int winner; /* an arm; -1 none */
};

/* ret_analysis points into the experiment. Errors are the store's. */
MUST_CHECK enum err analysis_read(struct store *store, struct arena *arena,
                                  const struct experiment *experiment, int64_t now_ms,
                                  struct analysis *ret_analysis, struct err_detail *detail);
/* What it showed at looks since its start: each is what analysis_read would have said then, without
 * guardrails. Read once. The last is now, or when the last person of an ended one was judged. */
struct over_time {
    int64_t step_ms; /* between looks */
    int count;
    struct analysis *looks; /* in the arena, oldest first; now_ms is the look's instant */
};
MUST_CHECK enum err analysis_over_time(struct store *store, struct arena *arena,
                                       const struct experiment *experiment, int64_t now_ms,
                                       struct over_time *ret_over_time, struct err_detail *detail);
/* Effects, the split and the verdict from the sums of each arm, with `exposed` and the guardrails
 * set already: what analysis_read judges by. */
void analysis_judge(struct analysis *analysis, const struct paired_sums *sums);
/* Whether enough people were judged for bounds: 100, 20 of each arm. */
bool analysis_has_begun(const struct analysis *analysis);
/* People whose chance to get what they got is not known, but has to be. */
int64_t analysis_unknown(const struct analysis *analysis);
/* One or two sentences for people, never more certain than the numbers. */
struct str verdict_text(struct arena *arena, const struct analysis *analysis);
/* All experiments of the store; NULL none. */
MUST_CHECK enum err analysis_experiments(struct store *store, struct arena *arena,
                                         struct experiments **ret_experiments,
                                         struct err_detail *detail);
