// Which operators can be applied to stacked siblings.
#include "ops/batching/rules.h"
#include "runtime/op/registry.h"

namespace convoy {

void register_batching_rules(Registry& registry) {
  for (const char* name : {"Abs",        "Acos",     "Acosh",       "Asin",
                           "Asinh",      "Atan",     "Atanh",       "BitwiseNot",
                           "Cast",       "Ceil",     "Celu",        "Cos",
                           "Cosh",       "Elu",      "Erf",         "Exp",
                           "Floor",      "Gelu",     "HardSigmoid", "HardSwish",
                           "Identity",   "IsInf",    "IsNaN",       "LeakyRelu",
                           "Log",        "Mish",     "Neg",         "Not",
                           "Reciprocal", "Relu",     "Round",       "Selu",
                           "Shrink",     "Sigmoid",  "Sign",        "Sin",
                           "Sinh",       "Softplus", "Softsign",    "Sqrt",
                           "Swish",      "Tan",      "Tanh",        "ThresholdedRelu"}) {
    registry.set_batching(name, {batch_unary, {}});
  }
  registry.set_batching("Clip", {batch_clip, {}});
  for (const char* name : {"GRU", "LSTM", "RNN"}) {
    registry.set_batching(name, {batch_recurrent, {}, true});
  }
  for (const char* name : {"Add",        "And",         "BitShift", "BitwiseAnd", "BitwiseOr",
                           "BitwiseXor", "Div",         "Equal",    "Greater",    "GreaterOrEqual",
                           "Less",       "LessOrEqual", "Max",      "Mean",       "Min",
                           "Mod",        "Mul",         "Or",       "PRelu",      "Pow",
                           "Sub",        "Sum",         "Where",    "Xor"}) {
    registry.set_batching(name, {batch_broadcasting, {}});
  }
  for (const char* name :
       {"AveragePool", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "LpPool", "MaxPool"}) {
    registry.set_batching(name, {batch_pool, {}});
  }
  registry.set_batching("Conv", {batch_conv, {2}, false, sum_conv});
  registry.set_batching("ConvTranspose", {batch_conv_transpose, {2}, false, sum_conv});
  registry.set_batching("BatchNormalization", {batch_batch_normalization, {}});
  registry.set_batching("Unsqueeze", {batch_unsqueeze, {}});
  registry.set_batching("Squeeze", {batch_squeeze, {}});
  registry.set_batching("Transpose", {batch_transpose, {}});
  registry.set_batching("MatMul", {batch_matmul, {}, false, sum_matmul});
  registry.set_batching("Gemm", {batch_gemm, {2}, false, sum_gemm});
  for (const char* name : {"Hardmax", "LogSoftmax", "LpNormalization", "Softmax"}) {
    registry.set_batching(name, {batch_softmax, {}});
  }
  for (const char* name :
       {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
        "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"}) {
    registry.set_batching(name, {batch_reduction, {}});
  }
  registry.set_batching("ArgMax", {batch_arg_extremum, {}});
  registry.set_batching("ArgMin", {batch_arg_extremum, {}});
  registry.set_batching("TopK", {batch_top_k, {}, true});
  registry.set_batching("Concat", {batch_concat, {}});
  registry.set_batching("Slice", {batch_slice, {}});
  registry.set_batching("Gather", {batch_gather, {}});
  registry.set_batching("Pad", {batch_pad, {}});
  registry.set_batching("Reshape", {batch_reshape, {}});
  registry.set_batching("Flatten", {batch_reshape, {}});
  registry.set_batching("InstanceNormalization", {batch_instance_normalization, {}});
  registry.set_batching("GroupNormalization", {batch_group_normalization, {}});
  registry.set_batching("LRN", {batch_lrn, {}});
  registry.set_batching("LayerNormalization", {batch_layer_normalization, {}});
}

}  // namespace convoy
