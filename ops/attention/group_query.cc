// GroupQueryAttention: heads of queries share heads of keys; a cache of keys whose filled part
// differs among the batch; rotary embedding, a window, a cap of the scores, sinks.
#include <algorithm>
#include <cmath>

#include "ops/attention/attention.h"
#include "ops/attention/heads.h"
#include "ops/attention/multi_head.h"
#include "ops/attention/rotary.h"

namespace convoy {
namespace {

enum Input : int {
  kQuery,
  kKey,
  kValue,
  kPastKey,
  kPastValue,
  kLengths,
  kTotal,
  kCosines,
  kSines,
  kPositions,
  kScoreBias,
  kSinks,
  kKeyScale,
  kValueScale,
  kQueryNorm,
  kKeyNorm,
  kQueryLengths
};

struct GroupQuery {
  AttentionSizes sizes;  // keys: rows of the present
  bool packed = false;   // the query holds keys and values too
  int64_t past_rows = 0;
  bool rotates = false;
  bool interleaved = false;
  int64_t pairs = 0;      // that are turned
  int64_t positions = 0;  // rows of the tables of cosines and sines
  bool zero_sinks = false;
  bool normalizes = false;
  float q_epsilon = 0, k_epsilon = 0;
  Heads score_bias;
};

void read_attributes(GroupQuery& node, const AttentionTypes& types, AttributeReader& attributes) {
  AttentionSizes& sizes = node.sizes;
  sizes.heads = attributes.required_integer("num_heads");
  sizes.kv_heads = attributes.required_integer("kv_num_heads");
  check_model(sizes.kv_heads > 0 && sizes.heads > 0 && sizes.heads % sizes.kv_heads == 0,
              "{} heads cannot share {} heads of keys", sizes.heads, sizes.kv_heads);
  sizes.softcap = attributes.number("softcap", 0);
  sizes.causal = attributes.integer("causal", 1) != 0;
  sizes.window = std::max<int64_t>(0, attributes.integer("local_window_size", -1));
  check_model(sizes.causal || sizes.window == 0, "a local window needs causal attention");
  sizes.score_output = types.wants(3) ? static_cast<int>(attributes.integer("qk_output", 0)) : 0;
  check_model(sizes.score_output >= 0 && sizes.score_output <= 2, "qk_output is {}",
              sizes.score_output);
  check_model(!types.wants(3) || sizes.score_output > 0, "an output of scores needs qk_output");
  attributes.ignore("qk_output");
  node.rotates = attributes.integer("do_rotary", 0) != 0;
  node.interleaved = attributes.integer("rotary_interleaved", 0) != 0;
  node.zero_sinks = attributes.integer("smooth_softmax", -1) == 1;
  const float epsilon = attributes.number("qk_norm_epsilon", 1e-6f);
  node.q_epsilon = attributes.number("q_norm_epsilon", epsilon);
  node.k_epsilon = attributes.number("k_norm_epsilon", epsilon);
  check_supported(attributes.integer("sliding_window_cache", 0) == 0, "sliding_window_cache");
  for (const char* name : {"k_quant_type", "v_quant_type"}) {
    check_supported(attributes.text(name, "NONE") == "NONE", "a quantized cache");
  }
  attributes.ignore("kv_cache_bit_width");
}

void read_heads(GroupQuery& node, const AttentionTypes& types) {
  AttentionSizes& sizes = node.sizes;
  const Shape& query = types.shape(kQuery);
  check_input(query.rank() == 3, "the query of shape {} is no sequence of rows", to_string(query));
  sizes.batch = query[0];
  sizes.queries = query[1];
  node.packed = !types.has(kKey);
  check_input(query[2] >= sizes.heads, "{} columns for {} heads", query[2], sizes.heads);
  const int64_t heads = node.packed ? sizes.heads + 2 * sizes.kv_heads : sizes.heads;
  check_input(query[2] % heads == 0, "{} columns are not divisible by {} heads", query[2], heads);
  sizes.head_size = sizes.value_size = query[2] / heads;
  if (node.packed) return;
  const Shape rows = {sizes.batch, sizes.queries, sizes.kv_heads * sizes.head_size};
  check_input(types.has(kValue) && types.shape(kKey) == rows && types.shape(kValue) == rows,
              "keys and values must have the shape {}", to_string(rows));
}

void read_cache(GroupQuery& node, const AttentionTypes& types) {
  const AttentionSizes& sizes = node.sizes;
  check_input(types.has(kPastKey) == types.has(kPastValue),
              "a past of keys and one of values belong together");
  if (!types.has(kPastKey)) return;
  const Shape& past = types.shape(kPastKey);
  check_input(past.rank() == 4 && types.shape(kPastValue) == past &&
                  past == Shape({sizes.batch, sizes.kv_heads, past[2], sizes.head_size}),
              "a past of shape {} does not fit {} heads of {}", to_string(past), sizes.kv_heads,
              sizes.head_size);
  node.past_rows = past[2];
}

void read_tables(GroupQuery& node, const AttentionTypes& types) {
  if (!node.rotates) return;
  check_input(types.has(kCosines) && types.has(kSines) &&
                  types.shape(kCosines) == types.shape(kSines) && types.shape(kCosines).rank() == 2,
              "do_rotary needs tables of cosines and sines");
  node.positions = types.shape(kCosines)[0];
  node.pairs = types.shape(kCosines)[1];
  check_input(2 * node.pairs <= node.sizes.head_size, "{} pairs in heads of {}", node.pairs,
              node.sizes.head_size);
}

// All but what depends on how many keys there are.
GroupQuery read(const AttentionTypes& types) {
  AttributeReader attributes(types.node);
  GroupQuery node;
  read_attributes(node, types, attributes);
  read_heads(node, types);
  node.sizes.scale = scale_of_scores(attributes, node.sizes.head_size);
  attributes.finish();
  read_cache(node, types);
  read_tables(node, types);
  for (int i : {kKeyScale, kValueScale}) check_supported(!types.has(i), "a quantized cache");
  check_supported(!types.has(kQueryLengths), "query_seqlens");
  check_input(types.has(kLengths) && types.inputs[kLengths].dtype == DType::kInt32 &&
                  element_count(types.shape(kLengths)) == node.sizes.batch,
              "seqlens_k must be {} numbers of int32", node.sizes.batch);
  check_input(types.has(kTotal) && types.inputs[kTotal].dtype == DType::kInt32 &&
                  element_count(types.shape(kTotal)) == 1,
              "total_sequence_length must be one number of int32");
  node.normalizes = types.has(kQueryNorm) || types.has(kKeyNorm);
  if (node.normalizes) {
    const Shape weight = {node.sizes.head_size};
    check_input(types.has(kQueryNorm) && types.has(kKeyNorm) && types.shape(kQueryNorm) == weight &&
                    types.shape(kKeyNorm) == weight,
                "q_norm_weight and k_norm_weight must have the shape {}", to_string(weight));
  }
  if (types.has(kSinks)) {
    check_input(types.shape(kSinks) == Shape{node.sizes.heads}, "{} sinks for {} heads",
                to_string(types.shape(kSinks)), node.sizes.heads);
  }
  if (types.has(kPositions)) {
    check_input(types.inputs[kPositions].dtype == DType::kInt64 &&
                    types.shape(kPositions) == Shape({node.sizes.batch, node.sizes.queries}),
                "position_ids of shape {} do not fit", to_string(types.shape(kPositions)));
  }
  return node;
}

Shape present_shape(const AttentionSizes& sizes) {
  return {sizes.batch, sizes.kv_heads, sizes.keys, sizes.head_size};
}

class GroupQueryKernel : public Kernel {
 public:
  GroupQueryKernel(KernelRequest& request, const GroupQuery& node)
      : node_(node), attend_(node.sizes, request.isa, request.threads) {
    const AttentionSizes& sizes = node.sizes;
    ScratchLayout layout;
    if (node.rotates || node.normalizes) q_at_ = layout.take(query_block().count());
    HeadBlock present{sizes.batch, sizes.kv_heads, sizes.keys, sizes.head_size};
    for (int j : {0, 1}) {
      if (!request.has_output(1 + j)) present_at_[j] = layout.take(present.count());
    }
    if (node.zero_sinks) sinks_at_ = layout.take(sizes.heads);
    lengths_at_ = layout.take(checked_multiply(sizes.batch, 4));
    attend_at_ = layout.take(attend_.scratch_floats());
    request.use_scratch(layout.bytes());
  }

  void run(KernelContext& context) const override {
    const AttentionSizes& sizes = node_.sizes;
    auto* scratch = reinterpret_cast<float*>(context.scratch());
    auto* lengths = reinterpret_cast<int64_t*>(scratch + lengths_at_);
    const bool first = read_lengths(context, lengths, lengths + sizes.batch);

    AttentionOperands operands;
    operands.past = lengths;
    operands.length = lengths + sizes.batch;
    Heads fresh[3];
    find_fresh(context, fresh);
    operands.q = fresh[0];
    if (q_at_ >= 0) {
      operands.q = side_by_side(scratch + q_at_, sizes.queries, sizes.heads, sizes.head_size);
      copy_heads(query_block(), fresh[0], operands.q, nullptr, context.threads());
      for (int64_t b = 0; b < sizes.batch; ++b) {
        turn(context, operands.q, b, sizes.heads, 0, kQueryNorm, node_.q_epsilon,
             first ? -1 : lengths[b]);
      }
    }
    operands.k = gather(context, 0, fresh[1], lengths);
    operands.v = gather(context, 1, fresh[2], lengths);
    if (q_at_ >= 0) {
      for (int64_t b = 0; b < sizes.batch; ++b) {
        turn(context, operands.k, b, sizes.kv_heads, lengths[b], kKeyNorm, node_.k_epsilon,
             first ? -1 : lengths[b]);
      }
    }
    if (context.has_input(kScoreBias)) {
      operands.bias = node_.score_bias;
      operands.bias.data = context.input(kScoreBias).as<float>();
    }
    operands.sinks = sinks(context, scratch);
    operands.y =
        side_by_side(context.output(0).as<float>(), sizes.queries, sizes.heads, sizes.head_size);
    if (sizes.score_output != 0) {
      operands.scores =
          one_by_one(context.output(3).as<float>(), sizes.queries, sizes.heads, sizes.keys);
    }
    attend_.run(operands, context.threads(), scratch + attend_at_);
  }

 private:
  HeadBlock query_block() const {
    return {node_.sizes.batch, node_.sizes.heads, node_.sizes.queries, node_.sizes.head_size};
  }

  // Filled rows of the caches before and after the run; true for a first prompt, which begins them.
  bool read_lengths(const KernelContext& context, int64_t* past, int64_t* length) const {
    const AttentionSizes& sizes = node_.sizes;
    const int64_t total = context.input(kTotal).as<int32_t>()[0];
    const bool first = total == sizes.queries;
    if (context.has_input(kScoreBias)) {
      check_input(context.input(kScoreBias).shape.back() >= total,
                  "the bias of the scores is for fewer than {} keys", total);
    }
    for (int64_t b = 0; b < sizes.batch; ++b) {
      const int64_t all = int64_t{context.input(kLengths).as<int32_t>()[b]} + 1;
      past[b] = first ? 0 : all - sizes.queries;
      length[b] = all;
      const bool fits = past[b] >= 0 && past[b] + sizes.queries <= sizes.keys && all >= 1 &&
                        all <= std::min(total, sizes.keys) && (first || past[b] <= node_.past_rows);
      check_input(fits,
                  "seqlens_k {} and total_sequence_length {} do not fit {} new rows behind {}",
                  all - 1, total, sizes.queries, node_.past_rows);
    }
    return first;
  }

  // q, k and v where the inputs have them.
  void find_fresh(const KernelContext& context, Heads* fresh) const {
    const AttentionSizes& sizes = node_.sizes;
    const int64_t size = sizes.head_size;
    if (!node_.packed) {
      fresh[0] = side_by_side(context.input(kQuery).as<float>(), sizes.queries, sizes.heads, size);
      for (int i : {kKey, kValue}) {
        fresh[i] = side_by_side(context.input(i).as<float>(), sizes.queries, sizes.kv_heads, size);
      }
      return;
    }
    const int64_t heads = sizes.heads + 2 * sizes.kv_heads;
    fresh[0] = side_by_side(context.input(kQuery).as<float>(), sizes.queries, heads, size);
    fresh[1] = fresh[2] = fresh[0];
    fresh[1].data += sizes.heads * size;
    fresh[2].data += (sizes.heads + sizes.kv_heads) * size;
  }

  // The cache `j` (0 keys, 1 values) with the new rows behind the filled ones; zeros behind these.
  Heads gather(KernelContext& context, int j, const Heads& fresh, const int64_t* past) const {
    const AttentionSizes& sizes = node_.sizes;
    const int64_t size = sizes.head_size;
    float* data = present_at_[j] < 0 ? context.output(1 + j).as<float>()
                                     : reinterpret_cast<float*>(context.scratch()) + present_at_[j];
    const Heads all = one_by_one(data, sizes.keys, sizes.kv_heads, size);
    for (int64_t b = 0; b < sizes.batch; ++b) {
      HeadBlock block{1, sizes.kv_heads, past[b], size};
      Heads to = all;
      to.data = all.at(b, 0, 0);
      if (past[b] > 0) {
        Heads before = one_by_one(context.input(kPastKey + j).as<float>(), node_.past_rows,
                                  sizes.kv_heads, size);
        before.data = before.at(b, 0, 0);
        copy_heads(block, before, to, nullptr, context.threads());
      }
      block.rows = sizes.queries;
      to.data += past[b] * size;
      Heads from = fresh;
      from.data = fresh.at(b, 0, 0);
      copy_heads(block, from, to, nullptr, context.threads());
      const int64_t filled = past[b] + sizes.queries;
      for (int64_t head = 0; head < sizes.kv_heads; ++head) {
        std::fill_n(all.at(b, head, filled), (sizes.keys - filled) * size, 0.0f);
      }
    }
    return all;
  }

  // Normalizes and turns the rows [row, row + queries) of batch entry b in place. past: their first
  // position; -1 in a first prompt.
  void turn(KernelContext& context, const Heads& rows, int64_t b, int64_t heads, int64_t row,
            int norm, float epsilon, int64_t past) const {
    const AttentionSizes& sizes = node_.sizes;
    const float* weight = node_.normalizes ? context.input(norm).as<float>() : nullptr;
    for (int64_t i = 0; i < sizes.queries; ++i) {
      const int64_t position = node_.rotates ? position_of(context, b, i, past) : 0;
      for (int64_t head = 0; head < heads; ++head) {
        float* x = rows.at(b, head, row + i);
        if (weight != nullptr) normalize(x, weight, epsilon);
        if (!node_.rotates) continue;
        const int64_t at = position * node_.pairs;
        rotate(x, x, sizes.head_size, context.input(kCosines).as<float>() + at,
               context.input(kSines).as<float>() + at, node_.pairs, node_.interleaved);
      }
    }
  }

  int64_t position_of(const KernelContext& context, int64_t b, int64_t i, int64_t past) const {
    int64_t position = std::max<int64_t>(past, 0) + i;
    if (context.has_input(kPositions)) {
      const auto* given = context.input(kPositions).as<int64_t>();
      position = past < 0 ? given[0] + i : given[b * node_.sizes.queries + i];
    }
    check_input(position >= 0 && position < node_.positions,
                "position {} is not among the {} of the tables", position, node_.positions);
    return position;
  }

  void normalize(float* x, const float* weight, float epsilon) const {
    const int64_t n = node_.sizes.head_size;
    float squares = 0;
    for (int64_t i = 0; i < n; ++i) squares += x[i] * x[i];
    const float factor = 1.0f / std::sqrt(squares / static_cast<float>(n) + epsilon);
    for (int64_t i = 0; i < n; ++i) x[i] *= factor * weight[i];
  }

  const float* sinks(const KernelContext& context, float* scratch) const {
    if (context.has_input(kSinks)) return context.input(kSinks).as<float>();
    if (!node_.zero_sinks) return nullptr;
    std::fill_n(scratch + sinks_at_, node_.sizes.heads, 0.0f);
    return scratch + sinks_at_;
  }

  GroupQuery node_;
  Attend attend_;
  int64_t q_at_ = -1, sinks_at_ = -1, lengths_at_ = 0, attend_at_ = 0;
  int64_t present_at_[2] = {-1, -1};
};

void infer(InferRequest& request) {
  GroupQuery node = read({request.node, request.inputs});
  AttentionSizes& sizes = node.sizes;
  const DType dtype = request.inputs[0].dtype;
  request.set_output(0, dtype,
                     {sizes.batch, sizes.queries, checked_multiply(sizes.heads, sizes.head_size)});
  if (request.outputs.size() < 2) return;
  const Tensor* total = request.constant(kTotal);
  if (total == nullptr) return;
  sizes.keys = std::max<int64_t>(node.past_rows, total->contiguous().data<int32_t>()[0]);
  request.set_output(1, dtype, present_shape(sizes));
  request.set_output(2, dtype, present_shape(sizes));
  request.set_output(3, dtype, {sizes.batch, sizes.heads, sizes.queries, sizes.keys});
}

std::unique_ptr<Kernel> make(KernelRequest& request) {
  if (request.input(kQuery).dtype != DType::kFloat32) return request.refuse("only float32");
  GroupQuery node = read({request.node(), request.inputs});
  AttentionSizes& sizes = node.sizes;
  request.check_output(0, {sizes.batch, sizes.queries, sizes.heads * sizes.head_size});
  // Without presents the total is bounded by what there is room for.
  sizes.keys = std::max(node.past_rows, checked_add(node.past_rows, sizes.queries));
  for (int j : {1, 2}) {
    if (request.has_output(j)) sizes.keys = request.output(j).shape[2];
  }
  for (int j : {1, 2}) {
    if (request.has_output(j)) request.check_output(j, present_shape(sizes));
  }
  if (sizes.score_output != 0) {
    request.check_output(3, {sizes.batch, sizes.heads, sizes.queries, sizes.keys});
  }
  if (request.has_input(kScoreBias)) {
    node.score_bias = describe_bias(request.input(kScoreBias), sizes, false);
  }
  if (node.past_rows == sizes.keys) {
    request.allow_in_place(kPastKey, 1);
    request.allow_in_place(kPastValue, 2);
  }
  return std::make_unique<GroupQueryKernel>(request, node);
}

}  // namespace

void register_group_query_attention(OpDef& definition) {
  definition.infer = infer;
  definition.kernel("direct", make);
}

}  // namespace convoy
