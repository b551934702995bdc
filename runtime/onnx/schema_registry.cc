#include "runtime/onnx/schema_registry.h"

#include <algorithm>
#include <functional>

namespace convoy {

const SchemaRegistry& SchemaRegistry::instance() {
  NoFork whole;
  static const SchemaRegistry registry;
  return registry;
}

SchemaRegistry::SchemaRegistry() {
  for (const SchemaSource& source : onnx_schemas()) {
    entries_[source.name].push_back({source, std::nullopt});
  }
  for (auto& [name, versions] : entries_) {
    std::ranges::sort(versions, std::greater<>(),
                      [](const Entry& entry) { return entry.source.since_version; });
  }
}

const onnx::OpSchema* SchemaRegistry::GetSchema(const std::string& name, int version,
                                                const std::string& domain) const {
  auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  std::scoped_lock lock(mutex_);
  for (Entry& entry : found->second) {
    if (entry.source.since_version > version) continue;
    if (!entry.schema) {
      entry.schema = entry.source.build();
      entry.schema->Finalize();
    }
    if (entry.schema->domain() == domain) return &*entry.schema;
  }
  return nullptr;
}

}  // namespace convoy
