#include "runtime/session/plan_cache.h"

#include <algorithm>

namespace convoy {
namespace {

const TensorDesc& type_of(const TensorDesc& desc) { return desc; }

const TensorDesc& type_of(const Value& value) {
  static const TensorDesc no_tensor;
  return value.is_tensor() ? value.tensor().desc() : no_tensor;
}

template <typename Inputs>
uint64_t hash_of(const Inputs& inputs, std::span<const DeviceId> outputs) {
  uint64_t hash = 0xcbf29ce484222325u;
  auto mix = [&hash](int64_t number) {
    hash = (hash ^ static_cast<uint64_t>(number)) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  };
  for (const auto& input : inputs) {
    const TensorDesc& desc = type_of(input);
    mix(static_cast<int64_t>(desc.dtype));
    mix(static_cast<int64_t>(desc.device.kind));
    mix(desc.rank());
    for (int64_t size : desc.shape) mix(size);
  }
  for (DeviceId device : outputs) mix(static_cast<int64_t>(device.kind));
  return hash;
}

// Inputs are contiguous: strides are not compared.
template <typename Inputs>
bool fits(const Plan& plan, const Inputs& inputs, std::span<const DeviceId> outputs) {
  return std::ranges::equal(plan.output_devices, outputs) &&
         std::equal(plan.inputs.begin(), plan.inputs.end(), inputs.begin(), inputs.end(),
                    [](const TensorDesc& planned, const auto& input) {
                      const TensorDesc& desc = type_of(input);
                      return planned.dtype == desc.dtype && planned.shape == desc.shape &&
                             planned.device == desc.device;
                    });
}

}  // namespace

TensorDesc desc_of(const Value& value) { return type_of(value); }

template <typename Inputs>
std::list<PlanCache::Entry>::iterator PlanCache::locate(uint64_t hash, const Inputs& inputs,
                                                        std::span<const DeviceId> outputs) {
  return std::find_if(recent_.begin(), recent_.end(), [&](const Entry& entry) {
    return entry.hash == hash && fits(*entry.plan, inputs, outputs);
  });
}

template <typename Inputs>
std::shared_ptr<const Plan> PlanCache::look_up(const Inputs& inputs,
                                               std::span<const DeviceId> outputs) {
  uint64_t hash = hash_of(inputs, outputs);
  std::lock_guard lock(mutex_);
  auto found = locate(hash, inputs, outputs);
  if (found == recent_.end()) {
    ++statistics_.misses;
    ++statistics_.misses_in_a_row;
    return nullptr;
  }
  ++statistics_.hits;
  statistics_.misses_in_a_row = 0;
  recent_.splice(recent_.begin(), recent_, found);
  return recent_.front().plan;
}

std::shared_ptr<const Plan> PlanCache::find(std::span<const Value> inputs,
                                            std::span<const DeviceId> outputs) {
  return look_up(inputs, outputs);
}

std::shared_ptr<const Plan> PlanCache::find(std::span<const TensorDesc> inputs,
                                            std::span<const DeviceId> outputs) {
  return look_up(inputs, outputs);
}

std::shared_ptr<const Plan> PlanCache::add(std::shared_ptr<const Plan> plan) {
  uint64_t hash = hash_of(plan->inputs, plan->output_devices);
  std::lock_guard lock(mutex_);
  if (auto found = locate(hash, plan->inputs, plan->output_devices); found != recent_.end()) {
    return found->plan;
  }
  size_t bytes = plan->footprint();
  recent_.push_front({hash, plan, bytes});
  statistics_.plan_bytes += bytes;
  while (recent_.size() > 1 &&
         (recent_.size() > max_plans_ || statistics_.plan_bytes > max_bytes_)) {
    statistics_.plan_bytes -= recent_.back().bytes;
    recent_.pop_back();
  }
  return plan;
}

void PlanCache::clear() {
  std::lock_guard lock(mutex_);
  recent_.clear();
  statistics_.plans = 0;
  statistics_.plan_bytes = 0;
}

PlanCache::Statistics PlanCache::statistics() const {
  std::lock_guard lock(mutex_);
  Statistics now = statistics_;
  now.plans = recent_.size();
  return now;
}

}  // namespace convoy
