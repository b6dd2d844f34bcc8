/* Lives through many experiments and looks at each after every hundred people: how often does the
 * test see a difference that is not there, how often do the bounds hold the truth at all looks, how
 * often is a real difference found; and the same of the split. People are dealt out by
 * core/assign.h and judged by bi/experiments/analysis.h, as in production; nothing is stored.
 *
 * usage: looking EXPERIMENTS    prints one JSON document, the same each time; exit status 1 when
 * what is promised does not hold. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bi/experiments/analysis.h"
#include "core/assign.h"

enum { PEOPLE = 10000, EVERY = 100, RATES = 4 };

static const double BASES[RATES] = {0.05, 0.28, 0.50, 0.95};
static const double EFFECT = 0.05;

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool chance(uint64_t *state, double share)
{
    return (double)(next(state) >> 11) * 0x1p-53 < share;
}

/* Of one base rate, over all experiments. */
struct tally {
    int alarms;   /* a difference seen though there is none */
    int covered;  /* the bounds held the truth at all looks, none or five points */
    int runs;     /* that covered counts */
    int found[3]; /* five points found by 2500, 5000, 10000 people */
};

struct split_tally {
    int alarms, found, found_at_end;
};

/* What one look saw. */
struct seen {
    bool differs, misses;
};

static struct analysis fresh(const struct experiment *experiment)
{
    struct analysis analysis = {.experiment = experiment, .is_share = true, .arm_count = 2};
    for (int i = 0; i < 2; i++) {
        analysis.arms[i].variant = experiment->arms[i].variant;
        analysis.arms[i].weight = experiment->arms[i].weight;
    }
    return analysis;
}

static struct seen look(struct analysis *analysis, const struct paired_sums *sums, double truth)
{
    for (int i = 0; i < 2; i++) {
        analysis->arms[i].exposed = (int64_t)sums[i].people;
    }
    analysis_judge(analysis, sums);
    const struct effect *effect = &analysis->arms[1].effect;
    return (struct seen){.differs = effect->low > 0 ||
                                    effect->high<0, .misses = effect->low> truth ||
                                    effect->high < truth};
}

/* One experiment: outcomes come at `base`, in the second arm at base + effect. */
static void live(const struct experiment *experiment, const unsigned char *arm_of, uint64_t seed,
                 double base, double effect, struct tally *tally)
{
    struct paired_sums sums[2] = {0};
    struct analysis analysis = fresh(experiment);
    bool differs = false;
    bool misses = false;
    for (int person = 0; person < PEOPLE; person++) {
        struct paired_sums *arm = &sums[arm_of[person]];
        bool hit = chance(&seed, arm_of[person] == 1 ? base + effect : base);
        arm->people++;
        arm->y += hit;
        arm->yy += hit;
        int people = person + 1;
        if (people % EVERY == 0) {
            struct seen seen = look(&analysis, sums, effect);
            differs = differs || seen.differs;
            misses = misses || seen.misses;
            tally->found[0] += effect != 0 && people == 2500 && differs;
            tally->found[1] += effect != 0 && people == 5000 && differs;
            tally->found[2] += effect != 0 && people == PEOPLE && differs;
        }
    }
    tally->alarms += effect == 0 && differs;
    tally->covered += !misses;
    tally->runs++;
}

static void watch_split(const struct experiment *experiment, uint64_t seed, double share,
                        const unsigned char *arm_of, struct split_tally *tally)
{
    struct paired_sums sums[2] = {0};
    struct analysis analysis = fresh(experiment);
    static const double even[] = {0.5, 0.5};
    bool broken = false;
    for (int person = 0; person < PEOPLE; person++) {
        int arm = share == 0.5 ? arm_of[person] : !chance(&seed, share);
        sums[arm].people++;
        if ((person + 1) % EVERY == 0) {
            look(&analysis, sums, 0);
            broken = broken || analysis.verdict == VERDICT_SPLIT_BROKEN;
        }
    }
    double p = split_p_value((double[]){sums[0].people, sums[1].people}, even, 2);
    tally->alarms += share == 0.5 && broken;
    tally->found += share != 0.5 && broken;
    tally->found_at_end += share != 0.5 && p < 0.01;
}

/* Five in a hundred false alarms, one of the split, and nine of ten uneven splits found. */
static bool keeps(const struct tally *tallies, const struct split_tally *split, int experiments)
{
    bool holds = split->alarms <= experiments / 100 && split->found_at_end >= experiments * 9 / 10;
    for (int rate = 0; rate < RATES; rate++) {
        holds = holds && tallies[rate].alarms * 20 <= experiments &&
                (tallies[rate].runs - tallies[rate].covered) * 20 <= tallies[rate].runs;
    }
    return holds;
}

int main(int argc, char **argv)
{
    int experiments = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    struct tally tallies[RATES] = {0};
    struct split_tally split = {0};
    static unsigned char arm_of[PEOPLE];
    if (experiments < 1) {
        (void)fprintf(stderr, "usage: looking EXPERIMENTS\n");
        return 2;
    }
    for (int i = 0; i < experiments; i++) {
        char name[32];
        int length = snprintf(name, sizeof(name), "experiment %d", i);
        struct experiment experiment = {
            .name = {name, (size_t)length},
            .seed = {name, (size_t)length},
            .coverage = 1,
            .arms = {{STR("a"), 0.5}, {STR("b"), 0.5}},
            .arm_count = 2,
            .min_people = 1000,
        };
        for (int person = 0; person < PEOPLE; person++) {
            arm_of[person] = (unsigned char)assign_arm(&experiment, 1000000 + person);
        }
        for (int rate = 0; rate < RATES; rate++) {
            double effect = BASES[rate] > 0.9 ? -EFFECT : EFFECT;
            uint64_t seed = ((uint64_t)i << 8) + (uint64_t)rate;
            live(&experiment, arm_of, seed, BASES[rate], 0, &tallies[rate]);
            live(&experiment, arm_of, ~seed, BASES[rate], effect, &tallies[rate]);
        }
        watch_split(&experiment, (uint64_t)i << 20, 0.5, arm_of, &split);
        watch_split(&experiment, (uint64_t)i << 20, 0.52, arm_of, &split);
    }
    printf("{\"experiments\": %d, \"rates\": [", experiments);
    for (int rate = 0; rate < RATES; rate++) {
        const struct tally *tally = &tallies[rate];
        printf("%s\n  {\"base\": %g, \"false_alarms\": %.4f, \"covered\": %.4f, \"found_2500\": "
               "%.4f, \"found_5000\": %.4f, \"found_10000\": %.4f}",
               rate > 0 ? "," : "", BASES[rate], (double)tally->alarms / experiments,
               (double)tally->covered / tally->runs, (double)tally->found[0] / experiments,
               (double)tally->found[1] / experiments, (double)tally->found[2] / experiments);
    }
    bool holds = keeps(tallies, &split, experiments);
    printf("],\n \"split\": {\"false_alarms\": %.4f, \"found_52\": %.4f, \"found_52_one_look\": "
           "%.4f}}\n",
           (double)split.alarms / experiments, (double)split.found / experiments,
           (double)split.found_at_end / experiments);
    return holds ? 0 : 1;
}
