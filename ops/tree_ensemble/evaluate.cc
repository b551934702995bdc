#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/tree_ensemble/tree_ensemble.h"

namespace convoy {
namespace {

bool decide(const TreeEnsemble& trees, const TreeNode& node, double value) {
  if (std::isnan(value) && node.missing_is_true) return true;
  switch (node.mode) {
    case BranchMode::kLeq: return value <= node.split;
    case BranchMode::kLt: return value < node.split;
    case BranchMode::kGte: return value >= node.split;
    case BranchMode::kGt: return value > node.split;
    case BranchMode::kEq: return value == node.split;
    case BranchMode::kNeq: return value != node.split;
    case BranchMode::kMember:
      for (int64_t i = node.first; i < node.first + node.count; ++i) {
        if (trees.members[static_cast<size_t>(i)] == value) return true;
      }
      return false;
    case BranchMode::kLeaf: break;
  }
  return false;
}

template <typename Feature>
const TreeNode& leaf_of(const TreeEnsemble& trees, int64_t root, const Feature* row) {
  if (!trees.plain.empty()) {
    auto at = static_cast<size_t>(root);
    while (trees.plain[at].feature >= 0) {
      const TreeEnsemble::PlainNode& node = trees.plain[at];
      const bool yes = static_cast<double>(row[node.feature]) <= node.split;
      at = static_cast<size_t>(yes ? node.when_true : node.when_false);
    }
    return trees.nodes[at];
  }
  const TreeNode* node = &trees.nodes[static_cast<size_t>(root)];
  while (node->mode != BranchMode::kLeaf) {
    const bool yes = decide(trees, *node, static_cast<double>(row[node->feature]));
    node = &trees.nodes[static_cast<size_t>(yes ? node->when_true : node->when_false)];
  }
  return *node;
}

template <typename Sum>
void add(const LeafWeight& entry, Aggregate aggregate, Sum& score) {
  const auto weight = static_cast<Sum>(entry.weight);
  if (aggregate == Aggregate::kMin) {
    score = std::min(score, weight);
  } else if (aggregate == Aggregate::kMax) {
    score = std::max(score, weight);
  } else {
    score += weight;
  }
}

}  // namespace

template <typename Feature, typename Sum>
void TreeEnsemble::evaluate(const Feature* rows, int64_t count, int64_t columns,
                            Sum* scores) const {
  constexpr Sum kInfinity = std::numeric_limits<Sum>::infinity();
  const Sum start = aggregate == Aggregate::kMin   ? kInfinity
                    : aggregate == Aggregate::kMax ? -kInfinity
                                                   : Sum{0};
  std::fill(scores, scores + count * targets, start);
  for (int64_t root : roots) {
    for (int64_t row = 0; row < count; ++row) {
      const TreeNode& leaf = leaf_of(*this, root, rows + row * columns);
      for (int64_t i = leaf.first; i < leaf.first + leaf.count; ++i) {
        const LeafWeight& entry = weights[static_cast<size_t>(i)];
        add(entry, aggregate, scores[row * targets + entry.target]);
      }
    }
  }
  for (int64_t i = 0; i < count * targets; ++i) {
    Sum& score = scores[i];
    if (std::isinf(score) && score == start) score = 0;
    if (aggregate == Aggregate::kAverage) score /= static_cast<Sum>(roots.size());
    if (base_values.empty()) continue;
    score += static_cast<Sum>(base_values[static_cast<size_t>(i % targets)]);
  }
}

template void TreeEnsemble::evaluate(const float*, int64_t, int64_t, float*) const;
template void TreeEnsemble::evaluate(const double*, int64_t, int64_t, double*) const;
template void TreeEnsemble::evaluate(const int64_t*, int64_t, int64_t, float*) const;
template void TreeEnsemble::evaluate(const int32_t*, int64_t, int64_t, float*) const;
template void TreeEnsemble::evaluate(const Float16*, int64_t, int64_t, float*) const;

}  // namespace convoy
