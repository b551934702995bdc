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

KernelChoice make_again(const OpDef& definition, KernelChoice choice, KernelRequest& request) {
  for (const KernelDef& candidate : definition.kernels) {
    if (candidate.name != choice.name) continue;
    choice.kernel = make_candidate(candidate, request);
    choice.estimated_cycles = request.estimated_cycles;
    if (choice.kernel) return choice;
  }
  return select_kernel(definition, request);
}

KernelRequest::Demand demand_of(const KernelRequest& request, size_t i) {
  return i < request.demands.size() ? request.demands[i] : KernelRequest::Demand{};
}

KernelRequest::Demand offer_of(const KernelRequest& request, size_t j) {
  return j < request.offers.size() ? request.offers[j] : KernelRequest::Demand{};
}

bool meets(const TensorDesc& desc, const KernelRequest::Demand& demand) {
  if (!demand.layout.plain()) return desc.layout == demand.layout;
  return desc.layout.plain() && (demand.any_strides || desc.is_contiguous());
}

TensorDesc form_for(const TensorDesc& desc, const KernelRequest::Demand& demand) {
  if (meets(desc, demand)) return desc;
  return demand.layout.plain() ? TensorDesc::contiguous(desc.dtype, desc.shape)
                               : TensorDesc::blocked(desc.dtype, desc.shape, demand.layout.block);
}

bool is_made_for(const TensorDesc& asked, const KernelRequest::Demand& demand,
                 const TensorDesc& given) {
  if (!meets(given, demand) || asked.dtype != given.dtype || !(asked.shape == given.shape)) {
    return false;
  }
  return !demand.layout.plain() || !demand.any_strides || asked == given;
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
