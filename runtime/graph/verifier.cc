#include "runtime/graph/verifier.h"

#include <algorithm>
#include <set>

namespace convoy {
namespace {

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph) {
    for (const Graph::Capture& capture : graph.captures()) captured_.insert(capture.inner);
  }

  void run() const {
    for (size_t i = 0; i < graph_.value_count(); ++i) check_value(static_cast<ValueId>(i));
    check_marks(graph_.inputs(), &ValueInfo::is_input, "input");
    check_marks(graph_.outputs(), &ValueInfo::is_output, "output");
    for (size_t i = 0; i < graph_.node_limit(); ++i) {
      auto id = static_cast<NodeId>(i);
      if (graph_.contains(id)) check_node(graph_.node(id));
    }
    graph_.topological_order();
  }

 private:
  void check_live(ValueId id, const Node& node) const {
    bool live = index_of(id) < graph_.value_count() && !graph_.value(id).removed;
    check_internal(live, "node '{}' refers to a value that was removed", node.label(graph_));
  }

  void check_value(ValueId id) const {
    const ValueInfo& value = graph_.value(id);
    if (value.removed) return;
    check_internal(graph_.find_value(value.name) == id, "two values are called '{}'", value.name);
    bool computed = value.producer != NodeId::kNone;
    if (computed) {
      bool mutual = graph_.contains(value.producer) && produces(graph_.node(value.producer), id);
      check_internal(mutual, "value '{}' names a producer that does not compute it", value.name);
    }
    bool constant = value.initializer && !value.is_input;
    int definitions = computed + constant + value.is_input + captured_.contains(id);
    check_internal(definitions < 2, "value '{}' is defined {} times", value.name, definitions);
    bool read = !value.uses.empty() || value.is_output;
    check_model(definitions == 1 || !read, "value '{}' is read but nothing defines it", value.name);
    for (const Use& use : value.uses) {
      bool mutual = graph_.contains(use.node) && reads(graph_.node(use.node), use.slot, id);
      check_internal(mutual, "value '{}' records a use that is not there", value.name);
    }
  }

  static bool produces(const Node& node, ValueId id) {
    auto slot = static_cast<size_t>(std::find(node.outputs.begin(), node.outputs.end(), id) -
                                    node.outputs.begin());
    return slot < node.outputs.size();
  }

  static bool reads(const Node& node, int slot, ValueId id) {
    if (slot != Use::kCapture) return node.input(slot) == id;
    bool found = false;
    node.for_each_body([&](Graph& body) {
      for (const Graph::Capture& capture : body.captures()) found |= capture.outer == id;
    });
    return found;
  }

  void check_marks(const std::vector<ValueId>& ids, bool ValueInfo::* mark,
                   std::string_view what) const {
    for (ValueId id : ids) {
      check_internal(graph_.value(id).*mark, "{} '{}' is not marked as one", what,
                     graph_.value_name(id));
    }
    for (size_t i = 0; i < graph_.value_count(); ++i) {
      auto id = static_cast<ValueId>(i);
      bool listed = std::find(ids.begin(), ids.end(), id) != ids.end();
      check_internal(listed || !(graph_.value(id).*mark), "'{}' is marked as {} but not listed",
                     graph_.value_name(id), what);
    }
  }

  void check_use(ValueId id, Use use, const Node& node) const {
    const auto& uses = graph_.value(id).uses;
    auto recorded = std::count(uses.begin(), uses.end(), use);
    check_internal(recorded == 1, "node '{}' reads '{}', which records {} such uses",
                   node.label(graph_), graph_.value_name(id), recorded);
  }

  void check_node(const Node& node) const {
    for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
      ValueId id = node.inputs[slot];
      if (id == ValueId::kNone) continue;
      check_live(id, node);
      check_use(id, {node.id, static_cast<int>(slot)}, node);
    }
    for (size_t slot = 0; slot < node.outputs.size(); ++slot) {
      ValueId id = node.outputs[slot];
      if (id == ValueId::kNone) continue;
      check_live(id, node);
      const ValueInfo& value = graph_.value(id);
      bool mutual = value.producer == node.id && value.producer_slot == static_cast<int>(slot);
      check_internal(mutual, "node '{}' computes '{}', which names another producer",
                     node.label(graph_), value.name);
    }
    node.for_each_body([&](Graph& body) {
      for (const Graph::Capture& capture : body.captures()) {
        check_live(capture.outer, node);
        check_use(capture.outer, {node.id, Use::kCapture}, node);
      }
      Verifier(body).run();
    });
  }

  const Graph& graph_;
  std::set<ValueId> captured_;
};

}  // namespace

void verify(const Graph& graph) { Verifier(graph).run(); }

}  // namespace convoy
