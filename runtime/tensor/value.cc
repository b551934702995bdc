#include "runtime/tensor/value.h"

namespace convoy {
namespace {

std::string_view kind_of(const Value& value) {
  if (value.is_tensor()) return "tensor";
  if (value.is_sequence()) return "sequence";
  if (value.is_optional()) return "optional";
  if (value.is_map()) return "map";
  return "missing value";
}

}  // namespace

const Tensor& Value::tensor() const {
  check_input(is_tensor(), "expected a tensor, got a {}", kind_of(*this));
  return std::get<Tensor>(held_);
}

const Sequence& Value::sequence() const {
  check_input(is_sequence(), "expected a sequence, got a {}", kind_of(*this));
  return *std::get<std::shared_ptr<const Sequence>>(held_);
}

const Optional& Value::optional() const {
  check_input(is_optional(), "expected an optional, got a {}", kind_of(*this));
  return std::get<Optional>(held_);
}

const Map& Value::map() const {
  check_input(is_map(), "expected a map, got a {}", kind_of(*this));
  return *std::get<std::shared_ptr<const Map>>(held_);
}

}  // namespace convoy
