// What stands between DequantizeLinear and QuantizeLinear is computed on the integers themselves,
// where the processor multiplies bytes. Lowering only.
#include "ops/rewrites/on_integers/quantized_match.h"
#include "ops/rewrites/rules.h"

namespace convoy {

std::vector<RewriteStep> compute_on_integers() {
  using namespace on_integers;
  return {
      convolve_integers(), multiply_integer_matrices(), multiply_integer_gemm(), combine_integers(),
      move_integers(),     concatenate_integers(),      tabulate_functions()};
}

}  // namespace convoy
