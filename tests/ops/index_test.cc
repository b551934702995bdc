// Operators that pick or place elements by index.
#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

Attributes axis(int64_t value) { return {{"axis", value}}; }

Attributes reduction(const char* name) { return {{"reduction", std::string(name)}}; }

const Tensor kGrid = tensor<float>({2, 3}, {0, 1, 2, 3, 4, 5});

// Rows of 64 elements, row r counting from 64·r on.
Tensor long_rows(std::initializer_list<int> rows) {
  Tensor result = Tensor::allocate(DType::kFloat32, {static_cast<int64_t>(rows.size()), 64});
  float* out = result.mutable_data<float>();
  for (int row : rows) {
    for (int i = 0; i < 64; ++i) *out++ = static_cast<float>(64 * row + i);
  }
  return result;
}

std::vector<OpCase> gather_cases() {
  return {
      {"gather_long_rows",
       "Gather",
       {long_rows({0, 1, 2}), ints({-1, 0, 0, 1})},
       {long_rows({2, 0, 0, 1})}},
      {"gather_scalar",
       "Gather",
       {kGrid, tensor<int64_t>({}, {-1})},
       {tensor<float>({2}, {2, 5})},
       axis(1),
       13,
       0,
       {1}},
      {"gather_one",
       "Gather",
       {kGrid, ints({1})},
       {tensor<float>({2, 1}, {1, 4})},
       axis(1),
       13,
       0,
       {1}},
      {"gather_steps",
       "Gather",
       {kGrid, ints({2, 0})},
       {tensor<float>({2, 2}, {2, 0, 5, 3})},
       axis(-1),
       13,
       0,
       {1}},
      {"gather_repeats",
       "Gather",
       {kGrid, ints({1, 1, 1})},
       {tensor<float>({2, 3}, {1, 1, 1, 4, 4, 4})},
       axis(1)},
      {"gather_uneven",
       "Gather",
       {kGrid, tensor<int32_t>({2, 2}, {0, 2, 2, 1})},
       {tensor<float>({2, 2, 2}, {0, 2, 2, 1, 3, 5, 5, 4})},
       axis(1)},
      {"gather_nothing", "Gather", {kGrid, ints({})}, {tensor<float>({0, 3}, {})}},
      {"gather_strings",
       "Gather",
       {tensor<std::string>({3}, {"a", "b", "c"}), ints({2, 0, 2})},
       {tensor<std::string>({3}, {"c", "a", "c"})}},
      {"gather_elements",
       "GatherElements",
       {kGrid, tensor<int64_t>({1, 3}, {1, 0, -1})},
       {tensor<float>({1, 3}, {3, 1, 5})}},
      {"gather_elements_last",
       "GatherElements",
       {kGrid, tensor<int32_t>({2, 1}, {2, -3})},
       {tensor<float>({2, 1}, {2, 3})},
       axis(1)},
      {"gather_nd",
       "GatherND",
       {kGrid, tensor<int64_t>({2, 2}, {0, 2, -1, 0})},
       {tensor<float>({2}, {2, 3})}},
      {"gather_nd_batch",
       "GatherND",
       {kGrid, tensor<int64_t>({2, 1}, {2, 0})},
       {tensor<float>({2}, {2, 3})},
       {{"batch_dims", int64_t{1}}}},
      {"gather_nd_of_one_number", "GatherND", {kGrid, ints({1, -1})}, {tensor<float>({}, {5})}},
      {"gather_nd_of_a_row", "GatherND", {kGrid, ints({1})}, {tensor<float>({3}, {3, 4, 5})}},
      {"gather_nd_of_all", "GatherND", {kGrid, ints({})}, {kGrid}},
      {"compress",
       "Compress",
       {kGrid, tensor<bool>({2}, {false, true})},
       {tensor<float>({2, 1}, {1, 4})},
       axis(1)},
      {"compress_flat",
       "Compress",
       {kGrid, tensor<bool>({3}, {true, false, true})},
       {tensor<float>({2}, {0, 2})}},
      {"non_zero", "NonZero", {kGrid}, {tensor<int64_t>({2, 5}, {0, 0, 1, 1, 1, 1, 2, 0, 1, 2})}},
      {"non_zero_scalar", "NonZero", {tensor<bool>({}, {true})}, {tensor<int64_t>({1, 1}, {0})}},
      {"unique",
       "Unique",
       {tensor<float>({5}, {2, 1, 2, 3, 1})},
       {tensor<float>({3}, {1, 2, 3}), ints({1, 0, 3}), ints({1, 0, 1, 2, 0}), ints({2, 2, 1})}},
      {"unique_by_appearance",
       "Unique",
       {tensor<int32_t>({3}, {5, 1, 5})},
       {tensor<int32_t>({2}, {5, 1}), ints({0, 1}), ints({0, 1, 0}), ints({2, 1})},
       {{"sorted", int64_t{0}}}},
      {"unique_columns",
       "Unique",
       {tensor<float>({2, 3}, {1, 0, 1, 2, 0, 2})},
       {tensor<float>({2, 2}, {0, 1, 0, 2}), ints({1, 0}), ints({1, 0, 1}), ints({1, 2})},
       axis(1)},
  };
}

std::vector<OpCase> scatter_cases() {
  Tensor zeros = tensor<float>({4}, {0, 0, 0, 0});
  return {
      {"scatter_last_wins",
       "ScatterElements",
       {zeros, ints({1, -3, 3}), tensor<float>({3}, {5, 6, 7})},
       {tensor<float>({4}, {0, 6, 0, 7})}},
      {"scatter_adds",
       "ScatterElements",
       {zeros, ints({1, 1, 3}), tensor<float>({3}, {5, 6, 7})},
       {tensor<float>({4}, {0, 11, 0, 7})},
       reduction("add")},
      {"scatter_rows",
       "ScatterElements",
       {kGrid, tensor<int64_t>({1, 2}, {1, 0}), tensor<float>({1, 2}, {8, 9})},
       {tensor<float>({2, 3}, {0, 9, 2, 8, 4, 5})},
       axis(0)},
      {"scatter_columns",
       "ScatterElements",
       {kGrid, tensor<int64_t>({2, 1}, {2, 0}), tensor<float>({2, 1}, {8, 9})},
       {tensor<float>({2, 3}, {0, 1, 8, 9, 4, 5})},
       axis(1)},
      {"scatter_max_nan",
       "ScatterElements",
       {tensor<float>({2}, {1, 4}), ints({0, 1}), tensor<float>({2}, {kNaN, 3})},
       {tensor<float>({2}, {kNaN, 4})},
       reduction("max")},
      {"scatter_wraps",
       "ScatterElements",
       {tensor<int8_t>({1}, {127}), ints({0}), tensor<int8_t>({1}, {1})},
       {tensor<int8_t>({1}, {-128})},
       reduction("add")},
      {"scatter_old_name",
       "Scatter",
       {zeros, ints({2}), tensor<float>({1}, {5})},
       {tensor<float>({4}, {0, 0, 5, 0})},
       {},
       9},
      {"scatter_nd",
       "ScatterND",
       {kGrid, tensor<int64_t>({1, 1}, {-1}), tensor<float>({1, 3}, {7, 8, 9})},
       {tensor<float>({2, 3}, {0, 1, 2, 7, 8, 9})}},
      {"scatter_nd_mul",
       "ScatterND",
       {kGrid, tensor<int64_t>({2, 2}, {0, 1, 0, 1}), tensor<float>({2}, {2, 3})},
       {tensor<float>({2, 3}, {0, 6, 2, 3, 4, 5})},
       reduction("mul")},
      {"scatter_nd_nothing",
       "ScatterND",
       {kGrid, tensor<int64_t>({0, 1}, {}), tensor<float>({0, 3}, {})},
       {kGrid}},
      {"tensor_scatter_wraps",
       "TensorScatter",
       {tensor<float>({1, 3, 1}, {0, 1, 2}), tensor<float>({1, 2, 1}, {8, 9}), ints({2})},
       {tensor<float>({1, 3, 1}, {9, 1, 8})},
       {{"mode", std::string("circular")}},
       24},
  };
}

std::vector<OpCase> search_cases() {
  Attributes smallest{{"largest", int64_t{0}}};
  return {
      {"top_k_ties",
       "TopK",
       {tensor<float>({4}, {1, 3, 3, 2}), ints({3})},
       {tensor<float>({3}, {3, 3, 2}), ints({1, 2, 3})}},
      {"top_k_smallest",
       "TopK",
       {tensor<int64_t>({2, 2}, {1, 3, 4, 2}), ints({1})},
       {tensor<int64_t>({1, 2}, {1, 2}), tensor<int64_t>({1, 2}, {0, 1})},
       {{"largest", int64_t{0}}, {"axis", int64_t{0}}}},
      {"top_k_nan",
       "TopK",
       {tensor<float>({3}, {1, kNaN, 2}), ints({2})},
       {tensor<float>({2}, {kNaN, 2}), ints({1, 2})}},
      {"top_k_none",
       "TopK",
       {tensor<float>({3}, {1, 2, 3}), ints({0})},
       {tensor<float>({0}, {}), ints({})},
       smallest},
      {"top_k_attribute",
       "TopK",
       {tensor<float>({3}, {1, 2, 3})},
       {tensor<float>({1}, {3}), ints({2})},
       {{"k", int64_t{1}}},
       9},
      {"arg_max_first",
       "ArgMax",
       {tensor<float>({1, 3}, {1, 2, 2})},
       {tensor<int64_t>({1, 1}, {1})},
       axis(1)},
      {"arg_max_last",
       "ArgMax",
       {tensor<float>({1, 3}, {1, 2, 2})},
       {tensor<int64_t>({1}, {2})},
       {{"axis", int64_t{1}}, {"keepdims", int64_t{0}}, {"select_last_index", int64_t{1}}}},
      {"arg_max_nan", "ArgMax", {tensor<float>({3}, {1, kNaN, 2})}, {ints({1})}},
      {"arg_min_columns", "ArgMin", {kGrid}, {tensor<int64_t>({1, 3}, {0, 0, 0})}},
      {"cumsum",
       "CumSum",
       {kGrid, tensor<int64_t>({}, {1})},
       {tensor<float>({2, 3}, {0, 1, 3, 3, 7, 12})}},
      {"cumsum_exclusive_reverse",
       "CumSum",
       {kGrid, tensor<int32_t>({}, {-1})},
       {tensor<float>({2, 3}, {3, 2, 0, 9, 5, 0})},
       {{"exclusive", int64_t{1}}, {"reverse", int64_t{1}}}},
      {"cumsum_wraps",
       "CumSum",
       {tensor<int32_t>({2}, {2147483647, 1}), tensor<int64_t>({}, {0})},
       {tensor<int32_t>({2}, {2147483647, -2147483647 - 1})}},
      {"cumprod",
       "CumProd",
       {ints({2, 3, 4}), tensor<int64_t>({}, {0})},
       {ints({2, 6, 24})},
       {},
       26},
  };
}

CONVOY_OP_CASES(GatherOps, gather_cases());
CONVOY_OP_CASES(ScatterOps, scatter_cases());
CONVOY_OP_CASES(SearchOps, search_cases());

std::string message_of(const OpCase& c) {
  try {
    evaluate_case(c, c.inputs);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput) << c.op;
    return error.message();
  }
  return "no error";
}

TEST(IndexErrors, NameTheIndex) {
  Tensor update = tensor<float>({1}, {0});
  Tensor row = tensor<float>({1, 3}, {0, 0, 0});
  for (int64_t bad : {int64_t{3}, int64_t{-4}, INT64_MIN, INT64_MAX}) {
    std::string number = fmt::format("index {}", bad);
    for (const OpCase& c : std::vector<OpCase>{
             {"", "Gather", {kGrid, ints({bad})}, {row}, axis(1)},
             {"", "Gather", {kGrid, tensor<int64_t>({2, 1}, {0, bad})}, {row}, axis(1)},
             {"", "GatherElements", {kGrid, tensor<int64_t>({1, 1}, {bad})}, {row}, axis(1)},
             {"", "GatherND", {kGrid, tensor<int64_t>({1, 2}, {0, bad})}, {row}},
             {"",
              "ScatterElements",
              {row, tensor<int64_t>({1, 1}, {bad}), tensor<float>({1, 1}, {0})},
              {row},
              axis(1)},
             {"", "ScatterND", {kGrid, tensor<int64_t>({1, 2}, {0, bad}), update}, {kGrid}}}) {
      EXPECT_NE(message_of(c).find(number), std::string::npos) << c.op << ": " << message_of(c);
    }
  }
}

TEST(IndexErrors, RefuseShapesThatReachOutside) {
  Tensor wide = tensor<int64_t>({3, 3}, {0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_NE(message_of({"", "GatherElements", {kGrid, wide}, {kGrid}, axis(1)}), "no error");
  EXPECT_NE(message_of({"",
                        "ScatterElements",
                        {kGrid, wide, tensor<float>({3, 3}, {0, 0, 0, 0, 0, 0, 0, 0, 0})},
                        {kGrid},
                        axis(1)}),
            "no error");
}

}  // namespace
}  // namespace convoy
