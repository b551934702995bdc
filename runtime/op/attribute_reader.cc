#include "runtime/op/attribute_reader.h"

namespace convoy {

template <typename T>
const T* AttributeReader::find(std::string_view name) {
  auto found = node_.attributes.find(name);
  if (found == node_.attributes.end()) return nullptr;
  read_.insert(found->first);
  const T* value = std::get_if<T>(&found->second);
  check_model(value != nullptr, "attribute '{}' has the wrong type: {}", name,
              to_string(found->second));
  return value;
}

int64_t AttributeReader::integer(std::string_view name, int64_t otherwise) {
  const int64_t* value = find<int64_t>(name);
  return value ? *value : otherwise;
}

float AttributeReader::number(std::string_view name, float otherwise) {
  const float* value = find<float>(name);
  return value ? *value : otherwise;
}

std::string AttributeReader::text(std::string_view name, std::string_view otherwise) {
  const std::string* value = find<std::string>(name);
  return value ? *value : std::string(otherwise);
}

std::vector<int64_t> AttributeReader::integers(std::string_view name,
                                               std::vector<int64_t> otherwise) {
  const auto* value = find<std::vector<int64_t>>(name);
  return value ? *value : std::move(otherwise);
}

std::vector<float> AttributeReader::numbers(std::string_view name, std::vector<float> otherwise) {
  const auto* value = find<std::vector<float>>(name);
  return value ? *value : std::move(otherwise);
}

std::vector<std::string> AttributeReader::texts(std::string_view name,
                                                std::vector<std::string> otherwise) {
  const auto* value = find<std::vector<std::string>>(name);
  return value ? *value : std::move(otherwise);
}

Tensor AttributeReader::tensor(std::string_view name) {
  const Tensor* value = find<Tensor>(name);
  return value ? *value : Tensor();
}

std::shared_ptr<Graph> AttributeReader::graph(std::string_view name) {
  const auto* value = find<std::shared_ptr<Graph>>(name);
  return value ? *value : nullptr;
}

int64_t AttributeReader::required_integer(std::string_view name) {
  const int64_t* value = find<int64_t>(name);
  check_model(value != nullptr, "the required attribute '{}' is missing", name);
  return *value;
}

void AttributeReader::finish() const {
  for (const auto& [name, value] : node_.attributes) {
    check_model(read_.contains(name), "attribute '{}' is not known to {}-{}", name,
                node_.qualified_type(), node_.version);
  }
}

}  // namespace convoy
