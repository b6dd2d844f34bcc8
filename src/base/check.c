/* The end of a process whose invariant broke. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "at=fatal area=check file=%s line=%d assertion=\"%s\"\n", file, line,
            condition);
    abort();
}
