/* The program's entry. So far it answers which build it is. */
#include "base/build_info.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("nudge %s (%s)\n", build_info_version(), build_info_commit());
        return 0;
    }
    fprintf(stderr, "usage: nudge --version\n");
    return 2;
}
