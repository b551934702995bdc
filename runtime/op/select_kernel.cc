#include "runtime/op/select_kernel.h"

#include <fmt/ranges.h>

namespace convoy {

std::unique_ptr<Kernel> make_candidate(const KernelDef& candidate, KernelRequest& request) {
  request.demands.clear();
  request.offers.clear();
  request.in_place.clear();
  request.scratch_bytes = 0;
  request.reason.clear();
  request.estimated_cycles = 0;
  return candidate.make(request);
}

KernelChoice select_kernel(const OpDef& definition, KernelRequest& request, DeviceKind device) {
  KernelChoice choice;
  for (const KernelDef& candidate : definition.kernels) {
    if (candidate.device != device) continue;
    if (candidate.concerns && !candidate.concerns(request)) continue;
    if (choice.kernel) {
      choice.unasked.push_back(candidate.name);
      continue;
    }
    choice.kernel = make_candidate(candidate, request);
    if (choice.kernel) {
      choice.name = candidate.name;
      choice.estimated_cycles = request.estimated_cycles;
      continue;
    }
    choice.refusals.push_back(fmt::format("{}: {}", candidate.name, request.reason));
  }
  if (choice.kernel) return choice;
  if (choice.refusals.empty()) {
    fail(ErrorCode::kUnsupported, "there is no {} kernel for {}", to_string(device),
         definition.name);
  }
  fail(ErrorCode::kUnsupported, "no kernel computes this node ({})",
       fmt::join(choice.refusals, "; "));
}

KernelRequest::Demand demand_of(const KernelRequest& request, size_t i) {
  return i < request.demands.size() ? request.demands[i] : KernelRequest::Demand{};
}

KernelRequest::Demand offer_of(const KernelRequest& request, size_t j) {
  return j < request.offers.size() ? request.offers[j] : KernelRequest::Demand{};
}

ErrorContext node_context(const Graph& graph, const Node& node,
                          const std::vector<TensorDesc>& inputs) {
  ErrorContext context;
  context.node = node.label(graph);
  context.op_type = node.qualified_type();
  for (const TensorDesc& input : inputs) {
    if (!context.operands.empty()) context.operands += ", ";
    context.operands += to_string(input);
  }
  return context;
}

}  // namespace convoy
