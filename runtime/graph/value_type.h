// The declared or inferred type of a graph value; sizes may be unknown or symbolic.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/dtype.h"
#include "runtime/base/shape.h"

namespace convoy {

// One dimension: known, symbolic ("batch"), or unknown.
struct Dimension {
  int64_t size = -1;   // -1 when not known
  std::string symbol;  // empty when none

  bool known() const { return size >= 0; }
  friend bool operator==(const Dimension&, const Dimension&) = default;
};

struct ValueType {
  enum class Kind { kUnknown, kTensor, kSparseTensor, kSequence, kOptional, kMap };

  Kind kind = Kind::kUnknown;
  DType dtype = DType::kUndefined;              // tensors: element type; maps: key type
  std::optional<std::vector<Dimension>> shape;  // tensors; nullopt when the rank is unknown
  std::shared_ptr<const ValueType> element;     // sequences, optionals, maps: what they hold

  static ValueType tensor(DType dtype, std::optional<std::vector<Dimension>> shape = {}) {
    return {Kind::kTensor, dtype, std::move(shape), nullptr};
  }
  static ValueType tensor(DType dtype, const Shape& shape);

  bool is_tensor() const { return kind == Kind::kTensor; }
  // Every dimension known?
  bool is_static() const;
  // The sizes, if is_static().
  std::optional<Shape> static_shape() const;
  int rank() const { return shape ? static_cast<int>(shape->size()) : -1; }
};

bool operator==(const ValueType& a, const ValueType& b);

// "float32[batch,3,224,224]", "sequence(int64[?])"
std::string to_string(const ValueType& type);

}  // namespace convoy
