// Small models that once ended the process, hung it, or showed what the standard library says.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/defs/parser.h>

#include "loaders/onnx/reader.h"
#include "runtime/base/caught.h"
#include "runtime/base/log.h"
#include "runtime/onnx/inference.h"
#include "runtime/session/session.h"
#include "tests/hostile/hostile_model.h"
#include "tests/hostile/subject.h"

namespace convoy::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

onnx::ModelProto parse(const std::string& text) {
  onnx::ModelProto model;
  auto status = onnx::OnnxParser::Parse(model, text.c_str());
  EXPECT_TRUE(status.IsOK()) << status.ErrorMessage();
  return model;
}

// Zeros as the model declares them.
std::vector<onnx::TensorProto> zeros_for(const onnx::GraphProto& graph) {
  std::vector<onnx::TensorProto> inputs;
  for (const auto& input : graph.input()) {
    const auto& type = input.type().tensor_type();
    onnx::TensorProto& tensor = inputs.emplace_back();
    tensor.set_data_type(type.elem_type());
    size_t count = 1;
    for (const auto& dim : type.shape().dim()) {
      tensor.add_dims(dim.dim_value());
      count *= static_cast<size_t>(dim.dim_value());
    }
    size_t size = size_of(static_cast<DType>(type.elem_type()));
    tensor.set_raw_data(std::string(count * size, '\0'));
  }
  return inputs;
}

std::vector<HostileModel> hostile_models() {
  return {
      {"layer_normalization_axis",
       R"(<ir_version: 10, opset_import: ["" : 17]> g (float[2,3] a, float[3] b) => (float[2,3] y)
          { y, m = LayerNormalization <axis: int = 9223372036854775807> (a, b) })",
       "'axis' is 9223372036854775807"},
      {"gather_nd_batch_dims",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[3,3] a, int64[2,1] i) => (float[2] y)
          { y = GatherND <batch_dims: int = -5> (a, i) })",
       "batch_dims is -5"},
      {"slice_of_shape_by_2_to_the_63",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a) => (int64[n] y)
          <int64[1] s = {0}, int64[1] e = {2}, int64[1] x = {0},
           int64[1] p = {9223372036854775807}>
          { k = Shape (a) y = Slice (k, s, e, x, p) })",
       ""},
      {"slice_of_shape_backwards_by_2_to_the_63",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a) => (int64[n] y)
          <int64[1] s = {1}, int64[1] e = {-3}, int64[1] x = {0},
           int64[1] p = {-9223372036854775807}>
          { k = Shape (a) y = Slice (k, s, e, x, p) })",
       ""},
      {"slice_of_one_axis_twice",
       R"(<ir_version: 10, opset_import: ["" : 9]> g (float[9] a) => (float[n] y)
          { y = Slice <axes: ints = [0, 0], starts: ints = [5, 6], ends: ints = [9, 9]> (a) })",
       "axis 0 is sliced twice"},
      {"split_into_2_to_the_63",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[2,3] a) => (float[2,3] y)
          { y = Split <axis: int = 1, num_outputs: int = 9223372036854775807> (a) })",
       "num_outputs is 9223372036854775807"},
      {"split_into_more_than_there_are",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[2,4] a) => (float[2,2] y, float[2,2] z)
          { y, z = Split <axis: int = 1, num_outputs: int = 1> (a) })",
       "num_outputs is 1"},
      {"einsum_of_no_letters",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a) => (float[2] y)
          { y = Einsum <equation = "i1->i"> (a) })",
       "'i1->i'"},
      {"einsum_of_two_ellipses",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a) => (float[2] y)
          { y = Einsum <equation = "......i->i"> (a) })",
       "'......i->i'"},
      {"pad_by_2_to_the_62",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[2] a) => (float[n] y)
          <int64[2] p = {4611686018427387904, 0}> { y = Pad (a, p) })",
       "a pad of 4611686018427387904"},
      {"resize_to_more_than_memory",
       R"(<ir_version: 10, opset_import: ["" : 19]> g (float[1,1,2,4] a) => (float[1,1,n,m] y)
          <float[4] s = {1, 1, 2147483648, 2147483648}, float[0] r = {}>
          { y = Resize <mode = "nearest"> (a, r, s) })",
       ""},
      {"loop_of_no_trip_count",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2] a, bool c) => (float[2] y)
          <int64[0] k = {}> { y = Loop (k, c, a) <body = b (int64 i, bool ci, float[2] h) =>
          (bool co, float[2] h2) { co = Identity (ci) h2 = Add (h, h) }> })",
       "trip count"},
      {"matrices_of_two_types",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a, bfloat16[3,4] b) =>
          (float[2,4] y) { y = MatMul (a, b) })",
       "'B' is bfloat16, but must be float32"},
      {"indices_of_a_type_that_cannot_index",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a, int8[2] b) => (float[n,3] y)
          { y = Gather (a, b) })",
       "'indices' must not be int8"},
      {"dropout_of_no_mode",
       R"(<ir_version: 10, opset_import: ["" : 22]> g (float[2] a, float r, bool[0] t) =>
          (float[2] y) { y = Dropout (a, r, t) })",
       "training_mode is bool[0]"},
      {"operand_missing_before_the_operators_first_opset",
       R"(<ir_version: 5, opset_import: ["" : 6]> g (float[2] a) => (float[2] y)
          { y = DynamicQuantizeLinear () })",
       "operand 'x' is missing"},
      {"sum_of_nothing_before_the_operators_first_opset",
       R"(<ir_version: 5, opset_import: ["" : 6]> g (float[2] a) => (float[2] y)
          { y = Einsum <equation = "ij,jk->"> () })",
       "operand 'Inputs' is missing"},
      {"pool_of_2_to_the_31",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[1,3,32,32] a) => (float[1,3,n,m] y)
          { y = LpPool <auto_pad = "SAME_LOWER", kernel_shape: ints = [2, 2147483648], p: int = 7>
            (a) })",
       ""},
      {"integers_added_to_a_product",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[20,300] a, float[300,400] b,
          int8[20,400] c) => (float[20,400] y) { p = MatMul (a, b) y = Add (p, c) })",
       "'B' is int8"},
      {"sum_with_a_hole",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a) => (float[2,3] y)
          { b = Sum (a, , a) y = Sum (b, a) })",
       "operand"},
      {"sizes_with_a_hole",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a) => (float[n,m] y)
          <int64[1] s = {3}> { k = Concat <axis: int = 0> (s, ) y = Reshape (a, k) })",
       "cannot reshape"},
      {"concat_along_minus_2_to_the_63",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (float[2,3] a) => (float[n,m] y)
          { b = Unknown (a) c = Relu (b) d = Relu (b)
            y = Concat <axis: int = -9223372036854775808> (c, d) })",
       "not supported"},
      {"dictionary_of_an_unknown_value",
       R"(<ir_version: 10, opset_import: ["" : 13, "ai.onnx.ml" : 1, "d" : 1]> g (float[2] a) =>
          (float[2] y) { b = d.Unknown (a) y = ai.onnx.ml.DictVectorizer (b) })",
       "not supported"},
  };
}

class Hostile : public ::testing::TestWithParam<HostileModel> {};

TEST_P(Hostile, IsRunOrRefusedInOneLine) {
  HostileCase hostile;
  hostile.model = parse(GetParam().text);
  hostile.inputs = zeros_for(hostile.model.graph());
  HostileVerdict verdict = try_hostile(hostile);
  EXPECT_EQ(verdict.problem, "");
  if (GetParam().name == "resize_to_more_than_memory") {
    EXPECT_NE(verdict.refusal, "");
  } else if (GetParam().refusal.empty()) {
    EXPECT_EQ(verdict.refusal, "");
  } else {
    EXPECT_THAT(verdict.refusal, HasSubstr(GetParam().refusal));
  }
}

constexpr auto kName = [](const auto& tested) { return tested.param.name; };
INSTANTIATE_TEST_SUITE_P(Models, Hostile, ::testing::ValuesIn(hostile_models()), kName);
INSTANTIATE_TEST_SUITE_P(Numbers, Hostile, ::testing::ValuesIn(models_of_large_numbers()), kName);
INSTANTIATE_TEST_SUITE_P(Operands, Hostile, ::testing::ValuesIn(models_of_wrong_operands()), kName);

Model read(const onnx::ModelProto& model) {
  std::string bytes = model.SerializeAsString();
  return read_model_bytes(std::as_bytes(std::span(bytes)), "hostile");
}

// f0 calls f1 twice, f1 calls f2 twice, and so on: 2^40 nodes in four kilobytes.
TEST(HostileModels, FunctionsThatDoubleAreRefused) {
  std::string text =
      R"(<ir_version: 10, opset_import: ["" : 17, "d" : 1]> g (float[2] x) => (float[2] y)
         { y = d.f0 (x) })";
  for (int i = 0; i < 40; ++i) {
    std::string next = i < 39 ? "d.f" + std::to_string(i + 1) : "Relu";
    text += "<opset_import: [\"\" : 17, \"d\" : 1], domain: \"d\"> f" + std::to_string(i) +
            " (x) => (y) { t = " + next + " (x) y = " + next + " (t) }\n";
  }
  Model model = read(parse(text));
  infer_model_types(model);
  try {
    Session session(std::move(model));
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("nodes"));
  }
}

// A long name, and a shape of many sizes, would be repeated in every value behind them.
TEST(HostileModels, TypesOutOfProportionAreNotCarriedOn) {
  onnx::ModelProto proto = parse(
      R"(<ir_version: 10, opset_import: ["" : 17]> g (float[n] x, float[n] z) => (float[m] y)
         { a = Relu (x) b = Relu (z) y = Concat <axis = 0> (a, b) })");
  auto shape_of = [&](int input) -> auto& {
    return *proto.mutable_graph()
                ->mutable_input(input)
                ->mutable_type()
                ->mutable_tensor_type()
                ->mutable_shape();
  };
  shape_of(0).mutable_dim(0)->set_dim_param(std::string(100'000, 'n'));
  for (int i = 0; i < 1000; ++i) shape_of(1).add_dim()->set_dim_value(1);
  Model model = read(proto);
  infer_model_types(model);
  for (const char* name : {"a", "b"}) {
    const ValueType& type = model.graph.value(model.graph.find_value(name)).type;
    EXPECT_EQ(type.dtype, DType::kFloat32);
    EXPECT_LT(to_string(type).size(), 1000u) << name;
  }
}

template <typename Thrown>
Error error_of(const Thrown& thrown) {
  try {
    throw thrown;
  } catch (...) {
    return caught_error();
  }
}

TEST(HostileModels, NothingOfTheStandardLibrarysIsShown) {
  Error own = error_of(Error(ErrorCode::kInvalidInput, "a reason"));
  EXPECT_EQ(own.code(), ErrorCode::kInvalidInput);
  EXPECT_STREQ(own.what(), "a reason");
  EXPECT_EQ(error_of(std::bad_alloc()).code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(error_of(std::length_error("vector::reserve")).code(), ErrorCode::kOutOfMemory);
  Error other = error_of(std::out_of_range("vector::_M_range_check"));
  EXPECT_EQ(other.code(), ErrorCode::kInternal);
  EXPECT_THAT(other.what(), Not(HasSubstr("vector")));
}

}  // namespace
}  // namespace convoy::testing
