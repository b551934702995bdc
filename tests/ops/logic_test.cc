#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<OpCase> cases() {
  Tensor truth = tensor<bool>({2, 2}, {true, true, false, false});
  Tensor row = tensor<bool>({2}, {true, false});
  return {
      {"and_row", "And", {truth, row}, {tensor<bool>({2, 2}, {true, false, false, false})}},
      {"or_row", "Or", {truth, row}, {tensor<bool>({2, 2}, {true, true, true, false})}},
      {"xor_row", "Xor", {truth, row}, {tensor<bool>({2, 2}, {false, true, true, false})}},
      {"not_matrix", "Not", {truth}, {tensor<bool>({2, 2}, {false, false, true, true})}},
      {"bitwise_and",
       "BitwiseAnd",
       {tensor<int32_t>({2}, {12, -1}), tensor<int32_t>({1}, {10})},
       {tensor<int32_t>({2}, {8, 10})}},
      {"bitwise_not",
       "BitwiseNot",
       {tensor<uint8_t>({2}, {0, 0xf0})},
       {tensor<uint8_t>({2}, {0xff, 0x0f})}},
      {"shift_left",
       "BitShift",
       {tensor<uint8_t>({3}, {255, 1, 1}), tensor<uint8_t>({3}, {1, 7, 8})},
       {tensor<uint8_t>({3}, {254, 128, 0})},
       {{"direction", std::string("LEFT")}}},
      {"shift_right",
       "BitShift",
       {tensor<uint64_t>({2}, {16, 1}), tensor<uint64_t>({2}, {2, 64})},
       {tensor<uint64_t>({2}, {4, 0})},
       {{"direction", std::string("RIGHT")}}},
      {"less_nan",
       "Less",
       {tensor<float>({3}, {1, kNaN, 2}), tensor<float>({3}, {2, 1, kNaN})},
       {tensor<bool>({3}, {true, false, false})}},
      {"greater_or_equal",
       "GreaterOrEqual",
       {tensor<int64_t>({3}, {1, 2, 3}), tensor<int64_t>({}, {2})},
       {tensor<bool>({3}, {false, true, true})}},
      {"equal_text",
       "Equal",
       {tensor<std::string>({2}, {"a", "b"}), tensor<std::string>({1}, {"b"})},
       {tensor<bool>({2}, {false, true})}},
      {"equal_axis_of_opset_1",
       "Equal",
       {tensor<int32_t>({2, 2}, {1, 2, 2, 2}), tensor<int32_t>({2}, {1, 2})},
       {tensor<bool>({2, 2}, {true, false, true, true})},
       {{"broadcast", int64_t{1}}, {"axis", int64_t{0}}},
       1},
      {"is_nan",
       "IsNaN",
       {tensor<float>({3}, {kNaN, kInf, 0})},
       {tensor<bool>({3}, {true, false, false})}},
      {"is_inf_negative",
       "IsInf",
       {tensor<float>({3}, {-kInf, kInf, kNaN})},
       {tensor<bool>({3}, {true, false, false})},
       {{"detect_positive", int64_t{0}}}},
      {"where_broadcast",
       "Where",
       {row, tensor<int64_t>({2, 1}, {1, 2}), tensor<int64_t>({}, {-1})},
       {tensor<int64_t>({2, 2}, {1, -1, 2, -1})}},
      {"where_text",
       "Where",
       {row, tensor<std::string>({2}, {"x", "y"}), tensor<std::string>({2}, {"p", "q"})},
       {tensor<std::string>({2}, {"x", "q"})}},
  };
}

std::vector<OpCase> clip_and_folds() {
  Tensor x = tensor<float>({4}, {-3, 0.5f, 7, kNaN});
  return {
      {"clip_attributes",
       "Clip",
       {x},
       {tensor<float>({4}, {-1, 0.5f, 2, kNaN})},
       {{"min", -1.0f}, {"max", 2.0f}},
       6},
      {"clip_attributes_left_out",
       "Clip",
       {tensor<float>({2}, {kInf, -kInf})},
       {tensor<float>({2}, {std::numeric_limits<float>::max(), 0})},
       {{"min", 0.0f}},
       6},
      {"clip_inputs",
       "Clip",
       {x, tensor<float>({}, {-1}), tensor<float>({}, {2})},
       {tensor<float>({4}, {-1, 0.5f, 2, kNaN})}},
      {"clip_only_above",
       "Clip",
       {x, Tensor(), tensor<float>({}, {2})},
       {tensor<float>({4}, {-3, 0.5f, 2, kNaN})}},
      {"clip_crossed",
       "Clip",
       {x, tensor<float>({}, {5}), tensor<float>({}, {1})},
       {tensor<float>({4}, {1, 1, 1, kNaN})}},
      {"clip_int8",
       "Clip",
       {tensor<int8_t>({3}, {-5, 0, 5}), tensor<int8_t>({}, {-2}), Tensor()},
       {tensor<int8_t>({3}, {-2, 0, 5})}},
      {"clip_double",
       "Clip",
       {tensor<double>({2}, {0, 1}), tensor<double>({}, {0.1}), tensor<double>({}, {0.7})},
       {tensor<double>({2}, {0.1, 0.7})}},
      {"sum",
       "Sum",
       {tensor<float>({2, 1}, {1, 2}), tensor<float>({2}, {10, 20}), tensor<float>({}, {100})},
       {tensor<float>({2, 2}, {111, 121, 112, 122})}},
      {"sum_of_one", "Sum", {tensor<float>({2}, {1, 2})}, {tensor<float>({2}, {1, 2})}},
      {"sum_of_many",
       "Sum",
       std::vector<Tensor>(40, tensor<float>({2}, {1, 2})),
       {tensor<float>({2}, {40, 80})}},
      {"mean",
       "Mean",
       {tensor<float>({2}, {1, 2}), tensor<float>({2}, {3, 8})},
       {tensor<float>({2}, {2, 5})}},
      {"max_nan",
       "Max",
       {tensor<float>({3}, {1, kNaN, 3}), tensor<float>({3}, {2, 0, kNaN})},
       {tensor<float>({3}, {2, kNaN, kNaN})}},
      {"min_uint64",
       "Min",
       {tensor<uint64_t>({1}, {1u}), tensor<uint64_t>({2}, {0u, 5u})},
       {tensor<uint64_t>({2}, {0u, 1u})}},
      {"identity", "Identity", {x}, {x}},
      {"dropout", "Dropout", {x}, {x, tensor<bool>({4}, {true, true, true, true})}, {}, 13},
  };
}

CONVOY_OP_CASES(Logic, cases());
CONVOY_OP_CASES(ClipAndFolds, clip_and_folds());

}  // namespace
}  // namespace convoy
