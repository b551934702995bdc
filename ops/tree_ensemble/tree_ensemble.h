// Decision trees in one form for all operators of ai.onnx.ml that evaluate them.
#pragma once

#include <string>
#include <vector>

#include "ops/scores/scores.h"

namespace convoy {

enum class BranchMode : uint8_t { kLeq, kLt, kGte, kGt, kEq, kNeq, kMember, kLeaf };
enum class Aggregate { kAverage, kSum, kMin, kMax };

struct TreeNode {
  BranchMode mode = BranchMode::kLeaf;
  bool missing_is_true = false;  // NaN takes the true branch
  int64_t feature = 0;
  double split = 0;
  int64_t when_true = 0;  // node numbers
  int64_t when_false = 0;
  int64_t first = 0;  // of a leaf: its weights; of a member node: its set
  int64_t count = 0;
};

struct LeafWeight {
  int64_t target = 0;
  double weight = 0;
};

// Node numbers are checked, and every tree is free of cycles.
struct TreeEnsemble {
  std::vector<TreeNode> nodes;
  std::vector<LeafWeight> weights;
  std::vector<double> members;
  std::vector<int64_t> roots;
  std::vector<double> base_values;  // empty, or one for each target
  int64_t targets = 1;
  Aggregate aggregate = Aggregate::kSum;
  PostTransform transform = PostTransform::kNone;

  // Numbered as `nodes`, for trees whose branches are all x ≤ split with NaN on the false side;
  // empty for others. A leaf has feature -1.
  struct PlainNode {
    double split = 0;
    int32_t feature = -1;
    int32_t when_true = 0;
    int32_t when_false = 0;
  };
  std::vector<PlainNode> plain;

  // scores[count, targets] of rows[count, columns] of features. Sums are float64 for float64
  // features and float32 for others, in the order of the trees: those of ONNX Runtime, so that ties
  // fall alike.
  template <typename Feature, typename Sum>
  void evaluate(const Feature* rows, int64_t count, int64_t columns, Sum* scores) const;
};

// TreeEnsemble-5.
TreeEnsemble read_tree_ensemble(const KernelRequest& request);

// The forms of versions 1 to 5 that list nodes by (tree, node) pairs. `prefix` is "target" or
// "class"; targets is set by the caller. Marks what it reads in `attributes`.
TreeEnsemble read_listed_trees(AttributeReader& attributes, const std::string& prefix);

// Throws kInvalidModel for numbers out of range and for cycles; call before evaluate.
void check_trees(const TreeEnsemble& trees);

// Fills trees.plain, of checked trees.
void make_plain(TreeEnsemble& trees);

}  // namespace convoy
