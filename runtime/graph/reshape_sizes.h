// What a Reshape with constant sizes is told where some of them are open.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "runtime/graph/value_type.h"

namespace convoy {

// `is_copied(i)`: the operand has open size number i of the result in the same place.
using IsCopied = std::function<bool(size_t i)>;

// 0 for open sizes that are copied, -1 for one that the element count decides; not beside one that
// is copied and may be 0, which leaves -1 undecided, but where the model itself has -1 there
// (`inferred`). nullopt where that does not do, and for sizes of 0.
std::optional<std::vector<int64_t>> reshape_sizes(const std::vector<Dimension>& to,
                                                  const IsCopied& is_copied,
                                                  std::optional<size_t> inferred = std::nullopt);

// Whether size number i is open and one of `from` has the same symbol in the same place.
bool has_symbol_in_place(const std::vector<Dimension>& from, const std::vector<Dimension>& to,
                         size_t i);

}  // namespace convoy
