/* Golden tests: a script of what a person does and how time passes, played against the real
 * journeys; what follows is compared with the text beside it. UPDATE=1 writes the text anew: then
 * read the difference. tests/golden/README.md describes the script's lines. */
#include "actor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/config.h"
#include "base/limits.h"

static void bad_line(const char *line)
{
    fprintf(stderr, "golden: this line is not understood: %s\n", line);
    exit(2);
}

static bool takes(const char *line, const char *word, const char **ret_rest)
{
    size_t length = strlen(word);
    if (strncmp(line, word, length) != 0 || (line[length] != ' ' && line[length] != '\0')) {
        return false;
    }
    *ret_rest = line[length] == ' ' ? line + length + 1 : line + length;
    return true;
}

static int64_t duration(const char *text)
{
    int64_t ms;
    if (!config_parse_duration(str_of(text), &ms)) {
        bad_line(text);
    }
    return ms;
}

static int number(const char *text)
{
    int64_t value;
    if (!str_to_int64(str_of(text), &value)) {
        bad_line(text);
    }
    return (int)value;
}

static void set(struct actor *actor, const char *rest)
{
    struct rollout *rollout = &actor->installation.rollout;
    const char *value;
    if (takes(rest, "share", &value)) {
        rollout->share_permyriad = number(value);
    } else if (takes(rest, "rollback", &value)) {
        rollout->rolled_back_entries = strcmp(value, "off") != 0;
        rollout->rolled_back_nurture = strcmp(value, "all") == 0;
    } else if (takes(rest, "started", &value)) {
        rollout->started_at_ms = actor->world.now_ms;
    } else if (takes(rest, "existing_rescue", &value)) {
        rollout->stage_existing_rescue = true;
    } else if (takes(rest, "existing_amplification", &value)) {
        rollout->stage_existing_amplification = true;
    } else if (takes(rest, "held", &value)) {
        actor->person->user.is_held = true;
    } else if (takes(rest, "language", &value)) {
        str_copy(actor->person->user.language, sizeof(actor->person->user.language), str_of(value));
    } else {
        bad_line(rest);
    }
}

static void reports(struct actor *actor, const char *rest)
{
    static const struct {
        const char *name;
        enum report_kind kind;
    } kinds[] = {{"retry", REPORT_RETRY},         {"paused", REPORT_PAUSED},
                 {"uncertain", REPORT_UNCERTAIN}, {"failed", REPORT_FAILED},
                 {"blocked", REPORT_BLOCKED},     {"gone", REPORT_GONE},
                 {"migrated", REPORT_MIGRATED}};
    if (strcmp(rest, "sent") == 0) {
        actor->sending = ACTOR_SENDS;
        return;
    }
    if (strcmp(rest, "lost") == 0) {
        actor->sending = ACTOR_SILENT;
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(rest, kinds[i].name) == 0) {
            actor->sending = ACTOR_REPORTS;
            actor->report = kinds[i].kind;
            return;
        }
    }
    bad_line(rest);
}

static void tap(struct actor *actor, const char *button)
{
    if (!actor_tap(actor, button)) {
        fprintf(actor->log, "  there is no such button\n");
    }
}

static void asks(struct actor *actor, enum input_kind kind, const char *name, const char *text)
{
    struct input input = {
        .kind = kind, .source = STR("api"), .name = str_of(name), .text = str_of(text)};
    actor_input(actor, &input);
    if (actor->decision.result.length > 0 && kind != INPUT_COMMITMENT) {
        fprintf(actor->log, "  answers the caller (handled: %s)\n",
                actor->decision.handled ? "yes" : "no");
    }
}

/* The oldest open commitment, by the API. */
static void complete_one(struct actor *actor)
{
    for (int i = 0; i < actor->person->commitment_count; i++) {
        const struct commitment *commitment = actor->person->commitments[i];
        if (commitment->state == COMMITMENT_ACTIVE) {
            struct input input = {
                .kind = INPUT_COMMITMENT, .source = STR("api"), .ref_id = commitment->id};
            actor_input(actor, &input);
            return;
        }
    }
    fprintf(actor->log, "  there is no open commitment\n");
}

static void group(struct actor *actor, const char *text)
{
    struct input input = {.kind = INPUT_GROUP,
                          .source = STR("telegram"),
                          .channel = CHANNEL_TELEGRAM,
                          .address = STR("-100"),
                          .in_group = true,
                          .text = str_of(text)};
    actor_input(actor, &input);
}

static void play(struct actor *actor, const char *line)
{
    const char *rest;
    if (line[0] == '+') {
        actor_pass(actor, duration(line + 1));
    } else if (takes(line, "says", &rest)) {
        actor_text(actor, rest);
    } else if (takes(line, "edits", &rest)) {
        actor_edit(actor, rest);
    } else if (takes(line, "taps", &rest)) {
        tap(actor, rest);
    } else if (takes(line, "forges", &rest)) {
        actor_tap_token(actor, str_of(rest));
    } else if (takes(line, "set", &rest)) {
        set(actor, rest);
    } else if (takes(line, "reports", &rest)) {
        reports(actor, rest);
    } else if (takes(line, "outage", &rest)) {
        actor_outage(actor, duration(rest));
        actor_pass(actor, 0);
    } else if (takes(line, "triggers", &rest)) {
        asks(actor, INPUT_TRIGGER, rest, "");
    } else if (takes(line, "commits", &rest)) {
        asks(actor, INPUT_COMMITMENT, "", rest);
    } else if (takes(line, "completes", &rest)) {
        complete_one(actor);
    } else if (takes(line, "answers", &rest)) {
        asks(actor, INPUT_ANSWER, "", rest);
    } else if (takes(line, "tracks", &rest)) {
        asks(actor, INPUT_TRACK, rest, "");
    } else if (takes(line, "admin", &rest)) {
        asks(actor, INPUT_ADMIN, rest, "");
    } else if (takes(line, "broadcast", &rest)) {
        asks(actor, INPUT_ADMIN, "broadcast", rest);
    } else if (takes(line, "moves", &rest)) {
        asks(actor, INPUT_MOVE, rest, "");
    } else if (takes(line, "group", &rest)) {
        group(actor, rest);
    } else {
        bad_line(line);
    }
}

/* Plays the file; the result is the caller's to free. */
static char *play_file(const char *path)
{
    FILE *script = fopen(path, "r");
    if (script == NULL) {
        fprintf(stderr, "golden: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    char *text = NULL;
    size_t size;
    FILE *log = open_memstream(&text, &size);
    ASSERT(log != NULL);
    /* Monday, 23 November 2026, 09:00 in Berlin. */
    struct actor *actor = actor_new(4711, (int64_t)1795420800000);
    actor->log = log;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, script)) > 0) {
        if (line[length - 1] == '\n') {
            line[--length] = '\0';
        }
        fprintf(log, "%s\n", line);
        if (length > 0 && line[0] != '#') {
            /* The input keeps views of the text: it must live as long as the person. */
            play(actor, arena_strdup(actor->arena, line));
        }
    }
    free(line);
    fclose(script);
    actor_free(actor);
    fclose(log);
    return text;
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    char *text = NULL;
    size_t size;
    FILE *copy = open_memstream(&text, &size);
    ASSERT(copy != NULL);
    int c;
    while ((c = fgetc(file)) != EOF) {
        fputc(c, copy);
    }
    fclose(copy);
    fclose(file);
    return text;
}

static void show_difference(const char *expected, const char *found)
{
    int line = 1;
    while (*expected != '\0' && *expected == *found) {
        line += *expected == '\n';
        expected++;
        found++;
    }
    fprintf(stderr, "first difference in line %d\n  expected: %.120s\n  found:    %.120s\n", line,
            expected, found);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: golden SCRIPT EXPECTED\n");
        return 2;
    }
    char *found = play_file(argv[1]);
    if (getenv("UPDATE") != NULL) {
        FILE *file = fopen(argv[2], "w");
        ASSERT(file != NULL);
        fputs(found, file);
        fclose(file);
        free(found);
        return 0;
    }
    char *expected = read_all(argv[2]);
    bool same = expected != NULL && strcmp(expected, found) == 0;
    if (!same) {
        fprintf(stderr, "golden: %s is not what happens now (UPDATE=1 writes it anew)\n", argv[2]);
        show_difference(expected != NULL ? expected : "", found);
    }
    free(expected);
    free(found);
    return same ? 0 : 1;
}
