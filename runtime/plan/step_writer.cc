#include "runtime/plan/step_writer.h"

#include <algorithm>
#include <utility>

#include "runtime/device/convert_view.h"
#include "runtime/op/select_kernel.h"

namespace convoy {
namespace {

const char* copy_name(const TensorDesc& from, const TensorDesc& to) {
  if (from.device != to.device) return to.device.is_host() ? "download" : "upload";
  if (from.dtype != to.dtype) return "cast";
  return from.layout == to.layout ? "copy" : "reorder";
}

}  // namespace

void StepWriter::add(Step step) {
  int number = static_cast<int>(plan_.steps.size());
  for (const Place& place : step.inputs) touch(place, number);
  for (const Place& place : step.outputs) touch(place, number);
  for (const DynamicOperand& operand : step.dynamic_inputs) touch(operand.place, number);
  PlanMemory& memory = plan_.memory[Plan::memory_index(step.device)];
  memory.scratch_bytes = std::max(memory.scratch_bytes, step.scratch_bytes);
  // What the host reads may be under way, and what it overwrites may not have left yet.
  if (step.device.is_host()) step.waits = std::exchange(in_flight_, false);
  plan_.steps.push_back(std::move(step));
}

void StepWriter::copy(const Located& from, const Located& to, NodeId asker) {
  Step step;
  step.kind = Step::Kind::kCopy;
  step.node = asker;
  step.device = from.desc.device.is_host() ? to.desc.device : from.desc.device;
  step.kernel_name = copy_name(from.desc, to.desc);
  step.inputs.push_back(draft(from));
  step.outputs.push_back(draft(to));
  add(std::move(step));
}

void StepWriter::cross(ValueId id, const Located& from, const Located& to, NodeId asker) {
  bool first = crossed_.emplace(id, to.desc.device.kind).second;
  check_internal(first, "a value goes to the device '{}' twice", to_string(to.desc.device));
  copy(from, to, asker);
  in_flight_ = true;
}

Located StepWriter::in_form(ValueId id, const Need& need, NodeId asker) {
  if (Located ready = locations_.that_meets(id, need); ready.known()) return ready;
  Located source = locations_.main(id);
  const ValueFacts& facts = analysis_.values[index_of(id)];
  if (facts.kind == ValueFacts::Kind::kConstant && source.desc.dtype != DType::kString) {
    WeightCache* weights = facts.lasting ? options_.weights_on(need.device) : nullptr;
    TensorDesc form = form_for(facts.constant.desc(), need);
    return locations_.add_constant(id, constant_in_form(facts.constant, form, weights));
  }
  if (Located near = locations_.on_device(id, need.device); near.known()) source = near;
  for (const TensorDesc& desc : copies_to_meet(source.desc, need)) {
    Located target = locations_.add_arena(desc);
    if (desc.device == source.desc.device) {
      copy(source, target, asker);
    } else {
      cross(id, source, target, asker);
    }
    locations_.add_alternate(id, target);
    source = target;
  }
  return source;
}

void StepWriter::bring(ValueId id, const Located& region, NodeId asker) {
  if (locations_.is_at(id, region)) return;
  const DeviceId device = region.desc.device;
  Located source = locations_.on_device(id, device);
  if (!source.known()) {
    const Located main = locations_.main(id);
    bool varies = analysis_.values[index_of(id)].kind != ValueFacts::Kind::kConstant;
    if (varies && main.desc.is_contiguous() && region.desc.is_contiguous()) {
      cross(id, main, region, asker);
      return locations_.add_alternate(id, region);
    }
  }
  if (!source.known() || source.desc.dtype != region.desc.dtype) {
    source = in_form(id, {region.desc.dtype, {}, true, device}, asker);
  }
  copy(source, region, asker);
}

Place StepWriter::draft(const Located& located) {
  Place place;
  if (!located.known()) return place;
  place.home = Home::kArena;
  place.index = located.storage;
  place.byte_offset = located.byte_offset;
  place.desc = located.desc;
  return place;
}

void StepWriter::touch(const Place& place, int step) {
  if (place.home == Home::kAbsent) return;
  Storage& storage = locations_.storage(place.index);
  if (storage.first < 0) storage.first = step;
  storage.last = std::max(storage.last, step);
}

}  // namespace convoy
