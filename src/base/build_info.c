/* The version comes from the project's meson.build, the commit from git (see build_commit.h.in). */
#include "base/build_info.h"

#include "base/build_commit.h"

const char *build_info_version(void)
{
    return BUILD_VERSION;
}

const char *build_info_commit(void)
{
    return BUILD_COMMIT;
}
