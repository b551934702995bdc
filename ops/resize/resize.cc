// Resize, opset 10 and up, and Upsample, opset 1 to 9 (as ONNX defines them at 19 and 9).
// Nearest for any element type, linear and cubic for numbers; antialias, axes and roi included.
#include <cmath>

#include "ops/kernels/copy/copy.h"
#include "ops/kernels/resize/resize_kernels.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

template <typename T>
T named(const std::string& text, std::initializer_list<std::pair<const char*, T>> choices) {
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
  }
  fail(ErrorCode::kInvalidModel, "'{}' is not known", text);
}

struct ResizeForm {
  ResizeRule rule;
  std::vector<int64_t> axes;
  bool all_axes = true;
  std::string policy;
  std::vector<double> scales;   // of Upsample's attributes
  bool ceil_when_shrinking = false;
  int scales_input = -1;
  int sizes_input = -1;
  int roi_input = -1;
};

ResizeMode read_mode(AttributeReader& attributes) {
  return named<ResizeMode>(attributes.text("mode", "nearest"),
                           {{"nearest", ResizeMode::kNearest},
                            {"linear", ResizeMode::kLinear},
                            {"bilinear", ResizeMode::kLinear},
                            {"cubic", ResizeMode::kCubic}});
}

// Upsample, and Resize as opset 10 had it.
ResizeForm read_old_form(const Node& node) {
  AttributeReader attributes(node);
  ResizeForm form;
  form.rule.mode = read_mode(attributes);
  form.rule.coordinates = CoordinateMode::kAsymmetric;
  form.rule.nearest = NearestMode::kFloor;
  form.ceil_when_shrinking = node.op_type == "Resize";
  if (node.op_type == "Upsample" && node.version < 7) {
    form.scales = {1, 1, attributes.number("height_scale", 1), attributes.number("width_scale", 1)};
  } else if (node.op_type == "Upsample" && node.version < 9) {
    for (float scale : attributes.numbers("scales")) form.scales.push_back(scale);
  } else {
    form.scales_input = 1;
  }
  attributes.finish();
  return form;
}

ResizeForm read_form(const Node& node) {
  if (node.op_type == "Upsample" || node.version < 11) return read_old_form(node);
  AttributeReader attributes(node);
  ResizeForm form;
  form.rule.mode = read_mode(attributes);
  form.rule.nearest = named<NearestMode>(attributes.text("nearest_mode", "round_prefer_floor"),
                                         {{"round_prefer_floor", NearestMode::kRoundPreferFloor},
                                          {"round_prefer_ceil", NearestMode::kRoundPreferCeil},
                                          {"floor", NearestMode::kFloor},
                                          {"ceil", NearestMode::kCeil}});
  form.rule.coordinates =
      named<CoordinateMode>(attributes.text("coordinate_transformation_mode", "half_pixel"),
                            {{"half_pixel", CoordinateMode::kHalfPixel},
                             {"half_pixel_symmetric", CoordinateMode::kHalfPixelSymmetric},
                             {"pytorch_half_pixel", CoordinateMode::kPytorchHalfPixel},
                             {"align_corners", CoordinateMode::kAlignCorners},
                             {"asymmetric", CoordinateMode::kAsymmetric},
                             {"tf_crop_and_resize", CoordinateMode::kCropAndResize},
                             {"tf_half_pixel_for_nn", CoordinateMode::kHalfPixelForNearest}});
  form.rule.cubic_a = attributes.number("cubic_coeff_a", -0.75f);
  form.rule.exclude_outside = attributes.integer("exclude_outside", 0) != 0;
  form.rule.extrapolation = attributes.number("extrapolation_value", 0);
  form.rule.antialias = attributes.integer("antialias", 0) != 0;
  form.all_axes = !attributes.has("axes");
  form.axes = attributes.integers("axes");
  form.policy = attributes.text("keep_aspect_ratio_policy", "stretch");
  attributes.finish();
  form.roi_input = 1;
  form.scales_input = 2;
  form.sizes_input = 3;
  return form;
}

bool given(const KernelRequest& request, int i) {
  return i >= 0 && request.has_input(i) && request.input(i).count() > 0;
}

// One scale an axis named by the form.
std::optional<std::vector<double>> read_scales(const KernelRequest& request,
                                               const ResizeForm& form,
                                               const std::vector<int64_t>& axes) {
  const Shape& in = request.input(0).shape;
  if (!form.scales.empty()) return form.scales;
  if (given(request, form.scales_input)) {
    const Tensor* scales = request.constant(form.scales_input);
    if (scales == nullptr) return std::nullopt;
    return to_doubles(*scales);
  }
  check_model(given(request, form.sizes_input), "neither scales nor sizes are given");
  auto sizes = request.constant_int64s(form.sizes_input);
  if (!sizes) return std::nullopt;
  check_input(sizes->size() == axes.size(), "{} sizes for {} axes", sizes->size(), axes.size());
  std::vector<double> scales;
  for (size_t i = 0; i < sizes->size(); ++i) {
    double length = std::max<double>(1, static_cast<double>(in[static_cast<int>(axes[i])]));
    scales.push_back(static_cast<double>((*sizes)[i]) / length);
  }
  if (form.policy != "stretch" && !scales.empty()) {
    auto [low, high] = std::minmax_element(scales.begin(), scales.end());
    double scale = form.policy == "not_larger" ? *low : *high;
    std::fill(scales.begin(), scales.end(), scale);
  }
  return scales;
}

std::optional<std::vector<AxisMap>> make_maps(const KernelRequest& request,
                                              const ResizeForm& form) {
  const Shape& in = request.input(0).shape;
  const Shape& out = request.output(0).shape;
  std::vector<int64_t> axes;
  for (int i = 0; form.all_axes && i < in.rank(); ++i) axes.push_back(i);
  for (int64_t axis : form.axes) axes.push_back(normalize_axis(axis, in.rank()));
  auto scales = read_scales(request, form, axes);
  if (!scales) return std::nullopt;
  check_input(scales->size() == axes.size(), "{} scales for {} axes", scales->size(), axes.size());
  std::vector<double> roi;
  if (form.rule.coordinates == CoordinateMode::kCropAndResize) {
    check_model(given(request, form.roi_input), "tf_crop_and_resize needs a roi");
    const Tensor* operand = request.constant(form.roi_input);
    if (operand == nullptr) return std::nullopt;
    roi = to_doubles(*operand);
    check_input(roi.size() == 2 * axes.size(), "{} numbers in roi for {} axes", roi.size(),
                axes.size());
  }
  std::vector<AxisMap> maps(static_cast<size_t>(in.rank()));
  for (int i = 0; i < in.rank(); ++i) {
    maps[static_cast<size_t>(i)] = make_axis_map({in[i], in[i], 1, 0, 1}, form.rule);
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    auto axis = static_cast<int>(axes[i]);
    double scale = (*scales)[i];
    check_input(scale > 0 && std::isfinite(scale), "the scale of axis {} is {}", axis, scale);
    AxisScale of{in[axis], out[axis], scale, 0, 1};
    if (!roi.empty()) {
      of.roi_start = roi[i];
      of.roi_end = roi[i + axes.size()];
    }
    ResizeRule rule = form.rule;
    if (form.ceil_when_shrinking && scale < 1) rule.nearest = NearestMode::kCeil;
    maps[static_cast<size_t>(axis)] = make_axis_map(of, rule);
  }
  return maps;
}

std::unique_ptr<Kernel> make_resize(KernelRequest& request) {
  ResizeForm form = read_form(request.node());
  if (request.output(0).count() == 0) {
    return make_kernel([](KernelContext&) {});
  }
  check_input(request.input(0).count() > 0, "cannot resize an empty tensor to {}",
              to_string(request.output(0).shape));
  auto maps = make_maps(request, form);
  if (!maps) return request.refuse("scales, sizes or roi are not known");
  bool copies = std::all_of(maps->begin(), maps->end(),
                            [](const AxisMap& map) { return map.identity; });
  if (copies) {
    request.accept_strides(0);
    request.accept_output_strides(0);
    return make_kernel([](KernelContext& context) {
      copy_parallel(context.input(0), context.output(0), context.threads());
    });
  }
  double extrapolation = form.rule.extrapolation;
  if (form.rule.mode == ResizeMode::kNearest) {
    return make_kernel([maps = std::move(*maps), extrapolation](KernelContext& context) {
      resize_nearest(maps, extrapolation, context.input(0), context.output(0), context.threads());
    });
  }
  request.use_scratch(resize_scratch_bytes(*maps, request.input(0).dtype, request.threads));
  return make_kernel([maps = std::move(*maps), extrapolation](KernelContext& context) {
    resize_weighted(maps, extrapolation, context.input(0), context.output(0), context.scratch(),
                    context.threads());
  });
}

void infer_old_upsample(InferRequest& request) {
  const TensorDesc& input = request.inputs[0];
  ResizeForm form = read_form(request.node);
  check_input(input.rank() == 4, "Upsample-1 takes 4 axes, not {}", input.rank());
  Shape shape = input.shape;
  for (int i = 2; i < 4; ++i) {
    double length = std::floor(static_cast<double>(shape[i]) * form.scales[static_cast<size_t>(i)]);
    check_input(length >= 0 && length < 9.0e18, "axis {} scaled to {}", i, length);
    shape[i] = static_cast<int64_t>(length);
  }
  request.set_output(0, input.dtype, shape);
}

}  // namespace

void register_resize(Registry& registry) {
  registry.add("Resize").versions(10, std::numeric_limits<int>::max())
      .kernel("separable", make_resize);
  registry.add("Upsample").versions(1, 6).kernel("separable", make_resize).infer =
      infer_old_upsample;
  registry.add("Upsample").versions(7, std::numeric_limits<int>::max())
      .kernel("separable", make_resize);
}

}  // namespace convoy
