#include "runtime/plan/addresses.h"

#include "runtime/plan/arena.h"

namespace convoy {
namespace {

// Sets the offsets, by number of the storage, of those in the arena of one device.
void lay_out(PlanMemory& memory, const std::vector<Storage>& storages,
             std::vector<int64_t>& offsets) {
  std::vector<Lifetime> lifetimes;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < storages.size(); ++i) {
    if (storages[i].home != Home::kArena || storages[i].first < 0) continue;
    if (storages[i].device != memory.device) continue;
    lifetimes.push_back({storages[i].bytes, storages[i].first, storages[i].last});
    numbers.push_back(i);
  }
  ArenaLayout layout = lay_out_arena(lifetimes);
  for (size_t i = 0; i < numbers.size(); ++i) offsets[numbers[i]] = layout.offsets[i];
  memory.arena_bytes = static_cast<size_t>(layout.bytes);
}

}  // namespace

void assign_addresses(Plan& plan, const Locations& locations, size_t memory_limit) {
  const std::vector<Storage>& storages = locations.storages();
  std::vector<int64_t> offsets(storages.size(), 0);
  size_t needed = 0;
  for (PlanMemory& memory : plan.memory) {
    lay_out(memory, storages, offsets);
    needed += memory.bytes();
  }
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
