#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "ops/tree_ensemble/tree_ensemble.h"

namespace convoy {
namespace {

size_t checked(int64_t index, size_t size, const char* what) {
  check_model(index >= 0 && static_cast<size_t>(index) < size, "{} {} is outside of [0, {})", what,
              index, size);
  return static_cast<size_t>(index);
}

BranchMode mode_of(const std::string& name) {
  static constexpr const char* kNames[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",    "BRANCH_GT",
                                           "BRANCH_EQ",  "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"};
  for (int i = 0; i < 8; ++i) {
    if (name == kNames[i]) return static_cast<BranchMode>(i);
  }
  fail(ErrorCode::kInvalidModel, "node mode '{}' is not known", name);
}

// A list that is a FLOATS attribute, or a tensor under NAME_as_tensor.
std::vector<double> read_numbers(AttributeReader& attributes, const std::string& name) {
  const auto floats = attributes.numbers(name);
  const Tensor tensor = attributes.tensor(name + "_as_tensor");
  if (tensor.defined()) return to_doubles(tensor);
  return {floats.begin(), floats.end()};
}

// Positions of nodes in the lists, by tree and node.
class NodeNumbers {
 public:
  NodeNumbers(const std::vector<int64_t>& trees, const std::vector<int64_t>& nodes)
      : trees_(trees), nodes_(nodes) {
    for (size_t i = 0; i < trees.size(); ++i) {
      const bool in_order = i > 0 && trees[i] == trees[i - 1] && nodes[i] > nodes[i - 1] &&
                            nodes[i - 1] + 1 == nodes[i];
      if (!in_order) runs_.emplace(std::pair(trees[i], nodes[i]), i);
    }
    for (size_t i = 0; i < trees.size(); ++i) {
      check_model(find(trees[i], nodes[i]) == i, "node {} of tree {} is listed twice", nodes[i],
                  trees[i]);
    }
  }

  // Throws kInvalidModel where there is none.
  size_t find(int64_t tree, int64_t node) const {
    auto after = runs_.upper_bound({tree, node});
    if (after != runs_.begin()) {
      const auto& [start, position] = *std::prev(after);
      const size_t at = position + static_cast<size_t>(node) - static_cast<size_t>(start.second);
      if (at < nodes_.size() && trees_[at] == tree && nodes_[at] == node) return at;
    }
    fail(ErrorCode::kInvalidModel, "tree {} has no node {}", tree, node);
  }

 private:
  const std::vector<int64_t>& trees_;
  const std::vector<int64_t>& nodes_;
  // Where nodes that follow each other in the lists begin: most trees are one run.
  std::map<std::pair<int64_t, int64_t>, size_t> runs_;
};

// A node that is a child is no root; every child lies in its parent's tree by construction.
class CycleCheck {
 public:
  explicit CycleCheck(const TreeEnsemble& trees) : trees_(trees), state_(trees.nodes.size()) {}

  // Depth first without recursion, as trees may be as deep as they have nodes.
  void visit(int64_t root) {
    std::vector<int64_t> path{root};
    while (!path.empty()) {
      const auto at = static_cast<size_t>(path.back());
      const TreeNode& node = trees_.nodes[at];
      const bool leaf = node.mode == BranchMode::kLeaf;
      if (state_[at] == 3 || (leaf && state_[at] == 0)) {
        state_[at] = 3;
        path.pop_back();
        continue;
      }
      // 0: new, 1: below the true branch, 2: below the false branch, 3: done
      const int64_t child = state_[at] == 0 ? node.when_true : node.when_false;
      if (++state_[at] == 3) {
        path.pop_back();
        continue;
      }
      const auto below = checked(child, state_.size(), "node");
      check_model(state_[below] == 0 || state_[below] == 3, "the trees have a cycle at node {}",
                  child);
      if (state_[below] == 0) path.push_back(child);
    }
  }

 private:
  const TreeEnsemble& trees_;
  std::vector<char> state_;
};

// One node for each leaf, behind those that are there.
void add_leaves(const std::vector<int64_t>& targets, const std::vector<double>& weights,
                TreeEnsemble& trees) {
  for (size_t i = 0; i < weights.size(); ++i) {
    TreeNode leaf;
    leaf.first = static_cast<int64_t>(i);
    leaf.count = 1;
    trees.nodes.push_back(leaf);
    trees.weights.push_back({targets[i], weights[i]});
  }
}

// The first node of each tree that is nobody's child.
std::vector<int64_t> roots_of(const std::vector<int64_t>& tree_ids,
                              const std::vector<bool>& is_child) {
  std::vector<int64_t> roots;
  std::set<int64_t> rooted;
  for (size_t i = 0; i < tree_ids.size(); ++i) {
    const bool root = !is_child[i] && rooted.insert(tree_ids[i]).second;
    if (root) roots.push_back(static_cast<int64_t>(i));
  }
  return roots;
}

}  // namespace

void check_trees(const TreeEnsemble& trees) {
  for (const LeafWeight& weight : trees.weights) {
    checked(weight.target, static_cast<size_t>(trees.targets), "target");
  }
  check_model(
      trees.base_values.empty() || static_cast<int64_t>(trees.base_values.size()) == trees.targets,
      "{} base values for {} targets", trees.base_values.size(), trees.targets);
  CycleCheck check(trees);
  for (int64_t root : trees.roots) {
    checked(root, trees.nodes.size(), "root");
    check.visit(root);
  }
}

void make_plain(TreeEnsemble& trees) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  if (static_cast<int64_t>(trees.nodes.size()) > kMost) return;
  for (const TreeNode& node : trees.nodes) {
    if (node.mode == BranchMode::kLeaf) continue;
    if (node.mode != BranchMode::kLeq || node.missing_is_true || node.feature > kMost) return;
  }
  for (const TreeNode& node : trees.nodes) {
    TreeEnsemble::PlainNode plain;
    if (node.mode != BranchMode::kLeaf) {
      plain = {node.split, static_cast<int32_t>(node.feature), static_cast<int32_t>(node.when_true),
               static_cast<int32_t>(node.when_false)};
    }
    trees.plain.push_back(plain);
  }
}

TreeEnsemble read_tree_ensemble(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  TreeEnsemble trees;
  trees.targets = attributes.integer("n_targets", 1);
  const int64_t aggregate = attributes.integer("aggregate_function", 1);
  const int64_t transform = attributes.integer("post_transform", 0);
  checked(aggregate, 4, "aggregate_function");
  checked(transform, 5, "post_transform");
  trees.aggregate = static_cast<Aggregate>(aggregate);
  trees.transform = static_cast<PostTransform>(transform);
  trees.roots = attributes.integers("tree_roots");
  const auto modes = to_int64s(attributes.tensor("nodes_modes"));
  const auto features = attributes.integers("nodes_featureids");
  const auto splits = to_doubles(attributes.tensor("nodes_splits"));
  const auto when_true = attributes.integers("nodes_truenodeids");
  const auto when_false = attributes.integers("nodes_falsenodeids");
  const auto true_leaf = attributes.integers("nodes_trueleafs");
  const auto false_leaf = attributes.integers("nodes_falseleafs");
  const auto missing = attributes.integers("nodes_missing_value_tracks_true");
  const auto leaf_targets = attributes.integers("leaf_targetids");
  const auto leaf_weights = to_doubles(attributes.tensor("leaf_weights"));
  const Tensor members = attributes.tensor("membership_values");
  if (members.defined()) trees.members = to_doubles(members);
  attributes.ignore("nodes_hitrates");
  attributes.finish();
  const size_t count = modes.size();
  for (size_t size : {features.size(), splits.size(), when_true.size(), when_false.size(),
                      true_leaf.size(), false_leaf.size()}) {
    check_model(size == count, "lists of {} and {} entries for the nodes", size, count);
  }
  check_model(leaf_targets.size() == leaf_weights.size(), "{} targets for {} leaf weights",
              leaf_targets.size(), leaf_weights.size());
  size_t member = 0;
  for (size_t i = 0; i < count; ++i) {
    TreeNode node;
    node.mode = static_cast<BranchMode>(checked(modes[i], 7, "node mode"));
    node.feature = features[i];
    node.split = splits[i];
    node.missing_is_true = i < missing.size() && missing[i] != 0;
    auto child = [&](int64_t index, bool leaf) {
      if (!leaf) return static_cast<int64_t>(checked(index, count, "node"));
      return static_cast<int64_t>(count + checked(index, leaf_weights.size(), "leaf"));
    };
    node.when_true = child(when_true[i], true_leaf[i] != 0);
    node.when_false = child(when_false[i], false_leaf[i] != 0);
    if (node.mode == BranchMode::kMember) {
      node.first = static_cast<int64_t>(member);
      while (member < trees.members.size() && !std::isnan(trees.members[member])) ++member;
      node.count = static_cast<int64_t>(member) - node.first;
      ++member;
    }
    trees.nodes.push_back(node);
  }
  add_leaves(leaf_targets, leaf_weights, trees);
  check_trees(trees);
  return trees;
}

TreeEnsemble read_listed_trees(AttributeReader& attributes, const std::string& prefix) {
  TreeEnsemble trees;
  trees.transform = transform_of(attributes.text("post_transform", "NONE"));
  trees.base_values = read_numbers(attributes, "base_values");
  const auto tree_ids = attributes.integers("nodes_treeids");
  const auto node_ids = attributes.integers("nodes_nodeids");
  const auto modes = attributes.texts("nodes_modes");
  const auto features = attributes.integers("nodes_featureids");
  const auto splits = read_numbers(attributes, "nodes_values");
  const auto when_true = attributes.integers("nodes_truenodeids");
  const auto when_false = attributes.integers("nodes_falsenodeids");
  const auto missing = attributes.integers("nodes_missing_value_tracks_true");
  attributes.ignore("nodes_hitrates");
  attributes.ignore("nodes_hitrates_as_tensor");
  const size_t count = node_ids.size();
  for (size_t size : {tree_ids.size(), modes.size(), features.size(), splits.size(),
                      when_true.size(), when_false.size()}) {
    check_model(size == count, "lists of {} and {} entries for the nodes", size, count);
  }
  const NodeNumbers numbers(tree_ids, node_ids);
  auto find = [&](int64_t tree, int64_t node) { return numbers.find(tree, node); };
  std::vector<bool> is_child(count);
  trees.nodes.resize(count);
  for (size_t i = 0; i < count; ++i) {
    TreeNode& node = trees.nodes[i];
    node.mode = mode_of(modes[i]);
    node.feature = features[i];
    node.split = splits[i];
    node.missing_is_true = i < missing.size() && missing[i] != 0;
    if (node.mode == BranchMode::kLeaf) continue;
    check_model(node.mode != BranchMode::kMember, "BRANCH_MEMBER needs TreeEnsemble");
    const size_t yes = find(tree_ids[i], when_true[i]);
    const size_t no = find(tree_ids[i], when_false[i]);
    is_child[yes] = is_child[no] = true;
    node.when_true = static_cast<int64_t>(yes);
    node.when_false = static_cast<int64_t>(no);
  }
  trees.roots = roots_of(tree_ids, is_child);
  const auto leaf_trees = attributes.integers(prefix + "_treeids");
  const auto leaf_nodes = attributes.integers(prefix + "_nodeids");
  const auto leaf_targets = attributes.integers(prefix + "_ids");
  const auto leaf_weights = read_numbers(attributes, prefix + "_weights");
  for (size_t size : {leaf_trees.size(), leaf_nodes.size(), leaf_targets.size()}) {
    check_model(size == leaf_weights.size(), "lists of {} and {} entries for the leaves", size,
                leaf_weights.size());
  }
  std::vector<std::pair<size_t, size_t>> order;  // (node, entry)
  for (size_t i = 0; i < leaf_trees.size(); ++i) {
    order.emplace_back(find(leaf_trees[i], leaf_nodes[i]), i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [node, entry] : order) {
    TreeNode& leaf = trees.nodes[node];
    if (leaf.mode != BranchMode::kLeaf) continue;
    if (leaf.count++ == 0) leaf.first = static_cast<int64_t>(trees.weights.size());
    trees.weights.push_back({leaf_targets[entry], leaf_weights[entry]});
  }
  return trees;
}

}  // namespace convoy
