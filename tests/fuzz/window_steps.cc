// Convolutions, pooling, and what stands beside them in networks of images and signals.
#include <cmath>

#include "tests/fuzz/value_pool.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

bool is_image(const Shape& shape) {
  if (shape.rank() < 3 || shape.rank() > 5 || element_count(shape) == 0) return false;
  return shape[1] <= 64;
}

// Channels that fill blocks of 8 or 16 as well as such that do not.
int64_t random_channels(Dice& dice) {
  return dice.chance(60) ? dice.pick(List{8, 16, 24, 32}) : dice.between(1, 19);
}

Shape weight_shape(int64_t first, int64_t second, const List& kernel) {
  Shape shape = {first, second};
  for (int64_t size : kernel) shape.push_back(size);
  return shape;
}

SizedValue scaled_weights(ValuePool& pool, const Shape& shape, int64_t terms) {
  float bound = 1.7F / std::sqrt(static_cast<float>(std::max<int64_t>(1, terms)));
  return pool.constant(shape, -bound, bound);
}

int64_t random_groups(Dice& dice, int64_t channels) {
  if (dice.chance(60)) return 1;
  if (dice.chance(70)) return channels;
  List divisors;
  for (int64_t i = 1; i <= channels; ++i) {
    if (channels % i == 0) divisors.push_back(i);
  }
  return dice.pick(divisors);
}

// A window that fits the spatial axes; `same` keeps their sizes.
Attributes random_window(Dice& dice, const Shape& shape, bool pooling, bool same, List& kernel) {
  List strides, dilations, begin, end;
  for (int i = 2; i < shape.rank(); ++i) {
    int64_t widest = std::min<int64_t>(shape[i], 5);
    int64_t size = same ? dice.pick(List{1, 3, 3, 5}) : dice.between(1, widest);
    int64_t dilation = !pooling && size > 1 && size <= 3 && dice.chance(20) ? 2 : 1;
    int64_t reach = (size - 1) * dilation;
    kernel.push_back(size);
    dilations.push_back(dilation);
    strides.push_back(same || dice.chance(65) ? 1 : 2);
    // Pads stay below the window, as pooling demands.
    int64_t before = same ? reach / 2 : dice.between(0, std::min<int64_t>(reach, 2));
    int64_t after = same ? reach - before : dice.chance(70) ? before : dice.between(0, before);
    while (shape[i] + before + after < reach + 1) ++after;
    begin.push_back(before);
    end.push_back(after);
  }
  begin.insert(begin.end(), end.begin(), end.end());
  Attributes made{{"kernel_shape", kernel}, {"strides", strides}, {"pads", begin}};
  if (!pooling) made["dilations"] = dilations;
  return made;
}

bool conv(ValuePool& pool) {
  auto x = pool.pick(is_image);
  if (!x) return false;
  Dice& dice = pool.dice();
  int64_t in = x->shape[1];
  int64_t groups = random_groups(dice, in);
  int64_t out = groups > 1 ? groups * dice.between(1, 2) : random_channels(dice);
  List kernel;
  Attributes attributes = random_window(dice, x->shape, false, dice.chance(60), kernel);
  attributes["group"] = groups;
  Shape weights = weight_shape(out, in / groups, kernel);
  std::vector<SizedValue> inputs = {*x,
                                    scaled_weights(pool, weights, element_count(weights) / out)};
  if (dice.chance(70)) inputs.push_back(pool.constant({out}));
  SizedValue y = pool.apply("Conv", inputs, attributes);
  static const std::vector<std::string> kActivations = {"Relu", "Sigmoid", "Tanh"};
  if (dice.chance(40)) pool.apply(dice.pick(kActivations), {y});
  return true;
}

bool conv_transpose(ValuePool& pool) {
  auto x = pool.pick([](const Shape& shape) {
    return is_image(shape) && shape.rank() < 5 && element_count(shape) < 20000;
  });
  if (!x) return false;
  Dice& dice = pool.dice();
  int64_t in = x->shape[1];
  int64_t groups = random_groups(dice, in);
  int64_t out = groups > 1 ? dice.between(1, 2) : random_channels(dice);
  List kernel, strides;
  for (int i = 2; i < x->shape.rank(); ++i) {
    strides.push_back(dice.between(1, 2));
    kernel.push_back(strides.back() + dice.between(0, 2));
  }
  Shape weights = weight_shape(in, out, kernel);
  pool.apply("ConvTranspose", {*x, scaled_weights(pool, weights, in / groups)},
             {{"kernel_shape", kernel}, {"strides", strides}, {"group", groups}});
  return true;
}

bool pooling(ValuePool& pool) {
  auto x = pool.pick(is_image);
  if (!x) return false;
  Dice& dice = pool.dice();
  if (dice.chance(25)) {
    pool.apply(dice.chance(70) ? "GlobalAveragePool" : "GlobalMaxPool", {*x});
    return true;
  }
  List kernel;
  bool average = dice.chance(50);
  Attributes attributes = random_window(dice, x->shape, true, dice.chance(30), kernel);
  if (average) attributes["count_include_pad"] = dice.below(2);
  pool.apply(average ? "AveragePool" : "MaxPool", {*x}, attributes);
  return true;
}

bool batch_normalization(ValuePool& pool) {
  auto x = pool.pick(is_image);
  if (!x) return false;
  Shape channels = {x->shape[1]};
  pool.apply("BatchNormalization",
             {*x, pool.constant(channels, 0.5F, 1.5F), pool.constant(channels),
              pool.constant(channels), pool.constant(channels, 0.5F, 2)});
  return true;
}

// Channels of two halves are dealt out in turn, as in ShuffleNet.
bool channel_shuffle(ValuePool& pool) {
  auto x = pool.pick(
      [](const Shape& shape) { return is_image(shape) && shape.rank() == 4 && shape[1] % 2 == 0; });
  if (!x) return false;
  const Shape& s = x->shape;
  SizedValue parts = pool.apply("Reshape", {*x, pool.ints({0, 2, s[1] / 2, s[2], s[3]})});
  SizedValue dealt = pool.apply("Transpose", {parts}, {{"perm", List{0, 2, 1, 3, 4}}});
  pool.apply("Reshape", {dealt, pool.ints({0, s[1], s[2], s[3]})});
  return true;
}

// A convolution that keeps the spatial sizes.
SizedValue same_conv(ValuePool& pool, const SizedValue& x, int64_t groups, int64_t out) {
  List kernel;
  Attributes attributes = random_window(pool.dice(), x.shape, false, true, kernel);
  attributes["group"] = groups;
  Shape weights = weight_shape(out, x.shape[1] / groups, kernel);
  return pool.apply("Conv", {x, scaled_weights(pool, weights, element_count(weights) / out)},
                    attributes);
}

// What a convolution gives, and what a depthwise one makes of it, side by side, as in GhostNet.
bool ghost(ValuePool& pool) {
  auto x = pool.pick(is_image);
  if (!x) return false;
  Dice& dice = pool.dice();
  SizedValue y = same_conv(pool, *x, 1, random_channels(dice));
  if (dice.chance(60)) y = pool.apply("Relu", {y});
  SizedValue cheap = same_conv(pool, y, dice.chance(70) ? y.shape[1] : 1, y.shape[1]);
  if (dice.chance(50)) cheap = pool.apply("Relu", {cheap});
  pool.apply("Concat", {y, cheap}, {{"axis", int64_t{1}}});
  return true;
}

// Every layer reads all those before it, as in DenseNet.
bool dense_block(ValuePool& pool) {
  auto x = pool.pick(is_image);
  if (!x) return false;
  SizedValue all = *x;
  for (int64_t layer = pool.dice().between(1, 3); layer > 0; --layer) {
    SizedValue y = same_conv(pool, all, 1, random_channels(pool.dice()));
    all = pool.apply("Concat", {all, y}, {{"axis", int64_t{1}}});
  }
  return true;
}

// Channels are weighed by what their means say.
bool squeeze_and_excite(ValuePool& pool) {
  auto x = pool.pick(is_image);
  if (!x) return false;
  SizedValue mean = pool.apply("GlobalAveragePool", {*x});
  Shape weights = {x->shape[1], x->shape[1]};
  while (weights.rank() < x->shape.rank()) weights.push_back(1);
  SizedValue weighed = pool.apply("Conv", {mean, scaled_weights(pool, weights, x->shape[1])});
  pool.apply("Mul", {*x, pool.apply("Sigmoid", {weighed})});
  return true;
}

}  // namespace

const std::vector<GraphStep>& window_steps() {
  static const std::vector<GraphStep> steps = {
      conv,  conv,  conv,        conv_transpose,  pooling,           pooling, batch_normalization,
      ghost, ghost, dense_block, channel_shuffle, squeeze_and_excite};
  return steps;
}

}  // namespace convoy::testing
