// Taps of a convolution that meet nothing but padding, wherever the window stands, are left out: a
// kernel of 3 dilated by 24 on 16 positions is a kernel of 1.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/graph/window.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

constexpr int64_t kMostWindows = 1 << 16;  // on an axis that is looked at
constexpr int64_t kMostExtent = 1 << 30;

// The taps [first, last) of an axis that meet the input somewhere.
struct Taps {
  int64_t first = 0;
  int64_t last = 0;
};

Taps taps_inside(const Window& window, int axis) {
  Taps taps{window[axis].kernel, 0};
  for (int64_t o = 0; o < window[axis].output_size; ++o) {
    int64_t first = window[axis].first_tap(o);
    int64_t last = window[axis].last_tap(o);
    if (first >= last) continue;
    taps.first = std::min(taps.first, first);
    taps.last = std::max(taps.last, last);
  }
  return taps;
}

// The axis with those taps alone; nullopt where ONNX has no padding for it.
std::optional<AxisWindow> trimmed_axis(const Window& window, int axis, const Taps& taps) {
  AxisWindow trimmed;
  trimmed.kernel = taps.last - taps.first;
  trimmed.stride = window[axis].stride;
  trimmed.dilation = trimmed.kernel == 1 ? 1 : window[axis].dilation;
  trimmed.pad_begin = window[axis].pad_begin - taps.first * window[axis].dilation;
  const int64_t reach = (window[axis].output_size - 1) * trimmed.stride + trimmed.extent();
  trimmed.pad_end = std::max<int64_t>(0, reach - trimmed.pad_begin - window[axis].input_size);
  if (trimmed.pad_begin < 0) return std::nullopt;
  if (window_count(trimmed, window[axis].input_size, false) != window[axis].output_size)
    return std::nullopt;
  return trimmed;
}

// Nullopt where a size is open or the window is none that the driver has checked.
std::optional<Window> window_of(const Match& match) {
  const Node& node = match.root();
  const Shape& weight = match.tensor("w").shape();
  const auto& dims = match.type("x").shape;
  if (!dims || weight.rank() < 3 || static_cast<int>(dims->size()) != weight.rank()) return {};
  if (text_of(node, "auto_pad", "NOTSET") != "NOTSET") return {};
  Dims input;
  for (size_t i = 2; i < dims->size(); ++i) {
    const Dimension& dim = (*dims)[i];
    if (!dim.known() || dim.size < 1 || dim.size > kMostWindows) return {};
    input.push_back(dim.size);
  }
  WindowAttributes attributes;
  attributes.strides = integers_of(node, "strides").value_or(List{});
  attributes.dilations = integers_of(node, "dilations").value_or(List{});
  attributes.pads = integers_of(node, "pads").value_or(List{});
  Window window = resolve_window(attributes, input, spatial_sizes(weight));
  for (int axis = 0; axis < window.rank(); ++axis) {
    if (window[axis].output_size > kMostWindows || window[axis].extent() > kMostExtent) return {};
  }
  return window;
}

// All axes, where there is something to leave out.
std::optional<std::vector<std::pair<Taps, AxisWindow>>> trimmed_axes(const Match& match) {
  auto window = window_of(match);
  if (!window) return std::nullopt;
  std::vector<std::pair<Taps, AxisWindow>> axes;
  bool changes = false;
  for (int axis = 0; axis < window->rank(); ++axis) {
    Taps taps = taps_inside(*window, axis);
    if (taps.first >= taps.last) return std::nullopt;
    changes = changes || taps.last - taps.first < (*window)[axis].kernel;
    auto trimmed = trimmed_axis(*window, axis, taps);
    if (!trimmed) return std::nullopt;
    axes.emplace_back(taps, *trimmed);
  }
  if (!changes) return std::nullopt;
  return axes;
}

Refusal meets_padding_alone(const Match& match) {
  try {
    if (trimmed_axes(match)) return std::nullopt;
  } catch (const Error&) {
    return "its window does not fit";
  }
  return "every tap meets the input";
}

std::vector<ValueId> trim(const Match& match, GraphBuilder& builder) {
  const auto axes = *trimmed_axes(match);
  const Tensor weight = match.tensor("w").contiguous();
  TensorDesc kept = weight.desc();
  int64_t offset = 0;
  List kernel, strides, dilations, pads(2 * axes.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto& [taps, window] = axes[i];
    const int axis = static_cast<int>(i) + 2;
    offset += taps.first * kept.strides[axis];
    kept.shape[axis] = window.kernel;
    kernel.push_back(window.kernel);
    strides.push_back(window.stride);
    dilations.push_back(window.dilation);
    pads[i] = window.pad_begin;
    pads[axes.size() + i] = window.pad_end;
  }
  Node node = match.root();
  node.attributes["kernel_shape"] = kernel;
  node.attributes["strides"] = strides;
  node.attributes["dilations"] = dilations;
  node.attributes["pads"] = pads;
  std::vector<ValueId> inputs = node.inputs;
  inputs[1] = builder.constant(weight.sub_view(offset, kept).contiguous(), "weight");
  return {builder.node_like(node, std::move(inputs), match.output_type())};
}

}  // namespace

std::vector<RewriteStep> trim_convolutions() {
  Rule rule{"trim_convolution", RuleSet::kPortable, op("Conv", {any("x"), constant("w")}).rest(),
            meets_padding_alone, trim};
  rule.quiet = true;
  return {rule};
}

}  // namespace convoy
