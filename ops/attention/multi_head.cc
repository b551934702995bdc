#include "ops/attention/multi_head.h"

#include <algorithm>

#include "ops/attention/heads.h"

namespace convoy {
namespace {

// Positions in the scratch, in floats; -1 where the operand is read in place.
struct Places {
  int64_t q = -1, k = -1, v = -1, mask = -1, lengths = -1, attend = -1;
};

class MultiHeadKernel : public Kernel {
 public:
  MultiHeadKernel(KernelRequest& request, const MultiHead& node)
      : node_(node), attend_(node.sizes, request.isa, request.threads) {
    const AttentionSizes& sizes = node.sizes;
    const bool biased = node.bias >= 0;
    ScratchLayout layout;
    if (biased && node.q.takes_bias) places_.q = layout.take(query_block().count());
    stored_ = node.past_k.present() || node.present_k >= 0 || node.present_v >= 0 ||
              (biased && node.k.takes_bias);
    if (stored_ && node.present_k < 0) {
      places_.k = layout.take(present_block(sizes.head_size).count());
    }
    if (stored_ && node.present_v < 0) {
      places_.v = layout.take(present_block(sizes.value_size).count());
    }
    if (node.mask >= 0) places_.mask = layout.take(node.key_mask.scratch_floats());
    places_.lengths = layout.take(checked_multiply(sizes.batch, 4));
    places_.attend = layout.take(attend_.scratch_floats());
    request.use_scratch(layout.bytes());
  }

  void run(KernelContext& context) const override {
    const AttentionSizes& sizes = node_.sizes;
    auto* scratch = reinterpret_cast<float*>(context.scratch());
    const int64_t past = past_length(context);
    auto* lengths = reinterpret_cast<int64_t*>(scratch + places_.lengths);
    std::fill_n(lengths, sizes.batch, past);
    std::fill_n(lengths + sizes.batch, sizes.batch, past + node_.new_keys);

    AttentionOperands operands;
    operands.past = lengths;
    operands.length = lengths + sizes.batch;
    operands.q = input(context, node_.q);
    const float* bias = node_.bias < 0 ? nullptr : context.input(node_.bias).as<float>();
    if (places_.q >= 0) {
      Heads to = side_by_side(scratch + places_.q, sizes.queries, sizes.heads, sizes.head_size);
      copy_heads(query_block(), operands.q, to, bias, context.threads());
      operands.q = to;
    }
    const int64_t width = sizes.heads * sizes.head_size;
    const float* k_bias = bias && node_.k.takes_bias ? bias + width : nullptr;
    const float* v_bias = bias && node_.v.takes_bias ? bias + 2 * width : nullptr;
    operands.k = keys(context, node_.k, node_.past_k, sizes.head_size, k_bias,
                      present(context, node_.present_k, 0, places_.k), past);
    operands.v = keys(context, node_.v, node_.past_v, sizes.value_size, v_bias,
                      present(context, node_.present_v, node_.present_v_offset, places_.v), past);
    if (node_.score_bias >= 0) {
      operands.bias = node_.score_bias_at;
      operands.bias.data = context.input(node_.score_bias).as<float>();
      check_input(context.input(node_.score_bias).shape.back() >= past + node_.new_keys,
                  "the bias of the scores is for fewer than {} keys", past + node_.new_keys);
    }
    if (node_.mask >= 0) {
      operands.mask = node_.key_mask.fill(context.input(node_.mask), past, scratch + places_.mask);
    }
    operands.y =
        side_by_side(context.output(0).as<float>(), sizes.queries, sizes.heads, sizes.value_size);
    attend_.run(operands, context.threads(), scratch + places_.attend);
  }

 private:
  HeadBlock query_block() const {
    return {node_.sizes.batch, node_.sizes.heads, node_.sizes.queries, node_.sizes.head_size};
  }
  HeadBlock present_block(int64_t size) const {
    return {node_.sizes.batch, node_.sizes.heads, node_.sizes.keys, size};
  }

  int64_t past_length(const KernelContext& context) const {
    if (!node_.shared) return node_.past_rows;
    const TensorView& view = context.input(node_.past_length);
    check_input(view.count() == 1 && view.dtype == DType::kInt32,
                "past_sequence_length is not one int32");
    const int64_t length = view.as<int32_t>()[0];
    check_input(length >= 0 && length + node_.new_keys <= node_.sizes.keys,
                "{} new keys behind {} do not fit a buffer of {}", node_.new_keys, length,
                node_.sizes.keys);
    return length;
  }

  static Heads input(const KernelContext& context, const HeadsInput& from) {
    Heads heads = from.heads;
    heads.data = context.input(from.input).as<float>() + from.offset;
    return heads;
  }

  float* present(const KernelContext& context, int output, int64_t offset, int64_t place) const {
    if (!stored_) return nullptr;
    if (output >= 0) return context.output(output).as<float>() + offset;
    return reinterpret_cast<float*>(context.scratch()) + place;
  }

  // The past and the new rows in `to`, or the new ones where they are.
  Heads keys(KernelContext& context, const HeadsInput& from, const HeadsInput& before, int64_t size,
             const float* bias, float* to, int64_t past) const {
    Heads fresh = input(context, from);
    if (to == nullptr) return fresh;
    Heads all = one_by_one(to, node_.sizes.keys, node_.sizes.heads, size);
    HeadBlock block = present_block(size);
    if (before.present()) {
      block.rows = node_.shared ? node_.sizes.keys : past;
      copy_heads(block, input(context, before), all, nullptr, context.threads());
    }
    block.rows = node_.new_keys;
    Heads behind = all;
    behind.data += past * size;
    copy_heads(block, fresh, behind, bias, context.threads());
    return all;
  }

  MultiHead node_;
  Attend attend_;
  Places places_;
  bool stored_ = false;  // keys and values are gathered in the presents, or in scratch
};

}  // namespace

void complete_multi_head(MultiHead& node, const AttentionTypes& types, float hidden) {
  AttentionSizes& sizes = node.sizes;
  sizes.kv_heads = sizes.heads;
  sizes.keys = node.shared ? node.past_rows : node.past_rows + node.new_keys;
  node.output = {sizes.batch, sizes.queries, checked_multiply(sizes.heads, sizes.value_size)};
  if (node.bias >= 0) {
    const int64_t width = sizes.heads * (2 * sizes.head_size + sizes.value_size);
    check_input(types.shape(node.bias) == Shape{width},
                "the bias of shape {} does not fit {} heads of {} and {}",
                to_string(types.shape(node.bias)), sizes.heads, sizes.head_size, sizes.value_size);
  }
  if (node.mask >= 0) {
    node.key_mask = KeyMask(types.inputs[static_cast<size_t>(node.mask)], sizes.batch,
                            sizes.queries, sizes.keys, hidden);
  }
  if (node.score_bias >= 0) {
    node.score_bias_at =
        describe_bias(types.inputs[static_cast<size_t>(node.score_bias)], sizes, !node.shared);
  }
}

void add_multi_head(OpDef& definition, MultiHeadReader read) {
  definition.infer = [read](InferRequest& request) {
    const MultiHead node = read({request.node, request.inputs});
    const DType dtype = request.inputs[0].dtype;
    request.set_output(0, dtype, node.output);
    for (size_t j = 0; j < node.presents.size(); ++j) {
      request.set_output(j + 1, dtype, node.presents[j]);
    }
  };
  definition.kernel("direct", [read](KernelRequest& request) -> std::unique_ptr<Kernel> {
    if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
    const MultiHead node = read({request.node(), request.inputs});
    request.check_output(0, node.output);
    for (size_t j = 0; j < node.presents.size(); ++j) {
      const int output = static_cast<int>(j) + 1;
      if (!request.has_output(output)) continue;
      request.check_output(output, node.presents[j]);
    }
    if (node.shared && node.present_k >= 0) {
      request.allow_in_place(node.past_k.input, node.present_k);
      if (node.present_v != node.present_k) {
        request.allow_in_place(node.past_v.input, node.present_v);
      }
    }
    return std::make_unique<MultiHeadKernel>(request, node);
  });
}

}  // namespace convoy
