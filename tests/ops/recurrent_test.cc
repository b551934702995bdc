#include "tests/ops/op_case.h"

namespace convoy {
namespace {

const Tensor wanted = Tensor::scalar(0.0f);  // marks an output as wanted

struct Sizes {
  int64_t steps, batch, inputs, hidden;
};

struct Variant {
  const char* op;
  const char* direction;
  bool batch_first = false;
  bool lengths = false;
  bool linear = false;
  bool peephole = false;
};

// All operands, with every optional one that the variant has.
OpCase case_of(const Variant& v, const Sizes& s) {
  const std::string_view op = v.op;
  const int64_t gates = op == "LSTM" ? 4 : op == "GRU" ? 3 : 1;
  const int64_t d = std::string_view(v.direction) == "bidirectional" ? 2 : 1;
  const int64_t h = s.hidden;
  const Shape state = v.batch_first ? Shape{s.batch, d, h} : Shape{d, s.batch, h};
  Tensor lengths;
  if (v.lengths) {
    lengths = Tensor::allocate(DType::kInt32, {s.batch});
    for (int64_t b = 0; b < s.batch; ++b) {
      lengths.mutable_data<int32_t>()[b] = static_cast<int32_t>((b * 7 + 1) % (s.steps + 1));
    }
  }
  OpCase c;
  c.name = fmt::format("{} {} {} {} {} {}: {}x{}x{} to {}", v.op, v.direction, v.batch_first,
                       v.lengths, v.linear, v.peephole, s.steps, s.batch, s.inputs, h);
  c.op = v.op;
  c.inputs = {pattern(v.batch_first ? Shape{s.batch, s.steps, s.inputs}
                                    : Shape{s.steps, s.batch, s.inputs}),
              pattern({d, gates * h, s.inputs}, -0.3f, 0.3f, 2),
              pattern({d, gates * h, h}, -0.3f, 0.3f, 3),
              pattern({d, 2 * gates * h}, -1, 1, 4),
              lengths,
              pattern(state, -1, 1, 5)};
  c.expected = {wanted, wanted};
  c.attributes = {{"direction", std::string(v.direction)},
                  {"hidden_size", h},
                  {"layout", int64_t{v.batch_first}}};
  if (gates == 3) c.attributes["linear_before_reset"] = int64_t{v.linear};
  if (gates == 4) {
    c.inputs.push_back(pattern(state, -1, 1, 6));
    if (v.peephole) c.inputs.push_back(pattern({d, 3 * h}, -1, 1, 7));
    c.expected.push_back(wanted);
  }
  c.version = 14;
  c.within = 1e-5;
  return c;
}

TEST(Recurrent, KernelsAgree) {
  const std::vector<Variant> variants = {
      {"LSTM", "forward"},
      {"LSTM", "bidirectional"},
      {"LSTM", "reverse", true, true},
      {"LSTM", "bidirectional", false, true, false, true},
      {"GRU", "forward"},
      {"GRU", "bidirectional", false, false, true},
      {"GRU", "reverse", true, true, true},
      {"GRU", "bidirectional", true, true},
      {"RNN", "forward"},
      {"RNN", "bidirectional", true, true},
  };
  for (const Variant& variant : variants) {
    for (const Sizes& sizes : {Sizes{1, 1, 3, 5}, Sizes{4, 3, 7, 16}, Sizes{3, 5, 40, 33},
                               Sizes{300, 2, 4, 10}, Sizes{2, 1, 64, 260}}) {
      OpCase c = case_of(variant, sizes);
      compare_kernels(c);
      c.constants = {1, 2, 3};
      compare_kernels(c);
    }
  }
}

TEST(Recurrent, ReluAgrees) {
  OpCase c = case_of({"RNN", "forward"}, {4, 2, 3, 20});
  c.attributes["activations"] = std::vector<std::string>{"Relu"};
  compare_kernels(c);
}

TEST(Recurrent, ReadsAnyOrderOfTheInput) {
  OpCase c = case_of({"LSTM", "forward"}, {4, 3, 5, 8});
  c.expected = evaluate_case(c, c.inputs);
  run_case(c);
}

// A rounding that falls the other way moves a state by 1/255.
TEST(Recurrent, KernelsAgreeOnAQuantizedState) {
  for (const char* direction : {"forward", "reverse", "bidirectional"}) {
    for (const Sizes& sizes : {Sizes{1, 1, 3, 5}, Sizes{4, 3, 7, 16}, Sizes{9, 5, 20, 33}}) {
      OpCase plain = case_of({"LSTM", direction, false, true, false, true}, sizes);
      plain.attributes.erase("layout");
      OpCase c = plain;
      c.op = "QuantizedStateLSTM";
      c.is_private = true;
      std::vector<Tensor> vectorized = evaluate_case(c, c.inputs, "vectorized");
      std::vector<Tensor> reference = evaluate_case(c, c.inputs, "reference");
      std::vector<Tensor> unrounded = evaluate_case(plain, c.inputs);
      for (size_t j = 0; j < vectorized.size(); ++j) {
        expect_equal(vectorized[j], reference[j], 0.004, c.name);
        expect_equal(vectorized[j], unrounded[j], 0.05, c.name);
      }
      EXPECT_FALSE(identical(vectorized[1], unrounded[1])) << c.name;
    }
  }
}

TEST(Recurrent, RefusesALengthOutside) {
  OpCase c = case_of({"GRU", "forward", false, true}, {4, 1, 3, 8});
  c.inputs[4] = tensor<int32_t>({1}, {5});
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}

// One unit, one step, worked out by hand.
std::vector<OpCase> cases() {
  const Tensor one = tensor<float>({1, 1, 1}, {1});
  const Tensor zero4 = tensor<float>({1, 4, 1}, {0, 0, 0, 0});
  const float tanh1 = 0.76159416f;
  return {
      {"rnn",
       "RNN",
       {one, one, one},
       {tensor<float>({1, 1, 1, 1}, {tanh1})},
       {{"hidden_size", int64_t{1}}},
       7,
       1e-6},
      {"rnn_affine",
       "RNN",
       {one, one, one},
       {tensor<float>({1, 1, 1, 1}, {5})},
       {{"hidden_size", int64_t{1}},
        {"activations", std::vector<std::string>{"Affine"}},
        {"activation_alpha", std::vector<float>{2}},
        {"activation_beta", std::vector<float>{3}}},
       7,
       1e-6},
      {"rnn_clips",
       "RNN",
       {one, one, one},
       {tensor<float>({1, 1, 1, 1}, {0.46211716f})},
       {{"hidden_size", int64_t{1}}, {"clip", 0.5f}},
       7,
       1e-6},
      // Gates o and c see x, i and f are 1/2: cell = tanh(1) / 2.
      {"lstm",
       "LSTM",
       {one, tensor<float>({1, 4, 1}, {0, 0, 0, 1}), zero4},
       {Tensor(), Tensor(), tensor<float>({1, 1, 1}, {tanh1 / 2})},
       {{"hidden_size", int64_t{1}}},
       7,
       1e-6},
      {"lstm_input_forget",
       "LSTM",
       {one, tensor<float>({1, 4, 1}, {100, 0, 0, 1}), zero4, Tensor(), Tensor(), Tensor(), one},
       {Tensor(), Tensor(), tensor<float>({1, 1, 1}, {tanh1})},
       {{"hidden_size", int64_t{1}}, {"input_forget", int64_t{1}}},
       7,
       1e-6},
  };
}

CONVOY_OP_CASES(RecurrentCells, cases());

}  // namespace
}  // namespace convoy
