/* Files of people: any text is read or refused with its mistakes, each of them with a place;
 * whoever was read can be drawn from without harm. */
#include "sim/people.h"

#include <stdint.h>

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    const struct people *people = NULL;
    struct mistakes mistakes;
    struct str yaml = {(const char *)data, size};
    enum err error = people_read(arena, STR("people.yaml"), yaml, &people, &mistakes);
    if (error != OK) {
        ASSERT(error == ERR_INVALID && mistakes.count > 0);
        for (int i = 0; i < mistakes.count; i++) {
            ASSERT(mistakes.items[i].line >= 1 && mistakes.items[i].column >= 1);
        }
        arena_free(arena);
        return 0;
    }
    struct draws draws = draws_of(1, 1, DRAW_TRAITS, 0);
    int index = draw_weighted(&draws, people->shares, people->persona_count);
    const struct persona *persona = &people->personas[index];
    draw_weighted(&draws, persona->hours, 24);
    ASSERT(draw_span_ms(&draws, &persona->delay) >= 0);
    ASSERT(draw_span_ms(&draws, &persona->doing) >= 0);
    for (int i = 0; i < persona->zones.count; i++) {
        ASSERT(persona->zone_of[i] != NULL);
    }
    arena_free(arena);
    return 0;
}
