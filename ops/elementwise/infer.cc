#include "ops/elementwise/infer.h"

namespace convoy::elementwise {
namespace {

Shape broadcast_shape(const InferRequest& request) {
  check_model(request.has_input(0), "input 0 is missing");
  Shape shape = request.inputs[0].shape;
  if (request.node.domain.empty() && request.node.version < 7) return shape;
  for (size_t i = 1; i < request.inputs.size(); ++i) {
    if (request.has_input(i)) shape = broadcast_shapes(shape, request.inputs[i].shape);
  }
  return shape;
}

}  // namespace

void infer_as_input(InferRequest& request) {
  check_model(request.has_input(0), "input 0 is missing");
  request.set_output(0, request.inputs[0].dtype, request.inputs[0].shape);
}

void infer_broadcast(InferRequest& request) {
  request.set_output(0, request.inputs[0].dtype, broadcast_shape(request));
}

void infer_broadcast_bool(InferRequest& request) {
  request.set_output(0, DType::kBool, broadcast_shape(request));
}

}  // namespace convoy::elementwise
