#include "tests/ops/kernels/conv/direct_conv_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "ops/kernels/conv/conv_run.h"
#include "runtime/device/machine.h"
#include "tests/ops/kernels/conv/run_guarded.h"

namespace convoy::kernels {

std::vector<NamedKernels> all_kernels() {
  std::vector<NamedKernels> all;
  for (ConvForm form : {ConvForm::pixels, ConvForm::channels}) {
    const std::string suffix = form == ConvForm::channels ? " by channels" : "";
    all.push_back({"emulated" + suffix, &emulated_conv_kernels(), form});
    for (Isa isa : {Isa::kGeneric, Isa::kAvx2, Isa::kAvx512})
      if (isa <= best_isa()) {
        all.push_back({std::string(to_string(isa)) + suffix, &conv_kernels(isa), form});
      }
  }
  return all;
}

namespace {

// 16-bit storage: the sums of float32, rounded once; `unit` is the relative distance of neighbours.
template <typename Half>
void check_half(ConvProblem problem, ConvData data, ConvElement element, double unit) {
  problem.element = element;
  for (std::vector<float>* values : {&data.input, &data.residual, &data.output})
    for (float& value : *values) value = Half(value);
  std::vector<double> expected, magnitude;
  reference_conv(problem, data, &expected, &magnitude);
  for (const NamedKernels& named : all_kernels()) {
    const DirectConv conv(problem, *named.kernels, 1, named.form);
    const std::vector<float> got = run_guarded_half<Half>(conv, data, 1, true);
    for (size_t i = 0; i < got.size(); ++i) {
      const double within = 3e-6 * magnitude[i] + 0.5 * unit * std::abs(expected[i]) + 0x1p-25;
      ASSERT_TRUE(std::abs(got[i] - expected[i]) <= within)
          << named.name << " of 16 bits at " << i << ": " << got[i] << " for " << expected[i]
          << "\n"
          << describe(problem);
    }
    const DirectConv split(problem, *named.kernels, 5, named.form);
    ASSERT_EQ(got, run_guarded_half<Half>(split, data, 3, false))
        << named.name << " depends on the split\n"
        << describe(problem);
  }
}

}  // namespace

void check(const ConvProblem& problem, std::mt19937_64& random, bool with_bias) {
  const ConvData data = make_data(problem, random, with_bias);
  std::vector<double> expected, magnitude;
  reference_conv(problem, data, &expected, &magnitude);
  for (const NamedKernels& named : all_kernels()) {
    const DirectConv conv(problem, *named.kernels, 1, named.form);
    const std::vector<float> got = run_guarded(conv, data, 1, true);
    size_t wrong = 0;
    for (size_t i = 0; i < got.size() && wrong < 3; ++i)
      if (!(std::abs(got[i] - expected[i]) <= 2e-6 * magnitude[i])) {
        ++wrong;
        ADD_FAILURE() << named.name << " at " << i << ": " << got[i] << " for " << expected[i]
                      << "\n"
                      << describe(problem);
      }
    for (int threads : {2, 5}) {
      const DirectConv split(problem, *named.kernels, threads, named.form);
      ASSERT_EQ(split.packed_weights_size(), conv.packed_weights_size());
      const std::vector<float> again = run_guarded(split, data, 3, threads == 2);
      ASSERT_EQ(0, std::memcmp(got.data(), again.data(), got.size() * sizeof(float)))
          << named.name << " depends on the split\n"
          << describe(problem);
    }
    if (::testing::Test::HasFailure()) return;
  }
  check_half<Float16>(problem, data, ConvElement::float16, 0x1p-10);
  if (!::testing::Test::HasFailure())
    check_half<BFloat16>(problem, data, ConvElement::bfloat16, 0x1p-7);
}

}  // namespace convoy::kernels
