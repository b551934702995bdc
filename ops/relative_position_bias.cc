// RelativePositionBias of com.microsoft, opset 1: T5's bias of the scores of attention,
// [1, heads, queries, keys], from a table of [buckets, heads] that lies in memory column by column.
// Near positions have a bucket each, farther ones share buckets of growing width.
#include <cmath>

#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Buckets {
  int64_t count = 0;
  int64_t most = 0;  // distance from which on all share the last
  bool both_ways = false;
};

int64_t bucket_of(const Buckets& buckets, int64_t key, int64_t query) {
  int64_t distance = query - key;
  int64_t count = buckets.count;
  int64_t first = 0;
  if (buckets.both_ways) {
    count /= 2;
    if (distance < 0) first = count;
    distance = std::abs(distance);
  } else {
    distance = std::max<int64_t>(distance, 0);
  }
  const int64_t exact = count / 2;
  if (distance < exact) return first + distance;
  const float steps = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                      std::log(static_cast<float>(buckets.most) / static_cast<float>(exact)) *
                      static_cast<float>(count - exact);
  // Also where a table is so long that a logarithm becomes 0.
  const int64_t most = count - exact - 1;
  const bool within = steps < static_cast<float>(most);
  return first + exact + (within ? static_cast<int64_t>(steps) : most);
}

int64_t length_of(const Tensor& tensor) {
  const int64_t length = single_index(tensor.contiguous().view(), "the length");
  check_input(length >= 0, "the length {} is negative", length);
  return length;
}

std::unique_ptr<Kernel> make_relative_position_bias(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Buckets buckets;
  buckets.most = attributes.required_integer("max_distance");
  buckets.both_ways = attributes.integer("is_bidirectional", 0) != 0;
  attributes.finish();
  const Shape& table = request.input(0).shape;
  const Shape& out = request.output(0).shape;
  check_input(table.rank() == 2 && out.rank() == 4, "a table of shape {}", to_string(table));
  request.check_output(0, {1, table[1], out[2], out[3]});
  buckets.count = table[0];
  const int64_t exact = buckets.count / (buckets.both_ways ? 4 : 2);
  check_model(exact > 0 && buckets.most > exact, "{} buckets for distances up to {}", buckets.count,
              buckets.most);
  return make_kernel([buckets](KernelContext& context) {
    const TensorView& y = context.output(0);
    const int64_t queries = y.shape[2], keys = y.shape[3];
    visit_floating(y.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t i = 0; i < queries * keys; ++i) {
        const int64_t bucket = bucket_of(buckets, i % keys, i / keys);
        for (int64_t head = 0; head < y.shape[1]; ++head) {
          y.as<T>()[head * queries * keys + i] =
              context.input(0).as<T>()[head * buckets.count + bucket];
        }
      }
    });
  });
}

}  // namespace

void register_relative_position_bias(Registry& registry) {
  OpDef& definition = registry.add("RelativePositionBias", "com.microsoft");
  definition.infer = [](InferRequest& request) {
    const Shape& table = request.inputs[0].shape;
    check_input(table.rank() == 2, "a table of shape {}", to_string(table));
    if (request.constant(1) == nullptr || request.constant(2) == nullptr) return;
    request.set_output(
        0, request.inputs[0].dtype,
        {1, table[1], length_of(*request.constant(1)), length_of(*request.constant(2))});
  };
  definition.kernel("reference", make_relative_position_bias);
}

}  // namespace convoy
