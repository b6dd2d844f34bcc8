/* The two JSON columns that the store reads by itself: any bytes are refused or come back. */
#include "base/check.h"
#include "store/sqlite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, written again, is what was read: there is one form only. */
static void check_buttons(struct arena *arena, struct str text)
{
    struct button *buttons = NULL;
    int count = 0;
    if (!buttons_read(arena, text, &buttons, &count) || count == 0) {
        return;
    }
    struct str again = buttons_write(arena, buttons, count);
    struct button *twice = NULL;
    int twice_count = 0;
    ASSERT(buttons_read(arena, again, &twice, &twice_count) && twice_count == count);
    for (int i = 0; i < count; i++) {
        ASSERT(str_equal(buttons[i].text, twice[i].text));
        ASSERT(str_equal(buttons[i].token, twice[i].token));
        ASSERT(str_equal(buttons[i].url, twice[i].url));
    }
}

static void check_steps(struct arena *arena, struct str text)
{
    struct run run = {0};
    struct run twice = {0};
    if (!steps_read(text, &run)) {
        return;
    }
    ASSERT(steps_read(steps_write(arena, &run), &twice));
    for (int i = 0; i < RUN_STEPS_MAX; i++) {
        ASSERT(run.step_sent_at_ms[i] == twice.step_sent_at_ms[i]);
        ASSERT(run.step_completed_at_ms[i] == twice.step_completed_at_ms[i]);
    }
}

/* Any bytes as a button's text come back. */
static void check_text(struct arena *arena, struct str text)
{
    struct button button = {.text = text, .token = STR("t"), .url = text};
    struct button *buttons = NULL;
    int count = 0;
    struct str json = buttons_write(arena, &button, 1);
    ASSERT(buttons_read(arena, json, &buttons, &count) && count == 1);
    ASSERT(str_equal(buttons[0].text, text) && str_equal(buttons[0].url, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str text = arena_str(arena, (struct str){(const char *)data, size});
    check_buttons(arena, text);
    check_steps(arena, text);
    check_text(arena, text);
    arena_free(arena);
    return 0;
}
