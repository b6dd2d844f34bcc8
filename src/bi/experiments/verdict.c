/* What an experiment has shown, in a sentence (analysis.h). Bounds are rounded outwards, so that no
 * sentence is surer than its numbers. */
#include <math.h>

#include "base/limits.h"
#include "bi/experiments/analysis.h"

static double tenth_down(double x)
{
    return floor(x * 10 + 1e-9) / 10;
}

static double tenth_up(double x)
{
    return ceil(x * 10 - 1e-9) / 10;
}

/* "3.1 to 7.4 points" of a difference whose bounds have one sign; magnitudes in order. */
static struct str span_text(struct arena *arena, double low, double high, bool is_share)
{
    double scale = is_share ? 100 : 1;
    double least = fmin(fabs(low), fabs(high)) * scale;
    double most = fmax(fabs(low), fabs(high)) * scale;
    return arena_printf(arena, "%.1f to %.1f %s", tenth_down(least), tenth_up(most),
                        is_share ? "points" : "a person");
}

static struct str early_text(struct arena *arena, const struct analysis *analysis)
{
    const struct experiment *experiment = analysis->experiment;
    int64_t to_ms = experiment->ended_at_ms > 0 ? experiment->ended_at_ms : analysis->now_ms;
    double days = (double)(to_ms - experiment->started_at_ms) / (double)DAY_MS;
    return arena_printf(arena, "No verdict%s: %lld of %lld people are judged, %.1f of %.1f days.",
                        experiment->state == EXPERIMENT_RUNNING ? " yet" : "",
                        (long long)analysis->people, (long long)experiment->min_people,
                        tenth_down(days), (double)experiment->min_ms / (double)DAY_MS);
}

static struct str unknown_text(struct arena *arena, const struct analysis *analysis)
{
    const struct arm_result *first = &analysis->arms[0];
    struct str text = STR("No difference is shown:");
    double scale = analysis->is_share ? 100 : 1;
    for (int i = 1; i < analysis->arm_count; i++) {
        const struct arm_result *arm = &analysis->arms[i];
        text = arena_printf(arena, "%.*s%s %.*s may be anything from %.1f to %+.1f %s of %.*s",
                            STR_ARG(text), i > 1 ? "," : "", STR_ARG(arm->variant),
                            tenth_down(arm->effect.low * scale), tenth_up(arm->effect.high * scale),
                            analysis->is_share ? "points" : "a person", STR_ARG(first->variant));
    }
    return arena_printf(arena, "%.*s.%s", STR_ARG(text),
                        analysis->experiment->state == EXPERIMENT_RUNNING
                            ? " Go on, or stop without a winner."
                            : "");
}

static bool is_harmful(const struct arm_result *arm, int guard)
{
    return arm->guards_found[guard] && arm->guard_effects[guard].low > 0;
}

/* Figures that must not get worse, and did. */
static struct str harm_text(struct arena *arena, const struct analysis *analysis)
{
    struct str text = STR_NONE;
    for (int i = 1; i < analysis->arm_count; i++) {
        const struct arm_result *arm = &analysis->arms[i];
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            if (is_harmful(arm, guard)) {
                text = arena_printf(arena, "%.*s Beware: %.*s has more %s, by %.*s.", STR_ARG(text),
                                    STR_ARG(arm->variant), guardrail_name((enum guardrail)guard),
                                    STR_ARG(span_text(arena, arm->guard_effects[guard].low,
                                                      arm->guard_effects[guard].high, true)));
            }
        }
    }
    return text;
}

static bool winner_harms(const struct analysis *analysis)
{
    bool harms = false;
    for (int guard = 0; guard < GUARD_COUNT; guard++) {
        harms = harms || is_harmful(&analysis->arms[analysis->winner], guard);
    }
    return harms;
}

static struct str better_text(struct arena *arena, const struct analysis *analysis)
{
    const struct arm_result *winner = &analysis->arms[analysis->winner];
    const char *end = winner_harms(analysis) ? "" : "; you may stop";
    return arena_printf(
        arena, "%.*s is better than %.*s by %.*s%s.", STR_ARG(winner->variant),
        STR_ARG(analysis->arms[0].variant),
        STR_ARG(span_text(arena, winner->effect.low, winner->effect.high, analysis->is_share)),
        analysis->experiment->state == EXPERIMENT_RUNNING ? end : "");
}

static struct str first_text(struct arena *arena, const struct analysis *analysis)
{
    struct str text = STR_NONE;
    for (int i = 1; i < analysis->arm_count; i++) {
        const struct arm_result *arm = &analysis->arms[i];
        text = arena_printf(
            arena, "%.*s%s%.*s is worse than %.*s by %.*s", STR_ARG(text), i > 1 ? ", " : "",
            STR_ARG(arm->variant), STR_ARG(analysis->arms[0].variant),
            STR_ARG(span_text(arena, arm->effect.low, arm->effect.high, analysis->is_share)));
    }
    return arena_printf(arena, "%.*s%s.", STR_ARG(text),
                        analysis->experiment->state == EXPERIMENT_RUNNING ? "; you may stop" : "");
}

static struct str unknown_chances_text(struct arena *arena, const struct analysis *analysis)
{
    return arena_printf(
        arena,
        "No verdict: of %lld people it is not known how likely they were to get the "
        "variant that they got, and without it changing weights cannot be "
        "accounted for.",
        (long long)analysis_unknown(analysis));
}

struct str verdict_text(struct arena *arena, const struct analysis *analysis)
{
    struct str text = STR_NONE;
    switch (analysis->verdict) {
    case VERDICT_NO_CHANCES:
        return unknown_chances_text(arena, analysis);
    case VERDICT_SPLIT_BROKEN:
        return STR("No verdict: people are not split as the weights say. Something favours one "
                   "variant (messages that fail, people counted twice); find it first.");
    case VERDICT_TOO_EARLY:
        text = early_text(arena, analysis);
        break;
    case VERDICT_BETTER:
        text = better_text(arena, analysis);
        break;
    case VERDICT_FIRST_IS_BEST:
        text = first_text(arena, analysis);
        break;
    case VERDICT_NOT_SHOWN:
        text = unknown_text(arena, analysis);
        break;
    }
    return arena_printf(arena, "%.*s%.*s", STR_ARG(text), STR_ARG(harm_text(arena, analysis)));
}
