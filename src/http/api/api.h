/* The API: one table of operations (table.c) by which requests are routed, keys are asked for and
 * the OpenAPI document is made. Operations run on the analyst's thread; those that change something
 * hand a command to the engine. Private to src/http. */
#pragma once

#include "base/digest.h"
#include "bi/metrics.h"
#include "http/analyst.h"

/* What a key may do. */
enum api_role { API_NOBODY, API_READ, API_ACT };

/* Who asks. */
struct api_caller {
    enum api_role role;
    struct str actor; /* for the audit: "admin", "viewer", a named key's "key:NAME" */
    bool by_cookie;
};

struct api_call {
    struct request *request;
    struct analyst *analyst;
    struct arena *arena;
    struct store *store;
    struct api_caller caller;
    const struct api_operation *operation;
    struct str word;   /* what stands where the path has {…} */
    struct str target; /* of what may be kept (kept.h): who asks what; else "" */
    int64_t begun_ms;  /* clock_worked_ms when work began */
};

/* Answers (true), or has handed on to the engine (false). */
typedef bool api_run(struct api_call *call);

/* API_NEEDED: a text that must be there. */
enum api_type { API_TEXT, API_COUNT, API_FLAG, API_NEEDED };
struct api_parameter {
    const char *name; /* NULL ends a list */
    const char *help;
    enum api_type type;
};

/* In the place of an answer's schema: a stream of server-sent events. */
#define API_STREAM "Stream"

struct api_operation {
    enum request_method method;
    const char *path;   /* one part may be {…} */
    enum api_role role; /* that is needed */
    const char *id;
    const char *summary;
    const struct api_parameter *parameters; /* of the query; NULL: none */
    const char *body;                       /* name of its schema; NULL: none */
    const char *answer;                     /* name of its schema */
    api_run *run;
    const char *asks; /* of the engine: kind of its command, of an input, or name of a request */
};
const struct api_operation *api_operations(int *ret_count);

/* Schemas by their name (schemas.c). New reference. */
json_t *api_schemas(void);
/* The document (openapi.c). New reference. */
json_t *api_openapi(void);

/* ---- keys (keys.c) and sessions (session.c) ---- */

/* Who asks, by key or by session; answers 401, 403 or 429 itself and gives false. */
bool api_authorise(struct api_call *call, enum api_role role);
/* Who has the key, as call->caller; answers 403 or 429 itself and gives false. */
bool api_by_key(struct api_call *call, struct str key);
/* What the actor's key may do, and its hash; false when it is valid no more. */
bool api_key_of_actor(struct api_call *call, struct str actor, struct api_caller *ret_caller,
                      char ret_hash[DIGEST_HEX_BYTES + 1]);
/* Who the dashboard's cookie says; false without a valid one. */
bool api_session(struct api_call *call, struct api_caller *ret_caller);
/* Beginning of the names of settings that hold named keys. */
#define API_KEY_SETTING "key/"

/* ---- answers ---- */

/* 200 with an ETag (which leaves out "now" and the like) or 304; takes the JSON over. */
bool api_reply(struct api_call *call, json_t *json);
bool api_fail(struct api_call *call, enum err error, const struct err_detail *detail);

/* A page of a list: the query's "limit" (1 to 200, else 50) and "before", the id that the page
 * before ended with. Answers 400 itself and gives false. */
bool api_page(struct api_call *call, int *ret_limit, int64_t *ret_before);
/* {KEY: list, "next": what to give as "before", null at the end}; takes the list over. */
bool api_reply_page(struct api_call *call, const char *key, json_t *list, int limit);

/* Has the engine do the command and answers with its result; takes the payload over. */
bool api_command(struct api_call *call, const char *kind, json_t *payload);
/* The actor for the engine's audit; and, for what is decided once only, the header Idempotency-Key
 * as the engine remembers it ("" without one). False: it is too long, and 400 was answered. */
struct str api_actor(const struct api_call *call);
bool api_once(struct api_call *call, struct str *ret_external_id);

/* ---- operations ---- */

api_run api_run_openapi;
/* Everybody's figures as of now. */
MUST_CHECK enum err api_metrics(struct api_call *call, const struct metrics_filter *filter,
                                struct metrics *ret_metrics, struct err_detail *detail);
/* people.c, lists.c */
api_run api_run_people, api_run_person, api_run_person_explain, api_run_deliveries,
    api_run_feedback, api_run_audit, api_run_sending;
/* journeys.c */
api_run api_run_journeys, api_run_journey, api_run_journeys_preview, api_run_journeys_rehearse,
    api_run_journeys_apply;
/* act.c */
api_run api_run_command, api_run_person_request, api_run_rollout_set, api_run_rollback_preview;
/* alerts.c */
api_run api_run_alerts, api_run_alert_history, api_run_alert_change;
/* plans.c */
api_run api_run_report, api_run_kpis, api_run_rollout_plan, api_run_rollout_move, api_run_forecast;
/* preflight.c */
api_run api_run_preflight, api_run_preflight_drill, api_run_preflight_confirm;
/* experiments.c */
api_run api_run_experiments, api_run_experiment, api_run_experiment_over_time,
    api_run_experiment_change, api_run_holdout;
/* sidecar.c */
api_run api_run_input, api_run_telegram_update;
/* live.c */
api_run api_run_live;
/* session.c */
api_run api_run_session, api_run_session_begin, api_run_session_end;
/* rollout.c */
api_run api_run_rollout, api_run_rollout_first, api_run_next_actions;
/* behaviour.c */
api_run api_run_behaviour_funnel, api_run_behaviour_retention, api_run_behaviour_paths,
    api_run_behaviour_activity, api_run_behaviour_power, api_run_behaviour_hours,
    api_run_behaviour_times;
/* figures.c */
api_run api_run_business_intelligence, api_run_onboarding_funnel, api_run_behavioral_insights,
    api_run_retention_analysis, api_run_metrics, api_run_funnel, api_run_onboarding_steps,
    api_run_retention;
