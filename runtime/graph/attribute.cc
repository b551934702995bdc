#include "runtime/graph/attribute.h"

#include <fmt/ranges.h>

namespace convoy {
namespace {

struct Equal {
  template <typename T, typename U>
  bool operator()(const T&, const U&) const {
    return false;
  }
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
  bool operator()(const Tensor& a, const Tensor& b) const { return identical(a, b); }
  bool operator()(const std::vector<Tensor>& a, const std::vector<Tensor>& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), identical);
  }
  bool operator()(const AttributeReference& a, const AttributeReference& b) const {
    return a.name == b.name;
  }
};

// In quotation marks; what would end the text, and backslashes, stand behind a backslash.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

struct Print {
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(float value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(const Tensor& value) const { return to_string(value.desc()); }
  std::string operator()(const std::shared_ptr<Graph>&) const { return "graph"; }
  std::string operator()(const ValueType& value) const { return to_string(value); }
  std::string operator()(const std::vector<int64_t>& values) const {
    return fmt::format("[{}]", fmt::join(values, ","));
  }
  std::string operator()(const std::vector<float>& values) const {
    return fmt::format("[{}]", fmt::join(values, ","));
  }
  std::string operator()(const AttributeReference& value) const { return "@" + value.name; }
  template <typename T>
  std::string operator()(const std::vector<T>& values) const {
    std::string text = "[";
    for (const T& value : values) text += (text.size() > 1 ? "," : "") + (*this)(value);
    return text + "]";
  }
};

}  // namespace

bool equal(const AttributeValue& a, const AttributeValue& b) { return std::visit(Equal{}, a, b); }

bool equal(const Attributes& a, const Attributes& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
           return x.first == y.first && equal(x.second, y.second);
         });
}

std::string to_string(const AttributeValue& value) { return std::visit(Print{}, value); }

}  // namespace convoy
