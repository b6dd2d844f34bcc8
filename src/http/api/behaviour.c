/* Questions to the behaviour log over HTTP: the parameters are those of the commands, read by the
 * same reader. */
#include "base/clock.h"
#include "bi/behaviour/asked.h"
#include "bi/behaviour/keeper.h"
#include "http/api/api.h"

static struct str query_text(void *context, const char *name)
{
    return http_query(context, name);
}

/* A question that waits for the log. In the request's arena. */
struct asking {
    struct api_call call;
    struct asked asked;
    struct behaviour_waiting waiting;
    struct behaviour_log *log; /* NULL: `error` says why */
    enum err error;
    struct err_detail detail;
};

/* A question that asks for too much is no body that is too large. */
static bool fail(struct api_call *call, enum err error, const struct err_detail *detail)
{
    return api_fail(call, error == ERR_LIMIT ? ERR_INVALID : error, detail);
}

/* With the log, on the analyst's thread. */
static bool answer(struct request *request, struct analyst *analyst, void *context)
{
    (void)request;
    (void)analyst;
    struct asking *asking = context;
    struct api_call *call = &asking->call;
    int64_t clock_ms = clock_now_ms(http_app(call->request)->clock);
    json_t *json = NULL;
    enum err error = asking->error;
    if (error == OK) {
        error = metrics_now(call->store, call->arena, clock_ms, &asking->asked.common.now_ms,
                            &asking->detail);
    }
    if (error == OK) {
        error = asked_answer(asking->log, call->arena, &asking->asked, &json, &asking->detail);
    }
    behaviour_log_free(asking->log);
    return error == OK ? api_reply(call, json) : fail(call, error, &asking->detail);
}

/* On the keeper's thread: the next question must not wait for this one's answer. */
static void got_log(void *context, struct behaviour_log *log, enum err error,
                    const struct err_detail *detail)
{
    struct asking *asking = context;
    struct request *request = asking->call.request;
    asking->log = log;
    asking->error = error;
    asking->detail = *detail;
    if (!analyst_go_on(asking->call.analyst, request, answer, asking)) {
        behaviour_log_free(log);
        http_problem_of(request, error == OK ? ERR_BUSY : error, NULL);
        http_resume(request);
    }
}

static bool ask(struct api_call *call, enum asked_kind kind)
{
    const struct asked_words words = {query_text, call->request};
    struct asking *asking = ARENA_NEW(call->arena, struct asking);
    struct err_detail detail = {""};
    enum err error = asked_read(call->arena, kind, &words, &asking->asked, &detail);
    if (error == OK) {
        asking->call = *call;
        asking->waiting = (struct behaviour_waiting){&asking->asked.wants, got_log, asking};
        error = behaviour_keeper_ask(analyst_keeper(call->analyst), &asking->waiting);
    }
    return error != OK && fail(call, error, &detail);
}

bool api_run_behaviour_funnel(struct api_call *call)
{
    return ask(call, ASKED_FUNNEL);
}

bool api_run_behaviour_retention(struct api_call *call)
{
    return ask(call, ASKED_RETENTION);
}

bool api_run_behaviour_paths(struct api_call *call)
{
    return ask(call, ASKED_PATHS);
}

bool api_run_behaviour_activity(struct api_call *call)
{
    return ask(call, ASKED_ACTIVITY);
}

bool api_run_behaviour_power(struct api_call *call)
{
    return ask(call, ASKED_POWER);
}

bool api_run_behaviour_hours(struct api_call *call)
{
    return ask(call, ASKED_HOURS);
}

bool api_run_behaviour_times(struct api_call *call)
{
    return ask(call, ASKED_TIMES);
}
