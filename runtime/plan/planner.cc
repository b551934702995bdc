// Second pass of planning: views, kernels, copies and places, in the order of execution.
#include <algorithm>
#include <limits>

#include "runtime/base/caught.h"
#include "runtime/op/evaluate.h"
#include "runtime/op/select_kernel.h"
#include "runtime/plan/addresses.h"
#include "runtime/plan/kernel_planner.h"

namespace convoy {
namespace {

constexpr int kWholeRun = std::numeric_limits<int>::max();

// Of what reads a value element by element.
Need plain_need(DType dtype, DeviceId device) { return {dtype, {}, false, device}; }

class Planner {
 public:
  Planner(const Graph& graph, const std::vector<TensorDesc>& inputs, const PlanOptions& options)
      : graph_(graph),
        options_(options),
        analysis_(analyze(graph, inputs, options)),
        locations_(graph, analysis_),
        plan_(std::make_shared<Plan>()),
        writer_(*plan_, analysis_, locations_, options),
        kernels_(graph, options, analysis_, locations_, writer_) {
    plan_->graph = &graph;
    plan_->inputs = inputs;
    plan_->output_devices = options.output_devices;
    plan_->folded_nodes = analysis_.folded;
    add_memory(options.device);
    for (const TensorDesc& input : inputs) add_memory(input.device);
    for (DeviceId device : options.output_devices) add_memory(device);
    slots_.assign(graph.value_count(), -1);
  }

  std::shared_ptr<const Plan> run() {
    place_inputs();
    place_outputs();
    for (NodeId id : analysis_.order) {
      const Node& node = graph_.node(id);
      try {
        plan_node(node);
      } catch (const std::exception&) {
        std::vector<TensorDesc> descs;
        for (ValueId input : node.inputs) {
          descs.push_back(input == ValueId::kNone ? TensorDesc{}
                                                  : analysis_.values[index_of(input)].desc);
        }
        rethrow_caught(node_context(graph_, node, descs));
      }
    }
    finish_outputs();
    release_slots(*plan_);
    assign_addresses(*plan_, locations_, options_.memory_limit);
    return plan_;
  }

 private:
  const ValueFacts& facts(ValueId id) const { return analysis_.values[index_of(id)]; }
  bool is_dynamic(ValueId id) const { return facts(id).kind == ValueFacts::Kind::kDynamic; }

  void add_memory(DeviceId device) {
    if (device.is_host()) return;
    if (plan_->memory.size() == 1) plan_->memory.push_back({device, 0, 0});
    check_supported(plan_->memory[1].device == device, "values on the devices '{}' and '{}'",
                    to_string(plan_->memory[1].device), to_string(device));
  }

  // --- inputs and outputs ---

  void place_inputs() {
    size_t count = graph_.inputs().size();
    for (size_t i = 0; i < plan_->inputs.size(); ++i) {
      ValueId id = i < count ? graph_.inputs()[i] : graph_.captures()[i - count].inner;
      plan_->input_slots.push_back(-1);
      if (is_dynamic(id)) {
        plan_->input_slots.back() = slot(id);
      } else if (facts(id).kind == ValueFacts::Kind::kStatic) {
        const DeviceId device = plan_->inputs[i].device;
        int storage = locations_.add_storage(Home::kInput, device, static_cast<int>(i));
        locations_.storage(storage).pinned = true;
        locations_.set_main(id, {storage, 0, plan_->inputs[i]});
      }
    }
  }

  void place_outputs() {
    for (size_t k = 0; k < graph_.outputs().size(); ++k) {
      const TensorDesc& type = facts(graph_.outputs()[k]).desc;
      DeviceId device =
          k < options_.output_devices.size() ? options_.output_devices[k] : DeviceId{};
      int storage = locations_.add_storage(Home::kOutput, device, static_cast<int>(k));
      locations_.storage(storage).pinned = true;
      outputs_.push_back({storage, 0, TensorDesc::contiguous(type.dtype, type.shape, device)});
    }
    std::vector<Located> written;
    for (const Located& output : outputs_) written.push_back(written_output(output));
    wish_places(graph_, analysis_, locations_, written, options_.device);
  }

  // Where the steps write an output of the graph: what another device computes is gathered there,
  // and goes over as a whole.
  Located written_output(const Located& output) {
    TensorDesc desc = output.desc;
    if (options_.device.is_host() || is_small_integer(desc) || !desc.device.is_host())
      return output;
    if (desc.dtype == DType::kUndefined || desc.dtype == DType::kString) return output;
    desc.device = options_.device;
    return locations_.add_arena(desc);
  }

  void finish_outputs() {
    for (size_t k = 0; k < graph_.outputs().size(); ++k) {
      ValueId id = graph_.outputs()[k];
      PlannedOutput output;
      if (is_dynamic(id)) {
        output.is_static = false;
        output.source = dynamic_operand(id);
        output.desc.device = outputs_[k].desc.device;
      } else {
        output.desc = outputs_[k].desc;
        writer_.bring(id, outputs_[k], NodeId::kNone);
      }
      plan_->outputs.push_back(std::move(output));
    }
  }

  // --- nodes ---

  void plan_node(const Node& node) {
    const NodeFacts& about = analysis_.nodes[index_of(node.id)];
    if (about.kind == NodeFacts::Kind::kFolded) return;
    if (about.kind == NodeFacts::Kind::kDynamic) {
      plan_dynamic(node);
    } else if (about.definition->part && plan_parts(node)) {
    } else if (about.definition->view && plan_view(node, *about.definition)) {
      ++plan_->viewed_nodes;
    } else {
      kernels_.plan(node, *about.definition);
    }
    for (ValueId input : node.inputs) {
      if (input != ValueId::kNone) locations_.finish_read(input);
    }
  }

  bool plan_parts(const Node& node) {
    ValueId whole = node.outputs[0];
    const Located region = locations_.wish(whole);
    if (!region.known()) return false;
    locations_.set_main(whole, region);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      ValueId input = node.inputs[i];
      if (input == ValueId::kNone) continue;
      Located part = part_region(graph_, analysis_, node, static_cast<int>(i), region);
      writer_.bring(input, part, node.id);
    }
    return true;
  }

  bool plan_view(const Node& node, const OpDef& definition) {
    KernelRequest request = plain_request(graph_, analysis_, node);
    Located source = view_source(node);
    request.inputs[0] = source.desc;
    std::vector<std::pair<ValueId, Located>> views;
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      auto spec = definition.view(request, static_cast<int>(j));
      if (!spec) return false;
      Located view = source;
      view.byte_offset += spec->offset * static_cast<int64_t>(size_of(source.desc.dtype));
      view.desc = {source.desc.dtype, spec->shape, spec->strides, {}, source.desc.device};
      views.emplace_back(node.outputs[j], view);
    }
    for (const auto& [id, view] : views) locations_.set_main(id, view);
    return true;
  }

  // An input of the graph is viewed on the device that steps run on: it goes over as a whole, once.
  Located view_source(const Node& node) {
    Located source = locations_.main(node.inputs[0]);
    DeviceId device = source.desc.device;
    bool is_input = locations_.storage(source.storage).home == Home::kInput;
    if (is_input && device.is_host() && !is_small_integer(source.desc)) device = options_.device;
    if (source.desc.layout.plain() && source.desc.device == device) return source;
    return writer_.in_form(node.inputs[0], plain_need(source.desc.dtype, device), node.id);
  }

  // --- steps whose shapes depend on data ---

  int slot(ValueId id) {
    int& number = slots_[index_of(id)];
    if (number < 0) number = plan_->slot_count++;
    return number;
  }

  DynamicOperand dynamic_operand(ValueId id) {
    DynamicOperand operand;
    if (id == ValueId::kNone) return operand;
    operand.lasting = facts(id).lasting;
    if (is_dynamic(id)) {
      operand.slot = slot(id);
      return operand;
    }
    Located located = locations_.main(id);
    if (!located.desc.layout.plain() || !located.desc.device.is_host()) {
      located = writer_.in_form(id, plain_need(located.desc.dtype, {}), NodeId::kNone);
    }
    locations_.storage(located.storage).last = kWholeRun;
    locations_.storage(located.storage).pinned = true;
    operand.is_static = true;
    operand.place = StepWriter::draft(located);
    return operand;
  }

  // Besides its inputs, a dynamic step reads what its bodies capture.
  void plan_dynamic(const Node& node) {
    Step step;
    step.kind = Step::Kind::kDynamic;
    step.node = node.id;
    step.kernel_name = "dynamic";
    for (ValueId input : node.inputs) step.dynamic_inputs.push_back(dynamic_operand(input));
    node.for_each_body([&](Graph& body) {
      for (const Graph::Capture& capture : body.captures()) {
        step.dynamic_inputs.push_back(dynamic_operand(capture.outer));
      }
    });
    for (ValueId output : node.outputs) {
      step.dynamic_outputs.push_back(output == ValueId::kNone ? -1 : slot(output));
    }
    writer_.add(std::move(step));
  }

  const Graph& graph_;
  const PlanOptions& options_;
  Analysis analysis_;
  Locations locations_;
  std::shared_ptr<Plan> plan_;
  StepWriter writer_;
  KernelPlanner kernels_;
  std::vector<Located> outputs_;  // of the graph
  std::vector<int> slots_;
};

}  // namespace

size_t Plan::footprint() const {
  size_t bytes = sizeof(Plan) + steps.size() * sizeof(Step);
  for (const Step& step : steps)
    bytes += (step.inputs.size() + step.outputs.size()) * sizeof(Place);
  for (const Tensor& constant : constants) {
    if (constant.buffer().use_count() == 1) bytes += constant.buffer()->bytes();
  }
  return bytes;
}

std::shared_ptr<const Plan> make_plan(const Graph& graph, const std::vector<TensorDesc>& inputs,
                                      const PlanOptions& options) {
  return Planner(graph, inputs, options).run();
}

}  // namespace convoy
