// LSTM, GRU and RNN, opset 1 to 28, all directions, activations and layouts. The reference computes
// everything in double; the vectorized kernel takes float32 and the default activations.
// com.microsoft's DynamicQuantizeLSTM is a composition around the private QuantizedStateLSTM.

#include "ops/recurrent/recurrent.h"

#include <algorithm>
#include <cmath>

#include "ops/batching/rules.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using elementwise::Formula;

// What alpha and beta are to the formula.
enum class Use { kParameters, kScaleAndShift, kScaleAndInner };

struct NamedActivation {
  const char* name;
  Formula formula;
  int parameters = 0;  // alpha, or alpha and beta
  float defaults[2] = {};
  Use use = Use::kParameters;
};

constexpr NamedActivation kActivations[] = {
    {"sigmoid", Formula::kSigmoid},
    {"tanh", Formula::kTanh},
    {"relu", Formula::kRelu},
    {"affine", Formula::kCopy, 2, {1, 0}, Use::kScaleAndShift},
    {"leakyrelu", Formula::kLeakyRelu, 1, {0.01f}},
    {"thresholdedrelu", Formula::kThresholdedRelu, 1, {1}},
    {"scaledtanh", Formula::kTanh, 2, {1, 1}, Use::kScaleAndInner},
    {"hardsigmoid", Formula::kHardSigmoid, 2, {0.2f, 0.5f}},
    {"elu", Formula::kElu, 1, {1}},
    {"softsign", Formula::kSoftsign},
    {"softplus", Formula::kSoftplus},
};

GateActivation with_parameters(const NamedActivation& named, float alpha, float beta) {
  switch (named.use) {
    case Use::kScaleAndShift: return {named.formula, {}, 1, alpha, beta};
    case Use::kScaleAndInner: return {named.formula, {}, beta, alpha, 0};
    case Use::kParameters: break;
  }
  return {named.formula, {alpha, beta}, 1, 1, 0};
}

// activation_alpha and activation_beta are used up in the order of the activations that have one.
std::vector<GateActivation> read_activations(AttributeReader& attributes, int64_t directions,
                                             std::vector<std::string> defaults) {
  const size_t wanted = defaults.size() * static_cast<size_t>(directions);
  std::vector<std::string> names = attributes.texts("activations");
  if (names.empty()) {
    for (size_t i = 0; i < wanted; ++i) names.push_back(defaults[i % defaults.size()]);
  }
  check_model(names.size() == wanted, "{} activations are named, expected {}", names.size(),
              wanted);
  const std::vector<float> alphas = attributes.numbers("activation_alpha");
  const std::vector<float> betas = attributes.numbers("activation_beta");
  size_t alpha_at = 0;
  size_t beta_at = 0;
  std::vector<GateActivation> activations;
  for (std::string name : names) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    auto has_name = [&](const NamedActivation& known) { return name == known.name; };
    const auto* found = std::find_if(std::begin(kActivations), std::end(kActivations), has_name);
    check_model(found != std::end(kActivations), "activation '{}' is not known", name);
    float alpha = found->defaults[0];
    float beta = found->defaults[1];
    if (found->parameters > 0 && alpha_at < alphas.size()) alpha = alphas[alpha_at++];
    if (found->parameters > 1 && beta_at < betas.size()) beta = betas[beta_at++];
    activations.push_back(with_parameters(*found, alpha, beta));
  }
  return activations;
}

constexpr const char* kQuantizedStateLstm = "QuantizedStateLSTM";

// W and R come as [directions, inputs, 4 · hidden]; their scales and zero points are [directions]
// or [directions, 4 · hidden].
constexpr const char* kDynamicQuantizeLstm = R"(
<opset_import: ["" : 21, "ai.convoy" : 1], domain: "com.microsoft">
DynamicQuantizeLSTM<activation_alpha, activation_beta, activations, clip, direction, hidden_size,
                    input_forget>
  (X, W, R, B, sequence_lens, initial_h, initial_c, P,
   W_scale, W_zero_point, R_scale, R_zero_point) => (Y, Y_h, Y_c)
{
  q, x_scale, x_zero_point = DynamicQuantizeLinear(X)
  x = DequantizeLinear(q, x_scale, x_zero_point)
  shape = Constant<value_ints: ints = [0, 1, -1]>()
  w_scales = Reshape(W_scale, shape)
  w_zeros = Reshape(W_zero_point, shape)
  w_as_float = Cast<to: int = 1>(W)
  w_zeros_as_float = Cast<to: int = 1>(w_zeros)
  w_steps = Sub(w_as_float, w_zeros_as_float)
  w_values = Mul(w_steps, w_scales)
  w = Transpose<perm: ints = [0, 2, 1]>(w_values)
  r_scales = Reshape(R_scale, shape)
  r_zeros = Reshape(R_zero_point, shape)
  r_as_float = Cast<to: int = 1>(R)
  r_zeros_as_float = Cast<to: int = 1>(r_zeros)
  r_steps = Sub(r_as_float, r_zeros_as_float)
  r_values = Mul(r_steps, r_scales)
  r = Transpose<perm: ints = [0, 2, 1]>(r_values)
  Y, Y_h, Y_c = ai.convoy.QuantizedStateLSTM<
    activation_alpha: floats = @activation_alpha, activation_beta: floats = @activation_beta,
    activations: strings = @activations, clip: float = @clip, direction: string = @direction,
    hidden_size: int = @hidden_size, input_forget: int = @input_forget>
    (x, w, r, B, sequence_lens, initial_h, initial_c, P)
}
)";

void infer_quantized_state_lstm(InferRequest& request) {
  check_model(request.has_input(kX) && request.has_input(kW) && request.has_input(kR),
              "X, W and R are needed");
  const Shape& x = request.inputs[kX].shape;
  const Shape& r = request.inputs[kR].shape;
  check_input(x.rank() == 3 && r.rank() == 3, "X has rank {} and R rank {}, expected 3", x.rank(),
              r.rank());
  DType dtype = request.inputs[kX].dtype;
  Shape state{r[0], x[1], r[2]};
  request.set_output(kY, dtype, {x[0], r[0], x[1], r[2]});
  request.set_output(kYh, dtype, state);
  request.set_output(kYc, dtype, state);
}

void check_operand(const KernelRequest& request, int i, const char* name, const Shape& expected) {
  if (!request.has_input(i)) return;
  check_input(request.input(i).shape == expected, "{} has shape {}, expected {}", name,
              to_string(request.input(i).shape), to_string(expected));
}

void check_operands(const KernelRequest& request, const Recurrent& node) {
  const int64_t d = node.directions;
  const int64_t h = node.hidden;
  check_operand(request, kW, "W", {d, node.gates * h, node.inputs});
  check_operand(request, kR, "R", {d, node.gates * h, h});
  check_operand(request, kB, "B", {d, 2 * node.gates * h});
  check_operand(request, kSequenceLens, "sequence_lens", {node.batch});
  const Shape state = node.batch_first ? Shape{node.batch, d, h} : Shape{d, node.batch, h};
  request.check_output(kY, node.batch_first ? Shape{node.batch, node.steps, d, h}
                                            : Shape{node.steps, d, node.batch, h});
  request.check_output(kYh, state);
  request.check_output(kYc, state);
  check_operand(request, kInitialH, "initial_h", state);
  if (node.cell != Cell::kLstm) return;
  check_operand(request, kInitialC, "initial_c", state);
  check_operand(request, kP, "P", {d, 3 * h});
}

}  // namespace

double GateActivation::operator()(double x) const {
  const double operand = inner * x;
  double result = 0;
  elementwise::double_loops()[formula]({{&operand}, {}, &result, 1, parameters});
  return scale * result + shift;
}

Recurrent read_recurrent(const KernelRequest& request) {
  Recurrent node;
  const std::string& type = request.node().op_type;
  node.quantizes_state = type == kQuantizedStateLstm;
  bool is_lstm = type == "LSTM" || node.quantizes_state;
  node.cell = is_lstm ? Cell::kLstm : type == "GRU" ? Cell::kGru : Cell::kRnn;
  node.gates = node.cell == Cell::kLstm ? 4 : node.cell == Cell::kGru ? 3 : 1;
  AttributeReader attributes = request.attributes();
  const std::string direction = attributes.text("direction", "forward");
  check_model(direction == "forward" || direction == "reverse" || direction == "bidirectional",
              "direction '{}' is not known", direction);
  node.directions = direction == "bidirectional" ? 2 : 1;
  node.first_is_reverse = direction == "reverse";
  node.batch_first = attributes.integer("layout", 0) != 0;
  node.clip = attributes.number("clip", 0);
  if (node.cell == Cell::kLstm) {
    node.input_forget = attributes.integer("input_forget", 0) != 0;
    node.activations = read_activations(attributes, node.directions, {"Sigmoid", "Tanh", "Tanh"});
  } else if (node.cell == Cell::kGru) {
    node.linear_before_reset = attributes.integer("linear_before_reset", 0) != 0;
    node.activations = read_activations(attributes, node.directions, {"Sigmoid", "Tanh"});
  } else {
    node.activations = read_activations(attributes, node.directions, {"Tanh"});
  }
  const Shape& x = request.input(kX).shape;
  const Shape& r = request.input(kR).shape;
  check_input(x.rank() == 3 && r.rank() == 3, "X has rank {} and R rank {}, expected 3", x.rank(),
              r.rank());
  node.steps = x[node.batch_first ? 1 : 0];
  node.batch = x[node.batch_first ? 0 : 1];
  node.inputs = x[2];
  node.hidden = r[2];
  const int64_t declared = attributes.integer("hidden_size", node.hidden);
  check_model(declared == node.hidden, "hidden_size is {} but R has {}", declared, node.hidden);
  attributes.ignore("output_sequence");  // opset 1 to 6: outputs that are named are computed
  attributes.finish();
  check_operands(request, node);
  return node;
}

void read_sequence_lengths(const Recurrent& node, const KernelContext& context,
                           std::span<int64_t> lengths) {
  std::ranges::fill(lengths, node.steps);
  if (!context.has_input(kSequenceLens)) return;
  const auto* given = context.input(kSequenceLens).as<int32_t>();
  for (size_t b = 0; b < lengths.size(); ++b) {
    check_input(given[b] >= 0 && given[b] <= node.steps,
                "sequence_lens[{}] is {}, outside of 0 to {}", b, given[b], node.steps);
    lengths[b] = given[b];
  }
}

void register_recurrent(Registry& registry) {
  for (const char* name : {"LSTM", "GRU", "RNN"}) {
    OpDef& definition = registry.add(name)
                            .kernel("vectorized", make_recurrent_vectorized)
                            .kernel("reference", make_recurrent_reference)
                            .kernel("sequences", make_cuda_recurrent, DeviceKind::kCuda);
    definition.batching = {.forms = batch_recurrent, .any_output = true};
    definition.multiply_adds = multiply_adds_of_recurrent;
  }
  registry.add(kQuantizedStateLstm, kPrivateDomain)
      .summing()
      .kernel("vectorized", make_recurrent_vectorized)
      .kernel("reference", make_recurrent_reference)
      .infer = infer_quantized_state_lstm;
  registry.add("DynamicQuantizeLSTM", "com.microsoft").composition(kDynamicQuantizeLstm);
}

}  // namespace convoy
