// Pad with zeros on the spatial axes before Conv or AveragePool becomes the operator's own padding.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using List = std::vector<int64_t>;

constexpr int64_t kMostPad = 1 << 20;  // of what is worth a fold

List pads_of(const Match& match) {
  const Node& pad = match.node("pad");
  const char* name = pad.version < 2 ? "paddings" : "pads";
  return integers_of(match.graph(), pad, name, 1).value_or(List{});
}

// Of a convolution or pool; empty where there are none or they do not count.
List own_pads(const Node& node) {
  if (text_of(node, "auto_pad", "NOTSET") == "VALID") return {};
  return integers_of(node, "pads").value_or(List{});
}

Refusal pads_zeros(const Match& match) {
  const Node& pad = match.node("pad");
  if (text_of(pad, "mode", "constant") != "constant") return "it does not pad with a constant";
  if (number_of(pad, "value", 0) != 0) return "it does not pad with zeros";
  if (pad.has_input(3)) return "it names axes";
  if (pad.has_input(2)) {
    const Tensor* value = match.graph().constant(pad.input(2));
    bool zero = value != nullptr && is_floating(value->dtype()) && value->count() == 1 &&
                to_doubles(*value)[0] == 0;
    if (!zero) return "it does not pad with zeros";
  }
  List pads = pads_of(match);
  if (pads.size() < 6 || pads.size() % 2 != 0) return "the pads are not constant";
  size_t rank = pads.size() / 2;
  for (size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] < 0) return "it crops";
    if (pads[i] > kMostPad) return "it pads too far";
    if (i % rank < 2 && pads[i] != 0) return "it pads the batch or the channels";
  }
  std::string auto_pad = text_of(match.root(), "auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID") return "the padding is computed from the size";
  List own = own_pads(match.root());
  if (!own.empty() && own.size() != pads.size() - 4) return "the pads do not fit its own";
  bool sound =
      std::all_of(own.begin(), own.end(), [](int64_t pad) { return pad >= 0 && pad <= kMostPad; });
  if (!sound) return "its own padding makes no sense";
  return std::nullopt;
}

// Those of the root, with the pads of Pad added.
List sums_of_pads(const Match& match) {
  List outer = pads_of(match);
  size_t rank = outer.size() / 2;
  size_t spatial = rank - 2;
  List pads = own_pads(match.root());
  pads.resize(2 * spatial, 0);
  for (size_t i = 0; i < spatial; ++i) {
    pads[i] += outer[2 + i];
    pads[spatial + i] += outer[rank + 2 + i];
  }
  return pads;
}

// Runtimes refuse a pool whose window may lie in the padding alone.
bool is_narrower_than_window(const List& pads, const List& kernel) {
  if (pads.size() != 2 * kernel.size()) return false;
  for (size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] >= kernel[i % kernel.size()]) return false;
  }
  return true;
}

ValueId padded(const Match& match, GraphBuilder& builder, std::vector<ValueId> inputs) {
  Node node = match.root();
  node.attributes.erase("auto_pad");
  node.attributes["pads"] = sums_of_pads(match);
  return builder.node_like(node, std::move(inputs), match.output_type());
}

Rule before_conv() {
  Pattern pad = op("Pad", {any("x")}).rest().named("pad").shared();
  return {"fold_pad_into_conv", RuleSet::kPortable,
          op("Conv", {pad, any("w"), any("b").optional()}), pads_zeros,
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {padded(match, builder, {match.value("x"), match.value("w"), match.value("b")})};
          }};
}

Rule before_average_pool() {
  Pattern pad = op("Pad", {any("x")}).rest().named("pad").shared();
  return {"fold_pad_into_average_pool", RuleSet::kPortable, op("AveragePool", {pad}),
          [](const Match& match) -> Refusal {
            if (Refusal refusal = pads_zeros(match)) return refusal;
            const Node& pool = match.root();
            List own = own_pads(pool);
            bool pads_itself =
                std::count(own.begin(), own.end(), 0) != static_cast<int64_t>(own.size());
            if (integer_of(pool, "count_include_pad", 0) == 0 && pads_itself) {
              return "its own padding does not count";
            }
            if (pool.version < 7) return "the opset cannot count padding";
            if (integer_of(pool, "ceil_mode", 0) != 0) return "ceil_mode is set";
            List kernel = integers_of(pool, "kernel_shape").value_or(List{});
            if (!is_narrower_than_window(sums_of_pads(match), kernel)) {
              return "the window is no wider than the padding";
            }
            return std::nullopt;
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            ValueId y = padded(match, builder, {match.value("x")});
            NodeId pool = builder.graph().value(y).producer;
            builder.graph().mutable_node(pool).attributes["count_include_pad"] = int64_t{1};
            return {y};
          }};
}

}  // namespace

std::vector<RewriteStep> fold_pads() { return {before_conv(), before_average_pool()}; }

}  // namespace convoy
