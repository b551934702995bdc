// Operators that ONNX tried out and took back with opset 10, which older exporters still write:
// Affine, ParametricSoftplus, ScaledTanh, Scale, ImageScaler, Crop. ONNX Runtime runs them too.
#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::string function(std::string_view signature, std::string_view nodes) {
  return fmt::format(R"(<opset_import: ["" : 15], domain: ""> {} {{ {} }})", signature, nodes);
}

// A number that is an attribute, in the type of x.
std::string number(std::string_view name) {
  return fmt::format(
      "{0}_float = Constant <value_float: float = @{0}> () "
      "{0} = CastLike ({0}_float, x) ",
      name);
}

// [N, C, H, W] without the border (left, top, right, bottom); `scale` is what is left of H and W.
std::string crop(const Node& node, const std::vector<ValueType>&) {
  std::vector<int64_t> border = integers_of(node, "border").value_or(std::vector<int64_t>{});
  std::vector<int64_t> scale = integers_of(node, "scale").value_or(std::vector<int64_t>{});
  check_model(border.size() == 4, "a border of {} numbers, expected 4", border.size());
  check_model(scale.empty() || scale.size() == 2, "a scale of {} numbers, expected 2",
              scale.size());
  for (int64_t width : border) check_model(width >= 0, "a border of {}", width);
  int64_t ends[2];
  for (size_t i = 0; i < 2; ++i) {
    const int64_t behind = border[i == 0 ? 3 : 2];
    ends[i] = !scale.empty() ? checked_add(border[i == 0 ? 1 : 0], scale[i])
              : behind == 0  ? std::numeric_limits<int64_t>::max()
                             : -behind;
  }
  return function("Crop <border, scale> (x) => (y)",
                  fmt::format("starts = Constant <value_ints = [{}, {}]> () "
                              "ends = Constant <value_ints = [{}, {}]> () "
                              "axes = Constant <value_ints = [2, 3]> () "
                              "y = Slice (x, starts, ends, axes)",
                              border[1], border[0], ends[0], ends[1]));
}

}  // namespace

void register_experimental(Registry& registry) {
  auto add = [&](std::string_view name, const std::string& attributes, const std::string& nodes) {
    registry.add(name).versions(1, 9).composition(
        function(fmt::format("{} <{}> (x) => (y)", name, attributes), nodes));
  };
  const std::string both = number("alpha") + number("beta");
  add("Affine", "alpha: float = 1.0, beta: float = 0.0",
      both + "scaled = Mul (x, alpha) y = Add (scaled, beta)");
  add("ParametricSoftplus", "alpha: float = 1.0, beta: float = 1.0",
      both + "inner = Mul (x, beta) soft = Softplus (inner) y = Mul (soft, alpha)");
  add("ScaledTanh", "alpha: float = 1.0, beta: float = 1.0",
      both + "inner = Mul (x, beta) soft = Tanh (inner) y = Mul (soft, alpha)");
  add("Scale", "scale: float = 1.0", number("scale") + "y = Mul (x, scale)");
  add("ImageScaler", "scale: float = 1.0, bias",
      number("scale") +
          "scaled = Mul (x, scale) bias_row = Constant <value_floats: floats = @bias> () "
          "like = CastLike (bias_row, x) axes = Constant <value_ints = [1, 2]> () "
          "bias_column = Unsqueeze (like, axes) y = Add (scaled, bias_column)");
  registry.add("Crop").versions(1, 9).body = crop;
}

}  // namespace convoy
