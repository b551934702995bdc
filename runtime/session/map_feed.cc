#include "runtime/session/map_feed.h"

namespace convoy {
namespace {

bool holds_maps(const ValueType& type) {
  return type.kind == ValueType::Kind::kMap ||
         (type.kind == ValueType::Kind::kSequence && type.element && holds_maps(*type.element));
}

Tensor converted(const Tensor& values, DType wanted) {
  if (values.dtype() == wanted) return values;
  Tensor result = Tensor::allocate(wanted, values.shape());
  if (values.count() == 0) return result;
  if (values.dtype() == DType::kString || !is_floating(wanted)) {
    fail(ErrorCode::kInvalidInput, "values of a map are {}, expected {}", to_string(values.dtype()),
         to_string(wanted));
  }
  const std::vector<double> numbers = to_doubles(values);
  visit_floating(wanted, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
    T* to = result.mutable_data<T>();
    for (double number : numbers) *to++ = static_cast<T>(static_cast<Work>(number));
  });
  return result;
}

Value fit_map(const Value& value, const ValueType& declared) {
  const Map& map = value.map();
  const bool texts = std::holds_alternative<std::vector<std::string>>(map.keys);
  const bool empty = map.values.count() == 0;
  check_input(empty || texts == (declared.dtype == DType::kString),
              "keys of a map are {}, expected {}", texts ? "strings" : "integers",
              to_string(declared.dtype));
  auto fitted = std::make_shared<Map>(map);
  if (empty && declared.dtype == DType::kString) fitted->keys = std::vector<std::string>();
  if (empty && declared.dtype != DType::kString) fitted->keys = std::vector<int64_t>();
  if (declared.element && declared.element->is_tensor()) {
    fitted->values = converted(map.values, declared.element->dtype);
  }
  return Value(std::shared_ptr<const Map>(std::move(fitted)));
}

}  // namespace

Value fit_maps(const Value& value, const ValueType& declared) {
  if (!value.defined() || !holds_maps(declared)) return value;
  if (declared.kind == ValueType::Kind::kMap) {
    return value.is_map() ? fit_map(value, declared) : value;
  }
  if (!value.is_sequence()) return value;
  auto fitted = std::make_shared<Sequence>(value.sequence());
  for (Value& element : fitted->elements) element = fit_maps(element, *declared.element);
  return Value(std::shared_ptr<const Sequence>(std::move(fitted)));
}

}  // namespace convoy
