// The plans of one graph, by the types, shapes and devices of its inputs and the devices of its
// outputs; the least recently used go first.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>

#include "runtime/base/fork.h"
#include "runtime/plan/plan.h"
#include "runtime/tensor/value.h"

namespace convoy {

// The type that a plan is made for: kUndefined for what is no tensor.
TensorDesc desc_of(const Value& value);

// Thread-safe. Looking up a plan allocates nothing.
class PlanCache {
 public:
  PlanCache(size_t max_plans, size_t max_bytes) : max_plans_(max_plans), max_bytes_(max_bytes) {}

  // The plan for inputs of these types, shapes and devices; nullptr if there is none. `outputs` are
  // the devices of the outputs, empty where all lie on the host.
  std::shared_ptr<const Plan> find(std::span<const Value> inputs,
                                   std::span<const DeviceId> outputs = {});
  std::shared_ptr<const Plan> find(std::span<const TensorDesc> inputs,
                                   std::span<const DeviceId> outputs = {});
  // Keeps `plan`, unless there is one for the same inputs: returns the one that is kept.
  std::shared_ptr<const Plan> add(std::shared_ptr<const Plan> plan);

  // Forgets all plans; those that are in use live on.
  void clear();

  struct Statistics {
    size_t plans = 0;
    size_t plan_bytes = 0;
    size_t hits = 0;
    size_t misses = 0;
    size_t misses_in_a_row = 0;
  };
  Statistics statistics() const;

 private:
  struct Entry {
    uint64_t hash;
    std::shared_ptr<const Plan> plan;
    size_t bytes;
  };

  template <typename Inputs>
  std::shared_ptr<const Plan> look_up(const Inputs& inputs, std::span<const DeviceId> outputs);
  template <typename Inputs>
  std::list<Entry>::iterator locate(uint64_t hash, const Inputs& inputs,
                                    std::span<const DeviceId> outputs);

  const size_t max_plans_;
  const size_t max_bytes_;
  mutable ForkSafeMutex mutex_;
  std::list<Entry> recent_;  // most recently used first
  Statistics statistics_;
};

}  // namespace convoy
