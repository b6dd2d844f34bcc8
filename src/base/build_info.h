/* Which build this is: the version of the release, and the commit it was compiled from.
 * Printed by `nudge --version`, by failed assertions and by the simulator beside its seed, so that
 * a report names the exact code. Both texts are constants; any thread may ask. */
#pragma once

/* The version, such as "0.1.0". */
const char *build_info_version(void);

/* The abbreviated commit, "+" at its end when the work tree had changes; "unknown" without git. */
const char *build_info_commit(void);
