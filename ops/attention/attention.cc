// Attention operators of com.microsoft, opset 1: MultiHeadAttention, its form for decoders
// DecoderMaskedMultiHeadAttention, Attention (a product, then the private PackedAttention),
// GroupQueryAttention (group_query.cc). float32; 16-bit floats in float32.
#include "ops/attention/attention.h"

#include <numeric>

#include "ops/attention/heads.h"
#include "ops/attention/multi_head.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Numbers of the inputs of MultiHeadAttention and its form for decoders.
struct Roles {
  int bias, mask, score_bias, past_k, past_v, past_length, beam_width, cache_indirection;
};
constexpr Roles kMultiHead = {3, 4, 5, 6, 7, 8, -1, 9};
constexpr Roles kDecoder = {10, 3, 4, 5, 6, 7, 8, 9};

int if_present(const AttentionTypes& types, int i) { return types.has(i) ? i : -1; }

// What the attributes say that are common to all.
struct CommonAttributes {
  int64_t heads;
  bool causal;
  float hidden;  // added to the scores of masked keys

  explicit CommonAttributes(AttributeReader& attributes)
      : heads(attributes.required_integer("num_heads")),
        causal(attributes.integer("unidirectional", 0) != 0),
        hidden(attributes.number("mask_filter_value", -10000.0f)) {
    check_model(heads > 0, "num_heads is {}", heads);
  }
};

int64_t size_of_heads(int64_t width, int64_t heads) {
  check_input(width > 0 && width % heads == 0, "{} columns are not divisible by {} heads", width,
              heads);
  return width / heads;
}

// Part `part` of `parts` in [batch, rows, heads, parts, size].
HeadsInput interleaved(int input, int64_t part, int64_t parts, const Shape& shape) {
  const int64_t size = shape[4];
  const int64_t row = shape[2] * parts * size;
  return {input, part * size, {nullptr, shape[1] * row, parts * size, row}, true};
}

// The query alone holds all three: [batch, rows, heads, 3, size] or side by side.
void read_packed_query(MultiHead& node, const AttentionTypes& types) {
  const Shape& query = types.shape(0);
  AttentionSizes& sizes = node.sizes;
  if (query.rank() == 5) {
    check_input(query[2] == sizes.heads && query[3] == 3,
                "the packed query of shape {} does not fit {} heads", to_string(query),
                sizes.heads);
    sizes.head_size = sizes.value_size = query[4];
    node.q = interleaved(0, 0, 3, query);
    node.k = interleaved(0, 1, 3, query);
    node.v = interleaved(0, 2, 3, query);
  } else {
    check_input(query.rank() == 3 && query[2] % 3 == 0,
                "the packed query of shape {} does not hold q, k and v", to_string(query));
    const int64_t size = size_of_heads(query[2] / 3, sizes.heads);
    sizes.head_size = sizes.value_size = size;
    const Heads heads = {nullptr, query[1] * query[2], size, query[2]};
    for (HeadsInput* part : {&node.q, &node.k, &node.v}) *part = {0, 0, heads, true};
    node.k.offset = query[2] / 3;
    node.v.offset = 2 * (query[2] / 3);
  }
  node.new_keys = query[1];
}

// [batch, rows, heads · size] or [batch, heads, rows, size], which comes from a cache.
HeadsInput read_plain(const AttentionTypes& types, int input, int64_t heads, int64_t& rows,
                      int64_t& size) {
  const Shape& shape = types.shape(input);
  check_input(shape.rank() == 3 || (shape.rank() == 4 && shape[1] == heads),
              "input {} of shape {} does not hold {} heads", input, to_string(shape), heads);
  if (shape.rank() == 3) {
    rows = shape[1];
    size = size_of_heads(shape[2], heads);
    return {input, 0, side_by_side(nullptr, rows, heads, size), true};
  }
  rows = shape[2];
  size = shape[3];
  return {input, 0, one_by_one(nullptr, rows, heads, size), false};
}

void read_keys(MultiHead& node, const AttentionTypes& types) {
  AttentionSizes& sizes = node.sizes;
  const Shape& key = types.shape(1);
  int64_t rows = 0;
  int64_t size = 0;
  if (key.rank() == 5) {
    check_input(!types.has(2) && key[2] == sizes.heads && key[3] == 2,
                "the packed key of shape {} does not hold k and v of {} heads", to_string(key),
                sizes.heads);
    node.k = interleaved(1, 0, 2, key);
    node.v = interleaved(1, 1, 2, key);
    node.new_keys = key[1];
    size = sizes.value_size = key[4];
  } else {
    check_input(types.has(2), "there is a key and no value");
    node.k = read_plain(types, 1, sizes.heads, node.new_keys, size);
    node.v = read_plain(types, 2, sizes.heads, rows, sizes.value_size);
    check_input(rows == node.new_keys && types.shape(2)[0] == sizes.batch, "{} keys and {} values",
                node.new_keys, rows);
  }
  check_input(size == sizes.head_size && key[0] == sizes.batch,
              "keys of shape {} do not fit {} heads of {}", to_string(key), sizes.heads,
              sizes.head_size);
}

void read_past(MultiHead& node, const AttentionTypes& types, const Roles& roles) {
  check_input(types.has(roles.past_k) == types.has(roles.past_v),
              "a past of keys and one of values belong together");
  if (!types.has(roles.past_k)) return;
  const AttentionSizes& sizes = node.sizes;
  const Shape& k = types.shape(roles.past_k);
  const Shape& v = types.shape(roles.past_v);
  check_input(k.rank() == 4 && k == Shape({sizes.batch, sizes.heads, k[2], sizes.head_size}) &&
                  v == Shape({sizes.batch, sizes.heads, k[2], sizes.value_size}),
              "pasts of shapes {} and {} do not fit {} heads of {} and {}", to_string(k),
              to_string(v), sizes.heads, sizes.head_size, sizes.value_size);
  node.past_rows = k[2];
  node.past_k = {roles.past_k, 0, one_by_one(nullptr, k[2], sizes.heads, k[3]), false};
  node.past_v = {roles.past_v, 0, one_by_one(nullptr, k[2], sizes.heads, v[3]), false};
}

void set_presents(MultiHead& node, const AttentionTypes& types) {
  const AttentionSizes& sizes = node.sizes;
  node.presents = {{sizes.batch, sizes.heads, sizes.keys, sizes.head_size},
                   {sizes.batch, sizes.heads, sizes.keys, sizes.value_size}};
  if (types.wants(1)) node.present_k = 1;
  if (types.wants(2)) node.present_v = 2;
}

MultiHead read_multi_head(const AttentionTypes& types) {
  const bool decoder = types.node.op_type == "DecoderMaskedMultiHeadAttention";
  const Roles& roles = decoder ? kDecoder : kMultiHead;
  AttributeReader attributes(types.node);
  const CommonAttributes common(attributes);
  MultiHead node;
  AttentionSizes& sizes = node.sizes;
  const Shape& query = types.shape(0);
  check_input(query.rank() >= 3, "the query of shape {} has no rows", to_string(query));
  sizes.heads = common.heads;
  sizes.causal = common.causal;
  sizes.batch = query[0];
  sizes.queries = query[1];
  if (types.has(1)) {
    int64_t rows = 0;
    check_input(query.rank() == 3, "the query of shape {} is packed, and there is a key",
                to_string(query));
    node.q = read_plain(types, 0, sizes.heads, rows, sizes.head_size);
    read_keys(node, types);
  } else {
    read_packed_query(node, types);
  }
  read_past(node, types, roles);
  node.shared =
      node.past_k.present() && (decoder ? attributes.integer("past_present_share_buffer", 0) != 0
                                        : types.has(roles.past_length));
  if (decoder) attributes.ignore("output_qk");
  sizes.scale = scale_of_scores(attributes, sizes.head_size);
  attributes.finish();
  check_supported(!types.has(roles.cache_indirection), "cache_indirection of beam search");
  check_supported(!types.wants(3), "the output of the scores");
  if (node.shared) {
    check_input(types.has(roles.past_length), "past_sequence_length is missing");
    node.past_length = roles.past_length;
  }
  node.bias = if_present(types, roles.bias);
  node.mask = if_present(types, roles.mask);
  node.score_bias = if_present(types, roles.score_bias);
  complete_multi_head(node, types, common.hidden);
  set_presents(node, types);
  return node;
}

// PackedAttention (private): qkv [batch, rows, q, k and v side by side], then the inputs 3 to 6 of
// Attention.
MultiHead read_packed_attention(const AttentionTypes& types) {
  AttributeReader attributes(types.node);
  const CommonAttributes common(attributes);
  const Shape& qkv = types.shape(0);
  check_input(qkv.rank() == 3, "the input of shape {} is no sequence of rows", to_string(qkv));
  std::vector<int64_t> widths = attributes.integers("qkv_hidden_sizes");
  if (widths.empty()) widths.assign(3, qkv[2] / 3);
  int64_t total = 0;
  for (int64_t width : widths) {
    check_model(width > 0 && width <= qkv[2], "a width of {} of {} columns", width, qkv[2]);
    total += width;
  }
  check_model(widths.size() == 3 && total == qkv[2] && widths[0] == widths[1],
              "qkv_hidden_sizes do not fit {} columns", qkv[2]);
  MultiHead node;
  AttentionSizes& sizes = node.sizes;
  sizes.heads = common.heads;
  sizes.causal = common.causal;
  sizes.batch = qkv[0];
  sizes.queries = node.new_keys = qkv[1];
  sizes.head_size = size_of_heads(widths[0], sizes.heads);
  sizes.value_size = size_of_heads(widths[2], sizes.heads);
  sizes.scale = scale_of_scores(attributes, sizes.head_size);
  const Heads heads = {nullptr, qkv[1] * qkv[2], sizes.head_size, qkv[2]};
  node.q = {0, 0, heads, true};
  node.k = {0, widths[0], heads, true};
  node.v = {0, widths[0] + widths[1], heads, true};
  node.v.heads.head = sizes.value_size;
  node.shared = attributes.integer("past_present_share_buffer", 0) != 0 && types.has(2);
  attributes.finish();
  if (types.has(2)) {
    const Shape& past = types.shape(2);
    const int64_t size = sizes.head_size;
    check_input(size == sizes.value_size && past.rank() == 5 &&
                    past == Shape({2, sizes.batch, sizes.heads, past[3], size}),
                "a past of shape {} does not fit {} heads of {} and {}", to_string(past),
                sizes.heads, size, sizes.value_size);
    node.past_rows = past[3];
    node.past_k = {2, 0, one_by_one(nullptr, past[3], sizes.heads, size), false};
    node.past_v = node.past_k;
    node.past_v.offset = sizes.batch * node.past_k.heads.batch;
  }
  if (node.shared) {
    check_input(types.has(4), "past_sequence_length is missing");
    node.past_length = 4;
  }
  node.mask = if_present(types, 1);
  node.score_bias = if_present(types, 3);
  complete_multi_head(node, types, common.hidden);
  if (types.wants(1)) {
    check_input(sizes.head_size == sizes.value_size,
                "a present of keys of {} and values of {} columns", sizes.head_size,
                sizes.value_size);
    node.presents = {{2, sizes.batch, sizes.heads, sizes.keys, sizes.head_size}};
    node.present_k = node.present_v = 1;
    node.present_v_offset = element_count(node.presents[0]) / 2;
  }
  return node;
}

std::string attention_body(const Node& node, const std::vector<ValueType>&) {
  check_supported(integer_of(node, "do_rotary", 0) == 0, "do_rotary of Attention");
  const bool has_present = node.outputs.size() > 1 && node.outputs[1] != ValueId::kNone;
  return fmt::format(R"(<opset_import: ["" : 24, "ai.convoy" : 1], domain: "com.microsoft">
    Attention <num_heads, unidirectional: int = 0, qkv_hidden_sizes, scale, mask_filter_value,
               past_present_share_buffer: int = 0, do_rotary: int = 0, rotary_embedding_dim>
    (input, weights, bias, mask_index, past, attention_bias, past_length) => (output, present) {{
      product = MatMul(input, weights)
      qkv = {}
      output{} = ai.convoy.PackedAttention <
        num_heads: int = @num_heads, unidirectional: int = @unidirectional,
        qkv_hidden_sizes: ints = @qkv_hidden_sizes, scale: float = @scale,
        mask_filter_value: float = @mask_filter_value,
        past_present_share_buffer: int = @past_present_share_buffer>
        (qkv, mask_index, past, attention_bias, past_length)
    }})",
                     node.has_input(2) ? "Add(product, bias)" : "Identity(product)",
                     has_present ? ", present" : "");
}

}  // namespace

void register_attention(Registry& registry) {
  for (const char* name : {"MultiHeadAttention", "DecoderMaskedMultiHeadAttention"}) {
    add_multi_head(registry.add(name, "com.microsoft").summing(), read_multi_head);
  }
  add_multi_head(registry.add("PackedAttention", kPrivateDomain).summing(), read_packed_attention);
  registry.add("Attention", "com.microsoft").body = attention_body;
  register_group_query_attention(registry.add("GroupQueryAttention", "com.microsoft").summing());
}

}  // namespace convoy
