// Second pass of planning: views, kernels, copies and places, in the order of execution.
#include <algorithm>
#include <limits>

#include "runtime/base/caught.h"
#include "runtime/op/evaluate.h"
#include "runtime/op/select_kernel.h"
#include "runtime/plan/addresses.h"
#include "runtime/plan/locations.h"
#include "runtime/plan/step_writer.h"
#include "runtime/plan/tuner.h"

namespace convoy {
namespace {

constexpr int kWholeRun = std::numeric_limits<int>::max();

// Of what reads a value element by element.
Need plain_need(DType dtype) { return {dtype, {}, false}; }

class Planner {
 public:
  Planner(const Graph& graph, const std::vector<TensorDesc>& inputs, const PlanOptions& options)
      : graph_(graph),
        options_(options),
        analysis_(analyze(graph, inputs, options)),
        locations_(graph, analysis_),
        plan_(std::make_shared<Plan>()),
        writer_(*plan_, analysis_, locations_, options.weights) {
    plan_->graph = &graph;
    plan_->inputs = inputs;
    plan_->folded_nodes = analysis_.folded;
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

  // --- inputs and outputs ---

  void place_inputs() {
    size_t count = graph_.inputs().size();
    for (size_t i = 0; i < plan_->inputs.size(); ++i) {
      ValueId id = i < count ? graph_.inputs()[i] : graph_.captures()[i - count].inner;
      plan_->input_slots.push_back(-1);
      if (is_dynamic(id)) {
        plan_->input_slots.back() = slot(id);
      } else if (facts(id).kind == ValueFacts::Kind::kStatic) {
        int storage = locations_.add_storage(Home::kInput, static_cast<int>(i), 0);
        locations_.storage(storage).pinned = true;
        locations_.set_main(id, {storage, 0, plan_->inputs[i]});
      }
    }
  }

  void place_outputs() {
    for (size_t k = 0; k < graph_.outputs().size(); ++k) {
      int storage = locations_.add_storage(Home::kOutput, static_cast<int>(k), 0);
      locations_.storage(storage).pinned = true;
      output_storages_.push_back(storage);
    }
    wish_places(graph_, analysis_, locations_, output_storages_);
  }

  void finish_outputs() {
    for (size_t k = 0; k < graph_.outputs().size(); ++k) {
      ValueId id = graph_.outputs()[k];
      PlannedOutput output;
      if (is_dynamic(id)) {
        output.is_static = false;
        output.source = dynamic_operand(id);
      } else {
        output.desc = TensorDesc::contiguous(facts(id).desc.dtype, facts(id).desc.shape);
        Located target{output_storages_[k], 0, output.desc};
        if (!locations_.is_at(id, target)) writer_.copy(locations_.main(id), target, NodeId::kNone);
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
      plan_kernel(node, *about.definition);
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
      if (!locations_.is_at(input, part)) writer_.copy(locations_.main(input), part, node.id);
    }
    return true;
  }

  bool plan_view(const Node& node, const OpDef& definition) {
    KernelRequest request = plain_request(graph_, analysis_, node);
    Located source = locations_.main(node.inputs[0]);
    if (!source.desc.layout.plain()) {
      source = writer_.in_form(node.inputs[0], plain_need(source.desc.dtype), node.id);
    }
    request.inputs[0] = source.desc;
    std::vector<std::pair<ValueId, Located>> views;
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      auto spec = definition.view(request, static_cast<int>(j));
      if (!spec) return false;
      Located view = source;
      view.byte_offset += spec->offset * static_cast<int64_t>(size_of(source.desc.dtype));
      view.desc = {source.desc.dtype, spec->shape, spec->strides, {}};
      views.emplace_back(node.outputs[j], view);
    }
    for (const auto& [id, view] : views) locations_.set_main(id, view);
    return true;
  }

  void plan_kernel(const Node& node, const OpDef& definition) {
    KernelRequest request = request_for(node);
    KernelChoice choice = options_.tuner
                              ? options_.tuner->choose(definition, request, *options_.threads)
                              : select_kernel(definition, request);
    Operands operands = operands_as_they_are(node);
    choice = settle(definition, std::move(choice), request, forms_of(node, operands));
    Step step;
    step.node = node.id;
    step.kernel_name = choice.name;
    step.refusals = std::move(choice.refusals);
    step.unasked = std::move(choice.unasked);
    step.seconds = choice.seconds;
    step.kernel = std::move(choice.kernel);
    step.scratch_bytes = request.scratch_bytes;
    std::vector<std::pair<Located, Located>> copies;
    for (const Located& input : operands.inputs) step.inputs.push_back(StepWriter::draft(input));
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      bool wanted = node.outputs[j] != ValueId::kNone;
      step.outputs.push_back(
          StepWriter::draft(wanted ? place_result(node, request, j, operands, copies) : Located{}));
    }
    check_operands(request, step);
    writer_.add(std::move(step));
    for (const auto& [from, to] : copies) writer_.copy(from, to, node.id);
  }

  struct Operands {
    std::vector<Located> inputs;
    std::vector<bool> as_wished;  // by output: written where its reader wishes
  };

  KernelRequest request_for(const Node& node) {
    KernelRequest request = plain_request(graph_, analysis_, node);
    request.weights = options_.weights;
    request.threads = options_.threads->thread_count();
    request.isa = best_isa();
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != ValueId::kNone) {
        request.inputs[i] = locations_.main(node.inputs[i]).desc;
      }
    }
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      if (node.outputs[j] == ValueId::kNone) continue;
      const Located& wish = locations_.wish(node.outputs[j]);
      if (wish.known()) request.outputs[j] = wish.desc;
    }
    return request;
  }

  Operands operands_as_they_are(const Node& node) {
    Operands operands;
    for (ValueId input : node.inputs) {
      operands.inputs.push_back(input == ValueId::kNone ? Located{} : locations_.main(input));
    }
    for (ValueId output : node.outputs) {
      operands.as_wished.push_back(output != ValueId::kNone && locations_.wish(output).known());
    }
    return operands;
  }

  // Brings the operands into forms that a kernel needs, as it says so.
  OperandForms forms_of(const Node& node, Operands& operands) {
    auto input = [&](size_t i, const Need& need) {
      Located& located = operands.inputs[i];
      if (!meets(located.desc, need)) located = writer_.in_form(node.inputs[i], need, node.id);
      return located.desc;
    };
    auto output = [&](size_t j, const Need& need) {
      return output_form(node.outputs[j], need, operands, j);
    };
    return {input, output};
  }

  // Of output j; a wish that the kernel cannot write to is given up for good.
  TensorDesc output_form(ValueId id, const Need& need, Operands& operands, size_t j) {
    if (operands.as_wished[j]) {
      const TensorDesc& wish = locations_.wish(id).desc;
      if (need.layout.plain() && meets(wish, need)) return wish;
      operands.as_wished[j] = false;
    }
    return form_for(facts(id).desc, need);
  }

  // A step runs on exactly the forms that its kernel was made for.
  static void check_operands(const KernelRequest& request, const Step& step) {
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const Place& place = step.inputs[i];
      check_internal(place.home == Home::kAbsent ||
                         is_made_for(request.inputs[i], request.input_need(i), place.desc),
                     "the kernel '{}' was not made for input {}", step.kernel_name, i);
    }
    for (size_t j = 0; j < step.outputs.size(); ++j) {
      const Place& place = step.outputs[j];
      check_internal(place.home == Home::kAbsent ||
                         is_made_for(request.outputs[j], request.output_need(j), place.desc),
                     "the kernel '{}' was not made for output {}", step.kernel_name, j);
    }
  }

  // Chooses where output j is written, in the form that the request states.
  Located place_result(const Node& node, const KernelRequest& request, size_t j,
                       const Operands& operands, std::vector<std::pair<Located, Located>>& copies) {
    ValueId id = node.outputs[j];
    const Located wish = locations_.wish(id);
    if (operands.as_wished[j]) {
      locations_.set_main(id, wish);
      return wish;
    }
    const TensorDesc& type = facts(id).desc;
    TensorDesc written = form_for(type, request.output_need(j));
    Located place = in_place(node, request, j, written, operands.inputs);
    if (!place.known()) place = locations_.add_arena(written);
    Located main = place;
    if (written.dtype != type.dtype) {
      // The value is what its own type can hold: readers get it rounded.
      Need rounded = request.output_need(j);
      rounded.dtype = type.dtype;
      main = locations_.add_arena(form_for(type, rounded));
      copies.emplace_back(place, main);
    }
    locations_.set_main(id, main);
    if (wish.known()) {
      copies.emplace_back(main, wish);
      locations_.add_alternate(id, wish);
    }
    return place;
  }

  Located in_place(const Node& node, const KernelRequest& request, size_t j,
                   const TensorDesc& wanted, const std::vector<Located>& inputs) {
    for (auto [i, output] : request.in_place) {
      if (static_cast<size_t>(output) != j) continue;
      const Located& input = inputs[static_cast<size_t>(i)];
      ValueId id = node.inputs[static_cast<size_t>(i)];
      if (!input.known() || !input.same_region(locations_.main(id))) continue;
      const Storage& storage = locations_.storage(input.storage);
      bool fits = storage.home == Home::kArena && !storage.pinned &&
                  input.desc.shape == wanted.shape &&
                  size_of(input.desc.dtype) == size_of(wanted.dtype) &&
                  input.desc.dtype != DType::kString && wanted.dtype != DType::kString &&
                  input.desc.layout == wanted.layout &&
                  (!wanted.layout.plain() || input.desc.is_contiguous());
      auto reads = std::count(node.inputs.begin(), node.inputs.end(), id);
      if (fits && storage.pending == static_cast<int>(reads)) {
        return {input.storage, input.byte_offset, wanted};
      }
    }
    return {};
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
    if (!located.desc.layout.plain()) {
      located = writer_.in_form(id, plain_need(located.desc.dtype), NodeId::kNone);
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
  std::vector<int> output_storages_;
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
