#include "ops/kernels/elementwise/loops.h"

#include <array>
#include <mutex>

namespace convoy::elementwise {

// Each table is filled by code for its own instruction set, hence only when it is asked for.
const LoopTable<float>& float_loops(Isa isa) {
  static std::array<LoopTable<float>, kIsaCount> tables;
  static std::array<std::once_flag, kIsaCount> filled;
  const auto index = static_cast<size_t>(isa);
  std::call_once(filled[index], [&] {
    fill_scalar_loops(tables[index]);
    CONVOY_OF_ISA(isa, fill_loops)(tables[index]);
  });
  return tables[index];
}

}  // namespace convoy::elementwise
