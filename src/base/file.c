/* A file in one piece. */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum err file_read(struct arena *arena, const char *path, size_t limit, struct str *ret_text,
                   struct err_detail *detail)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return err_set(detail, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    char *text = arena_alloc(arena, limit + 1);
    size_t length = fread(text, 1, limit + 1, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed) {
        return err_set(detail, ERR_IO, "cannot read %s", path);
    }
    if (length > limit) {
        return err_set(detail, ERR_LIMIT, "%s is over %zu bytes", path, limit);
    }
    *ret_text = (struct str){text, length};
    return OK;
}
