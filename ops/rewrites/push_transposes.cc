// Transpose of elementwise operators whose operands are Transposes: all of them move above the
// operators, where those of the opposite order cancel. Only where fewer Transposes are left.
#include <algorithm>
#include <map>
#include <set>

#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"
#include "runtime/rewrite/driver.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;
constexpr size_t kMostNodes = 64;  // between two Transposes

class Pusher {
 public:
  Pusher(GraphEditor& editor, NodeId root) : editor_(editor), graph_(editor.graph()), root_(root) {}

  void run() {
    const Node& node = graph_.node(root_);
    auto perm = integers_of(node, "perm");
    ValueId top = node.inputs[0];
    NodeId producer = graph_.value(top).producer;
    if (!perm || producer == NodeId::kNone || !passes(graph_.node(producer))) return;
    if (!is_permutation(*perm, static_cast<int64_t>(perm->size()))) return;
    perm_ = *perm;
    bool whole = collect(top);
    if (leaves_.empty()) return;
    if (!whole) return editor_.near_miss(root_, why_not_);
    if (added() >= removed()) {
      return editor_.near_miss(root_,
                               fmt::format("{} would come for {} that go", added(), removed()));
    }
    GraphBuilder builder = editor_.builder(root_);
    ValueId replacement = rebuilt(builder, top);
    editor_.replace(root_, {replacement}, builder);
  }

 private:
  bool passes(const Node& node) const {
    const OpDef* definition = editor_.registry().find(node);
    return definition != nullptr && definition->passes_transposes && node.version >= 7 &&
           node.outputs.size() == 1;
  }

  // Everything between the root and Transposes above; false where something else comes in.
  bool collect(ValueId value) {
    if (seen_.contains(value)) return true;
    seen_.insert(value);
    if (seen_.size() > kMostNodes) return refuse("there are too many operators between");
    const ValueType& type = graph_.value(value).type;
    auto rank = static_cast<int>(perm_.size());
    const std::string& name = graph_.value_name(value);
    if (const Tensor* constant = graph_.constant(value)) {
      return constant->rank() <= rank || refuse(fmt::format("'{}' raises the rank", name));
    }
    NodeId id = graph_.value(value).producer;
    if (type.rank() != rank) return refuse(fmt::format("'{}' has another rank", name));
    if (id == NodeId::kNone) return refuse(fmt::format("'{}' is not transposed", name));
    const Node& node = graph_.node(id);
    if (node.is("Transpose")) {
      auto perm = integers_of(node, "perm");
      if (!perm) return refuse(fmt::format("'{}' is reversed", name));
      int source = graph_.value(node.inputs[0]).type.rank();
      if (!is_permutation(*perm, rank) || (source >= 0 && source != rank)) {
        return refuse(fmt::format("'{}' is no order of {} axes", name, rank));
      }
      leaves_.insert(value);
      return true;
    }
    if (!passes(node)) return refuse(fmt::format("'{}' is not transposed", name));
    if (graph_.only_user(value) == NodeId::kNone) {
      return refuse(fmt::format("'{}' is read elsewhere", name));
    }
    return std::all_of(node.inputs.begin(), node.inputs.end(),
                       [&](ValueId input) { return input == ValueId::kNone || collect(input); });
  }

  bool refuse(std::string reason) {
    why_not_ = std::move(reason);
    return false;
  }

  // The order of the root's axes in what the leaf transposes.
  List composed(ValueId leaf) const {
    List inner = *integers_of(graph_.node(graph_.value(leaf).producer), "perm");
    List order;
    for (int64_t axis : perm_) order.push_back(inner[static_cast<size_t>(axis)]);
    return order;
  }

  size_t added() const {
    return static_cast<size_t>(std::count_if(leaves_.begin(), leaves_.end(), [&](ValueId leaf) {
      List order = composed(leaf);
      return !std::is_sorted(order.begin(), order.end());
    }));
  }
  size_t removed() const {
    return 1 + static_cast<size_t>(std::count_if(leaves_.begin(), leaves_.end(), [&](ValueId leaf) {
             return graph_.only_user(leaf) != NodeId::kNone;
           }));
  }

  ValueType permuted(const ValueType& type) const {
    ValueType moved = type;
    for (size_t i = 0; i < perm_.size(); ++i) {
      (*moved.shape)[i] = (*type.shape)[static_cast<size_t>(perm_[i])];
    }
    return moved;
  }

  ValueId rebuilt(GraphBuilder& builder, ValueId value) {
    if (auto known = built_.find(value); known != built_.end()) return known->second;
    ValueId made = ValueId::kNone;
    NodeId id = graph_.value(value).producer;
    if (const Tensor* constant = graph_.constant(value)) {
      made = constant->count() == 1 ? value : builder.constant(permuted_constant(*constant));
    } else if (leaves_.contains(value)) {
      ValueId source = graph_.node(id).inputs[0];
      List order = composed(value);
      made = std::is_sorted(order.begin(), order.end()) ? source : builder.transpose(source, order);
    } else {
      Node node = graph_.node(id);
      for (ValueId& input : node.inputs) {
        if (input != ValueId::kNone) input = rebuilt(builder, input);
      }
      made = builder.node_like(node, node.inputs, permuted(graph_.value(value).type));
    }
    built_[value] = made;
    return made;
  }

  Tensor permuted_constant(const Tensor& constant) const {
    Shape shape = constant.shape();
    while (shape.rank() < static_cast<int>(perm_.size())) shape.insert(0, 1);
    Tensor plain = constant.contiguous().reshaped(shape);
    TensorView source = plain.view();
    TensorView view = source;
    for (int i = 0; i < shape.rank(); ++i) {
      auto axis = static_cast<int>(perm_[static_cast<size_t>(i)]);
      view.shape[i] = source.shape[axis];
      view.strides[i] = source.strides[axis];
    }
    Tensor moved = Tensor::allocate(constant.dtype(), view.shape);
    copy_elements(view, moved.view());
    return moved;
  }

  GraphEditor& editor_;
  const Graph& graph_;
  NodeId root_;
  List perm_;
  std::string why_not_;
  std::set<ValueId> seen_;
  std::set<ValueId> leaves_;
  std::map<ValueId, ValueId> built_;
};

void push(GraphEditor& editor) {
  for (NodeId id : editor.graph().topological_order()) {
    if (!editor.may_fire()) return;
    if (editor.graph().contains(id) && editor.graph().node(id).is("Transpose")) {
      Pusher(editor, id).run();
    }
  }
}

}  // namespace

std::vector<RewriteStep> push_transposes() {
  return {Pass{"push_transposes", RuleSet::kPortable, push}};
}

}  // namespace convoy
