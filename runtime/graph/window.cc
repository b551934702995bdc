#include "runtime/graph/window.h"

#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;
constexpr int64_t kWidest = int64_t{1} << 24;   // of a padding
constexpr int64_t kLongest = int64_t{1} << 61;  // of an axis
constexpr size_t kLongestSymbol = 256;

// Entry `i` of a list that is empty or `count` long.
int64_t entry_of(const std::vector<int64_t>& list, int i, int count, int64_t otherwise,
                 int64_t lowest, int64_t most, const char* name) {
  if (list.empty()) return otherwise;
  check_model(static_cast<int>(list.size()) == count, "{} has {} entries, not {}", name,
              list.size(), count);
  int64_t entry = list[static_cast<size_t>(i)];
  check_model(entry >= lowest && entry <= most, "{} has an entry of {}", name, entry);
  return entry;
}

int64_t floor_divide(int64_t a, int64_t b) { return a >= 0 ? a / b : -1 - -(a + 1) / b; }

void check_kernel(int64_t kernel) {
  check_model(kernel >= 1 && kernel <= kMost, "the kernel has a size of {}", kernel);
}

std::vector<int64_t> list_of(const Node& node, std::string_view name) {
  return integers_of(node, name).value_or(std::vector<int64_t>{});
}

// Of windows, padding set, on an axis that has a symbol.
Dimension symbolic_count(const AxisWindow& window, bool same, const std::string& size) {
  int64_t more = same ? -1 : window.pad_begin + window.pad_end - window.extent();
  std::string symbol = window.stride == 1 && more == -1
                           ? size
                           : fmt::format("?window({}{:+},{})", size, more, window.stride);
  return symbol.size() <= kLongestSymbol ? Dimension{-1, std::move(symbol)} : Dimension{};
}

}  // namespace

AutoPad auto_pad_named(std::string_view name) {
  if (name == "VALID") return AutoPad::kValid;
  if (name == "SAME_UPPER") return AutoPad::kSameUpper;
  if (name == "SAME_LOWER") return AutoPad::kSameLower;
  check_model(name == "NOTSET" || name.empty(), "auto_pad is '{}'", name);
  return AutoPad::kNotSet;
}

WindowAttributes window_of(const Node& node) {
  return {auto_pad_named(text_of(node, "auto_pad", "NOTSET")), list_of(node, "kernel_shape"),
          list_of(node, "strides"), list_of(node, "dilations"), list_of(node, "pads")};
}

AxisWindow axis_window(const WindowAttributes& attributes, int axis, int rank, int64_t kernel) {
  check_kernel(kernel);
  AxisWindow window;
  window.kernel = kernel;
  window.stride = entry_of(attributes.strides, axis, rank, 1, 1, kMost, "strides");
  window.dilation = entry_of(attributes.dilations, axis, rank, 1, 1, kMost, "dilations");
  if (attributes.auto_pad == AutoPad::kNotSet) {
    window.pad_begin = entry_of(attributes.pads, axis, 2 * rank, 0, -kMost, kWidest, "pads");
    window.pad_end = entry_of(attributes.pads, axis + rank, 2 * rank, 0, -kMost, kWidest, "pads");
  }
  return window;
}

void pad_to_same(AxisWindow& window, int64_t input, bool upper) {
  int64_t covered = window.stride == 1 ? 1 : (input - 1) % window.stride + 1;  // by the last one
  int64_t total = std::max<int64_t>(0, window.extent() - covered);
  window.pad_begin = upper ? total / 2 : total - total / 2;
  window.pad_end = total - window.pad_begin;
}

std::optional<AxisWindow> padded_window(const WindowAttributes& attributes, int axis, int rank,
                                        int64_t kernel, int64_t input) {
  AxisWindow window = axis_window(attributes, axis, rank, kernel);
  if (!attributes.pads_to_same()) return window;
  if (input == 0 || (input < 0 && window.stride > 1)) return std::nullopt;
  pad_to_same(window, input, attributes.auto_pad == AutoPad::kSameUpper);
  return window;
}

int64_t window_count(const AxisWindow& window, int64_t input, bool ceil_mode) {
  check_input(input >= 0 && input <= kLongest, "an input of length {}", input);
  int64_t padded = input + window.pad_begin + window.pad_end;
  int64_t room = padded - window.extent();
  int64_t count =
      ceil_mode ? -floor_divide(-room, window.stride) + 1 : floor_divide(room, window.stride) + 1;
  if (ceil_mode && (count - 1) * window.stride >= input + window.pad_begin) --count;
  if (count < 1 && padded == input) {
    fail(ErrorCode::kInvalidInput, "an input of length {} is shorter than the window of {}", input,
         window.extent());
  }
  check_input(count >= 1,
              "an input of length {}, {} with its padding, is shorter than the window "
              "of {}",
              input, padded, window.extent());
  return count;
}

Dimension window_count(const WindowAttributes& attributes, int axis, int rank,
                       const Dimension& input, const Dimension& kernel, bool ceil_mode) {
  bool same = attributes.pads_to_same();
  if (!kernel.known() && !same) return {};
  AxisWindow window = axis_window(attributes, axis, rank, kernel.known() ? kernel.size : 1);
  if (!input.known()) {
    if (input.symbol.empty() || (ceil_mode && !same)) return {};
    return symbolic_count(window, same, input.symbol);
  }
  if (same) pad_to_same(window, input.size, attributes.auto_pad == AutoPad::kSameUpper);
  return {window_count(window, input.size, ceil_mode), ""};
}

Window resolve_window(const WindowAttributes& attributes, const Dims& input, const Dims& kernel,
                      bool ceil_mode) {
  int rank = input.rank();
  check_model(kernel.rank() == rank, "a kernel of {} axes slides over {} spatial axes",
              kernel.rank(), rank);
  Window window;
  for (int axis = 0; axis < rank; ++axis) {
    auto along = padded_window(attributes, axis, rank, kernel[axis], input[axis]);
    check_input(along.has_value(), "an input of length 0 cannot be padded to its own size");
    window.axes.push_back({*along, input[axis], window_count(*along, input[axis], ceil_mode)});
  }
  return window;
}

SizedWindow transposed_axis(const TransposedAttributes& attributes, int axis, int rank,
                            int64_t input, int64_t kernel) {
  check_input(input > 0 && input <= kLongest, "an input of length {}", input);
  const WindowAttributes& form = attributes.window;
  SizedWindow window{axis_window(form, axis, rank, kernel), input, 0};
  // Some models write the whole shape of Y, batch and channels included.
  bool whole = static_cast<int>(attributes.output_shape.size()) == rank + 2;
  int64_t wanted =
      whole ? entry_of(attributes.output_shape, axis + 2, rank + 2, 0, 0, kMost, "output_shape")
            : entry_of(attributes.output_shape, axis, rank, 0, 0, kMost, "output_shape");
  int64_t extra = entry_of(attributes.output_padding, axis, rank, 0, 0, kWidest, "output_padding");
  int64_t reach = checked_add(checked_multiply(input - 1, window.stride), window.extent());
  int64_t whole_reach = checked_add(reach, extra);
  if (attributes.output_shape.empty() && !form.pads_to_same()) {
    window.output_size = checked_add(whole_reach, -window.pad_begin - window.pad_end);
  } else {
    bool same = attributes.output_shape.empty();
    window.output_size = same ? checked_multiply(input, window.stride) : wanted;
    int64_t total = std::max<int64_t>(0, whole_reach - window.output_size);
    window.pad_begin = form.auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
  }
  check_input(window.output_size >= 1, "an input of length {} gives an output of length {}", input,
              window.output_size);
  // In this order: what is reached may lie close to the largest number, and the padding below 0.
  window.pad_end = reach - window.output_size - window.pad_begin;
  return window;
}

Window resolve_transposed(const TransposedAttributes& attributes, const Dims& input,
                          const Dims& kernel) {
  int rank = input.rank();
  check_model(kernel.rank() == rank, "a kernel of {} axes slides over {} spatial axes",
              kernel.rank(), rank);
  Window window;
  for (int axis = 0; axis < rank; ++axis) {
    window.axes.push_back(transposed_axis(attributes, axis, rank, input[axis], kernel[axis]));
  }
  return window;
}

Dims spatial_sizes(const Shape& shape) {
  Dims sizes;
  for (int axis = 2; axis < shape.rank(); ++axis) sizes.push_back(shape[axis]);
  return sizes;
}

}  // namespace convoy
