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

static const struct api_operation operations[] = {
    {METHOD_GET, "/api/openapi.json", API_NOBODY, "openapi", "This document", NULL, NULL,
     "Document", api_run_openapi},
    {METHOD_GET, "/api/session", API_READ, "session", "Who asks, and what they may", NULL, NULL,
     "Session", api_run_session},
    {METHOD_POST, "/api/session", API_NOBODY, "beginSession",
     "Opens a session of the dashboard: a cookie that lasts twelve hours", NULL, "Login", "Session",
     api_run_session_begin},
    {METHOD_POST, "/api/session/end", API_NOBODY, "endSession", "Ends the session", NULL, NULL,
     "Nothing", api_run_session_end},
    {METHOD_GET, "/api/business-intelligence", API_READ, "businessIntelligence",
     "All figures as callers of the previous system read them", NULL, NULL, "BusinessIntelligence",
     api_run_business_intelligence},
    {METHOD_GET, "/api/onboarding-funnel", API_READ, "onboardingFunnel",
     "Conversion, rounded to one decimal", NULL, NULL, "OnboardingFunnel",
     api_run_onboarding_funnel},
    {METHOD_GET, "/api/behavioral-insights", API_READ, "behavioralInsights",
     "How commitments are completed, rounded to one decimal", NULL, NULL, "BehavioralInsights",
     api_run_behavioral_insights},
    {METHOD_GET, "/api/retention-analysis", API_READ, "retentionAnalysis",
     "Who comes back, rounded to one decimal", NULL, NULL, "RetentionAnalysis",
     api_run_retention_analysis},
    {METHOD_GET, "/api/metrics", API_READ, "metrics",
     "Every figure with its 95 % interval and the plan's targets, full precision", of_people, NULL,
     "Metrics", api_run_metrics},
    {METHOD_GET, "/api/funnel", API_READ, "funnel", "From joining to the first completion",
     of_people, NULL, "Funnel", api_run_funnel},
    {METHOD_GET, "/api/retention", API_READ, "retention", "Who came back, by the week of joining",
     of_people, NULL, "Retention", api_run_retention},
    {METHOD_GET, "/api/next-actions", API_READ, "nextActions",
     "What to do next, the most pressing first, with the reason", NULL, NULL, "NextActions",
     api_run_next_actions},
    {METHOD_GET, "/api/rollout", API_READ, "rollout", "Who gets the optimized set", NULL, NULL,
     "Rollout", api_run_rollout},
};

const struct api_operation *api_operations(int *ret_count)
{
    *ret_count = (int)(sizeof(operations) / sizeof(operations[0]));
    return operations;
}
