#include "runtime/plan/kernel_planner.h"

#include <algorithm>
#include <iterator>

#include "runtime/plan/tuner.h"

namespace convoy {
namespace {

// A step runs on exactly the forms that its kernel was made for.
void check_operands(const KernelRequest& request, const Step& step) {
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

}  // namespace

void KernelPlanner::plan(const Node& node, const OpDef& definition) {
  std::vector<std::string> refusals;
  if (!options_.device.is_host()) {
    if (stays_on_host(node)) {
      refusals.push_back(fmt::format("on {}: a few integers", to_string(options_.device)));
    } else if (plan_on(options_.device, node, definition, refusals)) {
      return;
    }
  }
  plan_on({}, node, definition, refusals);
}

bool KernelPlanner::stays_on_host(const Node& node) {
  auto is_small = [&](ValueId id) {
    return id == ValueId::kNone || is_small_integer(facts(id).desc);
  };
  auto is_near = [&](ValueId id) {
    return id == ValueId::kNone || locations_.main(id).desc.device.is_host();
  };
  return std::ranges::all_of(node.inputs, is_small) && std::ranges::all_of(node.inputs, is_near) &&
         std::ranges::all_of(node.outputs, is_small);
}

bool KernelPlanner::plan_on(DeviceId device, const Node& node, const OpDef& definition,
                            std::vector<std::string>& refusals) {
  KernelRequest request = request_for(node, device);
  KernelChoice choice = choose(definition, request);
  Operands operands = operands_as_they_are(node);
  choice = settle(definition, std::move(choice), request, forms_of(node, operands));
  if (!device.is_host() && !choice.kernel) {
    for (const std::string& refusal : choice.refusals) {
      refusals.push_back(fmt::format("on {}: {}", to_string(device), refusal));
    }
    return false;
  }
  check_selected(choice);
  Step step;
  step.node = node.id;
  step.device = device;
  step.kernel_name = choice.name;
  step.refusals = std::move(refusals);
  std::ranges::move(choice.refusals, std::back_inserter(step.refusals));
  step.unasked = std::move(choice.unasked);
  step.seconds = choice.seconds;
  if (definition.multiply_adds) {
    const auto types = OperandTypes::of(request.inputs, request.outputs);
    step.multiply_adds = definition.multiply_adds(node, types);
  }
  step.may_flush_subnormals = definition.may_flush_subnormals();
  step.kernel = std::move(choice.kernel);
  step.scratch_bytes = request.scratch_bytes;
  add_step(node, request, operands, std::move(step));
  return true;
}

KernelChoice KernelPlanner::choose(const OpDef& definition, KernelRequest& request) {
  if (options_.tuner == nullptr || !request.device.is_host()) {
    return select_kernel(definition, request);
  }
  return options_.tuner->choose(definition, request, *options_.threads);
}

void KernelPlanner::add_step(const Node& node, const KernelRequest& request,
                             const Operands& operands, Step step) {
  Copies roundings;
  for (const Located& input : operands.inputs) step.inputs.push_back(StepWriter::draft(input));
  for (size_t j = 0; j < node.outputs.size(); ++j) {
    Located place;
    if (node.outputs[j] != ValueId::kNone) {
      place = place_result(node, request, j, operands, roundings);
    }
    step.outputs.push_back(StepWriter::draft(place));
  }
  check_operands(request, step);
  writer_.add(std::move(step));
  for (const auto& [from, to] : roundings) writer_.copy(from, to, node.id);
  for (ValueId output : node.outputs) {
    if (output != ValueId::kNone) grant_wish(output, node.id);
  }
}

void KernelPlanner::grant_wish(ValueId id, NodeId asker) {
  const Located wish = locations_.wish(id);
  if (!wish.known() || wish.desc.device != locations_.main(id).desc.device) return;
  writer_.bring(id, wish, asker);
  if (!locations_.is_at(id, wish)) locations_.add_alternate(id, wish);
}

WeightCache* KernelPlanner::weights_for(const Node& node, DeviceId device) {
  WeightCache* cache = options_.weights_on(device);
  if (cache == nullptr) return nullptr;
  std::vector<const Tensor*> lasting;
  for (ValueId input : node.inputs) {
    if (input == ValueId::kNone) continue;
    if (facts(input).lasting) lasting.push_back(&facts(input).constant);
  }
  weights_.emplace_back(cache, lasting);
  return &weights_.back();
}

KernelRequest KernelPlanner::request_for(const Node& node, DeviceId device) {
  KernelRequest request = plain_request(graph_, analysis_, node);
  request.device = device;
  request.weights = weights_for(node, device);
  request.threads = options_.threads->thread_count();
  request.isa = best_isa();
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == ValueId::kNone) continue;
    request.inputs[i] = locations_.main(node.inputs[i]).desc;
    request.inputs[i].device = device;
  }
  for (size_t j = 0; j < node.outputs.size(); ++j) {
    if (node.outputs[j] == ValueId::kNone) continue;
    const Located& wish = locations_.wish(node.outputs[j]);
    if (wish.known()) request.outputs[j] = wish.desc;
    request.outputs[j].device = device;
  }
  return request;
}

KernelPlanner::Operands KernelPlanner::operands_as_they_are(const Node& node) {
  Operands operands;
  for (ValueId input : node.inputs) {
    operands.inputs.push_back(input == ValueId::kNone ? Located{} : locations_.main(input));
  }
  for (ValueId output : node.outputs) {
    operands.as_wished.push_back(output != ValueId::kNone && locations_.wish(output).known());
  }
  return operands;
}

OperandForms KernelPlanner::forms_of(const Node& node, Operands& operands) {
  auto input = [&](size_t i, const Need& need) {
    operands.inputs[i] = writer_.in_form(node.inputs[i], need, node.id);
    return operands.inputs[i].desc;
  };
  auto output = [&](size_t j, const Need& need) {
    return output_form(node.outputs[j], need, operands, j);
  };
  return {input, output};
}

TensorDesc KernelPlanner::output_form(ValueId id, const Need& need, Operands& operands, size_t j) {
  if (operands.as_wished[j]) {
    const TensorDesc& wish = locations_.wish(id).desc;
    if (need.layout.plain() && form_for(wish, need) == wish) return wish;
    operands.as_wished[j] = false;
  }
  return form_for(facts(id).desc, need);
}

Located KernelPlanner::place_result(const Node& node, const KernelRequest& request, size_t j,
                                    const Operands& operands, Copies& roundings) {
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
    roundings.emplace_back(place, main);
  }
  locations_.set_main(id, main);
  return place;
}

bool KernelPlanner::is_read_in_place(const Node& node, const KernelRequest& request, ValueId id,
                                     int j) {
  for (size_t k = 0; k < node.inputs.size(); ++k) {
    if (node.inputs[k] != id) continue;
    const std::pair allowed(static_cast<int>(k), j);
    if (std::ranges::find(request.in_place, allowed) == request.in_place.end()) return false;
  }
  return true;
}

Located KernelPlanner::in_place(const Node& node, const KernelRequest& request, size_t j,
                                const TensorDesc& wanted, const std::vector<Located>& inputs) {
  for (auto [i, output] : request.in_place) {
    if (static_cast<size_t>(output) != j) continue;
    const Located& input = inputs[static_cast<size_t>(i)];
    ValueId id = node.inputs[static_cast<size_t>(i)];
    if (!input.known() || !input.same_region(locations_.main(id))) continue;
    if (!is_read_in_place(node, request, id, output)) continue;
    const Storage& storage = locations_.storage(input.storage);
    bool fits = storage.home == Home::kArena && !storage.pinned &&
                input.desc.shape == wanted.shape &&
                size_of(input.desc.dtype) == size_of(wanted.dtype) &&
                input.desc.dtype != DType::kString && wanted.dtype != DType::kString &&
                input.desc.layout == wanted.layout && input.desc.device == wanted.device &&
                (!wanted.layout.plain() || input.desc.is_contiguous());
    auto reads = std::count(node.inputs.begin(), node.inputs.end(), id);
    if (fits && storage.pending == static_cast<int>(reads)) {
      return {input.storage, input.byte_offset, wanted};
    }
  }
  return {};
}

}  // namespace convoy
