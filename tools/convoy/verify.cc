#include "tools/convoy/verify.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "runtime/op/registry.h"
#include "tools/convoy/compare.h"
#include "tools/convoy/sizes.h"

namespace convoy::cli {
namespace {

constexpr int kWantedSets = 3;
constexpr size_t kMemoryLimit = size_t{4} << 30;  // of a run: larger sizes are not tried
constexpr std::chrono::seconds kPatience{20};     // once one set was compared

template <typename Visit>
void for_each_node(const Graph& graph, const Visit& visit) {
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    visit(graph, node);
    node.for_each_body([&](Graph& body) { for_each_node(body, visit); });
  }
}

bool is_random(const Node& node) {
  const OpDef* definition = Registry::standard().find(node);
  if (definition == nullptr || !definition->random || node.attributes.contains("seed")) {
    return false;
  }
  return node.op_type != "Dropout" || node.has_input(2);
}

bool holds_random(const Graph& graph) {
  bool found = false;
  for_each_node(graph, [&](const Graph&, const Node& node) { found = found || is_random(node); });
  return found;
}

// Outputs that differ from run to run, by number.
std::set<size_t> random_outputs(const Graph& graph) {
  std::set<ValueId> tainted;
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    bool random = is_random(node);
    for (ValueId input : node.inputs) random = random || tainted.contains(input);
    node.for_each_body([&](Graph& body) {
      random = random || holds_random(body);
      for (const auto& capture : body.captures()) {
        random = random || tainted.contains(capture.outer);
      }
    });
    if (!random) continue;
    for (ValueId output : node.outputs) {
      if (output != ValueId::kNone) tainted.insert(output);
    }
  }
  std::set<size_t> numbers;
  for (size_t k = 0; k < graph.outputs().size(); ++k) {
    if (tainted.contains(graph.outputs()[k])) numbers.insert(k);
  }
  return numbers;
}

// Of the largest magnitude of an output of floats: what the coarsest step in the model leaves.
double tolerance_for(const Graph& graph) {
  double tolerance = 1e-4;
  auto consider = [&](DType dtype) {
    if (dtype == DType::kFloat16) tolerance = std::max(tolerance, 5e-3);
    if (dtype == DType::kBFloat16) tolerance = std::max(tolerance, 4e-2);
  };
  auto look = [&](const Graph& around, const Node& node) {
    bool quantizes =
        node.op_type.find("Quant") != std::string::npos || node.op_type.starts_with("QLinear");
    if (quantizes) tolerance = std::max(tolerance, 2e-2);
    for (const auto* values : {&node.inputs, &node.outputs}) {
      for (ValueId id : *values) {
        if (id != ValueId::kNone) consider(around.value(id).type.dtype);
      }
    }
    if (!node.is("Cast")) return;
    auto to = node.attributes.find("to");
    const int64_t* type = to == node.attributes.end() ? nullptr : std::get_if<int64_t>(&to->second);
    if (type != nullptr) consider(static_cast<DType>(*type));
  };
  for_each_node(graph, look);
  return tolerance;
}

bool has_one_step(DType dtype) { return dtype == DType::kInt8 || dtype == DType::kUInt8; }

std::string difference_of_tensors(const Tensor& before, const Tensor& after, double tolerance) {
  if (before.dtype() != after.dtype() || !(before.shape() == after.shape())) {
    return fmt::format("is {}, not {}", to_string(after.desc()), to_string(before.desc()));
  }
  if (has_one_step(before.dtype())) return compare(after, before, {0, 1});
  if (!is_floating(before.dtype())) return compare(after, before, {0, 0});
  double difference = largest_relative_difference(after, before);
  return difference > tolerance ? fmt::format("differs by {:.3g}", difference) : "";
}

bool same_kind(const Value& a, const Value& b) {
  return a.is_tensor() == b.is_tensor() && a.is_sequence() == b.is_sequence() &&
         a.is_optional() == b.is_optional() && a.is_map() == b.is_map() &&
         a.defined() == b.defined();
}

std::string difference(const Value& before, const Value& after, double tolerance) {
  if (!same_kind(before, after)) return "is of another kind";
  if (before.is_tensor()) {
    return difference_of_tensors(before.tensor(), after.tensor(), tolerance);
  }
  if (before.is_sequence()) {
    const auto& a = before.sequence().elements;
    const auto& b = after.sequence().elements;
    if (a.size() != b.size()) return fmt::format("has {} elements, not {}", b.size(), a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      std::string text = difference(a[i], b[i], tolerance);
      if (!text.empty()) return fmt::format("element {} {}", i, text);
    }
  } else if (before.is_optional()) {
    const Optional& a = before.optional();
    const Optional& b = after.optional();
    if (a.empty() != b.empty()) return "is empty on one side only";
    if (!a.empty()) return difference(*a.element, *b.element, tolerance);
  } else if (before.is_map()) {
    if (before.map().keys != after.map().keys) return "has other keys";
    return difference(before.map().values, after.map().values, tolerance);
  }
  return "";
}

bool same_type(const Value& a, const Value& b) {
  if (!a.is_tensor() || !b.is_tensor()) return same_kind(a, b);
  return a.tensor().dtype() == b.tensor().dtype() && a.tensor().shape() == b.tensor().shape();
}

bool is_empty(const Value& value) { return value.is_tensor() && value.tensor().count() == 0; }

class Comparison {
 public:
  Comparison(Session& before, Session& after)
      : before_(before),
        after_(after),
        random_(random_outputs(before.model().graph)),
        tolerance_(tolerance_for(before.model().graph)) {}

  // False, with the reason kept, where the original does not take these feeds.
  bool compare_on(const Feeds& feeds) {
    std::vector<Value> expected;
    try {
      expected = before_.run(feeds);
    } catch (const Error& error) {
      if (refusal_.empty()) refusal_ = error.what();
      return false;
    }
    if (!expected.empty() && std::ranges::all_of(expected, is_empty)) {
      if (refusal_.empty()) refusal_ = "all outputs are empty";
      return false;
    }
    std::vector<Value> actual = after_.run(feeds);
    for (size_t k = 0; k < expected.size(); ++k) {
      std::string problem;
      if (!random_.contains(k)) {
        problem = difference(expected[k], actual[k], tolerance_);
      } else if (!same_type(expected[k], actual[k])) {
        problem = "is of another type";
      }
      check_input(problem.empty(),
                  "--verify: output '{}' of the optimized model {}; nothing "
                  "written",
                  before_.outputs()[k].name, problem);
    }
    return true;
  }

  const std::string& refusal() const { return refusal_; }

  // "" or a line about outputs that were left out.
  std::string note() const {
    std::string names;
    for (size_t k : random_) {
      names += (names.empty() ? "'" : ", '") + before_.outputs()[k].name + "'";
    }
    if (names.empty()) return "";
    return fmt::format("of {} only types were compared: random numbers without a seed\n", names);
  }

 private:
  Session& before_;
  Session& after_;
  std::set<size_t> random_;
  double tolerance_;
  std::string refusal_;
};

}  // namespace

std::string verify(Model before, Model after, const FeedOptions& options) {
  SessionOptions plain;
  plain.optimize = false;
  plain.memory_limit = kMemoryLimit;
  Session first(std::move(before), plain);
  Session second(std::move(after), plain);
  Comparison comparison(first, second);
  auto start = std::chrono::steady_clock::now();
  int compared = 0;
  uint64_t seed = 0;
  bool open = has_open_sizes(first);
  for (const Sizing& sizing : sizings()) {
    if (compared == kWantedSets) break;
    if (!is_feasible(first, sizing)) continue;
    if (compared > 0 && std::chrono::steady_clock::now() - start > kPatience) break;
    // What sizes do not change is tried a few times with other numbers.
    if (!open && ++seed > 2 * kWantedSets) break;
    if (comparison.compare_on(sized_feeds(first, options, sizing, seed))) ++compared;
  }
  check_input(compared > 0,
              "--verify: the model ran on nothing that was tried (--shape and --input give other "
              "sizes and values): {}",
              comparison.refusal());
  return fmt::format("verified on {} set{} of inputs\n", compared, compared == 1 ? "" : "s") +
         comparison.note();
}

}  // namespace convoy::cli
