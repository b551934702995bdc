// Shape (opset 1 and up; start and end from 15 on) and Size: the sizes of an input as int64.
// Known from the types alone.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

Tensor shape_tensor(const Node& node, const Shape& shape) {
  AttributeReader attributes(node);
  int64_t rank = shape.rank();
  int64_t start = attributes.integer("start", 0);
  int64_t end = attributes.integer("end", rank);
  attributes.finish();
  start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<int64_t>(end < 0 ? end + rank : end, start, rank);
  return Tensor::from_int64s({shape.begin() + start, static_cast<size_t>(end - start)});
}

Tensor result(const Node& node, const Shape& shape) {
  if (node.op_type == "Shape") return shape_tensor(node, shape);
  AttributeReader(node).finish();
  return Tensor::scalar<int64_t>(element_count(shape));
}

std::optional<std::vector<Tensor>> fold(const KernelRequest& request) {
  return std::vector<Tensor>{result(request.node(), request.input(0).shape)};
}

std::unique_ptr<Kernel> make(KernelRequest& request) {
  Tensor known = result(request.node(), request.input(0).shape);
  request.accept_strides(0);
  return make_kernel(
      [known](KernelContext& context) { copy_elements(known.view(), context.output(0)); });
}

}  // namespace

void register_shape(Registry& registry) {
  registry.add("Shape").kernel("reference", make).fold = fold;
  registry.add("Size").kernel("reference", make).fold = fold;
}

}  // namespace convoy
