// Quantization of contiguous tensors: q = round(x / scale) + zero point, and back.
#pragma once

#include <optional>

#include "runtime/base/parallel_for.h"
#include "runtime/device/tensor_view.h"

namespace convoy {

// Which scale belongs to which element of x, seen as [outer, length, inner]: the only one, one for
// each index along `length`, or of shape [outer, ceil(length / block), inner].
struct ScaleMap {
  enum class Kind { kTensor, kAxis, kBlocks };
  Kind kind = Kind::kTensor;
  int64_t outer = 1;
  int64_t length = 1;
  int64_t inner = 1;
  int64_t block = 1;
};

struct QuantizeTarget {
  DType dtype;      // integers of at most 16 bits, float8, float4
  DType precision;  // the quotient is rounded to this type before it is rounded to an integer
  bool saturate;    // for float8
};

// The numbers that the integers of a type reach.
struct IntegerRange {
  float low = 0;
  float high = 0;
};

// nullopt for types that are no integers of at most 16 bits.
std::optional<IntegerRange> integer_range(DType dtype);

// Throws kUnsupported for types that are not quantized to.
void check_quantize_target(const QuantizeTarget& target);

// Halves to even; out of range saturates. zero_point: of the target's type, or not present.
void quantize(const TensorView& x, const TensorView& scale, const TensorView& zero_point,
              const TensorView& y, const ScaleMap& map, const QuantizeTarget& target,
              ThreadPool& threads);

// (x - zero point) · scale, to a floating type.
void dequantize(const TensorView& x, const TensorView& scale, const TensorView& zero_point,
                const TensorView& y, const ScaleMap& map, ThreadPool& threads);

}  // namespace convoy
