// TensorScatter, opset 24 and up: writes an update into a cache along one axis, batch entry b from
// write_indices[b] on; mode circular wraps around the end of the axis. Any element type.
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

TensorView batch_entry(const TensorView& view, int64_t b) { return sliced_view(view, 0, b, 1); }

void write_entry(const TensorView& update, const TensorView& cache, int axis, int64_t begin,
                 bool circular, ThreadPool& threads) {
  int64_t length = update.shape[axis];
  int64_t capacity = cache.shape[axis];
  check_input(begin >= 0 && (circular || begin <= capacity - length),
              "{} entries from {} on do not fit into a cache of {}", length, begin, capacity);
  begin %= std::max<int64_t>(1, capacity);
  int64_t head = std::min(length, capacity - begin);
  copy_parallel(sliced_view(update, axis, 0, head), sliced_view(cache, axis, begin, head), threads);
  if (head == length) return;
  copy_parallel(sliced_view(update, axis, head, length - head),
                sliced_view(cache, axis, 0, length - head), threads);
}

std::unique_ptr<Kernel> make_tensor_scatter(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t given = attributes.integer("axis", -2);
  std::string mode = attributes.text("mode", "linear");
  attributes.finish();
  check_model(mode == "linear" || mode == "circular", "the mode '{}' is not known", mode);
  const Shape& cache = request.input(0).shape;
  const Shape& update = request.input(1).shape;
  int axis = normalize_axis(given, cache.rank());
  check_input(axis > 0, "the axis of TensorScatter is the batch");
  check_input(update.rank() == cache.rank() && update[axis] <= cache[axis] &&
                  request.input(1).dtype == request.input(0).dtype,
              "an update of {} for a cache of {}", to_string(update), to_string(cache));
  for (int i = 0; i < cache.rank(); ++i) {
    check_input(i == axis || update[i] == cache[i], "an update of {} for a cache of {}",
                to_string(update), to_string(cache));
  }
  check_input(!request.has_input(2) || request.input(2).count() == cache[0],
              "write_indices do not fit the batch of {}", cache[0]);
  request.check_output(0, cache);
  request.accept_strides(0);
  request.accept_strides(1);
  request.allow_in_place(0, 0);
  bool circular = mode == "circular";
  return make_kernel([axis, circular](KernelContext& context) {
    const TensorView& output = context.output(0);
    if (context.input(0).data != output.data) {
      copy_parallel(context.input(0), output, context.threads());
    }
    if (context.input(1).count() == 0) return;
    for (int64_t b = 0; b < output.shape[0]; ++b) {
      int64_t begin = context.has_input(2) ? index_at(context.input(2), b) : 0;
      write_entry(batch_entry(context.input(1), b), batch_entry(output, b), axis, begin, circular,
                  context.threads());
    }
  });
}

}  // namespace

void register_tensor_scatter(Registry& registry) {
  registry.add("TensorScatter")
      .versions(24, std::numeric_limits<int>::max())
      .kernel("copy", make_tensor_scatter);
}

}  // namespace convoy
