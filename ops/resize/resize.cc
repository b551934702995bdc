// Resize, opset 10 and up, and Upsample, opset 1 to 9 (as ONNX defines them at 19 and 9).
// Nearest for any element type, linear and cubic for numbers; antialias, axes and roi included.
#include <cmath>

#include "ops/kernels/resize/resize_kernels.h"
#include "ops/resize/cuda_resize.h"
#include "ops/views/copy_view.h"
#include "runtime/graph/resize_sizes.h"
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
  std::vector<int64_t> axes;  // all where empty
  std::string policy;
  std::vector<float> scales;  // of Upsample's attributes
  bool ceil_when_shrinking = false;
  int scales_input = -1;
  int sizes_input = -1;
  int roi_input = -1;
};

ResizeMode read_mode(AttributeReader& attributes) {
  return named<ResizeMode>(attributes.text("mode", "nearest"), {{"nearest", ResizeMode::kNearest},
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
    form.scales = attributes.numbers("scales");
    check_model(!form.scales.empty(), "the attribute 'scales' is missing");
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
  form.axes = attributes.integers("axes");
  form.policy = attributes.text("keep_aspect_ratio_policy", "stretch");
  attributes.finish();
  form.roi_input = 1;
  form.scales_input = 2;
  form.sizes_input = 3;
  return form;
}

// What of the operands decides the sizes: the types, and the values where they are known.
struct ResizeOperands {
  const std::vector<TensorDesc>& types;
  const std::vector<const Tensor*>& values;

  bool given(int i) const {
    auto slot = static_cast<size_t>(i);
    return i >= 0 && slot < types.size() && types[slot].dtype != DType::kUndefined &&
           types[slot].count() > 0;
  }
  const Tensor* value(int i) const {
    auto slot = static_cast<size_t>(i);
    return slot < values.size() ? values[slot] : nullptr;
  }
};

struct ResizeSizes {
  std::vector<int> axes;
  std::vector<float> factors;  // one an axis
  Shape output;
};

std::vector<float> to_floats(const Tensor& tensor) {
  std::vector<float> floats;
  for (double value : to_doubles(tensor)) floats.push_back(static_cast<float>(value));
  return floats;
}

// nullopt while factors or sizes are not known.
std::optional<ResizeSizes> find_sizes(const ResizeForm& form, const ResizeOperands& operands) {
  check_model(!operands.types.empty(), "there is no input");
  const Shape& in = operands.types[0].shape;
  ResizeSizes result{resized_axes(form.axes, in.rank()), form.scales, in};
  bool by_sizes = operands.given(form.sizes_input);
  if (result.factors.empty()) {
    bool by_scales = operands.given(form.scales_input);
    check_model(by_scales || by_sizes, "neither scales nor sizes are given");
    check_model(!by_scales || !by_sizes, "scales and sizes are given");
    const Tensor* known = operands.value(by_sizes ? form.sizes_input : form.scales_input);
    if (known == nullptr) return std::nullopt;
    if (by_sizes) {
      std::vector<int64_t> lengths;
      for (int axis : result.axes) lengths.push_back(in[axis]);
      SizeFactors found = factors_of(lengths, to_int64s(*known), form.policy);
      for (size_t i = 0; i < found.sizes.size(); ++i) {
        result.output[result.axes[i]] = found.sizes[i];
      }
      result.factors = std::move(found.factors);
      return result;
    }
    result.factors = to_floats(*known);
  }
  check_input(result.factors.size() == result.axes.size(), "{} scales for {} axes",
              result.factors.size(), result.axes.size());
  for (size_t i = 0; i < result.axes.size(); ++i) {
    result.output[result.axes[i]] = scaled_size(in[result.axes[i]], result.factors[i]);
  }
  return result;
}

void infer_resize(InferRequest& request) {
  ResizeOperands operands{request.inputs, request.constants};
  auto sizes = find_sizes(read_form(request.node), operands);
  if (sizes) request.set_output(0, request.inputs[0].dtype, sizes->output);
}

std::optional<std::vector<AxisMap>> make_maps(const ResizeOperands& operands,
                                              const ResizeForm& form, const ResizeSizes& sizes) {
  const Shape& in = operands.types[0].shape;
  const std::vector<int>& axes = sizes.axes;
  std::vector<float> roi;
  if (form.rule.coordinates == CoordinateMode::kCropAndResize) {
    check_model(operands.given(form.roi_input), "tf_crop_and_resize needs a roi");
    const Tensor* operand = operands.value(form.roi_input);
    if (operand == nullptr) return std::nullopt;
    roi = to_floats(*operand);
    check_input(roi.size() == 2 * axes.size(), "{} numbers in roi for {} axes", roi.size(),
                axes.size());
    for (float corner : roi) check_input(std::isfinite(corner), "roi has an entry of {}", corner);
  }
  std::vector<AxisMap> maps(static_cast<size_t>(in.rank()));
  for (int i = 0; i < in.rank(); ++i) {
    maps[static_cast<size_t>(i)] = make_axis_map({in[i], in[i], 1, 0, 1}, form.rule);
  }
  // Factors that leave all sizes as they are leave the pixels too, in PyTorch and ONNX Runtime.
  if (roi.empty() && sizes.output == in) return maps;
  for (size_t i = 0; i < axes.size(); ++i) {
    AxisScale of{in[axes[i]], sizes.output[axes[i]], sizes.factors[i], 0, 1};
    if (!roi.empty()) {
      of.roi_start = roi[i];
      of.roi_end = roi[i + axes.size()];
    }
    ResizeRule rule = form.rule;
    if (form.ceil_when_shrinking && of.scale < 1) rule.nearest = NearestMode::kCeil;
    maps[static_cast<size_t>(axes[i])] = make_axis_map(of, rule);
  }
  return maps;
}

// What a node comes to.
struct Planned {
  ResizeForm form;
  Shape output;
  std::vector<AxisMap> maps;

  bool is_empty() const { return element_count(output) == 0; }
  bool copies() const {
    return std::all_of(maps.begin(), maps.end(), [](const AxisMap& map) { return map.identity; });
  }
};

// nullopt through request.refuse.
std::optional<Planned> plan(KernelRequest& request) {
  Planned planned{read_form(request.node()), {}, {}};
  ResizeOperands operands{request.inputs, request.constants};
  auto sizes = find_sizes(planned.form, operands);
  if (!sizes) {
    request.refuse("scales or sizes are not known");
    return std::nullopt;
  }
  request.check_output(0, sizes->output);
  planned.output = sizes->output;
  if (planned.is_empty()) return planned;
  check_input(request.input(0).count() > 0, "cannot resize an empty tensor to {}",
              to_string(sizes->output));
  auto maps = make_maps(operands, planned.form, *sizes);
  if (!maps) {
    request.refuse("roi is not known");
    return std::nullopt;
  }
  planned.maps = std::move(*maps);
  return planned;
}

std::unique_ptr<Kernel> make_copy(KernelRequest& request) {
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel(
      [](KernelContext& context) { copy_view(context, context.input(0), context.output(0)); });
}

std::unique_ptr<Kernel> make_resize(KernelRequest& request) {
  auto planned = plan(request);
  if (!planned) return nullptr;
  if (planned->is_empty()) return make_kernel([](KernelContext&) {});
  if (planned->copies()) return make_copy(request);
  double extrapolation = planned->form.rule.extrapolation;
  std::vector<AxisMap>& maps = planned->maps;
  if (planned->form.rule.mode == ResizeMode::kNearest) {
    return make_kernel([maps = std::move(maps), extrapolation](KernelContext& context) {
      resize_nearest(maps, extrapolation, context.input(0), context.output(0), context.threads());
    });
  }
  request.use_scratch(resize_scratch_bytes(maps, request.input(0).dtype, request.threads));
  return make_kernel([maps = std::move(maps), extrapolation](KernelContext& context) {
    resize_weighted(maps, extrapolation, context.input(0), context.output(0), context.scratch(),
                    context.threads());
  });
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  auto planned = plan(request);
  if (!planned) return nullptr;
  if (planned->is_empty()) return make_kernel([](KernelContext&) {});
  if (planned->copies()) return copies_on_gpu(make_copy)(request);
  return make_cuda_resize(request, planned->maps, planned->form.rule.mode == ResizeMode::kNearest,
                          planned->form.rule.extrapolation);
}

}  // namespace

void register_resize(Registry& registry) {
  constexpr int kLast = std::numeric_limits<int>::max();
  for (OpDef* definition : {&registry.add("Resize").versions(10, kLast),
                            &registry.add("Upsample").versions(1, kLast)}) {
    definition->kernel("separable", make_resize)
        .kernel("outputs", make_on_gpu, DeviceKind::kCuda)
        .infer = infer_resize;
  }
}

}  // namespace convoy
