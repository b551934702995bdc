// Plans the nodes that take a kernel: which one, on which device, and where its operands lie.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "runtime/op/select_kernel.h"
#include "runtime/op/weight_cache.h"
#include "runtime/plan/step_writer.h"

namespace convoy {

class KernelPlanner {
 public:
  // All outlive the planner.
  KernelPlanner(const Graph& graph, const PlanOptions& options, const Analysis& analysis,
                Locations& locations, StepWriter& writer)
      : graph_(graph),
        options_(options),
        analysis_(analysis),
        locations_(locations),
        writer_(writer) {}

  // Adds the step that computes the node, and the copies that it takes. It runs on the planned
  // device where that has a kernel, else on the host. Throws kUnsupported where none has.
  void plan(const Node& node, const OpDef& definition);

 private:
  struct Operands {
    std::vector<Located> inputs;
    std::vector<bool> as_wished;  // by output: written where its reader wishes
  };
  using Copies = std::vector<std::pair<Located, Located>>;

  const ValueFacts& facts(ValueId id) const { return analysis_.values[index_of(id)]; }

  // Small integers that the host has: the way to another device takes longer than their work.
  bool stays_on_host(const Node& node);

  // False, with the refusals, where another device than the host has no kernel. `refusals` are
  // those of other devices before.
  bool plan_on(DeviceId device, const Node& node, const OpDef& definition,
               std::vector<std::string>& refusals);
  KernelChoice choose(const OpDef& definition, KernelRequest& request);
  // With the operands as they are now, and as they are wished, as if all were on the device: so
  // where they are does not decide which kernel is chosen.
  KernelRequest request_for(const Node& node, DeviceId device);
  // The session's cache for what is constant in every plan, and memory of the plan's own for what
  // is constant for these shapes.
  WeightCache* weights_for(const Node& node, DeviceId device);
  Operands operands_as_they_are(const Node& node);

  // Brings the operands into forms that a kernel needs, as it says so.
  OperandForms forms_of(const Node& node, Operands& operands);
  // Of output j; a wish that the kernel cannot write to is given up for good.
  TensorDesc output_form(ValueId id, const Need& need, Operands& operands, size_t j);

  void add_step(const Node& node, const KernelRequest& request, const Operands& operands,
                Step step);
  // Chooses where output j is written, in the form that the request states.
  Located place_result(const Node& node, const KernelRequest& request, size_t j,
                       const Operands& operands, Copies& roundings);
  // Whether output j may be written over the value wherever the node reads it: a product plus its
  // own operand may not.
  static bool is_read_in_place(const Node& node, const KernelRequest& request, ValueId id, int j);
  // Over an operand that dies with the step; not known() where there is none such.
  Located in_place(const Node& node, const KernelRequest& request, size_t j,
                   const TensorDesc& wanted, const std::vector<Located>& inputs);
  // Brings the value to where its reader wishes it, where the kernel could not write there; to
  // another device only its reader does.
  void grant_wish(ValueId id, NodeId asker);

  const Graph& graph_;
  const PlanOptions& options_;
  const Analysis& analysis_;
  Locations& locations_;
  StepWriter& writer_;
  std::deque<TransientWeights> weights_;  // of the nodes that are planned
};

}  // namespace convoy
