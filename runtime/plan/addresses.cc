#include "runtime/plan/addresses.h"

#include "runtime/plan/arena.h"

namespace convoy {
namespace {

// Offset into the arena by number of the storage; 0 for what lies elsewhere.
std::vector<int64_t> lay_out(Plan& plan, const std::vector<Storage>& storages) {
  std::vector<Lifetime> lifetimes;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < storages.size(); ++i) {
    if (storages[i].home != Home::kArena || storages[i].first < 0) continue;
    lifetimes.push_back({storages[i].bytes, storages[i].first, storages[i].last});
    numbers.push_back(i);
  }
  ArenaLayout layout = lay_out_arena(lifetimes);
  std::vector<int64_t> offsets(storages.size(), 0);
  for (size_t i = 0; i < numbers.size(); ++i) offsets[numbers[i]] = layout.offsets[i];
  plan.arena_bytes = static_cast<size_t>(layout.bytes);
  return offsets;
}

}  // namespace

void assign_addresses(Plan& plan, const Locations& locations, size_t memory_limit) {
  const std::vector<Storage>& storages = locations.storages();
  std::vector<int64_t> offsets = lay_out(plan, storages);
  size_t needed = plan.arena_bytes + plan.scratch_bytes;
  if (memory_limit != 0 && needed > memory_limit) {
    fail(ErrorCode::kOutOfMemory,
         "the plan needs {} bytes for intermediate values, above the limit of {} bytes", needed,
         memory_limit);
  }
  plan.constants = locations.constants();
  auto settle = [&](Place& place) {
    if (place.home == Home::kAbsent) return;
    auto number = static_cast<size_t>(place.index);
    place.home = storages[number].home;
    place.byte_offset += offsets[number];
    place.index = storages[number].index;
  };
  for (Step& step : plan.steps) {
    for (Place& place : step.inputs) settle(place);
    for (Place& place : step.outputs) settle(place);
    for (DynamicOperand& operand : step.dynamic_inputs) settle(operand.place);
  }
  for (PlannedOutput& output : plan.outputs) settle(output.source.place);
}

void release_slots(Plan& plan) {
  std::vector<bool> kept(static_cast<size_t>(plan.slot_count), false);
  for (const PlannedOutput& output : plan.outputs) {
    if (output.source.slot >= 0) kept[static_cast<size_t>(output.source.slot)] = true;
  }
  for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step) {
    auto release = [&](int number) {
      if (number < 0 || kept[static_cast<size_t>(number)]) return;
      kept[static_cast<size_t>(number)] = true;
      step->released_slots.push_back(number);
    };
    for (const DynamicOperand& input : step->dynamic_inputs) release(input.slot);
    for (int output : step->dynamic_outputs) release(output);
  }
}

}  // namespace convoy
