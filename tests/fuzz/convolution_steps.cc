// Random convolutions and poolings.
#include <algorithm>

#include "tests/fuzz/branch_step.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

struct Window {
  List kernel, strides, dilations, begin, end;
  std::string auto_pad;  // empty: pads are given

  List pads() const {
    List pads = begin;
    pads.insert(pads.end(), end.begin(), end.end());
    return pads;
  }
  Attributes attributes(bool dilated) const {
    Attributes made{{"kernel_shape", kernel}, {"strides", strides}};
    if (dilated) made["dilations"] = dilations;
    if (auto_pad.empty()) {
      made["pads"] = pads();
    } else {
      made["auto_pad"] = auto_pad;
    }
    return made;
  }
};

// A window over the spatial axes of `shape`, and the sizes that come out.
std::optional<Window> random_window(Dice& dice, const Shape& shape, bool pooling, Shape& output) {
  Window window;
  if (dice.chance(12)) window.auto_pad = dice.chance(50) ? "SAME_UPPER" : "SAME_LOWER";
  for (int i = 2; i < shape.rank(); ++i) {
    int64_t size = shape[i];
    if (size < 1) return std::nullopt;
    int64_t kernel = dice.between(1, std::min<int64_t>(3, size));
    int64_t stride = dice.chance(25) ? 2 : 1;
    int64_t dilation = !pooling && window.auto_pad.empty() && dice.chance(25) ? 2 : 1;
    int64_t most = pooling ? kernel - 1 : 2;
    int64_t begin = dice.chance(50) ? std::min<int64_t>(most, kernel / 2) : dice.between(0, most);
    int64_t end = dice.chance(70) ? begin : dice.between(0, most);
    window.kernel.push_back(kernel);
    window.strides.push_back(stride);
    window.dilations.push_back(dilation);
    window.begin.push_back(begin);
    window.end.push_back(end);
    int64_t left = size + begin + end - ((kernel - 1) * dilation + 1);
    if (left < 0) return std::nullopt;
    output[i] = window.auto_pad.empty() ? left / stride + 1 : (size + stride - 1) / stride;
  }
  return window;
}

// The same outputs from another window; false if there is none of these.
bool make_odd(Dice& dice, Window& window) {
  if (!window.auto_pad.empty()) {
    window.auto_pad = window.auto_pad == "SAME_UPPER" ? "SAME_LOWER" : "SAME_UPPER";
    return true;
  }
  size_t axis = window.kernel.size() - 1;
  switch (dice.below(3)) {
    case 0:
      window.kernel[axis] += 2;
      window.begin[axis] += window.dilations[axis];
      window.end[axis] += window.dilations[axis];
      return true;
    case 1:
      if (window.begin == window.end) return false;
      std::swap(window.begin, window.end);
      return true;
    default:
      if (window.kernel[axis] != 3) return false;
      ++window.dilations[axis];
      ++window.begin[axis];
      ++window.end[axis];
      return true;
  }
}

int64_t random_group(Dice& dice, int64_t channels) {
  if (dice.chance(60)) return 1;
  if (dice.chance(60)) return channels;
  List divisors;
  for (int64_t i = 1; i <= channels; ++i) {
    if (channels % i == 0) divisors.push_back(i);
  }
  return dice.pick(divisors);
}

Shape weight_shape(int64_t out, int64_t in, const List& kernel) {
  Shape shape = {out, in};
  for (int64_t size : kernel) shape.push_back(size);
  return shape;
}

}  // namespace

std::optional<BranchStep> conv_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  const Shape& shape = so_far.back();
  if (shape.rank() < 3 || shape.rank() > 5 || shape[1] < 1 || shape[1] > 24) return std::nullopt;
  Dice& dice = writer.dice();
  BranchStep step;
  step.output = shape;
  auto window = random_window(dice, shape, false, step.output);
  if (!window) return std::nullopt;
  int64_t group = random_group(dice, shape[1]);
  int64_t out = group * dice.between(1, group > 1 ? 2 : 5);
  step.output[1] = out;
  step.text = fmt::format("Conv k={} g={}", window->kernel.back(), group);
  bool biased = dice.chance(65);
  bool lacking = biased && dice.chance(15);  // on some branches only
  Sharing sharing = writer.random_sharing();
  Parameter weight = writer.parameter(weight_shape(out, shape[1] / group, window->kernel), sharing);
  Sharing of_bias = dice.chance(70)   ? sharing
                    : dice.chance(50) ? Sharing::kOne
                                      : writer.random_sharing();
  Parameter bias = writer.parameter({out}, of_bias);
  step.apply = [=, &writer](const std::vector<SizedValue>& branch, int number, bool odd) {
    Window used = *window;
    bool another = odd && make_odd(writer.dice(), used);
    Attributes attributes = used.attributes(true);
    if (group > 1) attributes["group"] = group;
    Shape odd_shape = weight_shape(out, shape[1] / group, used.kernel);
    ValueId w = another && used.kernel != window->kernel
                    ? writer.constant(writer.dice().floats(odd_shape))
                    : weight(number);
    std::vector<ValueId> inputs = {branch.back().value, w};
    bool without = (odd && !another) || (lacking && number % 2 == 1);
    if (biased && !without) inputs.push_back(bias(number));
    return writer.node("Conv", inputs, attributes);
  };
  return step;
}

std::optional<BranchStep> conv_transpose_step(GraphWriter& writer,
                                              const std::vector<Shape>& so_far) {
  const Shape& shape = so_far.back();
  if (shape.rank() < 3 || shape.rank() > 4 || shape[1] < 1 || shape[1] > 12) return std::nullopt;
  Dice& dice = writer.dice();
  BranchStep step;
  step.output = shape;
  int64_t group = random_group(dice, shape[1]);
  int64_t out = dice.between(1, 3);
  step.output[1] = out * group;
  List kernel, strides, pads(static_cast<size_t>(shape.rank() - 2) * 2, 0);
  for (int i = 2; i < shape.rank(); ++i) {
    if (shape[i] < 1) return std::nullopt;
    kernel.push_back(dice.between(1, 3));
    strides.push_back(dice.between(1, 2));
    step.output[i] = (shape[i] - 1) * strides.back() + kernel.back();
    if (step.output[i] > 1 && dice.chance(30)) {
      pads[static_cast<size_t>(i - 2)] = 1;
      --step.output[i];
    }
    if (step.output[i] > 20) return std::nullopt;
  }
  step.text = fmt::format("ConvTranspose k={} g={}", kernel.back(), group);
  Sharing sharing = writer.random_sharing();
  Parameter weight = writer.parameter(weight_shape(shape[1], out, kernel), sharing);
  Parameter bias = writer.parameter({out * group}, sharing);
  bool biased = dice.chance(60);
  step.apply = [=, &writer](const std::vector<SizedValue>& branch, int number, bool odd) {
    std::vector<ValueId> inputs = {branch.back().value, weight(number)};
    if (biased != odd) inputs.push_back(bias(number));
    Attributes attributes{{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}};
    if (group > 1) attributes["group"] = group;
    return writer.node("ConvTranspose", inputs, attributes);
  };
  return step;
}

std::optional<BranchStep> pool_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  const Shape& shape = so_far.back();
  if (shape.rank() < 3 || shape.rank() > 5) return std::nullopt;
  Dice& dice = writer.dice();
  BranchStep step;
  step.output = shape;
  if (dice.chance(20)) {
    for (int i = 2; i < shape.rank(); ++i) step.output[i] = 1;
    bool mean = dice.chance(60);
    step.text = "GlobalPool";
    step.apply = [=, &writer](const std::vector<SizedValue>& branch, int, bool odd) {
      return writer.node(mean != odd ? "GlobalAveragePool" : "GlobalMaxPool",
                         {branch.back().value});
    };
    return step;
  }
  auto window = random_window(dice, shape, true, step.output);
  if (!window) return std::nullopt;
  bool mean = dice.chance(50);
  int64_t counted = dice.below(2);
  step.text = fmt::format("{} k={}", mean ? "AveragePool" : "MaxPool", window->kernel.back());
  step.apply = [=, &writer](const std::vector<SizedValue>& branch, int, bool odd) {
    bool average = mean != odd;
    Attributes attributes = window->attributes(false);
    if (average && writer.opset() >= 7) attributes["count_include_pad"] = counted;
    return writer.node(average ? "AveragePool" : "MaxPool", {branch.back().value}, attributes);
  };
  return step;
}

}  // namespace convoy::testing
