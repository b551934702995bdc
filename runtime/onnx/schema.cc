#include "runtime/onnx/schema.h"

#include <unordered_map>

#include "runtime/onnx/attributes.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/schema_registry.h"

namespace convoy {
namespace {

struct Key {
  std::string domain;
  std::string name;
  int version;
  friend bool operator==(const Key&, const Key&) = default;
};

struct KeyView {
  const std::string& domain;
  const std::string& name;
  int version;
};

bool operator==(const Key& a, const KeyView& b) {
  return a.version == b.version && a.name == b.name && a.domain == b.domain;
}

struct Hash {
  using is_transparent = void;
  template <typename K>
  size_t operator()(const K& key) const {
    size_t hash = std::hash<std::string>{}(key.name);
    return hash * 31 + static_cast<size_t>(key.version) + key.domain.size();
  }
};

}  // namespace

const std::string& canonical_domain(const std::string& domain) {
  static const std::string standard;
  return domain == "ai.onnx" ? standard : domain;
}

const onnx::OpSchema* find_schema(const std::string& domain, const std::string& name, int version) {
  thread_local std::unordered_map<Key, const onnx::OpSchema*, Hash, std::equal_to<>> known;
  auto found = known.find(KeyView{domain, name, version});
  if (found != known.end()) return found->second;
  const std::string& canonical = canonical_domain(domain);
  const onnx::OpSchema* schema = SchemaRegistry::instance().GetSchema(name, version, canonical);
  // Names come from models: what is not known is not kept.
  if (schema != nullptr) known.emplace(Key{domain, name, version}, schema);
  return schema;
}

int newest_version(const std::string& domain) {
  const auto& ranges = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  auto found = ranges.find(canonical_domain(domain));
  return found == ranges.end() ? 0 : found->second.second;
}

bool has_schema(const std::string& domain, const std::string& name, int version) {
  const onnx::OpSchema* schema = find_schema(domain, name, version);
  return schema != nullptr && !schema->deprecated();
}

int latest_opset() { return newest_version(""); }

void fill_default_attributes(Node& node) {
  const onnx::OpSchema* schema = find_schema(node.domain, node.op_type, node.version);
  if (schema == nullptr) return;
  for (const auto& [name, attribute] : schema->attributes()) {
    if (!attribute.default_value.has_name() || node.attributes.contains(name)) continue;
    node.attributes.emplace(name, attribute_from_proto(attribute.default_value));
  }
}

}  // namespace convoy
