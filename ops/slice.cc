// Slice: attributes up to opset 9, from opset 10 on inputs with steps; every step-th index of axes.
// Any element type. A view wherever the reader takes strides.
#include "ops/batching/rules.h"
#include "ops/views/define_by_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct SliceOperands {
  std::vector<int64_t> starts;
  std::vector<int64_t> ends;
  std::vector<int64_t> axes;  // as given, one for each start
  std::vector<int64_t> steps;
};

std::optional<SliceOperands> read_operands(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  SliceOperands operands;
  bool has_axes = false;
  if (request.node().version < 10) {
    operands.starts = attributes.integers("starts");
    operands.ends = attributes.integers("ends");
    has_axes = attributes.has("axes");
    operands.axes = attributes.integers("axes");
  } else {
    std::vector<int64_t>* lists[] = {&operands.starts, &operands.ends, &operands.axes,
                                     &operands.steps};
    for (int i = 0; i < 4; ++i) {
      if (!request.has_input(i + 1)) continue;
      auto values = request.constant_int64s(i + 1);
      if (!values) return std::nullopt;
      *lists[i] = *values;
    }
    has_axes = request.has_input(3);
  }
  attributes.finish();
  size_t count = operands.starts.size();
  for (size_t i = 0; !has_axes && i < count; ++i) operands.axes.push_back(static_cast<int64_t>(i));
  if (operands.steps.empty()) operands.steps.assign(count, 1);
  check_model(operands.ends.size() == count && operands.axes.size() == count &&
                  operands.steps.size() == count,
              "{} starts, {} ends, {} axes and {} steps", count, operands.ends.size(),
              operands.axes.size(), operands.steps.size());
  return operands;
}

int64_t clamped(int64_t index, int64_t size, int64_t low, int64_t high) {
  if (index < 0) index += size;  // no overflow: size ≥ 0
  return std::clamp(index, low, high);
}

Viewer read_slice(const KernelRequest& request) {
  auto operands = read_operands(request);
  if (!operands) return {};
  return [o = *operands](const TensorDesc& input, int) -> std::optional<ViewSpec> {
    ViewSpec spec{input.shape, input.strides, 0};
    Dims sliced = Dims::filled(input.rank(), 0);
    for (size_t i = 0; i < o.starts.size(); ++i) {
      int axis = normalize_axis(o.axes[i], input.rank());
      check_input(sliced[axis]++ == 0, "axis {} is sliced twice", axis);
      int64_t size = input.shape[axis];
      // Beyond ±2^62 a step reads one element at most, like any other beyond the size.
      int64_t step = std::clamp<int64_t>(o.steps[i], -(int64_t{1} << 62), int64_t{1} << 62);
      check_input(step != 0, "the step of axis {} is 0", axis);
      int64_t length = 0;
      int64_t start = 0;
      if (size == 0) {
        length = 0;
      } else if (step > 0) {
        start = clamped(o.starts[i], size, 0, size);
        int64_t end = clamped(o.ends[i], size, 0, size);
        length = end > start ? (end - start - 1) / step + 1 : 0;
      } else {
        start = clamped(o.starts[i], size, 0, size - 1);
        int64_t end = clamped(o.ends[i], size, -1, size - 1);
        length = start > end ? (start - end - 1) / -step + 1 : 0;
      }
      spec.shape[axis] = length;
      if (length > 0) spec.offset += start * input.strides[axis];
      spec.strides[axis] = length > 1 ? step * input.strides[axis] : input.strides[axis];
    }
    if (element_count(spec.shape) == 0) spec.offset = 0;
    return spec;
  };
}

}  // namespace

void register_slice(Registry& registry) {
  define_by_view(registry.add("Slice").batched({batch_slice}), read_slice);
}

}  // namespace convoy
