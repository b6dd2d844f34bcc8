/* The shapes of bodies and answers, for the OpenAPI document. A row is a name and its members,
 * "name:type", with "?" behind those that may be missing. Types: text, count, number, maybe (a
 * number or null), flag, when (an instant of ISO 8601), id (a number as text), next (an id or
 * null), any, another row's name; "[]" behind one makes a list of it. */
#include "bi/metrics.h"
#include "http/api/api.h"

struct schema_row {
    const char *name;
    const char *members;
};

static const struct schema_row rows[] = {
    {"BusinessIntelligence",
     "onboarding_funnel:OnboardingFunnel behavioral_insights:BehavioralInsights "
     "commitment_analytics:CommitmentAnalytics commitment_intelligence:CommitmentAnalytics "
     "retention_analysis:RetentionAnalysis growth_indicators:GrowthIndicators "
     "system_health:SystemHealth"},
    {"OnboardingFunnel",
     "conversion_rate:maybe users_with_commitments:count total_users:count recent_signups:count "
     "health_status:text target_rate:number improvement_needed:maybe"},
    {"BehavioralInsights",
     "completion_rate:maybe total_commitments:count completed_commitments:count "
     "quick_completions:count avg_completion_hours:maybe behavioral_patterns:text[] "
     "health_status:text"},
    {"CommitmentAnalytics", "total_commitments:count active_users:count engagement_rate:maybe "
                            "avg_commitments_per_user:maybe power_users:count inactive_users:count "
                            "user_distribution:UserDistribution"},
    {"UserDistribution", "no_commitments:count light_users:count active_users:count "
                         "power_users:count"},
    {"RetentionAnalysis",
     "week_1_retention:maybe week_2_retention:maybe month_1_retention:maybe "
     "eligible_users:RetentionCounts active_users:RetentionCounts health_status:text"},
    {"RetentionCounts", "week_1:count week_2:count month_1:count"},
    {"GrowthIndicators",
     "last_7_days_signups:count prev_7_days_signups:count growth_rate:maybe "
     "total_last_30_days:count avg_daily_signups:number avg_daily_commitments:number trend:text"},
    {"SystemHealth", "health_score:count database_response_time:count database_status:text "
                     "data_availability:text last_check:when status:text"},
    {"Funnel", "stages:FunnelStage[]"},
    {"FunnelStage", "stage:text people:count share_of_joined:maybe share_of_joined_low:maybe "
                    "share_of_joined_high:maybe share_of_previous:maybe "
                    "share_of_previous_low:maybe share_of_previous_high:maybe"},
    {"OnboardingSteps", "steps:OnboardingStep[] answers:OnboardingAnswer[]"},
    {"OnboardingStep",
     "step:text sent:count completed:count median_seconds:maybe p90_seconds:maybe "
     "times:OnboardingTime[] recoveries:count smaller:count skipped:count"},
    {"OnboardingTime", "up_to_seconds:maybe count:count"},
    {"OnboardingAnswer", "question:text answer:text people:count"},
    {"Retention", "cohorts:RetentionCohort[]"},
    {"RetentionCohort", "week:when imported:count cells:RetentionCell[] month_1:maybe"},
    {"RetentionCell", "eligible:count active:count rate:maybe"},
    {"BehaviourFunnel", "steps:BehaviourStep[] groups:BehaviourFunnelGroup[]"},
    {"BehaviourFunnelGroup", "group:text steps:BehaviourStep[]"},
    {"BehaviourStep", "step:text people:count of_first:maybe of_previous:maybe"},
    {"BehaviourRetention",
     "period:text cohorts:BehaviourCohort[] groups:BehaviourRetentionGroup[]"},
    {"BehaviourRetentionGroup", "group:text cohorts:BehaviourCohort[]"},
    {"BehaviourCohort", "cohort:text people:count last_is_open:flag cells:RetentionCell[]"},
    {"BehaviourPaths", "times:count paths:BehaviourPath[] groups:BehaviourPathsGroup[]"},
    {"BehaviourPathsGroup", "group:text times:count paths:BehaviourPath[]"},
    {"BehaviourPath", "steps:text[] times:count"},
    {"BehaviourActivity", "period:text last_is_open:flag periods:BehaviourPeriod[] "
                          "groups:BehaviourActivityGroup[]"},
    {"BehaviourActivityGroup", "group:text periods:BehaviourPeriod[]"},
    {"BehaviourPeriod", "period:text active:count new:count returning:count resurrected:count "
                        "dormant:count wau:count? mau:count? stickiness:maybe?"},
    {"BehaviourPower", "people:count events:count most:count gini:maybe lorenz:maybe[] "
                       "top:BehaviourTop[] groups:BehaviourPowerGroup[]"},
    {"BehaviourPowerGroup", "group:text people:count events:count most:count gini:maybe "
                            "lorenz:maybe[] top:BehaviourTop[]"},
    {"BehaviourTop", "top_percent:number people:count events:count"},
    {"BehaviourHours", "week:count[][] groups:BehaviourHoursGroup[]"},
    {"BehaviourHoursGroup", "group:text week:count[][]"},
    {"BehaviourTimes",
     "from:text to:text started:count followed:count mean_seconds:maybe median_seconds:maybe "
     "p90_seconds:maybe histogram:BehaviourBucket[] groups:BehaviourTimesGroup[]"},
    {"BehaviourTimesGroup",
     "group:text started:count followed:count mean_seconds:maybe median_seconds:maybe "
     "p90_seconds:maybe histogram:BehaviourBucket[]"},
    {"BehaviourBucket", "up_to_seconds:maybe count:count"},
    {"Target", "baseline:maybe target:number gained:maybe factor:maybe"},
    {"NextActions", "actions:NextAction[]"},
    {"NextAction", "opportunity:text recommendation:text why:text expected_effect:text how:text"},
    {"Rollout",
     "name:text share:number started_at:when rolled_back_entries:flag rolled_back_nurture:flag "
     "held:flag existing_rescue:flag existing_amplification:flag people_original:count "
     "people_optimized:count"},
    {"RolloutStatus",
     "name:text share:number started_at:when started_at_ms:count rolled_back_entries:flag "
     "rolled_back_nurture:flag stage_existing_rescue:flag stage_existing_amplification:flag "
     "people_optimized:count people_original:count plan:any history:RolloutMove[]"},
    {"RolloutMove", "at:when actor:text action:text before:text after:text"},
    {"PlanStart", "plan:text automatic:flag? reason:text?"},
    {"Reason", "reason:text?"},
    {"PlanMoved", "name:text stages:any at:count since_ms:count started_at_ms:count "
                  "automatic:flag held:flag reason:text"},
    {"Kpis", "started_at:when week:count? treated_people:count? control_people:count? "
             "targets:any? verdicts:any?"},
    {"Report", "at:when figures:any kpis:any alerts:any rollout:any experiments:any feedback:any "
               "next:any"},
    {"Forecast", "lines:ForecastLine[] decisions:count"},
    {"ForecastLine",
     "channel:text priority:text messages:count waits_most_s:count out_after_s:count"},
    {"Share", "share:number"},
    {"ShareSet", "name:text share_before:number share:number"},
    {"FirstPeople", "started_at_ms:count wanted:count people:FirstPerson[]"},
    {"FirstPerson", "id:id entered_at_ms:count ended_at_ms:count state:text steps:FirstStep[] "
                    "errors:FirstError[]"},
    {"FirstStep", "step:text sent_at_ms:count completed_at_ms:count recovery_at_ms:count"},
    {"FirstError", "at_ms:count step:text what:text why:text"},
    {"Stage", "stage:text open:flag"},
    {"StageSet", "stage:text open:flag people:count"},
    {"RollbackPreview", "people_moved:count people_in_the_middle:count"},
    {"Rollback", "what:text? move:flag?"},
    {"RolledBack", "what:text moved:count"},
    {"Preflight", "go:flag at_ms:count checks:PreflightCheck[]"},
    {"PreflightCheck", "name:text state:text says:text mend:text"},
    {"PreflightConfirm", "item:text by:text"},
    {"PreflightConfirmed", "item:text by:text"},
    {"Drill", "passed:flag took_ms:count why:text"},
    {"Sending", "mode:text"},
    {"SendingSet", "mode_before:text mode:text"},
    {"Journeys", "journeys:Journey[] revision:text"},
    {"Journey", "name:text version:text hash:text file:text set:text class:text replaces:text "
                "steps:count enters:text people:count"},
    {"JourneyState", "definition:any file:JourneyFile revision:text runs:JourneyRuns "
                     "nodes:JourneyNode[] edges:JourneyEdge[] people:JourneyPeople[]"},
    {"JourneyFile", "name:text yaml:text"},
    {"JourneyRuns", "entered:count active:count completed:count left:count abandoned:count "
                    "expired:count rolled_back:count stopped:count"},
    {"JourneyNode", "node:text part:text step:maybe sent:maybe answered:maybe waiting:maybe"},
    {"JourneyEdge", "from:text to:text label:text times:maybe"},
    {"JourneyPeople",
     "journey:text version:text step:text people:count fate:text step_after:text why:text"},
    {"JourneyDraft", "files:JourneyFile[] policy:text? steps:text?"},
    {"JourneyRehearsal", "files:JourneyFile[] set:text? users:count? days:count? seed:count?"},
    {"JourneyApply", "files:JourneyFile[] policy:text? steps:text? based_on:text?"},
    {"JourneyPreview", "mistakes:JourneyMistake[] changes:JourneyChange[] people:JourneyPeople[] "
                       "graphs:any"},
    {"JourneyMistake", "file:text line:count column:count text:text"},
    {"JourneyChange", "change:text kind:text name:text version_before:text version:text"},
    {"Rehearsed", "note:text people:text users:count days:count seed:count sides:any[]"},
    {"Applied", "journeys:count changed:count policy:text steps:text"},
    {"People", "people:PersonLine[] next:next looked:count?"},
    {"PersonLine",
     "id:id first_name:text username:text joined_at_ms:count channel:text journey_set:text "
     "commitments_total:count commitments_completed:count activity_last_at_ms:count is_test:count "
     "stopped:count"},
    {"Person", "id:id first_name:text journey_set:text channel:text joined_at_ms:count runs:any[] "
               "commitments:any[] timeline:any[]"},
    {"Decisions", "decisions:Decision[]"},
    {"Decision", "what:text? verdict:text sentences:text[]?"},
    {"Reply", "text:text"},
    {"Pause", "days:count?"},
    {"Decided", "handled:flag duplicate:flag? user_id:id?"},
    {"Deliveries", "deliveries:Delivery[] next:next"},
    {"Delivery", "id:id user_id:id sequence_type:text step:text kind:text class:text channel:text "
                 "state:text reason:text created_at_ms:count sent_at_ms:count attempts:count "
                 "uncertain:count next_at_ms:count"},
    {"Retry", "id:id? all:flag?"},
    {"Retried", "retried:count"},
    {"Processed", "telegram_sent:count telegram_failed:count email_sent:count email_failed:count "
                  "total_processed:count"},
    {"Feedback", "feedback:FeedbackLine[] next:next"},
    {"FeedbackLine",
     "id:id user_id:id first_name:text at_ms:count text:text rating:count is_problem:count"},
    {"Alerts", "looked_at:when firing:count alerts:Alert[]"},
    {"Alert", "rule:text phase:text since:when silenced_until:when severity:text owner:text "
              "says:text value:maybe advice:text action:text auto:flag finding:text"},
    {"AlertHistory", "history:AlertChange[] next:next"},
    {"AlertChange", "id:id at:when actor:text rule:text change:text says:text done:text"},
    {"Silence", "for:text"},
    {"AlertChanged", "rule:text change:text phase:text silenced_until_ms:count"},
    {"Experiments", "experiments:Experiment[] holdout:number"},
    {"Experiment",
     "name:text state:text variants:Variant[] journey:text? step:text? shipped:text? seed:text? "
     "coverage:number? namespace:Namespace? metric:text? window_ms:count? min_people:count? "
     "min_ms:count? started_at_ms:count? ended_at_ms:count? allocation:text? floor:number? "
     "phase:count?"},
    {"Variant", "id:text weight:number"},
    {"Namespace", "id:text from:number to:number"},
    {"ExperimentPlan", "metric:text? variants:Variant[]? coverage:number? namespace:Namespace? "
                       "seed:text? window_ms:count? min_people:count? min_ms:count? "
                       "allocation:text? floor:number?"},
    {"ExperimentChanged",
     "name:text state:text shipped:text seed:text coverage:number namespace:Namespace? "
     "variants:Variant[] metric:text window_ms:count min_people:count min_ms:count "
     "started_at_ms:count ended_at_ms:count allocation:text floor:number? phase:count? "
     "holdout:number"},
    {"HoldoutShown", "holdout:number since_ms:count held_out:count others:count split_p:number "
                     "text:text figures:HoldoutFigure[]"},
    {"HoldoutFigure",
     "figure:text is_share:flag held_out:maybe others:maybe difference:maybe low:maybe "
     "high:maybe found:flag"},
    {"Ship", "variant:text"},
    {"Holdout", "percent:number"},
    {"HoldoutSet", "holdout:number"},
    {"Analysis", "name:text state:text shipped:text seed:text coverage:number namespace:Namespace? "
                 "variants:Arm[] metric:text window_ms:count min_people:count min_ms:count "
                 "started_at_ms:count ended_at_ms:count allocation:text floor:number? "
                 "phase:count? is_share:flag people:count split_p:maybe "
                 "cuped_theta:maybe verdict:text text:text"},
    {"Arm", "id:text weight:number exposed:count people:count mean:maybe probability_best:maybe "
            "expected_loss:maybe effect:Effect? guardrails:Guardrails"},
    {"OverTime",
     "name:text metric:text is_share:flag started_at_ms:count step_ms:count looks:Look[]"},
    {"Look", "at_ms:count people:count split_p:maybe verdict:text variants:LookArm[]"},
    {"LookArm", "id:text exposed:count people:count mean:maybe probability_best:maybe "
                "expected_loss:maybe effect:LookEffect?"},
    {"LookEffect", "difference:maybe low:maybe high:maybe e_value:maybe"},
    {"Guardrails", "blocks:Guardrail opt-outs:Guardrail complaints:Guardrail"},
    {"Guardrail", "mean:maybe effect:Effect?"},
    {"Effect", "difference:maybe low:maybe high:maybe e_value:maybe found:flag"},
    {"Audit", "audit:AuditLine[] next:next"},
    {"AuditLine", "id:id at_ms:count actor:text action:text before:text after:text"},
    {"Update", "update_id:count"},
    {"Who", "user_id:id? channel:text? identity:text?"},
    {"Trigger", "user_id:id? channel:text? identity:text? first_name:text? language:text? "
                "journey:text?"},
    {"Entered", "entered:flag? reason:text? run_id:id? handled:flag duplicate:flag user_id:id?"},
    {"Answer", "user_id:id? channel:text? identity:text? text:text"},
    {"Commitment", "user_id:id? channel:text? identity:text? text:text size_minutes:number? "
                   "planned_at:text? external_id:text?"},
    {"Committed", "commitment_id:id? handled:flag duplicate:flag user_id:id?"},
    {"Event", "user_id:id? channel:text? identity:text? event:text properties:any? "
              "revenue:number?"},
    {"Login", "key:text"},
    {"Session", "actor:text may_act:flag demo:flag zone:text channels:text[]"},
    {"Nothing", ""},
    {"Document", "openapi:text info:any paths:any components:any"},
    {"Problem", "type:text title:text status:count detail:text"},
};

static json_t *type_of(struct str word)
{
    if (word.length > 2 && word.ptr[word.length - 1] == ']') {
        return json_pack("{s:s, s:o}", "type", "array", "items",
                         type_of((struct str){word.ptr, word.length - 2}));
    }
    static const struct {
        const char *word;
        const char *json;
    } types[] = {
        {"text", "{\"type\": \"string\"}"},
        {"count", "{\"type\": \"integer\"}"},
        {"number", "{\"type\": \"number\"}"},
        {"maybe", "{\"type\": [\"number\", \"null\"]}"},
        {"flag", "{\"type\": \"boolean\"}"},
        {"when", "{\"type\": [\"string\", \"null\"], \"format\": \"date-time\"}"},
        {"id", "{\"type\": \"string\", \"pattern\": \"^[0-9]+$\"}"},
        {"next", "{\"type\": [\"string\", \"null\"]}"},
        {"any", "{}"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_is(word, types[i].word)) {
            return json_loads(types[i].json, 0, NULL);
        }
    }
    return json_pack("{s:s+%}", "$ref", "#/components/schemas/", word.ptr, word.length);
}

static json_t *schema_of(const char *members)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    struct str rest = str_of(members);
    while (rest.length > 0) {
        struct str type;
        struct str name = str_split(str_split(rest, ' ', &rest), ':', &type);
        bool optional = type.ptr[type.length - 1] == '?';
        type.length -= optional;
        json_object_setn_new(properties, name.ptr, name.length, type_of(type));
        if (!optional) {
            json_array_append_new(required, json_str(name));
        }
    }
    return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties, "required",
                     required);
}

static void put_number(json_t *schema, const char *name, const char *ending, struct str type,
                       const char *label)
{
    json_t *key = json_sprintf("%s%s", name, ending);
    json_t *member = type_of(type);
    if (label != NULL) {
        json_object_set_new(member, "description", json_string(label));
    }
    json_object_set_new(json_object_get(schema, "properties"), json_string_value(key), member);
    json_array_append_new(json_object_get(schema, "required"), key);
}

/* From the table of figures. */
static json_t *metrics_schema(void)
{
    json_t *schema = schema_of("now:when cohort_from:when cohort_to:when within_ms:maybe "
                               "lorenz:maybe[] trend:text conversion_health:text "
                               "completion_health:text retention_health:text");
    int count;
    const struct metric_row *figures = metrics_rows(&count);
    for (int i = 0; i < count; i++) {
        bool is_count = figures[i].kind == METRIC_COUNT;
        put_number(schema, figures[i].name, "", is_count ? STR("count") : STR("maybe"),
                   figures[i].label);
        if (figures[i].kind == METRIC_RATE) {
            put_number(schema, figures[i].name, "_n", STR("count"), NULL);
            put_number(schema, figures[i].name, "_low", STR("maybe"), NULL);
            put_number(schema, figures[i].name, "_high", STR("maybe"), NULL);
        }
    }
    json_object_set_new(
        json_object_get(schema, "properties"), "targets",
        json_pack("{s:s, s:o}", "type", "object", "additionalProperties", type_of(STR("Target"))));
    return schema;
}

json_t *api_schemas(void)
{
    json_t *schemas = json_object();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_object_set_new(schemas, rows[i].name, schema_of(rows[i].members));
    }
    json_object_set_new(schemas, "Metrics", metrics_schema());
    return schemas;
}
