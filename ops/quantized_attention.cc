// com.microsoft's QAttention and QEmbedLayerNormalization, as compositions: products of 8-bit
// integers and tables of them, all that follows in floats.
#include <fmt/format.h>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

constexpr size_t kMask = 5;
constexpr int kPast = 8;

// q, k and v as [batch, heads, sequence, size of a head]; k and v behind those of the past.
std::string heads_text(const Node& node) {
  std::string text = R"(
  qkv = com.microsoft.MatMulIntegerToFloat(input, weight, input_scale, weight_scale,
                                           input_zero_point, weight_zero_point, bias)
  q_rows, k_rows, v_rows = Split<axis: int = -1, num_outputs: int = 3>(qkv)
  num_heads = Constant<value_int: int = @num_heads>()
  zero = Constant<value_int: int = 0>()
  one = Constant<value_int: int = 1>()
  zero_list = Constant<value_ints: ints = [0]>()
  one_list = Constant<value_ints: ints = [1]>()
  rest = Constant<value_ints: ints = [-1]>()
  heads = Reshape(num_heads, one_list)
  apart = Concat<axis: int = 0>(zero_list, zero_list, heads, rest)
  q_apart = Reshape(q_rows, apart)
  k_apart = Reshape(k_rows, apart)
  v_apart = Reshape(v_rows, apart)
  q = Transpose<perm: ints = [0, 2, 1, 3]>(q_apart)
  k_new = Transpose<perm: ints = [0, 2, 1, 3]>(k_apart)
  v_new = Transpose<perm: ints = [0, 2, 1, 3]>(v_apart)
)";
  if (node.has_input(kPast)) {
    text += R"(
  k_past = Gather<axis: int = 0>(past, zero)
  v_past = Gather<axis: int = 0>(past, one)
  k = Concat<axis: int = 2>(k_past, k_new)
  v = Concat<axis: int = 2>(v_past, v_new)
)";
  } else {
    text += "k = Identity(k_new)\nv = Identity(v_new)\n";
  }
  return text;
}

// scores [batch, heads, sequence, total], and the lengths that masks need.
std::string scores_text(const Node& node) {
  std::string text = R"(
  k_turned = Transpose<perm: ints = [0, 1, 3, 2]>(k)
  products = MatMul(q, k_turned)
  product_shape = Shape(products)
  last = Constant<value_int: int = 3>()
  before_last = Constant<value_int: int = 2>()
  total = Gather(product_shape, last)
  length = Gather(product_shape, before_last)
  batch_size = Shape<start: int = 0, end: int = 1>(products)
  positions = Range(zero, total, one)
)";
  AttributeReader attributes(node);
  if (attributes.number("scale", 0.0f) != 0) {
    text += "factor = Constant<value_float: float = @scale>()\n";
  } else {
    text += R"(
  q_shape = Shape(q)
  size = Gather(q_shape, last)
  size_as_float = Cast<to: int = 1>(size)
  root = Sqrt(size_as_float)
  factor = Reciprocal(root)
)";
  }
  return text + R"(
  typed_factor = CastLike(factor, products)
  scores = Mul(products, typed_factor)
  none = Constant<value_float: float = 0.0>()
  typed_none = CastLike(none, products)
)";
}

// `allowed`: which positions each of them may look at.
std::string mask_text(size_t rank) {
  if (rank == 1) {
    // [batch] ends, or [2 · batch] ends and then starts.
    return R"(
  rows_and_batch = Concat<axis: int = 0>(rest, batch_size)
  limits = Reshape(mask_index, rows_and_batch)
  ends = Gather<axis: int = 0>(limits, zero)
  many = Constant<value_ints: ints = [9223372036854775807]>()
  given_starts = Slice(limits, one_list, many, zero_list)
  from_zero = Mul(ends, mask_zero)
  first_start = Unsqueeze(from_zero, zero_list)
  all_starts = Concat<axis: int = 0>(first_start, given_starts)
  starts = ReduceMax<keepdims: int = 0>(all_starts, zero_list)
  end_column = Unsqueeze(ends, one_list)
  start_column = Unsqueeze(starts, one_list)
  int_positions = Cast<to: int = 6>(positions)
  before_end = Less(int_positions, end_column)
  after_start = GreaterOrEqual(int_positions, start_column)
  inside = And(before_end, after_start)
  middle = Constant<value_ints: ints = [1, 2]>()
  allowed = Unsqueeze(inside, middle)
)";
  }
  return fmt::format(R"(
  given = Greater(mask_index, mask_zero)
  middle = Constant<value_ints: ints = [{}]>()
  allowed = Unsqueeze(given, middle)
)",
                     rank == 2 ? "1, 2" : "1");
}

// `masked` from `scores`.
std::string masked_text(const Node& node, const std::vector<ValueType>& types) {
  std::string text;
  std::string_view result = "scores";
  AttributeReader attributes(node);
  if (node.has_input(static_cast<int>(kMask))) {
    bool known = kMask < types.size() && types[kMask].shape.has_value();
    check_supported(known, "a mask_index whose rank is not known");
    size_t rank = types[kMask].shape->size();
    check_supported(rank >= 1 && rank <= 3, "a mask_index of rank {}", rank);
    text += "  mask_zero = CastLike(zero, mask_index)\n" + mask_text(rank) + R"(
  filter = Constant<value_float: float = @mask_filter_value>()
  typed_filter = CastLike(filter, products)
  added = Where(allowed, typed_none, typed_filter)
  scores_with_mask = Add(scores, added)
)";
    result = "scores_with_mask";
  }
  if (attributes.integer("unidirectional", 0) != 0) {
    text += fmt::format(R"(
  past_length = Sub(total, length)
  own = Range(past_length, total, one)
  own_column = Unsqueeze(own, one_list)
  is_past = LessOrEqual(positions, own_column)
  lowest = Constant<value_float: float = -65504.0>()
  typed_lowest = CastLike(lowest, products)
  future = Where(is_past, typed_none, typed_lowest)
  causal_scores = Add({}, future)
)",
                        result);
    result = "causal_scores";
  }
  return text + fmt::format("masked = Identity({})\n", result);
}

std::string attention_body(const Node& node, const std::vector<ValueType>& types) {
  AttributeReader attributes(node);
  check_supported(attributes.integer("do_rotary", 0) == 0, "do_rotary");
  check_supported(attributes.integer("past_present_share_buffer", 0) == 0,
                  "past_present_share_buffer");
  check_model(attributes.required_integer("num_heads") >= 1, "num_heads is below 1");
  std::string text = R"(
<opset_import: ["" : 21, "com.microsoft" : 1], domain: "com.microsoft">
QAttention<num_heads, scale, unidirectional, do_rotary, past_present_share_buffer,
           mask_filter_value: float = -10000.0>
  (input, weight, bias, input_scale, weight_scale, mask_index, input_zero_point,
   weight_zero_point, past) => (output, present)
{)";
  text += heads_text(node) + scores_text(node) + masked_text(node, types) + R"(
  weights = Softmax<axis: int = -1>(masked)
  mixed = MatMul(weights, v)
  joined = Transpose<perm: ints = [0, 2, 1, 3]>(mixed)
  flat = Concat<axis: int = 0>(zero_list, zero_list, rest)
  output = Reshape(joined, flat)
)";
  if (node.outputs.size() > 1 && node.outputs[1] != ValueId::kNone) {
    text += R"(
  k_alone = Unsqueeze(k, zero_list)
  v_alone = Unsqueeze(v, zero_list)
  present = Concat<axis: int = 0>(k_alone, v_alone)
)";
  }
  return text + "}";
}

std::string embedding_body(const Node& node, const std::vector<ValueType>&) {
  std::string text = R"(
<opset_import: ["" : 21], domain: "com.microsoft">
QEmbedLayerNormalization<epsilon: float = 1e-12>
  (input_ids, segment_ids, word, position, segment, gamma_8, beta_8, mask, word_scale,
   position_scale, segment_scale, gamma_scale, beta_scale, word_zero, position_zero, segment_zero,
   gamma_zero, beta_zero) => (layernorm_out, mask_index_out)
{
  words_8 = Gather(word, input_ids)
  words = DequantizeLinear(words_8, word_scale, word_zero)
  zero_list = Constant<value_ints: ints = [0]>()
  one_list = Constant<value_ints: ints = [1]>()
  length = Shape<start: int = 1, end: int = 2>(input_ids)
  positions_8 = Slice(position, zero_list, length, zero_list)
  positions = DequantizeLinear(positions_8, position_scale, position_zero)
  sum = Add(words, positions)
  gamma = DequantizeLinear(gamma_8, gamma_scale, gamma_zero)
  beta = DequantizeLinear(beta_8, beta_scale, beta_zero)
)";
  std::string_view all = "sum";
  if (node.has_input(1)) {
    check_model(node.has_input(4) && node.has_input(10) && node.has_input(15),
                "segment_ids without an embedding, its scale and zero point");
    text += R"(
  segments_8 = Gather(segment, segment_ids)
  segments = DequantizeLinear(segments_8, segment_scale, segment_zero)
  all = Add(sum, segments)
)";
    all = "all";
  }
  text += fmt::format(
      "layernorm_out = LayerNormalization<epsilon: float = @epsilon>({}, gamma, "
      "beta)\n",
      all);
  if (node.outputs.size() > 1 && node.outputs[1] != ValueId::kNone) {
    // Without a mask nothing is counted.
    std::string_view counted = node.has_input(7) ? "mask" : "no_mask";
    if (!node.has_input(7)) text += "no_mask = Sub(input_ids, input_ids)\n";
    text += fmt::format(R"(
  one = CastLike(one_list, input_ids)
  is_word = Equal({}, one)
  words_counted = Cast<to: int = 6>(is_word)
  mask_index_out = ReduceSum<keepdims: int = 0>(words_counted, one_list)
)",
                        counted);
  }
  return text + "}";
}

}  // namespace

void register_quantized_attention(Registry& registry) {
  registry.add("QAttention", "com.microsoft").body = attention_body;
  registry.add("QEmbedLayerNormalization", "com.microsoft").body = embedding_body;
}

}  // namespace convoy
