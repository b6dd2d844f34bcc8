/* The reader of multipart.h: splits at the boundary, looks only at Content-Disposition. */
#include "multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BOUNDARY_LENGTH_MAX 70

/* The text of an attribute such as `name="x"` in a header line; NULL when it has none. */
static const char *attribute(const char *line, size_t len, const char *name, size_t *ret_len)
{
    size_t name_len = strlen(name);
    for (size_t i = 1; i + name_len < len; i++) {
        bool begins = line[i - 1] == ';' || line[i - 1] == ' ';
        if (!begins || strncasecmp(line + i, name, name_len) || line[i + name_len] != '=') {
            continue;
        }
        const char *value = line + i + name_len + 1;
        const char *end = line + len;
        const char *stop;
        if (value < end && *value == '"') {
            value++;
            stop = memchr(value, '"', (size_t)(end - value));
        } else {
            stop = memchr(value, ';', (size_t)(end - value));
        }
        *ret_len = (size_t)((stop ? stop : end) - value);
        return value;
    }
    return NULL;
}

/* Reads the head and the content between two boundaries. */
static bool read_part(const char *bytes, size_t len, struct part *part)
{
    const char *head_end = memmem(bytes, len, "\r\n\r\n", 4);
    if (!head_end) {
        return false;
    }
    *part = (struct part){.bytes = head_end + 4};
    part->len = len - (size_t)(part->bytes - bytes);
    const char *line = bytes;
    while (line < head_end + 2) {
        const char *line_end = memmem(line, (size_t)(head_end + 2 - line), "\r\n", 2);
        size_t line_len = (size_t)(line_end - line);
        if (line_len > 20 && !strncasecmp(line, "content-disposition:", 20)) {
            part->name = attribute(line, line_len, "name", &part->name_len);
            part->filename = attribute(line, line_len, "filename", &part->filename_len);
        }
        line = line_end + 2;
    }
    return part->name != NULL;
}

bool multipart_read(const char *content_type, const char *body, size_t len,
                    bool (*each)(void *data, const struct part *part), void *data)
{
    size_t boundary_len = 0;
    const char *boundary = attribute(content_type, strlen(content_type), "boundary", &boundary_len);
    if (!boundary || !boundary_len || boundary_len > BOUNDARY_LENGTH_MAX) {
        return false;
    }
    char mark[BOUNDARY_LENGTH_MAX + 8];
    int mark_len = snprintf(mark, sizeof mark, "--%.*s", (int)boundary_len, boundary);
    const char *end = body + len;
    const char *at = memmem(body, len, mark, (size_t)mark_len);
    while (at) {
        at += mark_len;
        if (end - at >= 2 && !memcmp(at, "--", 2)) {
            return true;
        }
        const char *next = memmem(at, (size_t)(end - at), mark, (size_t)mark_len);
        struct part part;
        /* Between the line ends that belong to the boundaries. */
        if (!next || next - at < 4 || !read_part(at + 2, (size_t)(next - at) - 4, &part)) {
            return false;
        }
        if (!each(data, &part)) {
            return true;
        }
        at = next;
    }
    return false;
}
