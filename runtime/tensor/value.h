// What a graph value can be at run time: a tensor, a sequence, an optional or a map.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/tensor/tensor.h"

namespace convoy {

class Value;

// Elements of one ONNX sequence; shared, never changed once inside a Value.
struct Sequence {
  DType element_dtype = DType::kUndefined;  // of tensors; kUndefined for other elements
  std::vector<Value> elements;
};

// An ONNX optional; empty() when it holds nothing.
struct Optional {
  std::shared_ptr<const Value> element;
  bool empty() const { return element == nullptr; }
};

// Keys in insertion order, as ONNX-ML's dictionaries have them.
struct Map {
  std::variant<std::vector<int64_t>, std::vector<std::string>> keys;
  Tensor values;
};

class Value {
 public:
  Value() = default;
  Value(Tensor tensor) : held_(std::move(tensor)) {}  // NOLINT: implicit by design
  Value(std::shared_ptr<const Sequence> sequence) : held_(std::move(sequence)) {}  // NOLINT
  Value(Optional optional) : held_(std::move(optional)) {}                         // NOLINT
  Value(std::shared_ptr<const Map> map) : held_(std::move(map)) {}                 // NOLINT

  bool defined() const { return !std::holds_alternative<std::monostate>(held_); }
  bool is_tensor() const { return std::holds_alternative<Tensor>(held_); }
  bool is_sequence() const {
    return std::holds_alternative<std::shared_ptr<const Sequence>>(held_);
  }
  bool is_optional() const { return std::holds_alternative<Optional>(held_); }
  bool is_map() const { return std::holds_alternative<std::shared_ptr<const Map>>(held_); }

  // Throw kInvalidInput when the value is of another kind.
  const Tensor& tensor() const;
  const Sequence& sequence() const;
  const Optional& optional() const;
  const Map& map() const;

 private:
  std::variant<std::monostate, Tensor, std::shared_ptr<const Sequence>, Optional,
               std::shared_ptr<const Map>>
      held_;
};

}  // namespace convoy
