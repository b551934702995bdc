// Table-driven tests of operators: one node, its inputs and what must come out.
#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/graph/graph.h"

namespace convoy {

struct OpCase {
  std::string name;              // letters, digits and underscores
  std::string op;                // operator; of the private domain where is_private
  std::vector<Tensor> inputs;    // undefined where left out
  std::vector<Tensor> expected;  // undefined where the node leaves the output out
  Attributes attributes = {};
  int version = 21;
  double within = 0;                // floats: max|a - b| ≤ within · max|b| over a tensor
  std::vector<int> constants = {};  // inputs that are the same in every run, e.g. axes
  bool is_private = false;
  std::string domain = {};
};

inline std::ostream& operator<<(std::ostream& out, const OpCase& c) { return out << c.name; }

// tensor<float>({2, 2}, {1, 2, 3, 4})
template <typename T>
Tensor tensor(const Shape& shape, std::initializer_list<std::type_identity_t<T>> values) {
  Tensor result = Tensor::allocate(dtype_of<T>, shape);
  check_input(static_cast<int64_t>(values.size()) == result.count(), "{} values for shape {}",
              values.size(), to_string(shape));
  std::copy(values.begin(), values.end(), result.template mutable_data<T>());
  return result;
}

// Float32 values that look random, equal in every run, in [low, high).
Tensor pattern(const Shape& shape, float low = -1, float high = 1, uint32_t seed = 1);

// The same elements in memory with gaps, or in the reverse order of axes.
Tensor with_gaps(const Tensor& plain);
Tensor with_reversed_axes(const Tensor& plain);

// Evaluates the node of the case on `inputs` in place of its own; `kernel` names the candidate to
// use, empty for the operator's own choice. Throws as evaluate_node does.
std::vector<Tensor> evaluate_case(const OpCase& c, const std::vector<Tensor>& inputs,
                                  const std::string& kernel = "");

// Fails the test unless the tensors are equal: floats within the tolerance (NaN equals NaN), all
// else exactly.
void expect_equal(const Tensor& actual, const Tensor& expected, double within,
                  const std::string& what);

// Runs the case with every candidate kernel that accepts it, on contiguous inputs, on inputs with
// gaps and with reversed axes, and compares. At least one candidate must accept it.
void run_case(const OpCase& c);

// Runs the case in sessions on the CPU and on the mirror device, and compares bits.
void run_case_on_mirror(const OpCase& c);

// The same on the emulated GPU, within a tolerance; skips where that was not built.
void run_case_on_emulated_gpu(const OpCase& c);

// Every candidate that accepts the node gives what the last one, the reference, gives; with 16-bit
// floats in place of float32 too, within a rounding.
void compare_kernels(const OpCase& c);

// The latter alone, for float16 or bfloat16. Inputs are contiguous, with gaps, in reverse order.
void compare_half_kernels(const OpCase& c, DType dtype);

// TEST_P over a table: CONVOY_OP_CASES(Softmax, cases()) with std::vector<OpCase> cases().
#define CONVOY_OP_CASES(suite, table)                                          \
  class suite : public ::testing::TestWithParam<OpCase> {};                    \
  TEST_P(suite, Computes) { run_case(GetParam()); }                            \
  TEST_P(suite, MirrorComputesTheSame) { run_case_on_mirror(GetParam()); }     \
  TEST_P(suite, CudaComputesTheSame) { run_case_on_emulated_gpu(GetParam()); } \
  INSTANTIATE_TEST_SUITE_P(Cases, suite, ::testing::ValuesIn(table),           \
                           [](const auto& tested) { return tested.param.name; })

}  // namespace convoy
