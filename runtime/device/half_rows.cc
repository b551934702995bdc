#include "runtime/device/half_rows.h"

namespace convoy {

const HalfRows& half_rows(Isa isa) { return CONVOY_OF_ISA(isa, half_rows); }

}  // namespace convoy
