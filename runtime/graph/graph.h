// A graph of operators in single-assignment form. Values and nodes are named by small ids that stay
// valid until removed; users of every value are kept up to date by the functions below, which are
// the only way to change a graph. Not thread-safe while it changes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/graph/attribute.h"
#include "runtime/graph/value_type.h"
#include "runtime/tensor/tensor.h"

namespace convoy {

enum class ValueId : int32_t { kNone = -1 };
enum class NodeId : int32_t { kNone = -1 };
inline size_t index_of(ValueId id) { return static_cast<size_t>(id); }
inline size_t index_of(NodeId id) { return static_cast<size_t>(id); }

// One reading of a value: by input number `slot` of `node`, or (slot kCapture) by a body of `node`.
struct Use {
  static constexpr int kCapture = -1;
  NodeId node;
  int slot;
  friend bool operator==(const Use&, const Use&) = default;
};

struct Node {
  NodeId id = NodeId::kNone;
  std::string name;
  std::string domain;  // "" is ONNX's own
  std::string op_type;
  int version = 0;  // of the operator set that the node is written in
  std::string overload;
  std::vector<ValueId> inputs;   // kNone where an optional input is left out
  std::vector<ValueId> outputs;  // kNone where an optional output is left out
  Attributes attributes;

  bool is(std::string_view type, std::string_view in_domain = "") const {
    return op_type == type && domain == in_domain;
  }
  bool has_input(int i) const {
    auto index = static_cast<size_t>(i);  // of a negative one: past every end
    return index < inputs.size() && inputs[index] != ValueId::kNone;
  }
  ValueId input(int i) const {
    return has_input(i) ? inputs[static_cast<size_t>(i)] : ValueId::kNone;
  }
  // "Conv" or "com.example::Foo"
  std::string qualified_type() const { return domain.empty() ? op_type : domain + "::" + op_type; }
  // For messages: the name, or the first output's if it has none.
  std::string label(const Graph& graph) const;
  // Calls visit for every graph among the attributes (bodies of If, Loop, Scan …).
  void for_each_body(const std::function<void(Graph&)>& visit) const;
  bool has_bodies() const;
};

struct ValueInfo {
  std::string name;
  ValueType type;
  NodeId producer = NodeId::kNone;
  int producer_slot = 0;
  std::vector<Use> uses;
  bool is_input = false;
  bool is_output = false;
  bool removed = false;
  // The constant's tensor; for an input: the default that a feed may override.
  std::shared_ptr<const Tensor> initializer;
};

class Graph {
 public:
  // A value of the enclosing graph that this body reads under a value of its own.
  struct Capture {
    ValueId outer;
    ValueId inner;
  };

  Graph() = default;
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  // Bodies are copied too, tensors shared.
  Graph clone() const;

  std::string name;
  std::string doc_string;
  int opset = 0;  // of ONNX's own domain: the version of nodes that the graph adds itself

  // --- values ---
  ValueId add_value(std::string_view name, ValueType type = {});
  ValueId add_input(std::string_view name, ValueType type);
  // A constant; the name is made unique.
  ValueId add_constant(Tensor tensor, std::string_view name = "const");
  void set_initializer(ValueId value, Tensor tensor);
  void set_type(ValueId value, ValueType type);
  void rename(ValueId value, std::string_view name);
  // Of kNone: a value of unknown type that nothing makes and nobody reads. Hostile models leave out
  // operands that no rewrite expects to be missing.
  const ValueInfo& value(ValueId id) const {
    return id == ValueId::kNone ? absent_value() : values_[index_of(id)];
  }
  const std::string& value_name(ValueId id) const;       // "" for kNone
  size_t value_count() const { return values_.size(); }  // ids are below this; some are removed
  ValueId find_value(std::string_view name) const;       // kNone if there is none

  // The tensor of a value that is constant in every run; nullptr otherwise.
  const Tensor* constant(ValueId id) const;
  // constant() and a tensor of integers, as numbers.
  std::optional<std::vector<int64_t>> constant_int64s(ValueId id) const;

  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  void add_output(ValueId value);
  void set_output(size_t index, ValueId value);
  const std::vector<Capture>& captures() const { return captures_; }
  // The inner value that stands for `outer`, added on first request. The node that owns this body
  // must be told by refresh_captures of the enclosing graph.
  ValueId capture(ValueId outer, std::string_view name, const ValueType& type);
  void drop_unused_captures();
  // Renames the outer side of every capture, after this body moved to another enclosing graph.
  void remap_captures(const std::function<ValueId(ValueId)>& outer_of);

  // --- nodes ---
  // Adds `node` (its id is set here); inputs and outputs must be values of this graph, and no
  // output may have a producer already.
  NodeId add_node(Node node);
  Node& mutable_node(NodeId id) { return *nodes_[index_of(id)]; }  // attributes and name only
  const Node& node(NodeId id) const { return *nodes_[index_of(id)]; }
  bool contains(NodeId id) const { return index_of(id) < nodes_.size() && nodes_[index_of(id)]; }
  size_t node_count() const { return live_nodes_; }
  size_t node_limit() const { return nodes_.size(); }  // ids are below this; some are removed
  // Its outputs must be unused and no graph outputs; they are removed too.
  void remove_node(NodeId id);
  void set_input(NodeId id, int slot, ValueId value);
  // Recomputes which outer values the bodies of `id` read, after a body was changed.
  void refresh_captures(NodeId id);

  // Every reader of `from` reads `to` instead, bodies and graph outputs included. A graph output
  // keeps its name: `to` takes over the name of `from` if it may, else an Identity is put between.
  void replace_uses(ValueId from, ValueId to);

  // Node ids so that producers come before readers; equal to insertion order where that is one
  // already. Throws kInvalidModel naming a node on a cycle.
  std::vector<NodeId> topological_order() const;

  // The single reader of a value, if it has exactly one, is no graph output and read by no body.
  NodeId only_user(ValueId id) const;

  // Removes nodes whose outputs nobody reads, and constants and captures nobody reads.
  // Returns the number of nodes removed.
  size_t remove_dead();

  // A value name that is not taken in this graph yet.
  std::string unique_name(std::string_view wish) const;

 private:
  static const ValueInfo& absent_value();
  ValueInfo& info(ValueId id) { return values_[index_of(id)]; }
  void add_use(ValueId value, Use use);
  void remove_use(ValueId value, Use use);
  void remove_value(ValueId id);
  void replace_graph_output(size_t index, ValueId from, ValueId to);

  std::vector<ValueInfo> values_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::vector<Capture> captures_;
  std::unordered_map<std::string, ValueId> names_;
  std::unordered_map<int32_t, std::vector<ValueId>> captured_by_;  // by node: outer values read
  size_t live_nodes_ = 0;
  mutable int64_t next_suffix_ = 0;
};

// A model-local function: a body that nodes call by (domain, name, overload).
struct Function {
  std::string domain;
  std::string name;
  std::string overload;
  std::vector<std::string> attributes;  // without default
  Attributes attribute_defaults;
  std::map<std::string, int> opsets;
  std::shared_ptr<const Graph> body;  // inputs and outputs in the order of the formal parameters
};

// A whole model file.
struct Model {
  std::string path;  // as given by the user; empty for a model from memory
  int64_t ir_version = 0;
  std::string producer_name;
  std::string producer_version;
  std::string domain;
  std::optional<int64_t> model_version;
  std::string doc_string;
  std::map<std::string, int> opsets;  // by domain; "" is ONNX's own
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<Function> functions;
  Graph graph;
};

}  // namespace convoy
