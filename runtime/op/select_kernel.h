// Asks the candidates of an operator in their order which one computes a node.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/op/op.h"

namespace convoy {

struct KernelChoice {
  std::string name;
  std::unique_ptr<Kernel> kernel;
  double estimated_cycles = 0;        // of one core; 0: no estimate
  std::vector<std::string> refusals;  // "onednn: needs float32", in the order asked
  std::vector<std::string> unasked;   // candidates that come after the chosen one
};

// One candidate's kernel, or nullptr with request.reason; the request's demands, offers, in-place
// pairs and scratch size are its.
std::unique_ptr<Kernel> make_candidate(const KernelDef& candidate, KernelRequest& request);

// The candidate's kernel made anew for the request as it is; where it says no, another choice.
KernelChoice make_again(const OpDef& definition, KernelChoice choice, KernelRequest& request);

// The request's demands, offers, in-place pairs and scratch size are those of the chosen kernel.
// Throws kUnsupported, naming every refusal, when no candidate for `device` says yes.
KernelChoice select_kernel(const OpDef& definition, KernelRequest& request,
                           DeviceKind device = DeviceKind::kCpu);

// The demand of input i / offer of output j, default where the kernel stated none.
KernelRequest::Demand demand_of(const KernelRequest& request, size_t i);
KernelRequest::Demand offer_of(const KernelRequest& request, size_t j);

// Whether an operand of this type, strides and layout may be handed to a kernel with this demand.
bool meets(const TensorDesc& desc, const KernelRequest::Demand& demand);

// The form that an operand is brought to for a demand: its own where that will do.
TensorDesc form_for(const TensorDesc& desc, const KernelRequest::Demand& demand);

// Whether a kernel that was asked about `asked` and stated `demand` may run on `given`: strides may
// be part of a kernel that accepts any, so they must be those that it was asked about.
bool is_made_for(const TensorDesc& asked, const KernelRequest::Demand& demand,
                 const TensorDesc& given);

// Error context of a node: its label, operator and operands.
ErrorContext node_context(const Graph& graph, const Node& node,
                          const std::vector<TensorDesc>& inputs);

}  // namespace convoy
