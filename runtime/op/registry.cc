#include "runtime/op/registry.h"

#include "runtime/base/fork.h"

namespace convoy {
namespace {

std::string key_of(std::string_view domain, std::string_view name) {
  if (domain == "ai.onnx") domain = "";
  return fmt::format("{}:{}", domain, name);
}

}  // namespace

OpDef& Registry::add(std::string_view name, std::string_view domain) {
  OpDef& definition = definitions_.emplace_back();
  definition.name = name;
  definition.domain = domain;
  by_name_[key_of(domain, name)].push_back(&definition);
  return definition;
}

const OpDef* Registry::find(std::string_view domain, std::string_view name, int version) const {
  auto found = by_name_.find(key_of(domain, name));
  if (found == by_name_.end()) return nullptr;
  for (const OpDef* definition : found->second) {
    if (version >= definition->first_version && version <= definition->last_version) {
      return definition;
    }
  }
  return nullptr;
}

const Registry& Registry::standard() {
  NoFork whole;
  static const Registry* registry = [] {
    auto* filled = new Registry;
    register_all_ops(*filled);
    return filled;
  }();
  return *registry;
}

}  // namespace convoy
