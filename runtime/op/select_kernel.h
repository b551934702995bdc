// Asks the candidates of an operator which one computes a node.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/op/op.h"

namespace convoy {

// The candidate that computes what the definition of an operator says, in the types it is given.
inline constexpr std::string_view kReference = "reference";

struct KernelChoice {
  std::string name;  // of the candidate; "NAME in float32" where 16-bit floats are widened for it
  const KernelDef* candidate = nullptr;
  std::unique_ptr<Kernel> kernel;     // nullptr: the candidate said no
  std::optional<double> seconds;      // of one core, by estimate
  std::vector<std::string> refusals;  // "onednn: needs float32", of those asked or too expensive
  std::vector<std::string> unasked;   // candidates that come after the chosen one
};

// Those that are there for a device, in the operator's order.
std::vector<const KernelDef*> candidates_on(const Device& device, const OpDef& definition);

// Asks one candidate. Where it refuses 16-bit floats, it is asked about float32 in their place,
// unless it is the reference or sets types itself; the request then states float32, constants too.
KernelChoice ask(const OpDef& definition, const KernelDef& candidate, KernelRequest& request);

// True where all that the node gives is known to be empty.
bool computes_nothing(const OpDef& definition, const KernelRequest& request);

// The cheapest candidate for the request's device that says yes, by estimate; the first one where
// none has an estimate. The request's needs, in-place pairs and scratch size are its. Without a
// kernel, and with every refusal, where none says yes.
KernelChoice select_kernel(const OpDef& definition, KernelRequest& request);

// Throws kUnsupported, naming every refusal, where the choice has no kernel.
void check_selected(const KernelChoice& choice);

// The form that input i, or output j, will have where a kernel needs this of it.
struct OperandForms {
  std::function<TensorDesc(size_t i, const Need& need)> input;
  std::function<TensorDesc(size_t j, const Need& need)> output;

  // Of operands that are copied where they are not what is needed. Both stay the caller's.
  static OperandForms of(const std::vector<TensorDesc>& inputs,
                         const std::vector<TensorDesc>& outputs);
};

// The choice made for exactly the forms that its operands will have, which the request then
// states: where its needs change an operand after it was asked, it is asked again, until nothing
// changes. Another choice where it then says no, without a kernel where all do.
KernelChoice settle(const OpDef& definition, KernelChoice choice, KernelRequest& request,
                    const OperandForms& forms);

// Whether an operand of this type, strides and layout may be handed to a kernel that needs this.
bool meets(const TensorDesc& desc, const Need& need);

// The form that an operand is brought to: its own where that will do.
TensorDesc form_for(const TensorDesc& desc, const Need& need);

// The forms that copies bring an operand into one after the other until it meets the need; none
// where it does so as it is.
std::vector<TensorDesc> copies_to_meet(const TensorDesc& desc, const Need& need);

// Whether a kernel that was asked about `asked`, and said that it needs this of it, may run on
// `given`: strides may be part of a kernel that accepts any, so they must be those asked about.
bool is_made_for(const TensorDesc& asked, const Need& need, const TensorDesc& given);

// The constant, on the host, in another form; kept in `weights` if these lie on the device that the
// form names, made afresh otherwise and for nullptr.
Tensor constant_in_form(const Tensor& constant, const TensorDesc& form, WeightCache* weights);

// Error context of a node: its label, operator and operands.
ErrorContext node_context(const Graph& graph, const Node& node,
                          const std::vector<TensorDesc>& inputs);

}  // namespace convoy
