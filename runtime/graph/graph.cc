#include "runtime/graph/graph.h"

#include <algorithm>

namespace convoy {

std::string Node::label(const Graph& graph) const {
  if (!name.empty()) return name;
  for (ValueId output : outputs) {
    if (output != ValueId::kNone) return graph.value_name(output);
  }
  return op_type;
}

void Node::for_each_body(const std::function<void(Graph&)>& visit) const {
  for (const auto& [key, value] : attributes) {
    if (const auto* body = std::get_if<std::shared_ptr<Graph>>(&value)) visit(**body);
    if (const auto* bodies = std::get_if<std::vector<std::shared_ptr<Graph>>>(&value)) {
      for (const auto& body : *bodies) visit(*body);
    }
  }
}

bool Node::has_bodies() const {
  return std::any_of(attributes.begin(), attributes.end(), [](const auto& entry) {
    return std::holds_alternative<std::shared_ptr<Graph>>(entry.second) ||
           std::holds_alternative<std::vector<std::shared_ptr<Graph>>>(entry.second);
  });
}

Graph Graph::clone() const {
  Graph copy;
  copy.name = name;
  copy.doc_string = doc_string;
  copy.opset = opset;
  copy.values_ = values_;
  copy.inputs_ = inputs_;
  copy.outputs_ = outputs_;
  copy.captures_ = captures_;
  copy.names_ = names_;
  copy.captured_by_ = captured_by_;
  copy.live_nodes_ = live_nodes_;
  copy.next_suffix_ = next_suffix_;
  auto deep = [](std::shared_ptr<Graph>& body) { body = std::make_shared<Graph>(body->clone()); };
  for (const auto& node : nodes_) {
    copy.nodes_.push_back(node ? std::make_unique<Node>(*node) : nullptr);
    if (!node) continue;
    for (auto& [key, value] : copy.nodes_.back()->attributes) {
      if (auto* body = std::get_if<std::shared_ptr<Graph>>(&value)) deep(*body);
      if (auto* bodies = std::get_if<std::vector<std::shared_ptr<Graph>>>(&value)) {
        for (auto& body : *bodies) deep(body);
      }
    }
  }
  return copy;
}

// --- values ---

std::string Graph::unique_name(std::string_view wish) const {
  std::string candidate(wish.empty() ? "value" : wish);
  if (!names_.contains(candidate)) return candidate;
  std::string base = candidate + "_";
  do {
    candidate = base + std::to_string(next_suffix_++);
  } while (names_.contains(candidate));
  return candidate;
}

ValueId Graph::add_value(std::string_view wanted, ValueType type) {
  auto id = static_cast<ValueId>(values_.size());
  ValueInfo& added = values_.emplace_back();
  added.name = unique_name(wanted);
  added.type = std::move(type);
  names_.emplace(added.name, id);
  return id;
}

ValueId Graph::add_input(std::string_view wanted, ValueType type) {
  ValueId id = add_value(wanted, std::move(type));
  info(id).is_input = true;
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_constant(Tensor tensor, std::string_view wanted) {
  ValueId id = add_value(wanted);
  set_initializer(id, std::move(tensor));
  return id;
}

void Graph::set_initializer(ValueId id, Tensor tensor) {
  if (!info(id).is_input) info(id).type = ValueType::tensor(tensor.dtype(), tensor.shape());
  info(id).initializer = std::make_shared<const Tensor>(std::move(tensor));
}

void Graph::set_type(ValueId id, ValueType type) { info(id).type = std::move(type); }

void Graph::rename(ValueId id, std::string_view wanted) {
  names_.erase(info(id).name);
  info(id).name = unique_name(wanted);
  names_.emplace(info(id).name, id);
}

const std::string& Graph::value_name(ValueId id) const { return value(id).name; }

ValueId Graph::find_value(std::string_view wanted) const {
  auto found = names_.find(std::string(wanted));
  return found == names_.end() ? ValueId::kNone : found->second;
}

const ValueInfo& Graph::absent_value() {
  static const ValueInfo absent;
  return absent;
}

const Tensor* Graph::constant(ValueId id) const {
  const ValueInfo& info = value(id);
  return info.is_input ? nullptr : info.initializer.get();
}

std::optional<std::vector<int64_t>> Graph::constant_int64s(ValueId id) const {
  const Tensor* tensor = constant(id);
  if (tensor == nullptr) return std::nullopt;
  if (!is_signed_integer(tensor->dtype()) && !is_unsigned_integer(tensor->dtype())) {
    return std::nullopt;
  }
  return to_int64s(*tensor);
}

void Graph::add_output(ValueId id) {
  outputs_.push_back(id);
  info(id).is_output = true;
}

void Graph::set_output(size_t index, ValueId id) {
  ValueId before = outputs_[index];
  outputs_[index] = id;
  info(before).is_output = std::count(outputs_.begin(), outputs_.end(), before) > 0;
  info(id).is_output = true;
}

ValueId Graph::capture(ValueId outer, std::string_view wanted, const ValueType& type) {
  for (const Capture& known : captures_) {
    if (known.outer == outer) return known.inner;
  }
  ValueId inner = add_value(wanted, type);
  captures_.push_back({outer, inner});
  return inner;
}

void Graph::drop_unused_captures() {
  std::erase_if(captures_, [this](const Capture& capture) {
    const ValueInfo& inner = value(capture.inner);
    bool unused = inner.uses.empty() && !inner.is_output;
    if (unused) remove_value(capture.inner);
    return unused;
  });
}

void Graph::remap_captures(const std::function<ValueId(ValueId)>& outer_of) {
  for (Capture& capture : captures_) capture.outer = outer_of(capture.outer);
}

// --- nodes ---

void Graph::add_use(ValueId id, Use use) {
  if (id != ValueId::kNone) info(id).uses.push_back(use);
}

void Graph::remove_use(ValueId id, Use use) {
  if (id == ValueId::kNone) return;
  auto& uses = info(id).uses;
  auto found = std::find(uses.begin(), uses.end(), use);
  if (found != uses.end()) uses.erase(found);
}

void Graph::remove_value(ValueId id) {
  names_.erase(info(id).name);
  info(id) = ValueInfo{};
  info(id).removed = true;
}

NodeId Graph::add_node(Node node) {
  auto id = static_cast<NodeId>(nodes_.size());
  node.id = id;
  for (size_t slot = 0; slot < node.outputs.size(); ++slot) {
    ValueId output = node.outputs[slot];
    if (output == ValueId::kNone) continue;
    check_model(info(output).producer == NodeId::kNone && !info(output).initializer &&
                    !info(output).is_input,
                "value '{}' is defined twice", info(output).name);
    info(output).producer = id;
    info(output).producer_slot = static_cast<int>(slot);
  }
  for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
    add_use(node.inputs[slot], {id, static_cast<int>(slot)});
  }
  bool bodies = node.has_bodies();
  nodes_.push_back(std::make_unique<Node>(std::move(node)));
  ++live_nodes_;
  if (bodies) refresh_captures(id);
  return id;
}

void Graph::remove_node(NodeId id) {
  Node& node = mutable_node(id);
  for (ValueId output : node.outputs) {
    if (output == ValueId::kNone) continue;
    check_internal(info(output).uses.empty() && !info(output).is_output,
                   "node '{}' is removed while '{}' is read", node.name, info(output).name);
    remove_value(output);
  }
  for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
    remove_use(node.inputs[slot], {id, static_cast<int>(slot)});
  }
  if (auto found = captured_by_.find(static_cast<int32_t>(id)); found != captured_by_.end()) {
    for (ValueId outer : found->second) remove_use(outer, {id, Use::kCapture});
    captured_by_.erase(found);
  }
  nodes_[index_of(id)] = nullptr;
  --live_nodes_;
}

void Graph::set_input(NodeId id, int slot, ValueId to) {
  Node& node = mutable_node(id);
  auto index = static_cast<size_t>(slot);
  if (index >= node.inputs.size()) node.inputs.resize(index + 1, ValueId::kNone);
  remove_use(node.inputs[index], {id, slot});
  node.inputs[index] = to;
  add_use(to, {id, slot});
}

void Graph::refresh_captures(NodeId id) {
  auto& captured = captured_by_[static_cast<int32_t>(id)];
  for (ValueId outer : captured) remove_use(outer, {id, Use::kCapture});
  captured.clear();
  node(id).for_each_body([&](Graph& body) {
    for (const Capture& capture : body.captures()) {
      bool known = std::count(captured.begin(), captured.end(), capture.outer) > 0;
      if (!known) captured.push_back(capture.outer);
    }
  });
  for (ValueId outer : captured) add_use(outer, {id, Use::kCapture});
}

void Graph::replace_graph_output(size_t index, ValueId from, ValueId to) {
  const ValueInfo& target = value(to);
  bool can_rename = !target.is_input && !target.is_output && target.producer != NodeId::kNone;
  if (can_rename) {
    std::string wanted = value(from).name;
    rename(from, wanted + "_replaced");
    rename(to, wanted);
    set_output(index, to);
    return;
  }
  std::string wanted = value(from).name;
  rename(from, wanted + "_replaced");
  ValueId copy = add_value(wanted, value(from).type);
  Node identity;
  identity.op_type = "Identity";
  identity.version = opset > 0 ? opset : 13;
  identity.inputs = {to};
  identity.outputs = {copy};
  add_node(std::move(identity));
  set_output(index, copy);
}

void Graph::replace_uses(ValueId from, ValueId to) {
  if (from == to) return;
  std::vector<Use> uses = std::move(info(from).uses);
  info(from).uses.clear();
  for (Use use : uses) {
    if (use.slot != Use::kCapture) {
      mutable_node(use.node).inputs[static_cast<size_t>(use.slot)] = to;
      add_use(to, use);
      continue;
    }
    node(use.node).for_each_body([&](Graph& body) {
      for (Capture& capture : body.captures_) {
        if (capture.outer == from) capture.outer = to;
      }
    });
    refresh_captures(use.node);
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i] == from) replace_graph_output(i, from, to);
  }
}

std::vector<NodeId> Graph::topological_order() const {
  enum State : char { kNew, kOpen, kDone };
  std::vector<char> state(nodes_.size(), kNew);
  std::vector<NodeId> order;
  order.reserve(live_nodes_);
  struct Frame {
    NodeId node;
    size_t next;
  };
  std::vector<Frame> stack;
  auto operand = [this](NodeId id, size_t i) -> std::optional<ValueId> {
    const Node& current = node(id);
    if (i < current.inputs.size()) return current.inputs[i];
    auto found = captured_by_.find(static_cast<int32_t>(id));
    i -= current.inputs.size();
    if (found == captured_by_.end() || i >= found->second.size()) return std::nullopt;
    return found->second[i];
  };
  for (const auto& root : nodes_) {
    if (!root || state[index_of(root->id)] != kNew) continue;
    stack.push_back({root->id, 0});
    state[index_of(root->id)] = kOpen;
    while (!stack.empty()) {
      Frame& frame = stack.back();
      auto next = operand(frame.node, frame.next++);
      if (!next) {
        state[index_of(frame.node)] = kDone;
        order.push_back(frame.node);
        stack.pop_back();
        continue;
      }
      NodeId producer = value(*next).producer;
      if (producer == NodeId::kNone || state[index_of(producer)] == kDone) continue;
      check_model(state[index_of(producer)] == kNew, "the graph has a cycle through node '{}'",
                  node(producer).label(*this));
      state[index_of(producer)] = kOpen;
      stack.push_back({producer, 0});
    }
  }
  return order;
}

NodeId Graph::only_user(ValueId id) const {
  const ValueInfo& read = value(id);
  if (read.is_output || read.uses.size() != 1 || read.uses[0].slot == Use::kCapture) {
    return NodeId::kNone;
  }
  return read.uses[0].node;
}

size_t Graph::remove_dead() {
  auto unread = [this](ValueId id) { return value(id).uses.empty() && !value(id).is_output; };
  std::vector<NodeId> order = topological_order();
  size_t removed = 0;
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Node& current = node(*id);
    if (!std::all_of(current.outputs.begin(), current.outputs.end(), unread)) continue;
    remove_node(*id);
    ++removed;
  }
  for (size_t i = 0; i < values_.size(); ++i) {
    const ValueInfo& left = values_[i];
    bool constant = left.initializer && !left.is_input;
    if (constant && left.uses.empty() && !left.is_output) remove_value(static_cast<ValueId>(i));
  }
  drop_unused_captures();
  return removed;
}

}  // namespace convoy
