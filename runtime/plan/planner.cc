// Second pass of planning: views, kernels, copies and places, in the order of execution.
#include <algorithm>
#include <limits>

#include "runtime/op/evaluate.h"
#include "runtime/op/select_kernel.h"
#include "runtime/plan/arena.h"
#include "runtime/plan/locations.h"
#include "runtime/plan/tuner.h"

namespace convoy {
namespace {

constexpr int kWholeRun = std::numeric_limits<int>::max();

class Planner {
 public:
  Planner(const Graph& graph, const std::vector<TensorDesc>& inputs, const PlanOptions& options)
      : graph_(graph),
        options_(options),
        analysis_(analyze(graph, inputs, options)),
        locations_(graph, analysis_),
        plan_(std::make_shared<Plan>()) {
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
      } catch (Error& error) {
        std::vector<TensorDesc> descs;
        for (ValueId input : node.inputs) {
          descs.push_back(input == ValueId::kNone ? TensorDesc{}
                                                  : analysis_.values[index_of(input)].desc);
        }
        error.add_context(node_context(graph_, node, descs));
        throw;
      }
    }
    finish_outputs();
    release_slots();
    finalize();
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
        if (!locations_.is_at(id, target)) copy(locations_.main(id), target, NodeId::kNone);
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
      if (!locations_.is_at(input, part)) copy(locations_.main(input), part, node.id);
    }
    return true;
  }

  bool plan_view(const Node& node, const OpDef& definition) {
    KernelRequest request = plain_request(graph_, analysis_, node);
    Located source = locations_.main(node.inputs[0]);
    if (!source.desc.layout.plain()) source = plain_copy(node.inputs[0], node.id);
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
    KernelChoice choice = options_.tuner
                              ? options_.tuner->choose(definition, request, *options_.threads)
                              : select_kernel(definition, request);
    Step step;
    step.node = node.id;
    step.kernel_name = choice.name;
    step.refusals = std::move(choice.refusals);
    step.unasked = std::move(choice.unasked);
    step.estimated_cycles = choice.estimated_cycles;
    step.kernel = std::move(choice.kernel);
    step.scratch_bytes = request.scratch_bytes;
    std::vector<Located> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(node.inputs[i] == ValueId::kNone
                           ? Located{}
                           : fulfil(node.inputs[i], demand_of(request, i), node.id));
    }
    std::vector<std::pair<Located, Located>> copies;
    std::vector<Located> outputs;
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      outputs.push_back(node.outputs[j] == ValueId::kNone
                            ? Located{}
                            : place_result(node, request, j, inputs, copies));
    }
    for (const Located& input : inputs) step.inputs.push_back(draft(input));
    for (const Located& output : outputs) step.outputs.push_back(draft(output));
    add_step(std::move(step));
    for (const auto& [from, to] : copies) copy(from, to, node.id);
  }

  // The value in a form that meets the demand, converted once and remembered.
  Located fulfil(ValueId id, const KernelRequest::Demand& demand, NodeId asker) {
    Located main = locations_.main(id);
    bool fits = demand.layout.plain()
                    ? main.desc.layout.plain() && (demand.any_strides || main.desc.is_contiguous())
                    : main.desc.layout == demand.layout;
    if (fits) return main;
    for (const Located& other : locations_.alternates(id)) {
      bool good = other.desc.layout == demand.layout &&
                  (!demand.layout.plain() || demand.any_strides || other.desc.is_contiguous());
      if (good) return other;
    }
    if (demand.layout.plain()) return plain_copy(id, asker);
    return converted(id, TensorDesc::blocked(main.desc.dtype, main.desc.shape, demand.layout.block),
                     asker);
  }

  Located plain_copy(ValueId id, NodeId asker) {
    for (const Located& other : locations_.alternates(id)) {
      if (other.desc.is_contiguous()) return other;
    }
    const TensorDesc& desc = facts(id).desc;
    return converted(id, TensorDesc::contiguous(desc.dtype, desc.shape), asker);
  }

  Located converted(ValueId id, const TensorDesc& desc, NodeId asker) {
    Located copy_of = locations_.add_arena(desc);
    copy(locations_.main(id), copy_of, asker);
    locations_.add_alternate(id, copy_of);
    return copy_of;
  }

  // Chooses where output j is written; a wish that the kernel cannot write to becomes a copy.
  Located place_result(const Node& node, const KernelRequest& request, size_t j,
                       const std::vector<Located>& inputs,
                       std::vector<std::pair<Located, Located>>& copies) {
    ValueId id = node.outputs[j];
    const TensorDesc& desc = facts(id).desc;
    KernelRequest::Demand offer = offer_of(request, j);
    const Located wish = locations_.wish(id);
    bool direct = wish.known() && offer.layout.plain() &&
                  (offer.any_strides || wish.desc.is_contiguous());
    if (direct) {
      locations_.set_main(id, wish);
      return wish;
    }
    TensorDesc wanted = offer.layout.plain()
                            ? TensorDesc::contiguous(desc.dtype, desc.shape)
                            : TensorDesc::blocked(desc.dtype, desc.shape, offer.layout.block);
    Located place = in_place(node, request, j, wanted, inputs);
    if (!place.known()) place = locations_.add_arena(wanted);
    locations_.set_main(id, place);
    if (wish.known()) {
      copies.emplace_back(place, wish);
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
    if (!located.desc.layout.plain()) located = plain_copy(id, NodeId::kNone);
    locations_.storage(located.storage).last = kWholeRun;
    locations_.storage(located.storage).pinned = true;
    operand.is_static = true;
    operand.place = draft(located);
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
    add_step(std::move(step));
  }

  void release_slots() {
    std::vector<bool> kept(static_cast<size_t>(plan_->slot_count), false);
    for (const PlannedOutput& output : plan_->outputs) {
      if (output.source.slot >= 0) kept[static_cast<size_t>(output.source.slot)] = true;
    }
    for (auto step = plan_->steps.rbegin(); step != plan_->steps.rend(); ++step) {
      auto release = [&](int number) {
        if (number < 0 || kept[static_cast<size_t>(number)]) return;
        kept[static_cast<size_t>(number)] = true;
        step->released_slots.push_back(number);
      };
      for (const DynamicOperand& input : step->dynamic_inputs) release(input.slot);
      for (int output : step->dynamic_outputs) release(output);
    }
  }

  // --- steps ---

  // A place that still names its storage; finalize() turns it into an address.
  static Place draft(const Located& located) {
    Place place;
    if (!located.known()) return place;
    place.home = Home::kArena;
    place.index = located.storage;
    place.byte_offset = located.byte_offset;
    place.desc = located.desc;
    return place;
  }

  void copy(const Located& from, const Located& to, NodeId asker) {
    Step step;
    step.kind = Step::Kind::kCopy;
    step.node = asker;
    step.kernel_name = from.desc.layout == to.desc.layout ? "copy" : "reorder";
    step.inputs.push_back(draft(from));
    step.outputs.push_back(draft(to));
    add_step(std::move(step));
  }

  void touch(const Place& place, int step) {
    if (place.home == Home::kAbsent) return;
    Storage& storage = locations_.storage(place.index);
    if (storage.first < 0) storage.first = step;
    storage.last = std::max(storage.last, step);
  }

  void add_step(Step step) {
    int number = static_cast<int>(plan_->steps.size());
    for (const Place& place : step.inputs) touch(place, number);
    for (const Place& place : step.outputs) touch(place, number);
    for (const DynamicOperand& operand : step.dynamic_inputs) touch(operand.place, number);
    plan_->scratch_bytes = std::max(plan_->scratch_bytes, step.scratch_bytes);
    plan_->steps.push_back(std::move(step));
  }

  // --- memory ---

  void finalize() {
    std::vector<Lifetime> lifetimes;
    std::vector<size_t> numbers;
    const auto& storages = locations_.storages();
    for (size_t i = 0; i < storages.size(); ++i) {
      if (storages[i].home != Home::kArena || storages[i].first < 0) continue;
      lifetimes.push_back({storages[i].bytes, storages[i].first, storages[i].last});
      numbers.push_back(i);
    }
    ArenaLayout layout = lay_out_arena(lifetimes);
    std::vector<int64_t> offsets(storages.size(), 0);
    for (size_t i = 0; i < numbers.size(); ++i) offsets[numbers[i]] = layout.offsets[i];
    plan_->arena_bytes = static_cast<size_t>(layout.bytes);
    check_limit();
    plan_->constants = locations_.constants();
    auto settle = [&](Place& place) {
      if (place.home == Home::kAbsent) return;
      auto number = static_cast<size_t>(place.index);
      place.home = storages[number].home;
      place.byte_offset += offsets[number];
      place.index = storages[number].index;
    };
    for (Step& step : plan_->steps) {
      for (Place& place : step.inputs) settle(place);
      for (Place& place : step.outputs) settle(place);
      for (DynamicOperand& operand : step.dynamic_inputs) settle(operand.place);
    }
    for (PlannedOutput& output : plan_->outputs) settle(output.source.place);
  }

  void check_limit() const {
    size_t needed = plan_->arena_bytes + plan_->scratch_bytes;
    if (options_.memory_limit == 0 || needed <= options_.memory_limit) return;
    fail(ErrorCode::kOutOfMemory,
         "the plan needs {} bytes for intermediate values, above the limit of {} bytes", needed,
         options_.memory_limit);
  }

  const Graph& graph_;
  const PlanOptions& options_;
  Analysis analysis_;
  Locations locations_;
  std::shared_ptr<Plan> plan_;
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
