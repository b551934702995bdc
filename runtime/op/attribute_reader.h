// Reads the attributes of one node and notices those that nobody read.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/graph/graph.h"

namespace convoy {

// Each getter throws kInvalidModel when the attribute has another type, and marks it as read.
class AttributeReader {
 public:
  explicit AttributeReader(const Node& node) : node_(node) {}

  bool has(std::string_view name) const { return node_.attributes.contains(name); }

  int64_t integer(std::string_view name, int64_t otherwise);
  float number(std::string_view name, float otherwise);
  std::string text(std::string_view name, std::string_view otherwise);
  std::vector<int64_t> integers(std::string_view name, std::vector<int64_t> otherwise = {});
  std::vector<float> numbers(std::string_view name, std::vector<float> otherwise = {});
  std::vector<std::string> texts(std::string_view name, std::vector<std::string> otherwise = {});
  // Undefined tensor / nullptr when absent.
  Tensor tensor(std::string_view name);
  std::shared_ptr<Graph> graph(std::string_view name);
  // Throws kInvalidModel when absent.
  int64_t required_integer(std::string_view name);

  // Marks as read without a value: attributes that carry no meaning for Convoy.
  void ignore(std::string_view name) { read_.insert(std::string(name)); }
  // Throws kInvalidModel naming the first attribute that was not read.
  void finish() const;

 private:
  template <typename T>
  const T* find(std::string_view name);

  const Node& node_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace convoy
