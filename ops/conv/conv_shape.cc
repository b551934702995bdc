#include "ops/conv/conv.h"

namespace convoy {

ConvAttributes read_conv_attributes(AttributeReader& attributes) {
  ConvAttributes conv;
  conv.window = read_window(attributes);
  conv.group = attributes.integer("group", 1);
  check_model(conv.group >= 1, "group is {}", conv.group);
  return conv;
}

Shape ConvShape::output_shape() const {
  Shape shape{batch, out_channels};
  for (int64_t size : window.output()) shape.push_back(size);
  return shape;
}

ConvShape resolve_conv(const ConvAttributes& attributes, const Shape& x, const Shape& w) {
  check_input(x.rank() >= 2 && x.rank() == w.rank(),
              "X of shape {} and W of shape {} differ in rank", to_string(x), to_string(w));
  ConvShape conv;
  conv.batch = x[0];
  conv.groups = attributes.group;
  conv.in_channels = x[1];
  conv.out_channels = w[0];
  check_input(x[1] == checked_multiply(w[1], conv.groups),
              "X of shape {} does not fit W of shape {} in {} groups", to_string(x), to_string(w),
              conv.groups);
  check_input(conv.groups == 1 || (conv.groups <= w[0] && w[0] % conv.groups == 0),
              "{} output channels in {} groups", w[0], conv.groups);
  Dims kernel = spatial_sizes(w);
  const auto& declared = attributes.window.kernel_shape;
  check_model(declared.empty() || Dims(declared) == kernel,
              "kernel_shape differs from W of shape {}", to_string(w));
  conv.window = resolve_window(attributes.window, spatial_sizes(x), kernel);
  return conv;
}

void infer_conv(InferRequest& request, const ConvSlots& slots) {
  check_model(request.has_input(slots.x) && request.has_input(slots.w), "X or W is missing");
  AttributeReader attributes(request.node);
  ConvShape shape = resolve_conv(read_conv_attributes(attributes), request.inputs[slots.x].shape,
                                 request.inputs[slots.w].shape);
  DType dtype = DType::kInt32;
  if (slots.type_of >= 0) dtype = request.inputs[static_cast<size_t>(slots.type_of)].dtype;
  request.set_output(0, dtype, shape.output_shape());
}

}  // namespace convoy
