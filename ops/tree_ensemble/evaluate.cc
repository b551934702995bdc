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

const TreeNode& leaf_of(const TreeEnsemble& trees, int64_t root, const double* row) {
  const TreeNode* node = &trees.nodes[static_cast<size_t>(root)];
  while (node->mode != BranchMode::kLeaf) {
    const bool yes = decide(trees, *node, row[node->feature]);
    node = &trees.nodes[static_cast<size_t>(yes ? node->when_true : node->when_false)];
  }
  return *node;
}

}  // namespace

void TreeEnsemble::evaluate(const double* row, int64_t features, double* scores) const {
  (void)features;
  const double start = aggregate == Aggregate::kMin   ? std::numeric_limits<double>::infinity()
                       : aggregate == Aggregate::kMax ? -std::numeric_limits<double>::infinity()
                                                      : 0.0;
  for (int64_t t = 0; t < targets; ++t) scores[t] = start;
  for (int64_t root : roots) {
    const TreeNode& leaf = leaf_of(*this, root, row);
    for (int64_t i = leaf.first; i < leaf.first + leaf.count; ++i) {
      const LeafWeight& entry = weights[static_cast<size_t>(i)];
      double& score = scores[entry.target];
      if (aggregate == Aggregate::kMin) {
        score = std::min(score, entry.weight);
      } else if (aggregate == Aggregate::kMax) {
        score = std::max(score, entry.weight);
      } else {
        score += entry.weight;
      }
    }
  }
  for (int64_t t = 0; t < targets; ++t) {
    if (std::isinf(scores[t]) && scores[t] == start) scores[t] = 0;
    if (aggregate == Aggregate::kAverage) scores[t] /= static_cast<double>(roots.size());
    if (!base_values.empty()) scores[t] += base_values[static_cast<size_t>(t)];
  }
}

double probit(double p) {
  // Winitzki's approximation of the inverse error function, with a = 0.147.
  const double x = 2 * p - 1;
  const double log_term = std::log((1 - x) * (1 + x));
  const double half = 2 / (M_PI * 0.147) + 0.5 * log_term;
  const double inner = std::sqrt(half * half - log_term / 0.147) - half;
  return std::sqrt(2.0) * (x < 0 ? -1.0 : 1.0) * std::sqrt(inner);
}

void apply_transform(PostTransform transform, double* scores, int64_t count) {
  if (transform == PostTransform::kLogistic) {
    for (int64_t i = 0; i < count; ++i) scores[i] = 1 / (1 + std::exp(-scores[i]));
  } else if (transform == PostTransform::kProbit) {
    for (int64_t i = 0; i < count; ++i) scores[i] = probit(scores[i]);
  } else if (transform != PostTransform::kNone && count > 0) {
    const bool keep_zeros = transform == PostTransform::kSoftmaxZero;
    double top = -std::numeric_limits<double>::infinity();
    for (int64_t i = 0; i < count; ++i) top = std::max(top, scores[i]);
    double total = 0;
    for (int64_t i = 0; i < count; ++i) {
      if (keep_zeros && std::abs(scores[i]) < 1e-7) continue;
      scores[i] = std::exp(scores[i] - top);
      total += scores[i];
    }
    for (int64_t i = 0; i < count && total > 0; ++i) scores[i] /= total;
  }
}

}  // namespace convoy
