// Output types of elementwise operators.
#pragma once

#include "runtime/op/op.h"

namespace convoy::elementwise {

// The type and shape of input 0.
void infer_as_input(InferRequest& request);

// The broadcast shape of all inputs (of input 0 before opset 7), element type of input 0.
void infer_broadcast(InferRequest& request);

// The same shape, truth values.
void infer_broadcast_bool(InferRequest& request);

}  // namespace convoy::elementwise
