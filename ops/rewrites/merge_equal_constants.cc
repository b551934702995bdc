// Constants of equal type and elements become one, so that a file holds them once.
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "ops/rewrites/rules.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

constexpr size_t kHashedBytes = 4096;  // of the beginning

size_t key_of(const Tensor& tensor) {
  size_t bytes = static_cast<size_t>(tensor.count()) * size_of(tensor.dtype());
  std::string_view start(static_cast<const char*>(tensor.raw()), std::min(bytes, kHashedBytes));
  size_t shape = std::hash<std::string>()(
      fmt::format("{}{}", to_string(tensor.dtype()), to_string(tensor.shape())));
  return std::hash<std::string_view>()(start) * 31 + shape;
}

bool is_comparable(const ValueInfo& info) {
  const Tensor* tensor = info.initializer.get();
  return !info.removed && tensor != nullptr && !info.is_input && !info.is_output &&
         tensor->dtype() != DType::kString && tensor->count() > 0 && tensor->desc().is_contiguous();
}

void merge(GraphEditor& editor) {
  const Graph& graph = editor.graph();
  std::unordered_multimap<size_t, ValueId> known;
  for (size_t i = 0; i < graph.value_count(); ++i) {
    if (!editor.may_fire()) return;
    auto id = static_cast<ValueId>(i);
    const ValueInfo& info = graph.value(id);
    // Small ones are counted as equal wherever they matter; to merge them saves nothing.
    if (!is_comparable(info) || info.uses.empty() || info.initializer->count() < 64) continue;
    size_t key = key_of(*info.initializer);
    auto [first, last] = known.equal_range(key);
    auto same = std::find_if(first, last, [&](const auto& entry) {
      return identical(*graph.constant(entry.second), *info.initializer);
    });
    if (same == last) {
      known.emplace(key, id);
      continue;
    }
    GraphBuilder builder = editor.builder(info.uses[0].node);
    editor.replace_all({{id, same->second}}, builder, info.uses[0].node, "constant");
  }
}

}  // namespace

std::vector<RewriteStep> merge_equal_constants() {
  return {Pass{"merge_equal_constants", RuleSet::kPortable, merge}};
}

}  // namespace convoy
