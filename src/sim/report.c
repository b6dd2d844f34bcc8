/* Figures from tallies. */
#include "sim/report.h"

#include <math.h>

#include "base/limits.h"
#include "bi/metrics.h"

const char *sim_note(const struct sim_about *about)
{
    return about->replay == NULL
               ? "A rehearsal with made-up people: it shows what the definitions do, not what real "
                 "people will do. It is no evidence."
               : "A replay of what is kept: what people did happens as it did, whatever they would "
                 "have got instead. It shows what would have been sent, not what they would have "
                 "answered. It is no evidence.";
}

static const double Z = 1.959963984540054;

/* ---- shares
 * -------------------------------------------------------------------------------------------- */

static struct sim_figure figure(const char *name, const char *label, int64_t hits, int64_t n)
{
    static const struct metrics none;
    struct metric_target target = metrics_target(&none, name);
    return (struct sim_figure){name, label, rate_of(hits, n), target.baseline, target.target};
}

void sim_figures(const struct sim_result *result, struct sim_figure *ret_figures)
{
    const struct tally *tally = &result->tally;
    const struct sim_figure figures[SIM_FIGURES] = {
        figure("conversion_rate", "made a commitment", tally->converted, tally->people),
        figure("conversion_rate_outside_onboarding", "made one outside onboarding",
               tally->converted_outside, tally->people),
        figure("activation_rate", "completed a commitment", tally->activated, tally->people),
        figure("completion_rate", "commitments completed", tally->completed, tally->commitments),
        figure("completion_rate_outside_onboarding", "of those made outside onboarding",
               tally->outside_completed, tally->outside),
        figure("quick_completion_rate", "of the completed ones within 24 h", tally->quick,
               tally->completed),
        figure("power_user_share", "power users", tally->power_people, tally->people),
        figure("power_activity_share", "commitments made by them", tally->power_commitments,
               tally->commitments),
        figure("blocked_rate", "blocked the bot", tally->blocked, tally->people),
    };
    for (int i = 0; i < SIM_FIGURES; i++) {
        ret_figures[i] = figures[i];
    }
}

struct sim_difference sim_difference(const struct rate *a, const struct rate *b)
{
    if (a->n <= 0 || b->n <= 0) {
        return (struct sim_difference){NAN, NAN, NAN};
    }
    double points = b->percent - a->percent;
    double b_down = b->percent - b->low, a_up = a->high - a->percent;
    double b_up = b->high - b->percent, a_down = a->percent - a->low;
    double down = sqrt(b_down * b_down + a_up * a_up);
    double up = sqrt(b_up * b_up + a_down * a_down);
    return (struct sim_difference){points, points - down, points + up};
}

/* ---- numbers
 * ------------------------------------------------------------------------------------------- */

/* The share's quantile of completion times in hours, to the minute. */
static double completion_quantile(const struct tally *tally, double share)
{
    int64_t n = 0;
    for (int i = 0; i < TALLY_MINUTES; i++) {
        n += tally->completion_minutes[i];
    }
    if (n == 0) {
        return NAN;
    }
    int64_t place = (int64_t)(share * (double)(n - 1));
    int minute = 0;
    while (place >= tally->completion_minutes[minute]) {
        place -= tally->completion_minutes[minute++];
    }
    return minute / 60.0;
}

void sim_numbers(const struct sim_result *result, struct sim_number *ret_numbers)
{
    const struct tally *tally = &result->tally;
    double people = (double)tally->people;
    double messages = (double)tally_messages(tally) / people;
    double variance = (double)tally->messages_squared / people - messages * messages;
    double half = Z * sqrt(variance > 0 ? variance / people : 0);
    double begun = (double)(tally_messages(tally) - tally->messages[CLASS_REPLY]) / people;
    double average =
        ratio((double)tally->completion_ms_sum, (double)tally->completed * (double)HOUR_MS);
    const struct sim_number numbers[SIM_NUMBERS] = {
        {"median_completion_hours", "hours until completed, median",
         completion_quantile(tally, 0.5), NAN, NAN, 1},
        {"avg_completion_hours", "hours until completed, mean", average, NAN, NAN, 1},
        {"p90_completion_hours", "hours until completed, 90 %", completion_quantile(tally, 0.9),
         NAN, NAN, 1},
        {"messages_per_person", "messages a person gets", messages, messages - half,
         messages + half, 1},
        {"begun_by_us_per_person", "of these not asked for", begun, NAN, NAN, 1},
        {"most_messages_of_one", "the most that one person got", (double)tally->most_messages, NAN,
         NAN, 0},
    };
    for (int i = 0; i < SIM_NUMBERS; i++) {
        ret_numbers[i] = numbers[i];
    }
}

/* ---- journeys
 * ------------------------------------------------------------------------------------------ */

bool sim_is_shown(const struct sim_side *side, int journey)
{
    return side->result->tally.journeys[journey].entered > 0;
}

struct rate sim_step_rate(const struct sim_side *side, int journey, int step)
{
    const struct step *definition = &catalog_journey_at(side->catalog, journey)->steps[step];
    const struct step_tally *tally = &side->result->tally.journeys[journey].steps[step];
    return definition->expects == EXPECTS_NOTHING && tally->completed == 0
               ? rate_of(0, 0)
               : rate_of(tally->completed, tally->sent);
}

bool sim_is_sound(const struct sim_side *sides, int count)
{
    for (int i = 0; i < count; i++) {
        const struct tally *tally = &sides[i].result->tally;
        if (tally->without_next > 0 || tally->broken > 0) {
            return false;
        }
    }
    return true;
}
