#include "ops/conv/window.h"

namespace convoy {
namespace {

Dims list_or(const std::vector<int64_t>& list, int rank, int64_t otherwise, int64_t lowest,
             const char* name) {
  if (list.empty()) return Dims::filled(rank, otherwise);
  check_model(static_cast<int>(list.size()) == rank, "{} has {} entries for {} spatial axes", name,
              list.size(), rank);
  for (int64_t entry : list) {
    check_model(entry >= lowest && entry <= (int64_t{1} << 31), "{} has an entry of {}", name,
                entry);
  }
  return Dims(list);
}

void resolve_same(Window& window, int axis, bool upper) {
  int64_t stride = window.strides[axis];
  int64_t output = (window.input[axis] + stride - 1) / stride;
  int64_t reach = (output - 1) * stride + window.extent(axis);
  int64_t total = std::max<int64_t>(0, reach - window.input[axis]);
  int64_t less = total / 2;
  window.pads_begin[axis] = upper ? less : total - less;
  window.pads_end[axis] = total - window.pads_begin[axis];
  window.output[axis] = output;
}

int64_t output_size(const Window& window, int axis, bool ceil_mode) {
  int64_t stride = window.strides[axis];
  int64_t begin = window.pads_begin[axis];
  int64_t span = window.input[axis] + begin + window.pads_end[axis] - window.extent(axis);
  if (span < 0) return 0;
  if (!ceil_mode) return span / stride + 1;
  int64_t output = (span + stride - 1) / stride + 1;
  if ((output - 1) * stride >= window.input[axis] + begin) --output;
  return output;
}

}  // namespace

WindowAttributes read_window(AttributeReader& attributes) {
  WindowAttributes window;
  std::string mode = attributes.text("auto_pad", "NOTSET");
  if (mode == "VALID") {
    window.auto_pad = AutoPad::kValid;
  } else if (mode == "SAME_UPPER") {
    window.auto_pad = AutoPad::kSameUpper;
  } else if (mode == "SAME_LOWER") {
    window.auto_pad = AutoPad::kSameLower;
  } else {
    check_model(mode == "NOTSET" || mode.empty(), "auto_pad is '{}'", mode);
  }
  window.kernel_shape = attributes.integers("kernel_shape");
  window.strides = attributes.integers("strides");
  window.dilations = attributes.integers("dilations");
  window.pads = attributes.integers("pads");
  return window;
}

int64_t Window::first_tap(int axis, int64_t o) const {
  int64_t start = o * strides[axis] - pads_begin[axis];
  return start >= 0 ? 0 : (-start + dilations[axis] - 1) / dilations[axis];
}

int64_t Window::last_tap(int axis, int64_t o) const {
  int64_t room = input[axis] - (o * strides[axis] - pads_begin[axis]);
  if (room <= 0) return 0;
  return std::min(kernel[axis], (room + dilations[axis] - 1) / dilations[axis]);
}

Window resolve_window(const WindowAttributes& attributes, const Dims& input, const Dims& kernel,
                      bool ceil_mode) {
  int rank = input.rank();
  check_model(kernel.rank() == rank, "a kernel of {} axes slides over {} spatial axes",
              kernel.rank(), rank);
  for (int64_t size : kernel) check_model(size >= 1, "the kernel has a size of {}", size);
  Window window;
  window.input = input;
  window.kernel = kernel;
  window.output = Dims::filled(rank, 0);
  window.strides = list_or(attributes.strides, rank, 1, 1, "strides");
  window.dilations = list_or(attributes.dilations, rank, 1, 1, "dilations");
  window.pads_begin = Dims::filled(rank, 0);
  window.pads_end = Dims::filled(rank, 0);
  if (attributes.auto_pad == AutoPad::kNotSet) {
    Dims pads = list_or(attributes.pads, 2 * rank, 0, -(int64_t{1} << 31), "pads");
    for (int axis = 0; axis < rank; ++axis) {
      window.pads_begin[axis] = pads[axis];
      window.pads_end[axis] = pads[axis + rank];
    }
  }
  bool same =
      attributes.auto_pad == AutoPad::kSameUpper || attributes.auto_pad == AutoPad::kSameLower;
  for (int axis = 0; axis < rank; ++axis) {
    if (same) {
      resolve_same(window, axis, attributes.auto_pad == AutoPad::kSameUpper);
    } else {
      window.output[axis] = output_size(window, axis, ceil_mode);
    }
  }
  return window;
}

Dims spatial_sizes(const Shape& shape) {
  Dims sizes;
  for (int axis = 2; axis < shape.rank(); ++axis) sizes.push_back(shape[axis]);
  return sizes;
}

}  // namespace convoy
