// Split, opset 1 and up: consecutive parts of one axis.
// Sizes: attribute `split` up to opset 12 (opset 1 also an input), an input from 13 on, else equal
// parts (num_outputs from 18 on, the last may be smaller). Any element type. Views.
#include "ops/views/define_by_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct SplitForm {
  int64_t axis = 0;
  std::vector<int64_t> sizes;  // empty: equal parts
  int64_t parts = 0;
  bool uneven = false;  // the last part may be smaller
};

// nullopt when the sizes are an input that is not known.
std::optional<SplitForm> read_form(const Node& node, bool has_sizes, const Tensor* sizes) {
  AttributeReader attributes(node);
  SplitForm form;
  form.axis = attributes.integer("axis", 0);
  form.parts = static_cast<int64_t>(node.outputs.size());
  if (node.version < 13) form.sizes = attributes.integers("split");
  if (node.version >= 18 && attributes.has("num_outputs")) {
    form.parts = attributes.integer("num_outputs", form.parts);
    form.uneven = true;
    check_model(form.parts == static_cast<int64_t>(node.outputs.size()),
                "num_outputs is {} but the node has {} outputs", form.parts, node.outputs.size());
  }
  attributes.finish();
  if (has_sizes) {
    if (sizes == nullptr) return std::nullopt;
    form.sizes = to_int64s(*sizes);
  }
  check_model(form.sizes.empty() || form.sizes.size() == node.outputs.size(),
              "{} split sizes for {} outputs", form.sizes.size(), node.outputs.size());
  return form;
}

// Begin and length of part j.
std::pair<int64_t, int64_t> part(const SplitForm& form, int64_t length, int j) {
  if (form.sizes.empty()) {
    check_input(form.uneven || length % form.parts == 0,
                "an axis of length {} does not split into {} equal parts", length, form.parts);
    int64_t chunk = (length + form.parts - 1) / form.parts;
    int64_t begin = std::min(length, chunk * j);
    return {begin, std::min(chunk, length - begin)};
  }
  int64_t begin = 0;
  int64_t sum = 0;
  for (size_t i = 0; i < form.sizes.size(); ++i) {
    check_input(form.sizes[i] >= 0, "split size {} is negative", form.sizes[i]);
    if (static_cast<int>(i) == j) begin = sum;
    sum = checked_add(sum, form.sizes[i]);
  }
  check_input(sum == length, "split sizes sum to {}, the axis has {}", sum, length);
  return {begin, form.sizes[static_cast<size_t>(j)]};
}

Viewer read_split(const KernelRequest& request) {
  auto form = read_form(request.node(), request.has_input(1), request.constant(1));
  if (!form) return {};
  return [form = *form](const TensorDesc& input, int j) -> std::optional<ViewSpec> {
    int axis = normalize_axis(form.axis, input.rank());
    auto [begin, length] = part(form, input.shape[axis], j);
    ViewSpec spec{input.shape, input.strides, begin * input.strides[axis]};
    spec.shape[axis] = length;
    if (element_count(spec.shape) == 0) spec.offset = 0;
    return spec;
  };
}

void infer_split(InferRequest& request) {
  auto form = read_form(request.node, request.has_input(1), request.constant(1));
  if (!form) return;
  const TensorDesc& input = request.inputs[0];
  int axis = normalize_axis(form->axis, input.rank());
  for (size_t j = 0; j < request.outputs.size(); ++j) {
    Shape shape = input.shape;
    shape[axis] = part(*form, input.shape[axis], static_cast<int>(j)).second;
    request.set_output(j, input.dtype, shape);
  }
}

}  // namespace

void register_split(Registry& registry) {
  OpDef& definition = registry.add("Split");
  definition.infer = infer_split;
  define_by_view(definition, read_split);
}

}  // namespace convoy
