#include "runtime/graph/reshape_sizes.h"

namespace convoy {

std::optional<std::vector<int64_t>> reshape_sizes(const std::vector<Dimension>& to,
                                                  const IsCopied& is_copied,
                                                  std::optional<size_t> inferred) {
  std::vector<int64_t> sizes;
  std::optional<size_t> decided;  // by the element count
  bool copies = false;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].size == 0) return std::nullopt;
    bool copied = !to[i].known() && is_copied(i);
    copies = copies || copied;
    sizes.push_back(to[i].known() ? to[i].size : copied ? 0 : -1);
    if (sizes.back() != -1) continue;
    if (decided) return std::nullopt;
    decided = i;
  }
  if (decided && decided != inferred && copies) return std::nullopt;
  return sizes;
}

bool has_symbol_in_place(const std::vector<Dimension>& from, const std::vector<Dimension>& to,
                         size_t i) {
  return i < from.size() && !to[i].symbol.empty() && from[i].symbol == to[i].symbol;
}

}  // namespace convoy
