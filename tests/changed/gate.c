/* One rule of the core, another: quiet hours end ten minutes later. Linked in place of the real
 * gate by the linker's --wrap; everything else of the program is the same. */
#include "base/limits.h"
#include "core/pressure.h"

struct gate __real_pressure_gate(const struct world *world, const struct person *person,
                                 const struct delivery *delivery);
struct gate __wrap_pressure_gate(const struct world *world, const struct person *person,
                                 const struct delivery *delivery);

struct gate __wrap_pressure_gate(const struct world *world, const struct person *person,
                                 const struct delivery *delivery)
{
    struct gate gate = __real_pressure_gate(world, person, delivery);
    if (gate.verdict == GATE_HOLD && str_is(str_of(gate.reason), "quiet_hours")) {
        gate.until_ms += 10 * MINUTE_MS;
    }
    return gate;
}
