#include "runtime/plan/step_writer.h"

#include <algorithm>

#include "runtime/op/select_kernel.h"
#include "runtime/tensor/convert_view.h"

namespace convoy {
namespace {

const char* copy_name(const TensorDesc& from, const TensorDesc& to) {
  if (from.dtype != to.dtype) return "cast";
  return from.layout == to.layout ? "copy" : "reorder";
}

}  // namespace

void StepWriter::add(Step step) {
  int number = static_cast<int>(plan_.steps.size());
  for (const Place& place : step.inputs) touch(place, number);
  for (const Place& place : step.outputs) touch(place, number);
  for (const DynamicOperand& operand : step.dynamic_inputs) touch(operand.place, number);
  plan_.scratch_bytes = std::max(plan_.scratch_bytes, step.scratch_bytes);
  plan_.steps.push_back(std::move(step));
}

void StepWriter::copy(const Located& from, const Located& to, NodeId asker) {
  Step step;
  step.kind = Step::Kind::kCopy;
  step.node = asker;
  step.kernel_name = copy_name(from.desc, to.desc);
  step.inputs.push_back(draft(from));
  step.outputs.push_back(draft(to));
  add(std::move(step));
}

Located StepWriter::in_form(ValueId id, const Need& need, NodeId asker) {
  for (const Located& other : locations_.alternates(id)) {
    if (meets(other.desc, need)) return other;
  }
  const Located main = locations_.main(id);
  const ValueFacts& facts = analysis_.values[index_of(id)];
  TensorDesc form = form_for(main.desc, need);
  if (facts.kind == ValueFacts::Kind::kConstant && main.desc.dtype != DType::kString) {
    WeightCache* weights = facts.lasting ? weights_ : nullptr;
    return locations_.add_constant(id, constant_in_form(facts.constant, form, weights));
  }
  Located source = main;
  for (const TensorDesc& desc : conversion_path(main.desc, form)) {
    Located target = locations_.add_arena(desc);
    copy(source, target, asker);
    locations_.add_alternate(id, target);
    source = target;
  }
  return source;
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
