/* A rehearsal as JSON: names as metrics have them, nothing rounded. */
#include "sim/report.h"

#include <math.h>

#include "base/limits.h"
#include "core/delivery.h"

static json_t *number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static void put(json_t *object, const char *name, int64_t value)
{
    json_object_set_new(object, name, json_integer(value));
}

static json_t *rate_json(const struct rate *rate)
{
    json_t *json = json_object();
    json_object_set_new(json, "percent", number(rate->percent));
    json_object_set_new(json, "low", number(rate->low));
    json_object_set_new(json, "high", number(rate->high));
    put(json, "hits", rate->hits);
    put(json, "n", rate->n);
    return json;
}

static json_t *figures_json(const struct sim_result *result)
{
    struct sim_figure figures[SIM_FIGURES];
    struct sim_number numbers[SIM_NUMBERS];
    sim_figures(result, figures);
    sim_numbers(result, numbers);
    json_t *json = json_object();
    for (int i = 0; i < SIM_FIGURES; i++) {
        json_t *rate = rate_json(&figures[i].rate);
        json_object_set_new(rate, "baseline", number(figures[i].baseline));
        json_object_set_new(rate, "target", number(figures[i].target));
        json_object_set_new(json, figures[i].name, rate);
    }
    for (int i = 0; i < SIM_NUMBERS; i++) {
        json_object_set_new(json, numbers[i].name, number(numbers[i].value));
    }
    return json;
}

static json_t *step_json(const struct sim_side *side, int journey, int index)
{
    const struct step *step = &catalog_journey_at(side->catalog, journey)->steps[index];
    const struct step_tally *tally = &side->result->tally.journeys[journey].steps[index];
    struct rate rate = sim_step_rate(side, journey, index);
    json_t *json = json_object();
    json_object_set_new(json, "step", json_str(step->id));
    put(json, "sent", tally->sent);
    put(json, "completed", tally->completed);
    put(json, "assisted", tally->assisted);
    put(json, "recoveries", tally->recoveries);
    put(json, "smaller", tally->smaller);
    put(json, "skipped", tally->skipped);
    json_object_set_new(json, "completion", rate_json(&rate));
    json_object_set_new(json, "target", step->target > 0 ? json_real(step->target) : json_null());
    return json;
}

static json_t *journeys_json(const struct sim_side *side)
{
    json_t *list = json_array();
    for (int i = 0; i < catalog_journey_count(side->catalog); i++) {
        const struct journey *journey = catalog_journey_at(side->catalog, i);
        const struct journey_tally *tally = &side->result->tally.journeys[i];
        if (!sim_is_shown(side, i)) {
            continue;
        }
        json_t *json = json_object();
        json_object_set_new(json, "journey", json_str(journey->name));
        put(json, "entered", tally->entered);
        put(json, "graduated", tally->graduated);
        json_t *ended = json_object();
        for (int outcome = 0; outcome <= RUN_STOPPED; outcome++) {
            put(ended, run_outcome_name((enum run_outcome)outcome), tally->ended[outcome]);
        }
        json_object_set_new(json, "outcomes", ended);
        json_t *steps = json_array();
        for (int step = 0; step < journey->step_count; step++) {
            json_array_append_new(steps, step_json(side, i, step));
        }
        json_object_set_new(json, "steps", steps);
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *messages_json(const struct tally *tally)
{
    json_t *json = json_object();
    for (int i = 0; i <= CLASS_NUDGE; i++) {
        put(json, message_class_name((enum message_class)i), tally->messages[i]);
    }
    put(json, "held_for_quiet_hours", tally->held[HELD_QUIET]);
    put(json, "held_for_caps", tally->held[HELD_CAP]);
    put(json, "held_otherwise", tally->held[HELD_OTHER]);
    put(json, "suppressed_by_caps", tally->unsent[UNSENT_CAP]);
    put(json, "suppressed_unreachable", tally->unsent[UNSENT_UNREACHABLE]);
    put(json, "suppressed_answered_before", tally->unsent[UNSENT_RUN_ENDED]);
    put(json, "suppressed_otherwise", tally->unsent[UNSENT_OTHER]);
    put(json, "expired", tally->unsent[UNSENT_LATE]);
    return json;
}

static json_t *standing_json(const struct tally *tally)
{
    json_t *json = json_object();
    put(json, "something_is_planned", tally->waiting);
    put(json, "unreachable", tally->unreachable);
    put(json, "at_rest", tally->at_rest);
    put(json, "without_next_step", tally->without_next);
    put(json, "broken_invariants", tally->broken);
    return json;
}

static json_t *load_json(const struct sim_load *load)
{
    json_t *json = json_object();
    json_object_set_new(json, "limit_per_second", json_real(load->limit_per_second));
    put(json, "busiest_second_ms", load->busiest_second_ms);
    put(json, "busiest_second_messages", load->busiest_second_count);
    put(json, "busiest_hour_ms", load->busiest_hour_ms);
    put(json, "busiest_hour_messages", load->busiest_hour_count);
    put(json, "seconds_over_the_limit", load->seconds_over);
    put(json, "delayed_messages", load->delayed);
    put(json, "longest_wait_seconds", load->longest_wait_s);
    put(json, "longest_wait_at_ms", load->longest_wait_at_ms);
    json_t *hours = json_array();
    for (int i = 0; i < load->hour_count; i++) {
        json_array_append_new(hours, json_integer(load->by_hour[i]));
    }
    json_object_set_new(json, "messages_by_hour", hours);
    return json;
}

static json_t *personas_json(const struct people *people, const struct tally *tally)
{
    json_t *list = json_array();
    for (int i = 0; i < people->persona_count; i++) {
        const struct persona_tally *of = &tally->personas[i];
        struct rate converted = rate_of(of->converted, of->people);
        struct rate completed = rate_of(of->completed, of->commitments);
        json_t *json = json_object();
        json_object_set_new(json, "persona", json_str(people->personas[i].id));
        put(json, "people", of->people);
        put(json, "messages", of->messages);
        put(json, "blocked", of->blocked);
        put(json, "converted_outside", of->converted_outside);
        json_object_set_new(json, "conversion_rate", rate_json(&converted));
        json_object_set_new(json, "completion_rate", rate_json(&completed));
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *replayed_json(const struct tally *tally)
{
    json_t *json = json_object();
    put(json, "people", tally->people);
    put(json, "left_out", tally->left_out);
    put(json, "deeds", tally->deeds);
    put(json, "deeds_without_counterpart", tally->deeds_lost);
    return json;
}

static json_t *side_json(const struct people *people, const struct sim_side *side)
{
    const struct tally *tally = &side->result->tally;
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string(side->name));
    json_object_set_new(json, "figures", figures_json(side->result));
    json_object_set_new(json, "journeys", journeys_json(side));
    json_object_set_new(json, "messages", messages_json(tally));
    json_object_set_new(json, "load", load_json(&side->result->load));
    json_object_set_new(json, "standing", standing_json(tally));
    if (people != NULL) {
        json_object_set_new(json, "personas", personas_json(people, tally));
    } else {
        json_object_set_new(json, "replayed", replayed_json(tally));
    }
    put(json, "decisions", tally_decisions(tally));
    put(json, "bytes_per_person", (int64_t)side->result->bytes_per_person);
    return json;
}

static json_t *differences_json(const struct sim_side *sides)
{
    struct sim_figure a[SIM_FIGURES], b[SIM_FIGURES];
    sim_figures(sides[0].result, a);
    sim_figures(sides[1].result, b);
    json_t *json = json_object();
    for (int i = 0; i < SIM_FIGURES; i++) {
        struct sim_difference difference = sim_difference(&a[i].rate, &b[i].rate);
        json_t *one = json_object();
        json_object_set_new(one, "points", number(difference.points));
        json_object_set_new(one, "low", number(difference.low));
        json_object_set_new(one, "high", number(difference.high));
        json_object_set_new(json, a[i].name, one);
    }
    return json;
}

static json_t *replay_json(const struct sim_replay *replay)
{
    json_t *json = json_object();
    put(json, "from_ms", replay->from_ms);
    put(json, "until_ms", replay->until_ms);
    put(json, "kept_since_ms", replay->kept_since_ms);
    json_t *sent = json_object();
    for (int i = 0; i <= CLASS_NUDGE; i++) {
        put(sent, message_class_name((enum message_class)i), replay->really_sent[i]);
    }
    json_object_set_new(json, "really_sent", sent);
    return json;
}

json_t *sim_json(const struct sim_about *about, const struct sim_side *sides, int count)
{
    json_t *json = json_object();
    json_object_set_new(json, "note", json_string(sim_note(about)));
    if (about->replay != NULL) {
        json_object_set_new(json, "replay", replay_json(about->replay));
    } else {
        json_object_set_new(json, "people", json_str(about->people->name));
        put(json, "users", about->users);
        put(json, "days", about->days);
        json_object_set_new(json, "seed", json_integer((json_int_t)about->seed));
        put(json, "start_ms", about->start_ms);
    }
    json_object_set_new(json, "sound", json_boolean(sim_is_sound(sides, count)));
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        json_array_append_new(list, side_json(about->people, &sides[i]));
    }
    json_object_set_new(json, "sides", list);
    if (count == 2) {
        json_object_set_new(json, "difference", differences_json(sides));
    }
    return json;
}

json_t *sim_run_json(const struct sim_run_facts *facts)
{
    json_t *json = json_object();
    json_object_set_new(json, "program", json_string(facts->program));
    json_object_set_new(json, "seconds", json_real(facts->seconds));
    json_object_set_new(json, "cpu_seconds", json_real(facts->cpu_seconds));
    json_object_set_new(json, "decisions_per_cpu_second",
                        number(ratio((double)facts->decisions, facts->cpu_seconds)));
    put(json, "threads", facts->threads);
    put(json, "memory_bytes", facts->memory_bytes);
    return json;
}
