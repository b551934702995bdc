// Tile, opset 6 and up: repeats[i] copies of the input along axis i (opset 1–5: one axis).
// Any element type; strided inputs and outputs.
#include <cmath>

#include "ops/kernels/copy/copy.h"
#include "ops/views/copy_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Below opset 6 tiles and axis have the input's type.
std::vector<int64_t> whole_numbers(const Tensor& tensor) {
  if (tensor.dtype() == DType::kInt64) return to_int64s(tensor);
  std::vector<int64_t> numbers;
  for (double value : to_doubles(tensor)) {
    bool whole = value == std::nearbyint(value) && std::abs(value) < 1e15;
    check_input(whole, "{} is no number of copies and no axis", value);
    numbers.push_back(static_cast<int64_t>(value));
  }
  return numbers;
}

void infer_tile(InferRequest& request) {
  const TensorDesc& input = request.inputs[0];
  const Tensor* operand = request.constant(1);
  if (operand == nullptr) return;
  std::vector<int64_t> repeats = whole_numbers(*operand);
  if (request.node.version < 6) {
    const Tensor* axis = request.constant(2);
    if (axis == nullptr) return;
    std::vector<int64_t> all(static_cast<size_t>(input.rank()), 1);
    check_input(axis->count() == 1 && repeats.size() == 1, "tiles and axis are single numbers");
    all[static_cast<size_t>(normalize_axis(whole_numbers(*axis)[0], input.rank()))] = repeats[0];
    repeats = all;
  }
  check_input(static_cast<int>(repeats.size()) == input.rank(),
              "{} repeats for an input of rank {}", repeats.size(), input.rank());
  Shape shape = input.shape;
  for (int i = 0; i < shape.rank(); ++i) {
    int64_t repeat = repeats[static_cast<size_t>(i)];
    check_input(repeat >= 0, "repeats[{}] is {}", i, repeat);
    shape[i] = checked_multiply(shape[i], repeat);
  }
  request.set_output(0, input.dtype, shape);
}

// The output's axes with the repetitions of each before it, and where they lie in the input.
struct Repetition {
  std::vector<int64_t> shape, from, to;

  Repetition(const TensorView& input, const TensorView& output) {
    for (int i = 0; i < input.rank(); ++i) {
      int64_t repeats = output.shape[i] / input.shape[i];
      if (repeats > 1) add(repeats, 0, output.strides[i] * input.shape[i]);
      if (input.shape[i] != 1) add(input.shape[i], input.strides[i], output.strides[i]);
    }
  }

 private:
  void add(int64_t size, int64_t input_stride, int64_t output_stride) {
    shape.push_back(size);
    from.push_back(input_stride);
    to.push_back(output_stride);
  }
};

// Copies the input into a corner of the output, then that along one axis after the other, the
// innermost first.
void tile_by_axis(KernelContext& context, const TensorView& input, const TensorView& output) {
  Shape done = input.shape;
  copy_view(context, input, moved_view(output, done, output.strides, 0));
  for (int axis = input.rank() - 1; axis >= 0; --axis) {
    const TensorView corner = moved_view(output, done, output.strides, 0);
    for (int64_t at = done[axis]; at < output.shape[axis]; at += done[axis]) {
      copy_view(context, corner,
                moved_view(output, done, output.strides, at * output.strides[axis]));
    }
    done[axis] = output.shape[axis];
  }
}

std::unique_ptr<Kernel> make_tile(KernelRequest& request) {
  request.attributes().finish();
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel([](KernelContext& context) {
    const TensorView& input = context.input(0);
    const TensorView& output = context.output(0);
    if (output.count() == 0) return;
    const Repetition repetition(input, output);
    if (repetition.shape.size() > static_cast<size_t>(kMaxRank)) {
      return tile_by_axis(context, input, output);
    }
    auto dims = [](const std::vector<int64_t>& list) { return Dims(std::span(list)); };
    const Shape shape = dims(repetition.shape);
    copy_view(context, moved_view(input, shape, dims(repetition.from), 0),
              moved_view(output, shape, dims(repetition.to), 0));
  });
}

}  // namespace

void register_tile(Registry& registry) {
  registry.add("Tile")
      .kernel("copy", make_tile)
      .kernel("copy", copies_on_gpu(make_tile), DeviceKind::kCuda)
      .infer = infer_tile;
}

}  // namespace convoy
