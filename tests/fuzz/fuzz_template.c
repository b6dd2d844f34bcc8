/* Message templates: any text is compiled or refused with a place; no text of people escapes as
 * markup. */
#include "core/template.h"

#include "base/check.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What Markdown could take for markup inside a line stands behind a backslash. */
static void check_escaped(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.ptr[i] == '\\') {
            i++;
            ASSERT(i < text.length);
        } else {
            ASSERT(text.ptr[i] == '\0' || strchr("*_`[]<&", text.ptr[i]) == NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str source = {(const char *)data, size};
    struct template *compiled = NULL;
    struct err_detail detail = {""};
    size_t offset = 0;
    enum err error = template_compile(arena, source, "en", &compiled, &offset, &detail);
    if (error == OK) {
        size_t emoji = 0;
        ASSERT(template_length(compiled, &emoji) <= size);
        ASSERT(str_equal(template_source(compiled), source));
    } else {
        ASSERT(error == ERR_INVALID || error == ERR_LIMIT);
        ASSERT(offset <= size && detail.text[0] != '\0');
    }
    check_escaped(template_escape(arena, source));
    arena_free(arena);
    return 0;
}
