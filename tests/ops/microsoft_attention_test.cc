// Attention operators of com.microsoft. Numbers by ONNX Runtime 1.32.
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr double kWithin = 1e-5;  // the numbers have six digits
const Tensor kNone;

const Tensor q = tensor<float>({1, 2, 2}, {1, 0, 0, 2});
const Tensor k = tensor<float>({1, 3, 2}, {1, 1, -1, 0, 0.5f, 2});
const Tensor v = tensor<float>({1, 3, 2}, {1, 2, 3, 4, 5, 6});

Attributes heads(int64_t count) { return {{"num_heads", count}}; }

OpCase multi_head(const char* name, std::vector<Tensor> inputs, std::vector<Tensor> expected,
                  Attributes attributes) {
  OpCase c{name,
           "MultiHeadAttention",
           std::move(inputs),
           std::move(expected),
           std::move(attributes),
           1,
           kWithin};
  c.domain = "com.microsoft";
  return c;
}

std::vector<OpCase> multi_head_cases() {
  Attributes masked = heads(1);
  masked["mask_filter_value"] = -2.0f;
  Attributes causal = heads(1);
  causal["unidirectional"] = int64_t{1};
  const Tensor two_keys = tensor<float>({1, 2, 2}, {1, 1, -1, 0});
  const Tensor two_values = tensor<float>({1, 2, 2}, {1, 2, 3, 4});
  return {
      multi_head("one_head", {q, k, v},
                 {tensor<float>({1, 2, 2}, {2.69381f, 3.69382f, 4.16245f, 5.16245f})}, heads(1)),
      multi_head("two_heads", {q, k, v}, {tensor<float>({1, 2, 2}, {2.54822f, 4, 3, 5.49901f})},
                 heads(2)),
      multi_head("bias", {q, k, v, tensor<float>({6}, {1, 0, 0, 1, 1, -1})},
                 {tensor<float>({1, 2, 2}, {3.34681f, 2.34681f, 4.95672f, 3.95672f})}, heads(1)),
      multi_head("mask", {q, k, v, kNone, tensor<int32_t>({1, 3}, {1, 0, 1})},
                 {tensor<float>({1, 2, 2}, {2.65672f, 3.65672f, 4.20993f, 5.20993f})}, masked),
      multi_head("past",
                 {q, two_keys, two_values, kNone, kNone, kNone,
                  tensor<float>({1, 1, 1, 2}, {2, -1}), tensor<float>({1, 1, 1, 2}, {-1, 1})},
                 {tensor<float>({1, 2, 2}, {-0.339523f, 1.33024f, 1.28261f, 2.328f}),
                  tensor<float>({1, 1, 3, 2}, {2, -1, 1, 1, -1, 0}),
                  tensor<float>({1, 1, 3, 2}, {-1, 1, 1, 2, 3, 4})},
                 causal),
      multi_head("no_rows", {tensor<float>({1, 0, 2}, {}), k, v}, {tensor<float>({1, 0, 2}, {})},
                 heads(1)),
  };
}

// Rows of heads of 8, whose first two numbers are given.
Tensor padded(const Shape& shape, std::initializer_list<float> pairs) {
  Tensor result = Tensor::allocate(DType::kFloat32, shape);
  std::fill_n(result.mutable_data<float>(), result.count(), 0.0f);
  int64_t i = 0;
  for (float number : pairs) {
    result.mutable_data<float>()[i / 2 * 8 + i % 2] = number;
    ++i;
  }
  return result;
}

OpCase group_query(const char* name, std::vector<Tensor> inputs, std::vector<Tensor> expected,
                   Attributes more = {}) {
  more["num_heads"] = int64_t{2};
  more["kv_num_heads"] = int64_t{1};
  OpCase c{
      name,   "GroupQueryAttention", std::move(inputs), std::move(expected), std::move(more), 1,
      kWithin};
  c.constants = {6};
  c.domain = "com.microsoft";
  return c;
}

std::vector<OpCase> group_query_cases() {
  const Tensor last = tensor<int32_t>({1}, {1});
  const Tensor total = Tensor::scalar<int32_t>(2);
  const Tensor queries = padded({1, 2, 16}, {4, 0, 0, 4, -4, 4, 2, 2});
  const Tensor keys = padded({1, 2, 8}, {1, 1, -1, 0});
  const Tensor values = padded({1, 2, 8}, {1, 2, 3, 4});
  return {
      group_query("prompt", {queries, keys, values, kNone, kNone, last, total},
                  {padded({1, 2, 16}, {1, 2, 1, 2, 2.60886f, 3.60886f, 1.21408f, 2.21408f}),
                   padded({1, 1, 2, 8}, {1, 1, -1, 0}), padded({1, 1, 2, 8}, {1, 2, 3, 4})}),
      group_query("step_in_a_buffer_with_softcap",
                  {padded({1, 1, 16}, {4, 0, 0, 4}), padded({1, 1, 8}, {1, 1}),
                   padded({1, 1, 8}, {1, 2}), padded({1, 1, 3, 8}, {2, -1, 9, 9, 9, 9}),
                   padded({1, 1, 3, 8}, {-1, 1, 9, 9, 9, 9}), last, total},
                  {padded({1, 1, 16}, {-0.00173455f, 1.49913f, 0.459375f, 1.72969f}),
                   padded({1, 1, 3, 8}, {2, -1, 1, 1}), padded({1, 1, 3, 8}, {-1, 1, 1, 2})},
                  {{"softcap", 0.5f}}),
      group_query("window_and_sinks",
                  {queries, keys, values, kNone, kNone, last, total, kNone, kNone, kNone, kNone,
                   tensor<float>({2}, {0.5f, -0.5f})},
                  {padded({1, 2, 16}, {0.713862f, 1.42772f, 0.871492f, 1.74298f, 2.14158f, 2.85545f,
                                       1.34522f, 1.79363f})},
                  {{"local_window_size", int64_t{1}}}),
  };
}

std::vector<OpCase> rotary_cases() {
  const Tensor x = tensor<float>({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor cosines = tensor<float>({3, 2}, {1, 1, 0, 0.6f, 0.8f, 0});
  const Tensor sines = tensor<float>({3, 2}, {0, 0, 1, 0.8f, 0.6f, 1});
  std::vector<OpCase> cases = {
      {"halves",
       "RotaryEmbedding",
       {x, tensor<int64_t>({1, 2}, {2, 1}), cosines, sines},
       {tensor<float>({1, 2, 4}, {-1, -4, 3, 2, -7, -2.8f, 5, 9.6f})},
       {},
       1,
       kWithin},
      {"interleaved",
       "RotaryEmbedding",
       {x, tensor<int64_t>({1}, {1}), cosines, sines},
       {tensor<float>({1, 2, 4}, {-2, 1, -1.4f, 4.8f, 0.4f, 7.8f, -8, 7})},
       {{"interleaved", int64_t{1}}},
       1,
       kWithin},
  };
  for (OpCase& c : cases) c.domain = "com.microsoft";
  return cases;
}

CONVOY_OP_CASES(MultiHeadAttention, multi_head_cases());
CONVOY_OP_CASES(GroupQueryAttention, group_query_cases());
CONVOY_OP_CASES(RotaryEmbedding, rotary_cases());

// More queries, keys and threads than one task takes, in every way that k may lie in memory.
TEST(MicrosoftAttention, LongSequencesAreSplit) {
  const Tensor x = pattern({2, 70, 24});
  OpCase apart = multi_head("apart", {x, x, x}, {Tensor::scalar(0.0f)}, heads(3));
  Tensor expected = evaluate_case(apart, apart.inputs)[0];
  // A bias of zeros has q, k and v copied, a mask of the full length changes nothing.
  Tensor zeros = Tensor::allocate(DType::kFloat32, {72});
  std::fill_n(zeros.mutable_data<float>(), 72, 0.0f);
  OpCase copied = multi_head("copied", {x, x, x, zeros, tensor<int32_t>({2}, {70, 70})},
                             {Tensor::scalar(0.0f)}, heads(3));
  expect_equal(evaluate_case(copied, copied.inputs)[0], expected, 0, "with a bias of zeros");
  // The first rows alone, which are too few to transpose k for.
  Tensor few = Tensor::allocate(DType::kFloat32, {2, 3, 24});
  for (int64_t b : {0, 1}) {
    std::copy_n(x.data<float>() + b * 70 * 24, 3 * 24, few.mutable_data<float>() + b * 3 * 24);
  }
  OpCase short_case = multi_head("few", {few, x, x}, {Tensor::scalar(0.0f)}, heads(3));
  Tensor rows = evaluate_case(short_case, short_case.inputs)[0];
  for (int64_t b : {0, 1}) {
    for (int64_t i = 0; i < 3 * 24; ++i) {
      EXPECT_NEAR(rows.data<float>()[b * 3 * 24 + i], expected.data<float>()[b * 70 * 24 + i],
                  1e-5);
    }
  }
}

std::string refusal(const OpCase& c) {
  try {
    evaluate_case(c, c.inputs);
  } catch (const Error& error) {
    return error.message();
  }
  return "none";
}

TEST(MicrosoftAttention, RefusesWhatDoesNotFit) {
  const Tensor out = Tensor::scalar(0.0f);
  auto expect = [&](const OpCase& c, std::string_view reason) {
    EXPECT_NE(refusal(c).find(reason), std::string::npos) << refusal(c);
  };
  expect(multi_head("heads", {q, k, v}, {out}, heads(3)), "not divisible by 3 heads");
  expect(multi_head("mask", {q, k, v, kNone, tensor<int32_t>({1, 9}, {1, 1, 1, 1, 1, 1, 1, 1, 1})},
                    {out}, heads(1)),
         "a mask of shape [1,9]");
  expect(multi_head("bias", {q, k, v, tensor<float>({2}, {1, 2})}, {out}, heads(1)), "the bias");
  Attributes unknown = heads(1);
  unknown["spelling"] = int64_t{1};
  expect(multi_head("attribute", {q, k, v}, {out}, unknown), "spelling");
  const Tensor step = padded({1, 1, 16}, {4, 0, 0, 4});
  const Tensor row = padded({1, 1, 8}, {1, 1});
  const Tensor cache = padded({1, 1, 3, 8}, {2, -1});
  for (int32_t last : {-1, 3, 1 << 30}) {
    expect(group_query("length",
                       {step, row, row, cache, cache, tensor<int32_t>({1}, {last}),
                        Tensor::scalar<int32_t>(2)},
                       {out}),
           "do not fit");
  }
}

}  // namespace
}  // namespace convoy
