// ReverseSequence, opset 10 and up: reverses the first sequence_lens[b] steps of batch entry b.
// Batch and time are axes 0 and 1, in either order. Any element type.
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::unique_ptr<Kernel> make_reverse(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t batch_axis = attributes.integer("batch_axis", 1);
  int64_t time_axis = attributes.integer("time_axis", 0);
  attributes.finish();
  const Shape& shape = request.input(0).shape;
  int batch = normalize_axis(batch_axis, shape.rank());
  int time = normalize_axis(time_axis, shape.rank());
  check_model(batch != time, "batch and time are the same axis");
  check_input(request.input(1).count() == shape[batch], "{} lengths for a batch of {}",
              request.input(1).count(), shape[batch]);
  request.check_output(0, shape);
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel([batch, time](KernelContext& context) {
    const TensorView& input = context.input(0);
    const TensorView& output = context.output(0);
    if (input.count() == 0) return;
    int64_t longest = input.shape[time];
    for (int64_t b = 0; b < input.shape[batch]; ++b) {
      int64_t length = index_at(context.input(1), b);
      check_input(length >= 0 && length <= longest, "sequence_lens[{}] is {} of {}", b, length,
                  longest);
      TensorView from = sliced_view(input, batch, b, 1);
      TensorView to = sliced_view(output, batch, b, 1);
      if (length > 0) {
        copy_parallel(sliced_view(from, time, length - 1, length, -1),
                      sliced_view(to, time, 0, length), context.threads());
      }
      if (length < longest) {
        copy_parallel(sliced_view(from, time, length, longest - length),
                      sliced_view(to, time, length, longest - length), context.threads());
      }
    }
  });
}

}  // namespace

void register_reverse_sequence(Registry& registry) {
  registry.add("ReverseSequence")
      .versions(10, std::numeric_limits<int>::max())
      .kernel("copy", make_reverse);
}

}  // namespace convoy
