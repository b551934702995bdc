// Range with constants of shape [1] gets scalars: exporters write the former, and runtimes that
// infer shapes refuse it as soon as they see the constant.
#include <algorithm>

#include "ops/rewrites/rules.h"

namespace convoy {

std::vector<RewriteStep> scalar_range_operands() {
  auto is_vector = [](const Graph& graph, ValueId id) {
    const Tensor* tensor = graph.constant(id);
    return tensor != nullptr && tensor->rank() != 0 && tensor->count() == 1;
  };
  Rule rule{"scalar_range_operands",
            RuleSet::kPortable,
            op("Range", {any(), any(), any()}),
            [is_vector](const Match& match) -> Refusal {
              const auto& inputs = match.root().inputs;
              bool fits = std::any_of(inputs.begin(), inputs.end(),
                                      [&](ValueId id) { return is_vector(match.graph(), id); });
              return fits ? Refusal() : "the operands are scalars";
            },
            [is_vector](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
              std::vector<ValueId> inputs = match.root().inputs;
              for (ValueId& input : inputs) {
                if (!is_vector(match.graph(), input)) continue;
                Tensor tensor = match.graph().constant(input)->contiguous();
                input = builder.constant(tensor.reshaped({}));
              }
              return {builder.node_like(match.root(), std::move(inputs), match.output_type())};
            },
            true};
  return {rule};
}

}  // namespace convoy
