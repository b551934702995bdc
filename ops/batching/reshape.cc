// Reshape and Flatten of siblings: the stacked axis stands between dimensions that the operator
// does not mix.
#include <algorithm>
#include <map>
#include <optional>

#include "ops/batching/rules.h"
#include "runtime/graph/reshape_sizes.h"

namespace convoy {
namespace {

using Sizes = std::vector<Dimension>;

// What dimensions first … last of a list come to: the known part, and how often each symbol.
struct Volume {
  int64_t known = 1;
  std::map<std::string, int> symbols;
  // No dimension without size and symbol, none of size 0, and no more than an int64_t can count.
  bool sized = true;

  friend bool operator==(const Volume& a, const Volume& b) {
    return a.sized && b.sized && a.known == b.known && a.symbols == b.symbols;
  }
};

Volume volume_of(const Sizes& dims, size_t first, size_t last) {
  Volume volume;
  for (size_t i = first; i < last; ++i) {
    if (!dims[i].known() && dims[i].symbol.empty()) volume.sized = false;
    if (dims[i].size == 0) volume.sized = false;
    if (dims[i].known()) {
      bool wraps = __builtin_mul_overflow(volume.known, dims[i].size, &volume.known);
      volume.sized = volume.sized && !wraps;
    } else {
      ++volume.symbols[dims[i].symbol];
    }
  }
  return volume;
}

// Do the first p dimensions of `in` hold what the first q of `out` hold?
bool is_boundary(const Sizes& in, size_t p, const Sizes& out, size_t q) {
  return volume_of(in, 0, p) == volume_of(out, 0, q) ||
         volume_of(in, p, in.size()) == volume_of(out, q, out.size());
}

// `inferred`: the place of -1 in the members' own Reshape.
std::vector<BatchedForm> forms_between(const Sizes& in, const Sizes& out,
                                       std::optional<size_t> inferred, int64_t count) {
  std::vector<BatchedForm> forms;
  for (size_t p = 0; p <= in.size(); ++p) {
    for (size_t q = 0; q <= out.size(); ++q) {
      if (!is_boundary(in, p, out, q)) continue;
      Sizes before = in;
      Sizes after = out;
      before.insert(before.begin() + static_cast<int64_t>(p), Dimension{count, ""});
      after.insert(after.begin() + static_cast<int64_t>(q), Dimension{count, ""});
      bool behind = inferred && *inferred >= q;
      auto sizes = reshape_sizes(
          after, [&](size_t i) { return has_symbol_in_place(before, after, i); },
          behind ? std::optional(*inferred + 1) : inferred);
      if (!sizes) continue;
      StackLayout from = StackLayout::on_axis(static_cast<int>(p));
      forms.push_back({{from, {}},
                       StackLayout::on_axis(static_cast<int>(q)),
                       0,
                       [shape = *sizes](GraphBuilder& builder, std::span<const ValueId> operands,
                                        const ValueType& type) {
                         return builder.reshape(operands[0], shape, type);
                       }});
    }
  }
  return forms;
}

std::optional<size_t> inferred_place(const BatchingRequest& request) {
  if (!request.has(1)) return std::nullopt;
  std::vector<int64_t> wanted = to_int64s(request.operands[1].constants[0]);
  auto at = std::find(wanted.begin(), wanted.end(), -1);
  if (at == wanted.end()) return std::nullopt;
  return static_cast<size_t>(at - wanted.begin());
}

}  // namespace

std::vector<BatchedForm> batch_reshape(const BatchingRequest& request) {
  if (!request.is_stacked(0) || !request.operands[0].type.shape || !request.output.shape) {
    return {};
  }
  // Other sizes for each branch would give members of different shapes.
  if (request.has(1) && (!request.is_constant(1) || !request.operands[1].equal)) return {};
  return forms_between(*request.operands[0].type.shape, *request.output.shape,
                       inferred_place(request), request.count);
}

}  // namespace convoy
