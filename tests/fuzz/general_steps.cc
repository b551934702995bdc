// Elementwise operators, joins, parts and rearrangements.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/fuzz/value_pool.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;
using Names = std::vector<std::string>;

constexpr int64_t kLargest = 60000;  // elements

bool any(const Shape& shape) { return shape.rank() >= 1 && element_count(shape) > 0; }
bool has_axes(const Shape& shape) { return any(shape) && shape.rank() >= 2; }

bool unary(ValuePool& pool) {
  auto x = pool.pick(any);
  if (!x) return false;
  static const Names kTypes = {"Relu",     "Sigmoid",     "Tanh", "LeakyRelu", "Neg", "Abs",
                               "Softplus", "HardSigmoid", "Elu",  "Identity",  "Erf"};
  pool.apply(pool.dice().pick(kTypes), {*x});
  return true;
}

bool clip(ValuePool& pool) {
  auto x = pool.pick(any);
  if (!x) return false;
  pool.apply("Clip", {*x, pool.constant({}, -1, 0), pool.constant({}, 0.5F, 2)});
  return true;
}

bool with_constant(ValuePool& pool) {
  auto x = pool.pick(any);
  if (!x) return false;
  Dice& dice = pool.dice();
  Shape other = x->shape;
  for (int i = 0; i < other.rank(); ++i) {
    if (i == 0 || dice.chance(60)) other[i] = 1;
  }
  SizedValue constant = pool.constant(other, 0.5F, 1.5F);
  std::vector<SizedValue> inputs = {*x, constant};
  if (dice.chance(30)) std::swap(inputs[0], inputs[1]);
  pool.apply(dice.pick(Names{"Add", "Sub", "Mul", "Max", "Min"}), inputs);
  return true;
}

// A residual, a gate: two values of one shape, or of shapes that broadcast.
bool binary(ValuePool& pool) {
  auto x = pool.pick(has_axes);
  if (!x) return false;
  auto y = pool.pick([&](const Shape& shape) {
    if (shape.rank() != x->shape.rank()) return false;
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape[i] != x->shape[i] && (shape[i] != 1 || i == 0)) return false;
    }
    return true;
  });
  if (!y) return false;
  Dice& dice = pool.dice();
  std::string type = dice.pick(Names{"Add", "Add", "Sub", "Mul", "Max"});
  SizedValue sum = pool.apply(type, {*x, *y});
  if (dice.chance(30)) pool.apply("Relu", {sum});
  return true;
}

bool concat(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick(has_axes);
  if (!x) return false;
  int axis = dice.chance(75) ? 1 : static_cast<int>(dice.below(x->shape.rank()));
  if (axis == 0) axis = 1;
  std::vector<SizedValue> parts = {*x};
  int64_t count = dice.between(2, 4);
  while (static_cast<int64_t>(parts.size()) < count) {
    auto y = pool.pick([&](const Shape& shape) {
      if (shape.rank() != x->shape.rank()) return false;
      for (int i = 0; i < shape.rank(); ++i) {
        if (i != axis && shape[i] != x->shape[i]) return false;
      }
      return true;
    });
    parts.push_back(*y);
  }
  dice.shuffle(parts);
  int64_t elements = 0;
  for (const SizedValue& part : parts) elements += element_count(part.shape);
  if (elements > kLargest) return false;
  pool.apply("Concat", parts, {{"axis", int64_t{axis}}});
  return true;
}

bool split(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick([](const Shape& shape) { return has_axes(shape) && shape[1] >= 2; });
  if (!x) return false;
  int64_t first =
      dice.chance(60) && x->shape[1] % 2 == 0 ? x->shape[1] / 2 : dice.between(1, x->shape[1] - 1);
  List sizes = {first, x->shape[1] - first};
  if (pool.writer().opset() >= 13) {
    pool.apply("Split", {*x, pool.ints(sizes)}, {{"axis", int64_t{1}}}, 2);
  } else {
    pool.apply("Split", {*x}, {{"axis", int64_t{1}}, {"split", sizes}}, 2);
  }
  return true;
}

bool slice(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick(has_axes);
  if (!x) return false;
  int axis = static_cast<int>(dice.between(1, x->shape.rank() - 1));
  int64_t size = x->shape[axis];
  int64_t step = dice.chance(70) ? 1 : 2;
  int64_t start = dice.below(size);
  int64_t end = dice.between(start + 1, size);
  pool.apply("Slice",
             {*x, pool.ints({start}), pool.ints({end}), pool.ints({axis}), pool.ints({step})});
  return true;
}

bool gather(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick(has_axes);
  if (!x) return false;
  int axis = static_cast<int>(dice.between(1, x->shape.rank() - 1));
  List indices;
  for (int64_t i = dice.between(1, 3); i > 0; --i) indices.push_back(dice.below(x->shape[axis]));
  SizedValue picked = pool.apply("Gather", {*x, pool.ints(indices)}, {{"axis", int64_t{axis}}});
  if (indices.size() > 1 || picked.shape.rank() < 3) return true;
  if (pool.writer().opset() >= 13) {
    pool.apply("Squeeze", {picked, pool.ints({axis})});
  } else {
    pool.apply("Squeeze", {picked}, {{"axes", List{axis}}});
  }
  return true;
}

bool transpose(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick(has_axes);
  if (!x) return false;
  List perm(x->shape.size());
  std::iota(perm.begin(), perm.end(), 0);
  List rest(perm.begin() + 1, perm.end());
  dice.shuffle(rest);
  std::copy(rest.begin(), rest.end(), perm.begin() + 1);
  // An open batch stays in front.
  if (pool.writer().is_static() && dice.chance(10)) dice.shuffle(perm);
  pool.apply("Transpose", {*x}, {{"perm", perm}});
  return true;
}

bool reshape(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick([](const Shape& shape) { return any(shape) && shape.rank() >= 3; });
  if (!x) return false;
  const Shape& s = x->shape;
  List target = {0};
  if (dice.chance(50)) {
    for (int i = 1; i + 2 < s.rank(); ++i) target.push_back(s[i]);
    target.push_back(s[s.rank() - 2] * s[s.rank() - 1]);
  } else {
    target.push_back(s[1] * s[2]);
    for (int i = 3; i < s.rank(); ++i) target.push_back(s[i]);
  }
  pool.apply("Reshape", {*x, pool.ints(target)});
  return true;
}

bool unsqueeze(ValuePool& pool) {
  auto x = pool.pick([](const Shape& shape) { return has_axes(shape) && shape.rank() <= 4; });
  if (!x) return false;
  int64_t axis = pool.dice().between(1, x->shape.rank());
  if (pool.writer().opset() >= 13) {
    pool.apply("Unsqueeze", {*x, pool.ints({axis})});
  } else {
    pool.apply("Unsqueeze", {*x}, {{"axes", List{axis}}});
  }
  return true;
}

bool pad(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick(has_axes);
  if (!x || element_count(x->shape) > kLargest / 4) return false;
  List pads(2 * x->shape.size(), 0);
  for (size_t i = 1; i < x->shape.size(); ++i) {
    if (dice.chance(40)) pads[i] = dice.between(0, 2);
    if (dice.chance(40)) pads[i + x->shape.size()] = dice.between(0, 2);
  }
  bool constant = dice.chance(70);
  bool fits = std::all_of(x->shape.begin() + 1, x->shape.end(), [](int64_t n) { return n > 2; });
  pool.apply("Pad", {*x, pool.ints(pads)},
             {{"mode", std::string(constant || !fits ? "constant" : "edge")}});
  return true;
}

bool resize(ValuePool& pool) {
  auto x = pool.pick([](const Shape& shape) {
    return any(shape) && shape.rank() == 4 && element_count(shape) < kLargest / 8;
  });
  if (!x) return false;
  Tensor factors = Tensor::allocate(DType::kFloat32, {4});
  for (int i = 0; i < 4; ++i) factors.mutable_data<float>()[i] = i < 2 ? 1.0F : 2.0F;
  // The factors stay float32 in graphs of float16.
  ValueId scales = pool.writer().build().constant(factors, "s");
  bool linear = pool.dice().chance(40);
  Attributes attributes{{"mode", std::string(linear ? "linear" : "nearest")}};
  if (!linear) attributes["coordinate_transformation_mode"] = std::string("asymmetric");
  if (!linear) attributes["nearest_mode"] = std::string("floor");
  // Below opset 13 the region of interest cannot be left out.
  pool.apply("Resize", {*x, pool.constant({0}), {scales, {4}}}, attributes);
  return true;
}

bool product(ValuePool& pool) {
  auto x = pool.pick([](const Shape& shape) { return has_axes(shape) && shape.rank() <= 4; });
  if (!x) return false;
  Dice& dice = pool.dice();
  int64_t inner = x->shape[x->shape.rank() - 1];
  int64_t out = dice.between(1, 24);
  float bound = 1.7F / std::sqrt(static_cast<float>(inner));
  SizedValue y = pool.apply("MatMul", {*x, pool.constant({inner, out}, -bound, bound)});
  if (dice.chance(50)) pool.apply("Add", {y, pool.constant({out})});
  return true;
}

// f(x) + x, where f is a product or a convolution: what is added is read in another way as well.
bool around_itself(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick([](const Shape& shape) { return has_axes(shape) && shape.rank() <= 4; });
  if (!x) return false;
  SizedValue inner = dice.chance(70) ? pool.apply("Tanh", {*x}) : *x;
  SizedValue y;
  if (dice.chance(50) || inner.shape.rank() < 3) {
    int64_t width = inner.shape[inner.shape.rank() - 1];
    float bound = 1.7F / std::sqrt(static_cast<float>(width));
    y = pool.apply("MatMul", {inner, pool.constant({width, width}, -bound, bound)});
  } else {
    int64_t channels = inner.shape[1];
    float bound = 1.7F / std::sqrt(static_cast<float>(channels));
    Shape weight = Shape::filled(inner.shape.rank(), 1);
    weight[0] = weight[1] = channels;
    y = pool.apply("Conv", {inner, pool.constant(weight, -bound, bound)});
  }
  SizedValue sum = pool.apply("Add", {y, inner});
  if (dice.chance(70)) pool.apply("Softmax", {sum}, {{"axis", int64_t{sum.shape.rank() - 1}}});
  return true;
}

// Two values that the graph computes.
bool attention_like(ValuePool& pool) {
  auto x = pool.pick(
      [](const Shape& shape) { return any(shape) && shape.rank() == 3 && shape[1] <= 64; });
  if (!x) return false;
  SizedValue turned = pool.apply("Transpose", {*x}, {{"perm", List{0, 2, 1}}});
  float scale = 1.0F / static_cast<float>(x->shape[2] * 4);
  SizedValue scores = pool.apply(
      "Mul", {pool.apply("MatMul", {*x, turned}), pool.constant({}, scale, scale * 1.01F)});
  SizedValue weights = pool.apply("Softmax", {scores}, {{"axis", int64_t{-1}}});
  SizedValue mixed = pool.apply("MatMul", {weights, *x});
  if (!pool.dice().chance(30)) return true;
  pool.apply("Softmax", {pool.apply("Add", {mixed, *x})}, {{"axis", int64_t{2}}});
  return true;
}

bool softmax(ValuePool& pool) {
  auto x = pool.pick(has_axes);
  if (!x) return false;
  int64_t last = x->shape.rank() - 1;
  int64_t axis = pool.writer().opset() >= 13 ? pool.dice().between(1, last) : last;
  pool.apply("Softmax", {*x}, {{"axis", axis}});
  return true;
}

bool reduce(ValuePool& pool) {
  Dice& dice = pool.dice();
  auto x = pool.pick(has_axes);
  if (!x) return false;
  List axes = {dice.between(1, x->shape.rank() - 1)};
  Attributes attributes{{"keepdims", dice.below(4) == 0 ? int64_t{0} : int64_t{1}}};
  std::string type = dice.pick(Names{"ReduceMean", "ReduceMax", "ReduceSum"});
  int input_since = type == "ReduceSum" ? 13 : 18;
  if (pool.writer().opset() >= input_since) {
    pool.apply(type, {*x, pool.ints(axes)}, attributes);
  } else {
    attributes["axes"] = axes;
    pool.apply(type, {*x}, attributes);
  }
  return true;
}

bool layer_normalization(ValuePool& pool) {
  if (pool.writer().opset() < 17) return false;
  auto x =
      pool.pick([](const Shape& shape) { return has_axes(shape) && shape[shape.rank() - 1] > 2; });
  if (!x) return false;
  Shape last = {x->shape[x->shape.rank() - 1]};
  pool.apply("LayerNormalization", {*x, pool.constant(last, 0.5F, 1.5F), pool.constant(last)},
             {{"epsilon", 0.01F}});
  return true;
}

}  // namespace

const std::vector<GraphStep>& general_steps() {
  static const std::vector<GraphStep> steps = {unary,
                                               unary,
                                               clip,
                                               with_constant,
                                               binary,
                                               binary,
                                               concat,
                                               concat,
                                               split,
                                               slice,
                                               gather,
                                               transpose,
                                               reshape,
                                               unsqueeze,
                                               pad,
                                               resize,
                                               product,
                                               around_itself,
                                               attention_like,
                                               softmax,
                                               reduce,
                                               layer_normalization};
  return steps;
}

}  // namespace convoy::testing
