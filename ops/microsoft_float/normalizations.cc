// SkipLayerNormalization, SkipSimplifiedLayerNormalization, EmbedLayerNormalization, GroupNorm,
// SkipGroupNorm; GatedRelativePositionBias.
#include "ops/microsoft_float/composition.h"

#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

bool has_output(const Node& node, size_t j) {
  return j < node.outputs.size() && node.outputs[j] != ValueId::kNone;
}

std::string skip_layer_normalization(const Node& node, const InputTypes&) {
  const bool centered = node.op_type == "SkipLayerNormalization";
  const int bias = centered ? 4 : 3;
  std::string nodes =
      node.has_input(bias) ? "t = Add(input, skip) sum = Add(t, bias) " : "sum = Add(input, skip) ";
  if (centered) {
    nodes +=
        has_output(node, 1) || has_output(node, 2) ? "output, mean, inv_std_var = " : "output = ";
    nodes += "LayerNormalization <axis = -1, epsilon: float = @epsilon> (sum, gamma, beta) ";
  } else {
    nodes += "output = RMSNormalization <axis = -1, epsilon: float = @epsilon> (sum, gamma) ";
  }
  if (!centered && has_output(node, 1)) {
    nodes +=
        "axes = Constant <value_ints = [-1]> () wide = Cast <to = 1> (sum) "
        "mean = ReduceMean(wide, axes) ";
  }
  if (!centered && has_output(node, 2)) {
    nodes += R"(axes_2 = Constant <value_ints = [-1]> () wide_2 = Cast <to = 1> (sum)
                squares = Mul(wide_2, wide_2) variance = ReduceMean(squares, axes_2)
                epsilon_t = Constant <value_float: float = @epsilon> ()
                shifted = Add(variance, epsilon_t) root = Sqrt(shifted)
                inv_std_var = Reciprocal(root) )";
  }
  return microsoft_function(
      fmt::format("{} <epsilon: float = 1e-12> (input, skip, gamma{}, bias) => "
                  "(output, mean, inv_std_var, sum)",
                  node.op_type, centered ? ", beta" : ""),
      nodes);
}

std::string embed_layer_normalization(const Node& node, const InputTypes&) {
  std::string nodes = "words = Gather <axis = 0> (word_embedding, input_ids) ";
  if (node.has_input(8)) {
    nodes += "places = Gather <axis = 0> (position_embedding, position_ids) ";
  } else {
    nodes += R"(zero = Constant <value_ints = [0]> ()
                length = Shape <start = 1, end = 2> (input_ids)
                places = Slice(position_embedding, zero, length, zero) )";
  }
  nodes += "placed = Add(words, places) ";
  if (node.has_input(1) && node.has_input(4)) {
    nodes +=
        "segments = Gather <axis = 0> (segment_embedding, segment_ids) "
        "sum = Add(placed, segments) ";
  } else {
    nodes += "sum = Identity(placed) ";
  }
  nodes +=
      "output = LayerNormalization <axis = -1, epsilon: float = @epsilon> "
      "(sum, gamma, beta) ";
  // How many elements of a row of the mask are 1; zeros without one.
  if (has_output(node, 1) && node.has_input(7)) {
    nodes += R"(one = Constant <value_int = 1> () one_t = CastLike(one, mask)
                equal = Equal(mask, one_t) ones = Cast <to = 6> (equal)
                last = Constant <value_ints = [1]> ()
                mask_index = ReduceSum <keepdims = 0> (ones, last) )";
  } else if (has_output(node, 1)) {
    nodes +=
        "batch = Shape <end = 1> (input_ids) "
        "mask_index = ConstantOfShape <value = int32[1] {0}> (batch) ";
  }
  return microsoft_function(
      "EmbedLayerNormalization <epsilon: float = 1e-12, mask_index_type: int = 1> (input_ids, "
      "segment_ids, word_embedding, position_embedding, segment_embedding, gamma, beta, mask, "
      "position_ids) => (output, mask_index, sum)",
      nodes);
}

// `skip` as it is added to X: [N, C] gets the axes of the image.
std::string widened_skip(const InputTypes& types, int rank, bool last) {
  if (rank_of(types, 3) != 2) return "wide = Identity(skip) ";
  std::string axes;
  for (int i = 2; i < rank; ++i) axes += fmt::format("{}{}", i > 2 ? ", " : "", last ? i - 1 : i);
  return fmt::format("places = Constant <value_ints = [{}]> () wide = Unsqueeze(skip, places) ",
                     axes);
}

std::string group_normalization(const Node& node, const InputTypes& types) {
  const bool skips = node.op_type == "SkipGroupNorm";
  const bool last = integer_of(node, "channels_last", 1) != 0;
  const int rank = rank_of(types, 0) > 0 ? rank_of(types, 0) : 4;
  check_model(rank >= 2, "a tensor of rank {} has no channels", rank);
  const int64_t activation = integer_of(node, "activation", 0);
  check_model(activation == 0 || activation == 1, "the activation {} is not known", activation);
  std::string nodes = "sum = Identity(X) ";
  if (skips) {
    nodes = widened_skip(types, rank, last);
    if (node.has_input(4) && !last && rank > 2) {
      std::string axes;
      for (int i = 1; i + 1 < rank; ++i) axes += fmt::format("{}{}", i > 1 ? ", " : "", i);
      nodes += fmt::format(
          "tail = Constant <value_ints = [{}]> () "
          "bias_t = Unsqueeze(bias, tail) ",
          axes);
    } else if (node.has_input(4)) {
      nodes += "bias_t = Identity(bias) ";
    }
    nodes += node.has_input(4) ? "skipped = Add(X, wide) sum = Add(skipped, bias_t) "
                               : "sum = Add(X, wide) ";
  }
  nodes += last ? fmt::format("x = {} ", channels_first(rank, "sum")) : "x = Identity(sum) ";
  nodes += R"(scale = CastLike(gamma, X) offset = CastLike(beta, X)
              n = GroupNormalization <num_groups: int = @groups, epsilon: float = @epsilon>
              (x, scale, offset) )";
  nodes += activation_nodes(activation == 1 ? "SiLU" : "", {}, "n", "a");
  nodes += last ? fmt::format("Y = {} ", channels_last(rank, "a")) : "Y = Identity(a) ";
  return microsoft_function(
      fmt::format("{} <activation, channels_last: int = 1, epsilon: float = 1e-5, groups> "
                  "(X, gamma, beta{}) => (Y{})",
                  node.op_type, skips ? ", skip, bias" : "", skips ? ", sum" : ""),
      nodes);
}

// Not a normalization, but of the same models: WavLM's bias of the scores, gated by the queries.
std::string gated_relative_position_bias(const Node& node, const InputTypes&) {
  check_supported(!node.has_input(6), "token_offset");
  const int64_t heads = integer_of(node, "num_heads", 0);
  check_model(heads > 0, "num_heads is {}", heads);
  return microsoft_function(
      "GatedRelativePositionBias <num_heads> (query, query_bias, places, weight, bias, eco_a, "
      "token_offset) => (output)",
      fmt::format(R"(biased = Add(query, query_bias)
        apart = Constant <value_ints = [0, 0, {}, -1]> () heads = Reshape(biased, apart)
        rows = Transpose <perm = [0, 2, 1, 3]> (heads)
        product = MatMul(rows, weight) sum = Add(product, bias)
        halves = Constant <value_ints = [0, 0, 0, 2, -1]> () pairs = Reshape(sum, halves)
        last = Constant <value_ints = [-1]> () gates = ReduceSum <keepdims = 0> (pairs, last)
        open = Sigmoid(gates) u, r = Split <axis = -1, num_outputs = 2> (open)
        one = Constant <value_float = 1.0> () one_t = CastLike(one, query)
        two = Constant <value_float = 2.0> () two_t = CastLike(two, query)
        scaled = Mul(r, eco_a) less = Sub(scaled, one_t) product_2 = Mul(u, less)
        gate = Add(product_2, two_t) output = Mul(gate, places))",
                  heads));
}

}  // namespace

void register_microsoft_normalizations(Registry& registry) {
  for (const char* name : {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"}) {
    registry.add(name, kMicrosoftDomain).body = skip_layer_normalization;
  }
  registry.add("EmbedLayerNormalization", kMicrosoftDomain).body = embed_layer_normalization;
  registry.add("GatedRelativePositionBias", kMicrosoftDomain).body = gated_relative_position_bias;
  for (const char* name : {"GroupNorm", "SkipGroupNorm"}) {
    registry.add(name, kMicrosoftDomain).body = group_normalization;
  }
}

}  // namespace convoy
