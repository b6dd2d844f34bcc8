/* Bodies of type multipart/form-data, as bot libraries write them: libmicrohttpd's own reader wants
 * header lines spelled in one way, which some of them do not use. */
#ifndef FAKE_MULTIPART_H
#define FAKE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

/* A part; the strings are not terminated and point into the body. */
struct part {
    const char *name;
    size_t name_len;
    const char *filename; /* NULL: a plain field */
    size_t filename_len;
    const char *bytes;
    size_t len;
};

/* Calls `each` for every part, until it says false. False: the body is not what it should be. */
bool multipart_read(const char *content_type, const char *body, size_t len,
                    bool (*each)(void *data, const struct part *part), void *data);

#endif
