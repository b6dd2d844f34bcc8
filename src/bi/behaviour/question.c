/* From the words of a question to numbers of the log. */
#include "bi/behaviour/question.h"

#include "core/nearest.h"

static const struct str ANY = {"any", 3};
static const struct str ACTIVE = {"active", 6};

/* ---- what a log needs ------------------------------------------------------------------------ */

static enum err want(struct str *list, int *count, struct str name, struct err_detail *detail)
{
    for (int i = 0; i < *count; i++) {
        if (str_equal(list[i], name)) {
            return OK;
        }
    }
    if (*count == BEHAVIOUR_COLUMNS_MAX) {
        return err_set(detail, ERR_LIMIT, "a question names more than %d attributes or properties",
                       BEHAVIOUR_COLUMNS_MAX);
    }
    list[(*count)++] = name;
    return OK;
}

enum err behaviour_wants_add(struct behaviour_wants *wants, struct arena *arena,
                             const struct behaviour_question *question,
                             const struct behaviour_text *texts, int text_count,
                             struct err_detail *detail)
{
    struct behaviour_condition conditions[BEHAVIOUR_CONDITIONS_MAX];
    int count = 0;
    enum err error =
        behaviour_parse_conditions("where", question->where, conditions, &count, detail);
    for (int i = 0; error == OK && i < count; i++) {
        error = want(wants->attributes, &wants->attribute_count, conditions[i].name, detail);
    }
    if (error == OK && question->by.length > 0) {
        error = want(wants->attributes, &wants->attribute_count, question->by, detail);
    }
    for (int i = 0; error == OK && i < text_count; i++) {
        struct behaviour_term *terms = NULL;
        count = 0;
        if (texts[i].text.length > 0) {
            error = behaviour_parse_steps(arena, texts[i].field, texts[i].text, BEHAVIOUR_STEPS_MAX,
                                          &terms, &count, detail);
        }
        for (int k = 0; error == OK && k < count; k++) {
            for (int c = 0; error == OK && c < terms[k].condition_count; c++) {
                error = want(wants->properties, &wants->property_count, terms[k].conditions[c].name,
                             detail);
            }
        }
    }
    return error;
}

/* ---- people ---------------------------------------------------------------------------------- */

static enum err no_column(const char *field, const struct behaviour_column *columns, int count,
                          struct str name, const char *what, struct err_detail *detail)
{
    struct nearest nearest = nearest_to(name);
    for (int i = 0; i < count; i++) {
        nearest_offer(&nearest, columns[i].name);
    }
    if (nearest.best.length > 0) {
        return err_set(detail, ERR_INVALID, "%s: there is no %s \"%.*s\"; did you mean %.*s?",
                       field, what, STR_ARG(name), STR_ARG(nearest.best));
    }
    struct arena *arena = arena_new(1024);
    struct str list = STR("none");
    for (int i = 0; i < count; i++) {
        list = i == 0 ? columns[i].name
                      : arena_printf(arena, "%.*s, %.*s", STR_ARG(list), STR_ARG(columns[i].name));
    }
    enum err error = err_set(detail, ERR_INVALID, "%s: there is no %s \"%.*s\"; there is %.*s",
                             field, what, STR_ARG(name), STR_ARG(list));
    arena_free(arena);
    return error;
}

static const struct behaviour_column *find_column(const struct behaviour_column *columns, int count,
                                                  struct str name)
{
    for (int i = 0; i < count; i++) {
        if (str_equal(columns[i].name, name)) {
            return &columns[i];
        }
    }
    return NULL;
}

static enum err make_test(const char *field, const struct behaviour_column *columns, int count,
                          const char *what, const struct behaviour_condition *condition,
                          struct behaviour_test *ret_test, struct err_detail *detail)
{
    const struct behaviour_column *column = find_column(columns, count, condition->name);
    if (column == NULL) {
        return no_column(field, columns, count, condition->name, what, detail);
    }
    *ret_test = (struct behaviour_test){
        column->codes, names_find(&column->values, condition->value), condition->negate};
    return OK;
}

/* A group for each value that somebody meant has, in the order of the values' texts. */
static enum err make_groups(struct behaviour_who *who, struct arena *arena,
                            const struct behaviour_column *column, struct err_detail *detail)
{
    uint32_t count = column->values.count;
    who->group_codes = column->codes;
    who->group_of = ARENA_ARRAY(arena, int16_t, count);
    uint32_t found = 0;
    for (uint32_t i = 0; i < who->log->person_count; i++) {
        uint16_t code = column->codes[i];
        if (who->group_of[code] == 0 && behaviour_is_meant(who, i)) {
            who->group_of[code] = 1;
            found++;
        }
    }
    if (found > BEHAVIOUR_GROUPS_MAX) {
        return err_set(detail, ERR_LIMIT,
                       "by: %.*s has %u different values among these people, at most %d groups are "
                       "shown; choose people with where",
                       STR_ARG(column->name), found, BEHAVIOUR_GROUPS_MAX);
    }
    who->groups = ARENA_ARRAY(arena, struct str, found + 1);
    uint16_t *codes = ARENA_ARRAY(arena, uint16_t, found + 1);
    for (uint32_t code = 0; code < count; code++) {
        int at = who->group_count;
        if (who->group_of[code] == 0) {
            who->group_of[code] = -1;
            continue;
        }
        for (; at > 0 && str_compare(who->groups[at - 1], column->values.list[code]) > 0; at--) {
            who->groups[at] = who->groups[at - 1];
            codes[at] = codes[at - 1];
        }
        who->groups[at] = column->values.list[code];
        codes[at] = (uint16_t)code;
        who->group_count++;
    }
    for (int i = 0; i < who->group_count; i++) {
        who->group_of[codes[i]] = (int16_t)i;
    }
    return OK;
}

static enum err set_time(const struct behaviour_question *question, struct behaviour_who *who,
                         struct err_detail *detail)
{
    const struct behaviour_log *log = who->log;
    who->now_ms = question->now_ms > 0 ? question->now_ms : log->newest_ms;
    who->from_ms = question->from_ms;
    who->to_ms = question->to_ms > 0 ? question->to_ms : INT64_MAX;
    if (who->from_ms < 0 || who->from_ms >= who->to_ms) {
        return err_set(detail, ERR_INVALID, "from: must lie before to, and not before 1970");
    }
    if (who->to_ms > who->now_ms) {
        who->to_ms = who->now_ms + 1; /* what is said to happen later has not happened */
    }
    who->whole =
        log->event_count == 0 || (log->oldest_ms >= who->from_ms && log->newest_ms < who->to_ms);
    return OK;
}

enum err behaviour_who_of(const struct behaviour_log *log, struct arena *arena,
                          const struct behaviour_question *question, struct behaviour_who *ret_who,
                          struct err_detail *detail)
{
    struct behaviour_who who = {.log = log, .group_count = 0, .threads = question->threads};
    struct behaviour_condition conditions[BEHAVIOUR_CONDITIONS_MAX];
    enum err error = set_time(question, &who, detail);
    if (error == OK) {
        error = behaviour_parse_conditions("where", question->where, conditions, &who.test_count,
                                           detail);
    }
    for (int i = 0; error == OK && i < who.test_count; i++) {
        error = make_test("where", log->attributes, log->attribute_count, "attribute",
                          &conditions[i], &who.tests[i], detail);
    }
    if (error != OK) {
        return error;
    }
    if (question->by.length > 0) {
        const struct behaviour_column *column =
            find_column(log->attributes, log->attribute_count, question->by);
        error = column == NULL ? no_column("by", log->attributes, log->attribute_count,
                                           question->by, "attribute", detail)
                               : make_groups(&who, arena, column, detail);
    } else {
        who.group_count = 1;
        who.groups = ARENA_NEW(arena, struct str);
    }
    *ret_who = who;
    return error;
}

uint32_t behaviour_trail(const struct behaviour_who *who, uint32_t person, uint32_t *ret_first)
{
    const struct behaviour_log *log = who->log;
    uint32_t first = log->first[person];
    uint32_t last = log->last[person];
    if (!who->whole) {
        while (first < last && behaviour_at_ms(log, first) < who->from_ms) {
            first++;
        }
        while (first < last && behaviour_at_ms(log, last - 1) >= who->to_ms) {
            last--;
        }
    }
    *ret_first = first;
    return last;
}

/* ---- events ---------------------------------------------------------------------------------- */

static enum err no_event(const struct behaviour_log *log, const char *field, struct str name,
                         struct err_detail *detail)
{
    if (log->types_full) {
        return err_set(detail, ERR_LIMIT,
                       "%s: there are too many names of tracked events (over %d) to tell \"%.*s\" "
                       "from others; use tracked{event=…}",
                       field, BEHAVIOUR_TYPES_MAX - EVENT_TYPE_COUNT - 1, STR_ARG(name));
    }
    struct nearest nearest = nearest_to(name);
    nearest_offer(&nearest, ANY);
    nearest_offer(&nearest, ACTIVE);
    for (uint32_t i = 1; i < log->types.count; i++) {
        nearest_offer(&nearest, log->types.list[i]);
    }
    return err_set(detail, ERR_INVALID, "%s: no event is called \"%.*s\"%s%.*s%s", field,
                   STR_ARG(name), nearest.best.length > 0 ? "; did you mean " : "",
                   STR_ARG(nearest.best), nearest.best.length > 0 ? "?" : "");
}

static void accept_class(struct behaviour_events *events, const struct behaviour_log *log,
                         struct str name)
{
    bool tracked = str_is(name, "tracked");
    for (uint32_t i = 1; i < log->types.count; i++) {
        bool ours = i <= EVENT_TYPE_COUNT;
        events->type[i] |=
            str_equal(name, ANY) ||
            (str_equal(name, ACTIVE) && ours && event_type_is_activity((enum event_type)(i - 1))) ||
            (tracked && (!ours || i == behaviour_own_type(EVENT_TRACKED)));
    }
}

enum err behaviour_events_of(const struct behaviour_log *log, const char *field,
                             const struct behaviour_term *term, struct behaviour_events *ret_events,
                             struct err_detail *detail)
{
    struct behaviour_events events = {.test_count = term->condition_count};
    for (int i = 0; i < term->name_count; i++) {
        struct str name = term->names[i];
        bool any = str_equal(name, ANY);
        events.all |= any && term->condition_count == 0;
        if (any || str_equal(name, ACTIVE) || str_is(name, "tracked")) {
            accept_class(&events, log, name);
            continue;
        }
        int number = names_find(&log->types, name);
        if (number <= 0) {
            return no_event(log, field, name, detail);
        }
        events.type[number] = true;
    }
    for (int i = 0; i < term->condition_count; i++) {
        enum err error = make_test(field, log->properties, log->property_count, "property",
                                   &term->conditions[i], &events.tests[i], detail);
        if (error != OK) {
            return error;
        }
    }
    *ret_events = events;
    return OK;
}

enum err behaviour_events_read(const struct behaviour_log *log, struct arena *arena,
                               const char *field, struct str text,
                               struct behaviour_events *ret_events, struct err_detail *detail)
{
    struct behaviour_term *term;
    int count;
    enum err error = behaviour_parse_steps(arena, field, text, 1, &term, &count, detail);
    return error == OK ? behaviour_events_of(log, field, term, ret_events, detail) : error;
}
