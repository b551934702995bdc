// What one run of a plan needs for itself: arena, scratch, operand views, values of dynamic steps.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/base/float_mode.h"
#include "runtime/op/evaluate.h"
#include "runtime/plan/plan.h"

namespace convoy {

// What a run shares with others.
struct RunEnvironment {
  const Registry& registry;
  ThreadPool& threads;
  WeightCache* weights = nullptr;
  Subnormals subnormals = Subnormals::kFlushedInSums;
  // The runner of a node's body, bound to the values that the body captures.
  std::function<std::unique_ptr<BodyRunner>(const Node&, std::string_view attribute,
                                            std::vector<Value> captured)>
      make_body;
};

// Called after each step with its number and duration.
using StepObserver = std::function<void(const Plan&, size_t step, std::chrono::nanoseconds)>;

// Used by one run at a time; keeps its memory and queues from run to run. A run of a static plan
// allocates nothing here once the context has run that plan before.
class RunContext {
 public:
  // Room for the addresses of `count` outputs, to be filled before run().
  std::span<void*> output_addresses(size_t count);
  // Runs all steps, after output_addresses() was given the address of every static output;
  // `inputs` as the plan was made for.
  void run(const std::shared_ptr<const Plan>& plan, std::span<const Value> inputs,
           const RunEnvironment& environment, const StepObserver* observer);

  // A dynamic output of the last run; leaves it in the context.
  Value dynamic_output(const PlannedOutput& output) const;
  // The plan that the memory is set up for; nullptr at first.
  const Plan* last_plan() const { return plan_.get(); }
  // Forgets the values of dynamic steps.
  void clear_values();

 private:
  struct StepViews {
    size_t first = 0;
    size_t inputs = 0;
    size_t outputs = 0;
  };
  // What a run has of one device: PlanMemory's bytes and where work is queued.
  struct Space {
    Device* device = nullptr;
    std::shared_ptr<Buffer> memory;
    std::unique_ptr<Queue> queue;
  };
  struct Patch {
    size_t view;
    Home home;
    int index;
    int64_t byte_offset;
  };

  Value operand(const DynamicOperand& operand) const;
  std::vector<Value> captured(const Step& step, const Node& node, std::string_view attribute) const;
  void bind(const std::shared_ptr<const Plan>& plan, ThreadPool& threads);
  void bind_memory(size_t index, const PlanMemory& needed, ThreadPool& threads);
  void run_steps(std::span<const Value> inputs, const StepObserver* observer);
  void add_view(const Place& place);
  void* address(const Place& place) const;
  Space& space(DeviceId device) { return spaces_[Plan::memory_index(device)]; }
  void synchronize();
  FloatMode mode_of(bool may_flush) const;
  void run_step(const Step& step, size_t number);
  void run_kernel(size_t number);
  void run_copy(const Step& step, size_t number);
  void run_dynamic(const Step& step);

  std::shared_ptr<const Plan> plan_;
  const RunEnvironment* environment_ = nullptr;  // of the run
  std::vector<Space> spaces_;                    // in the order of Plan::memory
  std::vector<TensorView> views_;
  std::vector<StepViews> steps_;
  std::vector<Patch> patches_;
  std::vector<Value> values_;
  std::vector<void*> input_addresses_;
  std::vector<void*> output_addresses_;
};

}  // namespace convoy
