#include "ops/rewrites/branch_merge/siblings.h"

#include <algorithm>

#include "runtime/graph/node_attributes.h"
#include "runtime/graph/window.h"
#include "runtime/onnx/inference.h"

namespace convoy {
namespace {

// The defaults that depend on the rank of a convolution or a pooling window, which the operators
// with `auto_pad` have.
void fill_window_defaults(Node& node, int rank) {
  auto padding = node.attributes.find("auto_pad");
  if (padding == node.attributes.end() || rank < 3) return;
  auto spatial = static_cast<size_t>(rank - 2);
  std::string named = text_of(node, "auto_pad", "");
  if (named.empty() || named == "VALID") padding->second = std::string("NOTSET");
  if (named == "VALID") node.attributes.erase("pads");
  node.attributes.try_emplace("pads", std::vector<int64_t>(2 * spatial, 0));
  node.attributes.try_emplace("strides", std::vector<int64_t>(spatial, 1));
  bool has_weight = node.inputs.size() > 1;
  if (has_weight) node.attributes.try_emplace("dilations", std::vector<int64_t>(spatial, 1));
}

// The padding that SAME_UPPER or SAME_LOWER asks for on each spatial axis of a convolution, written
// out where it is known: the input's size does not matter at stride 1. Throws as axis_window does.
void resolve_padding(const Graph& graph, Node& node) {
  if (!node.is("Conv") || node.inputs.size() < 2) return;
  WindowAttributes attributes = window_of(node);
  const Tensor* weight = graph.constant(node.inputs[1]);
  const ValueType& input = graph.value(node.inputs[0]).type;
  if (!attributes.pads_to_same() || weight == nullptr || weight->rank() < 2) return;
  if (input.rank() != weight->rank()) return;
  Dims kernel = spatial_sizes(weight->shape());
  auto spatial = static_cast<size_t>(kernel.rank());
  std::vector<int64_t> pads(2 * spatial);
  for (size_t at = 0; at < spatial; ++at) {
    auto axis = static_cast<int>(at);
    int64_t size = (*input.shape)[at + 2].size;
    auto window = padded_window(attributes, axis, kernel.rank(), kernel[axis], size);
    if (!window) return;
    pads[at] = window->pad_begin;
    pads[at + spatial] = window->pad_end;
  }
  node.attributes["auto_pad"] = std::string("NOTSET");
  node.attributes["pads"] = std::move(pads);
}

// Attributes as text, defaults filled in; nullopt for nodes that are never siblings.
std::optional<std::string> canonical_attributes(const Graph& graph, const Node& node, int rank) {
  Node canonical = node;
  fill_default_attributes(canonical);
  if (node.is("Conv")) canonical.attributes.erase("kernel_shape");  // the weight says it
  fill_window_defaults(canonical, rank);
  try {
    resolve_padding(graph, canonical);
  } catch (const Error&) {
    return std::nullopt;
  }
  std::string text;
  for (const auto& [name, value] : canonical.attributes) {
    if (std::holds_alternative<Tensor>(value) || std::holds_alternative<ValueType>(value) ||
        std::holds_alternative<std::vector<Tensor>>(value)) {
      return std::nullopt;
    }
    if (const auto* number = std::get_if<float>(&value)) {
      text += fmt::format("{}={:a};", name, *number);
    } else {
      text += fmt::format("{}={};", name, to_string(value));
    }
  }
  return text;
}

class SiblingSearch {
 public:
  SiblingSearch(const Graph& graph, const Registry& registry, SliceOfMember slices,
                const SourceGroups& groups, const Siblings* earlier)
      : graph_(graph), registry_(registry), slices_(slices), groups_(groups), earlier_(earlier) {}

  Siblings run() {
    for (NodeId id : graph_.topological_order()) {
      const Node& node = graph_.node(id);
      if (node.has_bodies()) continue;
      if (add_slices(node)) continue;
      add_node(node);
    }
    for (const auto& [key, sets] : outputs_of_) {
      for (int number : sets) {
        SiblingSet& set = found_.sets[static_cast<size_t>(number)];
        std::copy_if(sets.begin(), sets.end(), std::back_inserter(set.twins),
                     [&](int other) { return other != number; });
      }
    }
    return std::move(found_);
  }

 private:
  bool is_operator_on(ValueId source) const {
    if (slices_ == SliceOfMember::kLeaf || !found_.find(source)) return false;
    return earlier_ == nullptr || earlier_->count_of(source) > 1;
  }

  // A slice of a slice along the same axis is a slice.
  Leaf composed(Leaf leaf) const {
    auto member = found_.find(leaf.source);
    if (!member) return leaf;
    const SiblingSet& set = found_.sets[static_cast<size_t>(member->set)];
    if (!set.is_leaf() || set.leaf.squeezed || set.leaf.axis != leaf.axis) return leaf;
    leaf.source = set.sources[static_cast<size_t>(member->position)];
    leaf.start += set.starts[static_cast<size_t>(member->position)];
    return leaf;
  }

  // A graph output keeps the type that it is declared with, which may be wrong.
  bool has_rank_of(ValueId value, const Leaf& leaf) const {
    int rank = graph_.value(leaf.source).type.rank() - (leaf.squeezed ? 1 : 0);
    return graph_.value(value).type.rank() == rank;
  }

  bool add_slices(const Node& node) {
    bool any = false;
    for (ValueId output : node.outputs) {
      if (output == ValueId::kNone) continue;
      auto described = describe_leaf(graph_, output);
      if (!described || !has_rank_of(output, *described)) continue;
      any = true;
      Leaf leaf = composed(*described);
      std::string form = leaf.form();
      if (is_operator_on(leaf.source)) {
        add_slice_of_member(node, leaf, form, output);
        continue;
      }
      auto group = groups_.find({leaf.source, form});
      ValueId source = group == groups_.end() ? leaf.source : group->second;
      std::string key = fmt::format("leaf {} {}", static_cast<int32_t>(source), form);
      SiblingSet& set = set_of(key);
      set.leaf = leaf;
      set.sources.push_back(leaf.source);
      set.starts.push_back(leaf.start);
      add_member(key, output);
    }
    return any;
  }

  void add_slice_of_member(const Node& node, const Leaf& leaf, const std::string& form,
                           ValueId output) {
    SetMember source = *found_.find(leaf.source);
    std::string key = fmt::format("slice {} {} of {}", form, leaf.start, source.set);
    SiblingSet& set = set_of(key);
    set.is_slice = true;
    set.leaf = leaf;
    set.operands.resize(1);
    set.operands[0].kind = BatchedOperand::Kind::kStacked;
    set.operands[0].set = source.set;
    set.operands[0].positions.push_back(source.position);
    set.nodes.push_back(node.id);
    add_member(key, output);
  }

  SiblingSet& set_of(const std::string& key) {
    auto [known, added] = by_key_.emplace(key, static_cast<int>(found_.sets.size()));
    if (added) found_.sets.emplace_back();
    return found_.sets[static_cast<size_t>(known->second)];
  }

  void add_member(const std::string& key, ValueId value) {
    int number = by_key_.at(key);
    add_member(number, value);
  }

  void add_member(int number, ValueId value) {
    SiblingSet& set = found_.sets[static_cast<size_t>(number)];
    if (value != ValueId::kNone) {
      if (set.type.rank() < 0) set.type = graph_.value(value).type;
      found_.member_of[static_cast<int32_t>(value)] = {number, set.count()};
    }
    set.members.push_back(value);
  }

  void add_node(const Node& node) {
    bool reads_member = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
      return input != ValueId::kNone && found_.find(input);
    });
    std::vector<int> read = read_outputs(graph_, node);
    if (!reads_member || read.empty()) return;
    const OpDef* definition = registry_.find(node);
    if (definition == nullptr || definition->random || !definition->batching) return;
    bool any_output = definition->batching.any_output;
    for (int slot : read) {
      const ValueType& type = graph_.value(node.outputs[static_cast<size_t>(slot)]).type;
      if (type.rank() < 0 || (slot != 0 && !any_output)) return;
    }
    const ValueType& type = graph_.value(node.outputs[static_cast<size_t>(read[0])]).type;
    auto attributes = canonical_attributes(graph_, node, type.rank());
    if (!attributes) return;
    std::string key =
        fmt::format("{}:{}:{}|{}|", node.domain, node.op_type, node.version, *attributes);
    if (!any_output) key += fmt::format("{} {}|", to_string(type.dtype), type.rank());
    size_t arity = node.inputs.size();
    for (int slot : definition->batching.may_lack) {
      arity = std::max(arity, static_cast<size_t>(slot) + 1);
    }
    for (size_t i = 0; i < arity; ++i) key += key_of_operand(node, *definition, i);
    add_outputs(key, node, read, arity);
  }

  // To a set for each output that any of the key's nodes has readers of.
  void add_outputs(const std::string& key, const Node& node, const std::vector<int>& read,
                   size_t arity) {
    std::vector<int>& sets = outputs_of_[key];
    for (int slot : read) {
      bool known = std::any_of(sets.begin(), sets.end(), [&](int number) {
        return found_.sets[static_cast<size_t>(number)].slot == slot;
      });
      if (known) continue;
      SiblingSet made;
      if (!sets.empty()) {
        const SiblingSet& twin = found_.sets[static_cast<size_t>(sets[0])];
        made.nodes = twin.nodes;
        made.operands = twin.operands;
        made.members.resize(twin.members.size(), ValueId::kNone);
      }
      made.slot = slot;
      sets.push_back(static_cast<int>(found_.sets.size()));
      found_.sets.push_back(std::move(made));
    }
    for (int number : sets) {
      SiblingSet& set = found_.sets[static_cast<size_t>(number)];
      set.operands.resize(arity);
      for (size_t i = 0; i < arity; ++i) add_operand(set.operands[i], node, i);
      set.nodes.push_back(node.id);
      bool is_read = std::find(read.begin(), read.end(), set.slot) != read.end();
      add_member(number, is_read ? node.outputs[static_cast<size_t>(set.slot)] : ValueId::kNone);
    }
  }

  std::string key_of_operand(const Node& node, const OpDef& definition, size_t slot) const {
    ValueId input = node.input(static_cast<int>(slot));
    const Tensor* constant = graph_.constant(input);
    if (definition.batching.lets_lack(slot) && (input == ValueId::kNone || constant != nullptr)) {
      return "optional constant;";
    }
    if (input == ValueId::kNone) return "absent;";
    if (constant != nullptr) {
      return fmt::format("constant {}{};", to_string(constant->dtype()),
                         to_string(constant->shape()));
    }
    if (auto member = found_.find(input)) return fmt::format("set {};", member->set);
    if (auto known = quantized_in(definition, input, slot)) {
      return fmt::format("quantized {}{} {};", to_string(known->values.dtype()),
                         to_string(known->values.shape()), to_string(known->scale.dtype()));
    }
    return fmt::format("value {};", static_cast<int32_t>(input));
  }

  std::optional<QuantizedConstant> quantized_in(const OpDef& definition, ValueId input,
                                                size_t slot) const {
    if (!definition.batching.takes_quantized(slot)) return std::nullopt;
    return quantized_constant(graph_, input);
  }

  void add_operand(SetOperand& operand, const Node& node, size_t slot) {
    ValueId input = node.input(static_cast<int>(slot));
    if (input == ValueId::kNone) {
      operand.constants.push_back(ValueId::kNone);
    } else if (graph_.constant(input) != nullptr) {
      operand.kind = BatchedOperand::Kind::kConstants;
      operand.constants.push_back(input);
    } else if (auto member = found_.find(input)) {
      operand.kind = BatchedOperand::Kind::kStacked;
      operand.set = member->set;
      operand.positions.push_back(member->position);
    } else if (quantized_in(*registry_.find(node), input, slot)) {
      operand.kind = BatchedOperand::Kind::kConstants;
      operand.constants.push_back(input);
    } else {
      operand.kind = BatchedOperand::Kind::kShared;
      operand.shared = input;
    }
  }

  const Graph& graph_;
  const Registry& registry_;
  SliceOfMember slices_;
  const SourceGroups& groups_;
  const Siblings* earlier_;
  Siblings found_;
  std::unordered_map<std::string, int> by_key_;                   // of leaves and slices
  std::unordered_map<std::string, std::vector<int>> outputs_of_;  // of nodes: by key
};

}  // namespace

std::optional<QuantizedConstant> quantized_constant(const Graph& graph, ValueId value) {
  NodeId id = value == ValueId::kNone ? NodeId::kNone : graph.value(value).producer;
  if (id == NodeId::kNone || !graph.node(id).is("DequantizeLinear")) return std::nullopt;
  const Node& node = graph.node(id);
  const Tensor* values = graph.constant(node.input(0));
  const Tensor* scale = graph.constant(node.input(1));
  const Tensor* zero = graph.constant(node.input(2));
  if (values == nullptr || scale == nullptr || (node.has_input(2) && zero == nullptr)) return {};
  bool plain = std::all_of(node.attributes.begin(), node.attributes.end(),
                           [](const auto& attribute) { return attribute.first == "axis"; });
  int64_t axis = integer_of(node, "axis", 1);
  int rank = values->rank();
  bool first = axis == 0 || axis == -rank;
  bool fits = scale->count() == 1 ||
              (first && rank > 0 && scale->rank() == 1 && scale->count() == values->shape()[0]);
  bool zero_fits = zero == nullptr || zero->count() == 1 || zero->count() == scale->count();
  if (!plain || !fits || !zero_fits || node.version < 13 || rank < 1) return std::nullopt;
  return QuantizedConstant{*values, *scale, zero == nullptr ? Tensor() : *zero};
}

std::vector<int> read_outputs(const Graph& graph, const Node& node) {
  std::vector<int> read;
  for (size_t j = 0; j < node.outputs.size(); ++j) {
    if (node.outputs[j] == ValueId::kNone) continue;
    const ValueInfo& info = graph.value(node.outputs[j]);
    if (node.outputs.size() > 1 && info.uses.empty() && !info.is_output) continue;
    read.push_back(static_cast<int>(j));
  }
  return read;
}

bool SetOperand::has_equal_constants(const Graph& graph) const {
  return std::all_of(constants.begin(), constants.end(), [&](ValueId other) {
    if (other == constants[0]) return true;
    if (other == ValueId::kNone || constants[0] == ValueId::kNone) return false;
    const Tensor *a = graph.constant(other), *b = graph.constant(constants[0]);
    if (a != nullptr && b != nullptr) return identical(*a, *b);
    auto c = quantized_constant(graph, other), d = quantized_constant(graph, constants[0]);
    auto alike = [](const Tensor& e, const Tensor& f) {
      return e.defined() && f.defined() ? identical(e, f) : e.defined() == f.defined();
    };
    return c && d && alike(c->values, d->values) && alike(c->scale, d->scale) &&
           alike(c->zero, d->zero);
  });
}

std::optional<SetMember> Siblings::find(ValueId value) const {
  auto found = member_of.find(static_cast<int32_t>(value));
  if (found == member_of.end()) return std::nullopt;
  return found->second;
}

int Siblings::count_of(ValueId value) const {
  auto member = find(value);
  return member ? sets[static_cast<size_t>(member->set)].count() : 0;
}

Siblings find_siblings(const Graph& graph, const Registry& registry, SliceOfMember slices,
                       const SourceGroups& groups) {
  Siblings found = SiblingSearch(graph, registry, slices, groups, nullptr).run();
  if (slices == SliceOfMember::kLeaf) return found;
  // Who has siblings is known in the end only.
  return SiblingSearch(graph, registry, slices, groups, &found).run();
}

}  // namespace convoy
