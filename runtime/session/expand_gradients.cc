#include "runtime/session/expand_gradients.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/ranges.h>

#include "runtime/graph/node_attributes.h"
#include "runtime/session/gradient_rules.h"

namespace convoy {
namespace {

using Values = std::unordered_map<ValueId, ValueId>;

class Differentiation {
 public:
  Differentiation(Graph& graph, const Node& gradient)
      : graph_(graph), gradient_(gradient), builder_(graph, graph.opset, gradient.label(graph)) {
    xs_ = named("xs");
    fed_ = xs_;
    for (ValueId id : named("zs")) fed_.push_back(id);
    y_ = find(text_of(gradient, "y", ""));
    check_model(gradient.inputs.size() == fed_.size(), "{} inputs for {} names in xs and zs",
                gradient.inputs.size(), fed_.size());
    check_model(gradient.outputs.size() <= xs_.size(), "{} outputs for {} names in xs",
                gradient.outputs.size(), xs_.size());
  }

  // The derivatives, one for each of xs.
  std::vector<ValueId> run() {
    find_path();
    substitute();
    gradients_[y_] = filled_like(at(y_), 1);
    for (auto node = path_.rbegin(); node != path_.rend(); ++node) go_back(graph_.node(*node));
    std::vector<ValueId> results;
    for (size_t i = 0; i < xs_.size(); ++i) {
      auto found = gradients_.find(xs_[i]);
      results.push_back(found != gradients_.end() ? found->second : filled_like(at(xs_[i]), 0));
    }
    return results;
  }

 private:
  ValueId find(const std::string& name) const {
    ValueId id = graph_.find_value(name);
    check_model(id != ValueId::kNone, "'{}' is no tensor of the graph", name);
    return id;
  }

  std::vector<ValueId> named(std::string_view attribute) const {
    std::vector<ValueId> ids;
    auto set = gradient_.attributes.find(attribute);
    if (set == gradient_.attributes.end()) return ids;
    const auto* names = std::get_if<std::vector<std::string>>(&set->second);
    check_model(names != nullptr, "'{}' is no list of names", attribute);
    for (const std::string& name : *names) ids.push_back(find(name));
    return ids;
  }

  bool is_fed(ValueId id) const { return std::find(fed_.begin(), fed_.end(), id) != fed_.end(); }
  bool varies(ValueId id) const { return varying_.contains(id); }

  // The nodes that lie between xs and y, producers first.
  void find_path() {
    std::vector<NodeId> order = graph_.topological_order();
    std::set<ValueId> changed(fed_.begin(), fed_.end());
    varying_.insert(xs_.begin(), xs_.end());
    std::vector<NodeId> forward;
    for (NodeId id : order) {
      const Node& node = graph_.node(id);
      auto reads = [&](const std::set<ValueId>& values) {
        return std::any_of(node.inputs.begin(), node.inputs.end(),
                           [&](ValueId input) { return values.contains(input); });
      };
      if (id == gradient_.id || !reads(changed)) continue;
      bool sizes_only = node.is("Shape") || node.is("Size");
      bool differentiated = reads(varying_) && !sizes_only;
      for (ValueId output : node.outputs) {
        if (output == ValueId::kNone || is_fed(output)) continue;
        changed.insert(output);
        if (differentiated) varying_.insert(output);
      }
      forward.push_back(id);
    }
    std::set<ValueId> wanted = {y_};
    for (auto id = forward.rbegin(); id != forward.rend(); ++id) {
      const Node& node = graph_.node(*id);
      bool needed = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId output) {
        return wanted.contains(output) && !is_fed(output);
      });
      if (!needed) continue;
      wanted.insert(node.inputs.begin(), node.inputs.end());
      path_.push_back(*id);
    }
    std::reverse(path_.begin(), path_.end());
    check_rules();
  }

  void check_rules() const {
    std::vector<std::string> missing;
    for (NodeId id : path_) {
      const Node& node = graph_.node(id);
      bool known = node.outputs.size() == 1 && !node.has_bodies();
      if (known && !varies(node.outputs[0])) continue;
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        known = known && (!varies(node.inputs[i]) || has_derivative(node, i));
      }
      if (!known) missing.push_back(node.qualified_type() + " (" + node.label(graph_) + ")");
    }
    check_supported(missing.empty(), "operators whose derivative is not known: {}",
                    fmt::join(missing, ", "));
  }

  // Where the node is fed other values than those it names.
  void substitute() {
    if (fed_ == gradient_.inputs) return;
    for (size_t i = 0; i < fed_.size(); ++i) substitutes_[fed_[i]] = gradient_.inputs[i];
    for (NodeId id : path_) {
      const Node node = graph_.node(id);
      std::vector<ValueId> inputs;
      for (ValueId input : node.inputs) inputs.push_back(at(input));
      substitutes_[node.outputs[0]] =
          builder_.node_like(node, std::move(inputs), graph_.value(node.outputs[0]).type);
    }
  }

  ValueId at(ValueId id) const {
    auto found = substitutes_.find(id);
    return found == substitutes_.end() ? id : found->second;
  }

  ValueId filled_like(ValueId like, float number) {
    DType dtype = graph_.value(like).type.dtype;
    Tensor one = Tensor::scalar(number).reshaped({1});
    ValueId value =
        builder_.node("ConstantOfShape", {builder_.node("Shape", {like})}, {{"value", one}});
    if (dtype == DType::kFloat32 || dtype == DType::kUndefined) return value;
    return builder_.node("Cast", {value}, {{"to", static_cast<int64_t>(dtype)}});
  }

  void go_back(const Node& original) {
    auto found = gradients_.find(original.outputs[0]);
    if (found == gradients_.end()) return;
    Node node = original;
    std::vector<ValueType> types;
    for (ValueId& input : node.inputs) {
      types.push_back(input == ValueId::kNone ? ValueType{} : graph_.value(input).type);
      input = at(input);
    }
    node.outputs[0] = at(node.outputs[0]);
    ValueType output_type = graph_.value(original.outputs[0]).type;
    GradientStep step{builder_, node, std::move(types), std::move(output_type), found->second};
    std::vector<ValueId> read = graph_.node(original.id).inputs;
    for (size_t i = 0; i < read.size(); ++i) {
      if (!varies(read[i])) continue;
      ValueId part = input_gradient(step, i);
      auto [sum, first] = gradients_.emplace(read[i], part);
      if (!first) sum->second = builder_.node("Add", {sum->second, part});
    }
  }

  Graph& graph_;
  const Node gradient_;
  GraphBuilder builder_;
  std::vector<ValueId> xs_;
  std::vector<ValueId> fed_;  // xs, then zs
  ValueId y_ = ValueId::kNone;
  std::set<ValueId> varying_;  // with xs
  std::vector<NodeId> path_;
  Values substitutes_;
  Values gradients_;
};

}  // namespace

bool is_gradient(const Node& node) { return node.is("Gradient", "ai.onnx.preview.training"); }

void expand_gradient(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  try {
    std::vector<ValueId> results = Differentiation(graph, node).run();
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      graph.set_type(results[j], graph.value(node.inputs[j]).type);
      graph.replace_uses(node.outputs[j], results[j]);
    }
  } catch (Error& error) {
    error.add_context({"", node.label(graph), node.qualified_type(), ""});
    throw;
  }
  graph.remove_node(id);
}

}  // namespace convoy
