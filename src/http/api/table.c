/* The table of the API's operations: what is routed is what the OpenAPI document tells. */
#include "http/api/api.h"

static const struct api_parameter of_people[] = {
    {"cohort",
     "Only people who joined then: FROM..TO, days or instants in UTC, either may be missing",
     API_TEXT},
    {"within", "Conversion counts only commitments made so soon after joining, such as 48h",
     API_TEXT},
    {"source", "Only people who came from there", API_TEXT},
    {"language", "Only people of that language", API_TEXT},
    {"set", "Only people of that set: original, optimized", API_TEXT},
    {"variant", "Only people of that variant: EXPERIMENT=VARIANT; the funnel's", API_TEXT},
    {0}};

static const struct api_parameter of_pages[] = {
    {"limit", "At most so many, 1 to 200 (50)", API_COUNT},
    {"before", "Go on where a page ended: its \"next\"", API_TEXT},
    {0}};

static const struct api_parameter of_search[] = {
    {"q", "A name's beginning, a user id, telegram:ID, webchat:SESSION or email:ADDRESS", API_TEXT},
    {"where", "Instead: of whom this condition on facts holds; a page may hold few", API_TEXT},
    {"limit", "At most so many, 1 to 200 (50)", API_COUNT},
    {"before", "Go on where a page ended: its \"next\"", API_TEXT},
    {0}};

static const struct api_parameter of_messages[] = {
    {"state", "Only of that state, such as dead", API_TEXT},
    {"user_id", "Only that person's", API_TEXT},
    {"limit", "At most so many, 1 to 200 (50)", API_COUNT},
    {"before", "Go on where a page ended: its \"next\"", API_TEXT},
    {0}};

static const struct api_parameter of_explaining[] = {
    {"since", "From that instant of ISO 8601 on (30 days ago)", API_TEXT}, {0}};

/* Those of the commands (cli/behaviour_ask.h); what they mean: docs/reference/behaviour.md. */
#define OF_BEHAVIOUR                                                                               \
    {"where", "Only people with ATTRIBUTE=VALUE,… (or !=)", API_TEXT},                             \
        {"by", "The same for each value of the attribute, too", API_TEXT},                         \
        {"from", "From that day or instant on (UTC)", API_TEXT},                                   \
        {"to", "Before that day or instant", API_TEXT},                                            \
    {                                                                                              \
        0                                                                                          \
    }

static const struct api_parameter of_behaviour_funnel[] = {
    {"steps", "Events with > between them, 16 at most", API_NEEDED},
    {"window", "At most so long from the first step to the last: 90s, 24h, 7d", API_TEXT},
    {"strict", "Nothing else that the person does may lie between two steps", API_FLAG},
    OF_BEHAVIOUR};

static const struct api_parameter of_behaviour_retention[] = {
    {"start", "The event that people begin with; without it, joining", API_TEXT},
    {"back", "What counts as coming back; without it, any activity", API_TEXT},
    {"period", "day, week (usual) or month", API_TEXT},
    {"cells", "How many periods after the beginning", API_COUNT},
    {"calendar", "Periods of the calendar, not of each person's own beginning", API_FLAG},
    {"week-starts", "Weeks begin on monday (usual) … sunday", API_TEXT},
    {"recurring", "With calendar: people belong to every period in which they began", API_FLAG},
    OF_BEHAVIOUR};

static const struct api_parameter of_behaviour_paths[] = {
    {"event", "The event that paths begin with", API_NEEDED},
    {"before", "What came before it, the nearest first", API_FLAG},
    {"through", "Events that are steps of a path; without it, any activity", API_TEXT},
    {"steps", "How many steps, 1 to 6 (3)", API_COUNT},
    {"window", "Only what is at most so far away from the event: 90s, 24h, 7d", API_TEXT},
    {"count", "The most frequent so many, 1 to 100 (10)", API_COUNT},
    OF_BEHAVIOUR};

static const struct api_parameter of_behaviour_activity[] = {
    {"what", "Only these events; without it, any activity", API_TEXT},
    {"period", "day (with wau, mau, stickiness), week (usual) or month", API_TEXT},
    {"week-starts", "Weeks begin on monday (usual) … sunday", API_TEXT},
    OF_BEHAVIOUR};

static const struct api_parameter of_behaviour_power[] = {
    {"what", "Only these events; without it, any activity", API_TEXT}, OF_BEHAVIOUR};

static const struct api_parameter of_behaviour_hours[] = {
    {"what", "Only these events; without it, any activity", API_TEXT},
    {"zone", "Whose clock, such as Europe/Berlin; without it, UTC", API_TEXT},
    OF_BEHAVIOUR};

static const struct api_parameter of_behaviour_times[] = {
    {"steps", "FROM > TO", API_NEEDED},
    {"window", "Only what follows so soon: 90s, 24h, 7d", API_TEXT},
    {"first", "Only the first time of each person", API_FLAG},
    OF_BEHAVIOUR};

static const struct api_parameter of_journey[] = {
    {"language", "Of the words on the edges; texts come in all languages", API_TEXT}, {0}};

static const struct api_operation operations[] = {
    {METHOD_GET, "/api/openapi.json", API_NOBODY, "openapi", "This document", NULL, NULL,
     "Document", api_run_openapi, NULL},
    {METHOD_GET, "/api/session", API_READ, "session", "Who asks, and what they may", NULL, NULL,
     "Session", api_run_session, NULL},
    {METHOD_GET, "/api/live", API_READ, "live",
     "Server-sent events \"changed\", at most one a second, while things happen", NULL, NULL,
     API_STREAM, api_run_live, NULL},
    {METHOD_POST, "/api/session", API_NOBODY, "beginSession",
     "Opens a session of the dashboard: a cookie that lasts twelve hours", NULL, "Login", "Session",
     api_run_session_begin, NULL},
    {METHOD_POST, "/api/session/end", API_NOBODY, "endSession", "Ends the session", NULL, NULL,
     "Nothing", api_run_session_end, NULL},
    {METHOD_GET, "/api/business-intelligence", API_READ, "businessIntelligence",
     "All figures as callers of the previous system read them", NULL, NULL, "BusinessIntelligence",
     api_run_business_intelligence, NULL},
    {METHOD_GET, "/api/onboarding-funnel", API_READ, "onboardingFunnel",
     "Conversion, rounded to one decimal", NULL, NULL, "OnboardingFunnel",
     api_run_onboarding_funnel, NULL},
    {METHOD_GET, "/api/behavioral-insights", API_READ, "behavioralInsights",
     "How commitments are completed, rounded to one decimal", NULL, NULL, "BehavioralInsights",
     api_run_behavioral_insights, NULL},
    {METHOD_GET, "/api/retention-analysis", API_READ, "retentionAnalysis",
     "Who comes back, rounded to one decimal", NULL, NULL, "RetentionAnalysis",
     api_run_retention_analysis, NULL},
    {METHOD_GET, "/api/metrics", API_READ, "metrics",
     "Every figure with its 95 % interval and the plan's targets, full precision", of_people, NULL,
     "Metrics", api_run_metrics, NULL},
    {METHOD_GET, "/api/funnel", API_READ, "funnel", "From joining to the first completion",
     of_people, NULL, "Funnel", api_run_funnel, NULL},
    {METHOD_GET, "/api/onboarding/steps", API_READ, "onboardingSteps",
     "How soon people complete the steps, what they needed for it, and what they answered",
     of_people, NULL, "OnboardingSteps", api_run_onboarding_steps, NULL},
    {METHOD_GET, "/api/retention", API_READ, "retention", "Who came back, by the week of joining",
     of_people, NULL, "Retention", api_run_retention, NULL},
    {METHOD_GET, "/api/behaviour/funnel", API_READ, "behaviourFunnel",
     "How many people went through the steps in their order", of_behaviour_funnel, NULL,
     "BehaviourFunnel", api_run_behaviour_funnel, NULL},
    {METHOD_GET, "/api/behaviour/retention", API_READ, "behaviourRetention",
     "Who came back, by the day, week or month of their beginning", of_behaviour_retention, NULL,
     "BehaviourRetention", api_run_behaviour_retention, NULL},
    {METHOD_GET, "/api/behaviour/paths", API_READ, "behaviourPaths",
     "What people most often did after an event, or before it", of_behaviour_paths, NULL,
     "BehaviourPaths", api_run_behaviour_paths, NULL},
    {METHOD_GET, "/api/behaviour/activity", API_READ, "behaviourActivity",
     "People active by day, week or month: new, returning, resurrected, dormant",
     of_behaviour_activity, NULL, "BehaviourActivity", api_run_behaviour_activity, NULL},
    {METHOD_GET, "/api/behaviour/power", API_READ, "behaviourPower",
     "How unequally people act: Lorenz curve, Gini, shares of the most active", of_behaviour_power,
     NULL, "BehaviourPower", api_run_behaviour_power, NULL},
    {METHOD_GET, "/api/behaviour/hours", API_READ, "behaviourHours",
     "When in the week people act: seven days from Monday on, 24 hours each", of_behaviour_hours,
     NULL, "BehaviourHours", api_run_behaviour_hours, NULL},
    {METHOD_GET, "/api/behaviour/times", API_READ, "behaviourTimes",
     "How long it takes from one event to the next of another kind", of_behaviour_times, NULL,
     "BehaviourTimes", api_run_behaviour_times, NULL},
    {METHOD_GET, "/api/next-actions", API_READ, "nextActions",
     "What to do next, the most pressing first, with the reason", NULL, NULL, "NextActions",
     api_run_next_actions, NULL},
    {METHOD_GET, "/api/rollout", API_READ, "rollout", "Who gets the optimized set", NULL, NULL,
     "Rollout", api_run_rollout, NULL},
    {METHOD_GET, "/api/rollout/first", API_READ, "firstPeople",
     "The first ten onboardings of the rollout: steps, times, errors", NULL, NULL, "FirstPeople",
     api_run_rollout_first, NULL},
    {METHOD_GET, "/api/rollout/plan", API_READ, "rolloutPlan",
     "Where the rollout stands: its plan, what stands before the next stage, what became of it",
     NULL, NULL, "RolloutStatus", api_run_rollout_plan, NULL},
    {METHOD_POST, "/api/rollout/plan/start", API_ACT, "startRolloutPlan",
     "Starts a plan by its name, such as gradual", NULL, "PlanStart", "PlanMoved",
     api_run_rollout_move, "start"},
    {METHOD_POST, "/api/rollout/plan/advance", API_ACT, "advanceRolloutPlan",
     "Enters the next stage of the plan", NULL, "Reason", "PlanMoved", api_run_rollout_move,
     "advance"},
    {METHOD_POST, "/api/rollout/plan/hold", API_ACT, "holdRolloutPlan",
     "The plan goes on no more by itself", NULL, "Reason", "PlanMoved", api_run_rollout_move,
     "hold"},
    {METHOD_POST, "/api/rollout/plan/resume", API_ACT, "resumeRolloutPlan",
     "A plan that was held goes on", NULL, "Reason", "PlanMoved", api_run_rollout_move, "resume"},
    {METHOD_GET, "/api/kpis", API_READ, "kpis",
     "The plan's targets and verdicts, those treated beside the control group", NULL, NULL, "Kpis",
     api_run_kpis, NULL},
    {METHOD_GET, "/api/report", API_READ, "report", "What operators are told each day", NULL, NULL,
     "Report", api_run_report, NULL},
    {METHOD_GET, "/api/forecast", API_READ, "forecast",
     "When what is due within a day will be out, by channel and priority", NULL, NULL, "Forecast",
     api_run_forecast, NULL},
    {METHOD_POST, "/api/rollout", API_ACT, "setRollout",
     "Which share of new people gets the optimized set", NULL, "Share", "ShareSet",
     api_run_rollout_set, NULL},
    {METHOD_POST, "/api/rollout/stage", API_ACT, "setStage",
     "Opens or closes a stage for those who joined before", NULL, "Stage", "StageSet",
     api_run_command, "rollout_stage"},
    {METHOD_GET, "/api/rollback", API_READ, "previewRollback", "Whom a rollback would concern now",
     NULL, NULL, "RollbackPreview", api_run_rollback_preview, NULL},
    {METHOD_POST, "/api/rollback", API_ACT, "rollback", "Returns to the original set at once", NULL,
     "Rollback", "RolledBack", api_run_command, "rollback"},
    {METHOD_GET, "/api/sending", API_READ, "sending", "The global switch", NULL, NULL, "Sending",
     api_run_sending, NULL},
    {METHOD_POST, "/api/sending", API_ACT, "setSending", "on, off or dry-run", NULL, "Sending",
     "SendingSet", api_run_command, "sending"},
    {METHOD_GET, "/api/journeys", API_READ, "journeys", "The definitions in force", NULL, NULL,
     "Journeys", api_run_journeys, NULL},
    {METHOD_GET, "/api/journeys/{journey}", API_READ, "journey",
     "One journey: its definition and graph, what went through it, who waits where", of_journey,
     NULL, "JourneyState", api_run_journey, NULL},
    {METHOD_POST, "/api/journeys/preview", API_READ, "previewJourneys",
     "A draft: its mistakes; or what it changes, its graphs, what becomes of people in the middle",
     NULL, "JourneyDraft", "JourneyPreview", api_run_journeys_preview, NULL},
    {METHOD_POST, "/api/journeys/rehearse", API_ACT, "rehearseJourneys",
     "A draft beside what is in force, with made-up people", NULL, "JourneyRehearsal", "Rehearsed",
     api_run_journeys_rehearse, NULL},
    {METHOD_POST, "/api/journeys/apply", API_ACT, "applyJourneys",
     "Puts a draft into force; 409 when others were since it was begun", NULL, "JourneyApply",
     "Applied", api_run_journeys_apply, "journeys_apply"},
    {METHOD_GET, "/api/people", API_READ, "people", "The newest people, or those that are searched",
     of_search, NULL, "People", api_run_people, NULL},
    {METHOD_GET, "/api/people/{person}", API_READ, "person",
     "One person: card, runs, commitments, last events", NULL, NULL, "Person", api_run_person,
     NULL},
    {METHOD_GET, "/api/people/{person}/explain", API_READ, "explainPerson",
     "Every decision about the person with its reasons, oldest first", of_explaining, NULL,
     "Decisions", api_run_person_explain, NULL},
    {METHOD_POST, "/api/people/{person}/reply", API_ACT, "reply",
     "Sends the person a message of an operator's (Markdown)", NULL, "Reply", "Decided",
     api_run_person_request, "reply"},
    {METHOD_POST, "/api/people/{person}/pause", API_ACT, "pausePerson",
     "Holds messages for some days (7)", NULL, "Pause", "Decided", api_run_person_request, "pause"},
    {METHOD_POST, "/api/people/{person}/stop", API_ACT, "stopPerson", "Ends messages", NULL,
     "Nothing", "Decided", api_run_person_request, "stop"},
    {METHOD_POST, "/api/people/{person}/resume", API_ACT, "resumePerson",
     "Lifts what an operator held, and the hold after words of crisis", NULL, "Nothing", "Decided",
     api_run_person_request, "resume"},
    {METHOD_GET, "/api/deliveries", API_READ, "deliveries", "Messages, the newest first",
     of_messages, NULL, "Deliveries", api_run_deliveries, NULL},
    {METHOD_POST, "/api/deliveries/retry", API_ACT, "retryDeliveries",
     "Tries a dead or failed message again, or all of them", NULL, "Retry", "Retried",
     api_run_command, "delivery_retry"},
    {METHOD_POST, "/api/deliveries/process", API_ACT, "processDeliveries",
     "Sends what is due, and answers when nothing due is left", NULL, "Nothing", "Processed",
     api_run_command, "deliveries_process"},
    {METHOD_GET, "/api/alerts", API_READ, "alerts", "Every alert, what needs somebody first", NULL,
     NULL, "Alerts", api_run_alerts, NULL},
    {METHOD_GET, "/api/alerts/history", API_READ, "alertHistory",
     "What became of alerts, the newest first; a page is of looks, each may have changed several",
     of_pages, NULL, "AlertHistory", api_run_alert_history, NULL},
    {METHOD_POST, "/api/alerts/{rule}/acknowledge", API_ACT, "acknowledgeAlert",
     "Somebody is at it: it gets no louder; 409 when it does not fire", NULL, "Nothing",
     "AlertChanged", api_run_alert_change, "acknowledge"},
    {METHOD_POST, "/api/alerts/{rule}/silence", API_ACT, "silenceAlert",
     "Nobody is told for that time, 90 days at most; 0s ends it", NULL, "Silence", "AlertChanged",
     api_run_alert_change, "silence"},
    {METHOD_GET, "/api/experiments", API_READ, "experiments",
     "Experiments that were started, and those that the journeys' variants allow", NULL, NULL,
     "Experiments", api_run_experiments, NULL},
    {METHOD_GET, "/api/experiments/{experiment}", API_READ, "experiment",
     "What a started experiment has shown so far, and its verdict; 404 when none was started", NULL,
     NULL, "Analysis", api_run_experiment, NULL},
    {METHOD_GET, "/api/experiments/{experiment}/over-time", API_READ, "experimentOverTime",
     "What it showed at looks since its start, 60 at most; 404 when none was started", NULL, NULL,
     "OverTime", api_run_experiment_over_time, NULL},
    {METHOD_POST, "/api/experiments/{experiment}/start", API_ACT, "startExperiment",
     "Starts it; 409 when it runs", NULL, "ExperimentPlan", "ExperimentChanged",
     api_run_experiment_change, "start"},
    {METHOD_POST, "/api/experiments/{experiment}/stop", API_ACT, "stopExperiment",
     "Everybody gets the first variant from now on; 409 when it does not run", NULL, "Nothing",
     "ExperimentChanged", api_run_experiment_change, "stop"},
    {METHOD_POST, "/api/experiments/{experiment}/ship", API_ACT, "shipExperiment",
     "Everybody but the holdout gets that variant from now on", NULL, "Ship", "ExperimentChanged",
     api_run_experiment_change, "ship"},
    {METHOD_GET, "/api/holdout", API_READ, "holdout",
     "What all variants together brought: the people held out of them beside all others", NULL,
     NULL, "HoldoutShown", api_run_holdout, NULL},
    {METHOD_POST, "/api/holdout", API_ACT, "setHoldout",
     "The percentage of all people who get the first variant of everything; 409 while one runs",
     NULL, "Holdout", "HoldoutSet", api_run_experiment_change, "holdout"},
    {METHOD_GET, "/api/feedback", API_READ, "feedback", "What people said, the newest first",
     of_pages, NULL, "Feedback", api_run_feedback, NULL},
    {METHOD_GET, "/api/audit", API_READ, "audit", "Who did what, the newest first", of_pages, NULL,
     "Audit", api_run_audit, NULL},
    {METHOD_POST, "/api/telegram/updates", API_ACT, "telegramUpdate",
     "An update that another bot received, as Telegram sent it; handled false: it is not ours",
     NULL, "Update", "Decided", api_run_telegram_update, NULL},
    {METHOD_POST, "/api/onboarding", API_ACT, "triggerOnboarding",
     "Starts the onboarding of a person, or the journey that is named", NULL, "Trigger", "Entered",
     api_run_input, "trigger"},
    {METHOD_POST, "/api/answers", API_ACT, "answer",
     "What a person answered to the step that waits; 409 when none does", NULL, "Answer", "Decided",
     api_run_input, "answer"},
    {METHOD_POST, "/api/commitments", API_ACT, "makeCommitment", "A person made a commitment", NULL,
     "Commitment", "Committed", api_run_input, "commitment"},
    {METHOD_POST, "/api/commitments/{commitment}/complete", API_ACT, "completeCommitment",
     "A person completed it; 409 when it was completed or dropped before", NULL, "Who", "Committed",
     api_run_input, "commitment"},
    {METHOD_POST, "/api/events", API_ACT, "track", "Something happened to a person", NULL, "Event",
     "Decided", api_run_input, "track"},
};

const struct api_operation *api_operations(int *ret_count)
{
    *ret_count = (int)(sizeof(operations) / sizeof(operations[0]));
    return operations;
}
