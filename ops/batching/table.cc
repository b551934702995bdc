// Which operators can be applied to stacked siblings.
#include "ops/batching/rules.h"
#include "runtime/op/registry.h"

namespace convoy {

void register_batching_rules(Registry& registry) {
  for (const char* name :
       {"Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "Ceil",
        "Celu", "Clip", "Cos", "Cosh", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid",
        "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu", "Log", "Mish", "Neg", "Not",
        "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh",
        "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu"}) {
    registry.set_batching(name, {batch_unary, {}});
  }
  for (const char* name :
       {"Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max",
        "Mean", "Min", "Mod", "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor"}) {
    registry.set_batching(name, {batch_broadcasting, {}});
  }
  for (const char* name : {"AveragePool", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
                           "LpPool", "MaxPool"}) {
    registry.set_batching(name, {batch_pool, {}});
  }
  registry.set_batching("Conv", {batch_conv, {2}});
  registry.set_batching("BatchNormalization", {batch_batch_normalization, {}});
  registry.set_batching("Unsqueeze", {batch_unsqueeze, {}});
  registry.set_batching("Squeeze", {batch_squeeze, {}});
  registry.set_batching("Transpose", {batch_transpose, {}});
  registry.set_batching("MatMul", {batch_matmul, {}});
  registry.set_batching("Gemm", {batch_gemm, {2}});
  registry.set_batching("Softmax", {batch_softmax, {}});
  registry.set_batching("LogSoftmax", {batch_softmax, {}});
  registry.set_batching("LayerNormalization", {batch_layer_normalization, {}});
}

}  // namespace convoy
