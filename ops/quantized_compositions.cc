// com.microsoft's quantized operators that are compositions of ONNX's: a float operator between
// DequantizeLinear and QuantizeLinear, an integer product with its scale, an operator on channels
// that come last.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

using Types = std::vector<ValueType>;

// "name <attributes> (inputs) => (outputs) { lines }" with what stands before it.
std::string function_text(int opset, std::string_view signature, std::string_view lines) {
  return fmt::format(
      "<opset_import: [\"\" : {}, \"com.microsoft\" : 1], domain: \"com.microsoft\">\n{}\n{{\n{}}}",
      opset, signature, lines);
}

// Y of the type of X: QuantizeLinear alone would take uint8 where there is no zero point.
std::string quantize_result(const Node& node, int zero_point) {
  if (node.has_input(zero_point)) return "Y = QuantizeLinear(y, y_scale, y_zero_point)\n";
  return "none = Constant<value_int: int = 0>()\n"
         "zero = CastLike(none, X)\n"
         "Y = QuantizeLinear(y, y_scale, zero)\n";
}

// The rank of input `i` by its type or by an attribute with an entry for each spatial axis.
int rank_of(const Node& node, const Types& types, size_t i) {
  if (i < types.size() && types[i].shape) {
    auto rank = static_cast<int>(types[i].shape->size());
    check_model(rank >= 3 && rank <= kMaxRank, "channels come last in a tensor of rank {}", rank);
    return rank;
  }
  AttributeReader attributes(node);
  for (const char* name : {"kernel_shape", "strides", "dilations"}) {
    if (attributes.has(name)) return static_cast<int>(attributes.integers(name).size()) + 2;
  }
  fail(ErrorCode::kUnsupported, "channels_last where the rank of the input is not known");
}

// [0, rank - 1, 1, 2, …] and back.
std::string channels_first(int rank) {
  std::vector<int> perm = {0, rank - 1};
  for (int axis = 1; axis + 1 < rank; ++axis) perm.push_back(axis);
  return fmt::format("Transpose<perm: ints = [{}]>", fmt::join(perm, ", "));
}
std::string channels_last(int rank) {
  std::vector<int> perm = {0};
  for (int axis = 2; axis < rank; ++axis) perm.push_back(axis);
  perm.push_back(1);
  return fmt::format("Transpose<perm: ints = [{}]>", fmt::join(perm, ", "));
}

bool has_channels_last(const Node& node) {
  AttributeReader attributes(node);
  return attributes.integer("channels_last", 0) != 0;
}

std::string softmax_body(const Node& node, const Types&) {
  AttributeReader attributes(node);
  int64_t opset = attributes.required_integer("opset");
  std::string lines =
      "x = DequantizeLinear(X, x_scale, x_zero_point)\n"
      "y = Softmax<axis: int = @axis>(x)\n";
  std::string_view signature =
      "QLinearSoftmax<axis: int = -1, opset: int = 13>"
      "(X, x_scale, x_zero_point, y_scale, y_zero_point) => (Y)";
  if (opset >= 13) return function_text(21, signature, lines + quantize_result(node, 4));
  check_model(node.has_input(4), "the zero point of Y is missing");
  return function_text(12, signature, lines + quantize_result(node, 4));
}

std::string average_pool_body(const Node& node, const Types& types) {
  std::string lines = "x = DequantizeLinear(X, x_scale, x_zero_point)\n";
  constexpr std::string_view kPool =
      "AveragePool<auto_pad: string = @auto_pad, ceil_mode: int = @ceil_mode, count_include_pad: "
      "int = @count_include_pad, kernel_shape: ints = @kernel_shape, pads: ints = @pads, strides: "
      "ints = @strides>";
  if (has_channels_last(node)) {
    int rank = rank_of(node, types, 0);
    lines += fmt::format("first = {}(x)\npooled = {}(first)\ny = {}(pooled)\n",
                         channels_first(rank), kPool, channels_last(rank));
  } else {
    lines += fmt::format("y = {}(x)\n", kPool);
  }
  return function_text(
      22,
      "QLinearAveragePool<auto_pad, ceil_mode, channels_last, count_include_pad, kernel_shape, "
      "pads, strides>(X, x_scale, x_zero_point, y_scale, y_zero_point) => (Y)",
      lines + quantize_result(node, 4));
}

std::string global_average_pool_body(const Node& node, const Types&) {
  std::string lines = "x = DequantizeLinear(X, x_scale, x_zero_point)\n";
  if (has_channels_last(node)) {
    lines +=
        "shape = Shape(x)\n"
        "rank = Size(shape)\n"
        "one = Constant<value_int: int = 1>()\n"
        "last = Sub(rank, one)\n"
        "axes = Range(one, last, one)\n"
        "y = ReduceMean<keepdims: int = 1>(x, axes)\n";
  } else {
    lines += "y = GlobalAveragePool(x)\n";
  }
  return function_text(22,
                       "QLinearGlobalAveragePool<channels_last>"
                       "(X, x_scale, x_zero_point, y_scale, y_zero_point) => (Y)",
                       lines + quantize_result(node, 4));
}

std::string reduce_mean_body(const Node& node, const Types&) {
  std::string lines =
      "x = DequantizeLinear(X, x_scale, x_zero_point)\n"
      "y = ReduceMean<axes: ints = @axes, keepdims: int = @keepdims>(x)\n";
  return function_text(17,
                       "QLinearReduceMean<axes, keepdims: int = 1>"
                       "(X, x_scale, x_zero_point, y_scale, y_zero_point) => (Y)",
                       lines + quantize_result(node, 4));
}

std::string conv_body(const Node& node, const Types& types) {
  constexpr std::string_view kConv =
      "QLinearConv<auto_pad: string = @auto_pad, dilations: ints = @dilations, group: int = "
      "@group, kernel_shape: ints = @kernel_shape, pads: ints = @pads, strides: ints = @strides>";
  constexpr std::string_view kRest =
      "x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B";
  std::string lines = fmt::format("y = {}(x, {})\n", kConv, kRest);
  if (has_channels_last(node)) {
    int rank = rank_of(node, types, 3);
    lines = fmt::format("first = {}(x)\nproduct = {}(first, {})\ny = {}(product)\n",
                        channels_first(rank), kConv, kRest, channels_last(rank));
  }
  return function_text(21,
                       fmt::format("QLinearConv<auto_pad, channels_last, dilations, group, "
                                   "kernel_shape, pads, strides>(x, {}) => (y)",
                                   kRest),
                       lines);
}

std::string max_pool_body(const Node& node, const Types& types) {
  int rank = rank_of(node, types, 0);
  std::string lines = fmt::format(
      "first = {}(x)\n"
      "pooled = MaxPool<auto_pad: string = @auto_pad, ceil_mode: int = @ceil_mode, dilations: ints "
      "= @dilations, kernel_shape: ints = @kernel_shape, pads: ints = @pads, strides: ints = "
      "@strides>(first)\n"
      "y = {}(pooled)\n",
      channels_first(rank), channels_last(rank));
  return function_text(
      22, "NhwcMaxPool<auto_pad, ceil_mode, dilations, kernel_shape, pads, strides>(x) => (y)",
      lines);
}

// total = the float32 product of scale and the int32 `sum`, with bias.
std::string scale_and_shift(const Node& node, int bias, std::string_view result,
                            std::string_view like) {
  std::string lines =
      "left = Cast<to: int = 1>(a_scale)\n"
      "one_left = Reshape(left, single)\n"
      "right = Cast<to: int = 1>(b_scale)\n"
      "factor = Mul(one_left, right)\n"
      "sum_as_float = Cast<to: int = 1>(sum)\n"
      "product = Mul(sum_as_float, factor)\n";
  std::string_view total = "product";
  if (node.has_input(bias)) {
    lines +=
        "wide_bias = Cast<to: int = 1>(bias)\n"
        "shifted = Add(product, wide_bias)\n";
    total = "shifted";
  }
  return lines + fmt::format("{} = CastLike({}, {})\n", result, total, like);
}

constexpr std::string_view kSingle = "single = Constant<value_ints: ints = [1]>()\n";

std::string integer_to_float_body(const Node& node, const Types&) {
  std::string lines(kSingle);
  lines += "sum = MatMulInteger(A, B, a_zero_point, b_zero_point)\n";
  lines += scale_and_shift(node, 6, "Y", "a_scale");
  return function_text(21,
                       "MatMulIntegerToFloat"
                       "(A, B, a_scale, b_scale, a_zero_point, b_zero_point, bias) => (Y)",
                       lines);
}

std::string dynamic_matmul_body(const Node& node, const Types&) {
  std::string lines(kSingle);
  lines +=
      "q, a_scale, a_zero_point = DynamicQuantizeLinear(A)\n"
      "sum = MatMulInteger(q, B, a_zero_point, b_zero_point)\n";
  lines += scale_and_shift(node, 4, "Y", "A");
  return function_text(21, "DynamicQuantizeMatMul(A, B, b_scale, b_zero_point, bias) => (Y)",
                       lines);
}

// (op(A) · op(B) + C) · alpha · a_scale · b_scale, quantized where there is a y_scale.
std::string gemm_body(const Node& node, const Types&) {
  AttributeReader attributes(node);
  bool transpose_a = attributes.integer("transA", 0) != 0;
  bool transpose_b = attributes.integer("transB", 0) != 0;
  std::string lines(kSingle);
  if (transpose_a) lines += "left_matrix = Transpose<perm: ints = [1, 0]>(A)\n";
  if (transpose_b) lines += "right_matrix = Transpose<perm: ints = [1, 0]>(B)\n";
  bool has_c = node.has_input(6);
  lines += fmt::format("{} = MatMulInteger({}, {}, a_zero_point, b_zero_point)\n",
                       has_c ? "products" : "sum", transpose_a ? "left_matrix" : "A",
                       transpose_b ? "right_matrix" : "B");
  if (has_c) lines += "sum = Add(products, C)\n";
  lines +=
      "sum_as_float = Cast<to: int = 1>(sum)\n"
      "alpha = Constant<value_float: float = @alpha>()\n"
      "one_left = Reshape(a_scale, single)\n"
      "left = Mul(one_left, alpha)\n"
      "factor = Mul(left, b_scale)\n";
  if (node.has_input(7)) {
    lines += "y = Mul(sum_as_float, factor)\n";
    check_model(node.has_input(8), "y_scale is given without y_zero_point");
    lines += "Y = QuantizeLinear(y, y_scale, y_zero_point)\n";
  } else {
    lines += "Y = Mul(sum_as_float, factor)\n";
  }
  return function_text(21,
                       "QGemm<alpha: float = 1.0, transA, transB>(A, a_scale, a_zero_point, B, "
                       "b_scale, b_zero_point, C, y_scale, y_zero_point) => (Y)",
                       lines);
}

}  // namespace

void register_quantized_compositions(Registry& registry) {
  auto add = [&](const char* name, auto body) { registry.add(name, "com.microsoft").body = body; };
  add("QLinearSoftmax", softmax_body);
  add("QLinearAveragePool", average_pool_body);
  add("QLinearGlobalAveragePool", global_average_pool_body);
  add("QLinearReduceMean", reduce_mean_body);
  add("QLinearConv", conv_body);
  add("NhwcMaxPool", max_pool_body);
  add("MatMulIntegerToFloat", integer_to_float_body);
  add("DynamicQuantizeMatMul", dynamic_matmul_body);
  add("QGemm", gemm_body);
  registry.add("QuantizeLinear", "com.microsoft")
      .composition(function_text(21, "QuantizeLinear<axis: int = 1>(x, y_scale, zero) => (y)",
                                 "y = QuantizeLinear<axis: int = @axis>(x, y_scale, zero)\n"));
  registry.add("DequantizeLinear", "com.microsoft")
      .composition(function_text(21, "DequantizeLinear<axis: int = 1>(x, x_scale, zero) => (y)",
                                 "y = DequantizeLinear<axis: int = @axis>(x, x_scale, zero)\n"));
}

}  // namespace convoy
