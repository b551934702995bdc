// Runs a graph, or the body of a node, for any input shapes: plans, their cache, and contexts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "runtime/base/fork.h"
#include "runtime/plan/plan.h"
#include "runtime/session/buffer_pool.h"
#include "runtime/session/plan_cache.h"
#include "runtime/session/run_context.h"

namespace convoy {

// Shared by all runners of a session.
struct RunnerResources {
  const Registry* registry = nullptr;
  ThreadPool* threads = nullptr;
  WeightCache* weights = nullptr;
  DeviceId device;                        // where steps run that have a kernel there
  WeightCache* device_weights = nullptr;  // on that device
  BufferPool* outputs = nullptr;
  Subnormals subnormals = Subnormals::kFlushedInSums;
  Tuner* tuner = nullptr;   // may be nullptr
  size_t memory_limit = 0;  // bytes a plan may need; 0: no limit
  size_t max_plans = 64;    // a cache of plans holds at most this many
  size_t max_plan_bytes = 256u << 20;
};

// Thread-safe: any number of runs at once.
class GraphRunner {
 public:
  // `graph` outlives the runner and does not change.
  GraphRunner(const Graph& graph, RunnerResources resources);
  ~GraphRunner();

  // Inputs in the graph's order, then captures (undefined for those that are constants of the
  // body). Returned values own their memory.
  std::vector<Value> run(std::span<const Value> inputs, const StepObserver* observer = nullptr);

  // The same into `outputs`, as many as the graph has. Where `bound[k]` is present(), output k goes
  // there instead (contiguous, of the right type, on whatever device) and outputs[k] is left alone.
  // With contiguous inputs and everything bound to the host, a static plan that ran before
  // allocates nothing here. Inputs may lie on any device, results that are not bound lie on the
  // host. Where memory of a device other than the host runs out, idle plans are given up and the
  // run is tried once more.
  void run_into(std::span<const Value> inputs, std::span<const TensorView> bound,
                std::span<Value> outputs, const StepObserver* observer = nullptr);

  // The plan for these input types, from the cache or new.
  std::shared_ptr<const Plan> plan_for(const std::vector<TensorDesc>& inputs);

  PlanCache::Statistics statistics() const { return plans_.statistics(); }

 private:
  class ContextLease;

  void run_once(std::span<const Value> inputs, std::span<const TensorView> bound,
                std::span<Value> outputs, const StepObserver* observer);
  // Gives back the memory of plans and contexts that no run is using.
  void free_memory();
  std::shared_ptr<const Plan> make_and_keep(const std::vector<TensorDesc>& inputs,
                                            const std::vector<DeviceId>& outputs);
  void check_bound(size_t k, const TensorDesc& output, const TensorView& bound) const;
  std::unique_ptr<RunContext> take_context(const Plan& plan);
  void give_back(std::unique_ptr<RunContext> context);
  GraphRunner& body_runner(const Node& node, std::string_view attribute);
  RunEnvironment environment();

  const Graph& graph_;
  RunnerResources resources_;
  PlanCache plans_;

  mutable ForkSafeMutex mutex_;
  std::shared_ptr<const Plan> shapeless_;
  std::vector<std::unique_ptr<RunContext>> contexts_;
  std::map<std::pair<NodeId, std::string>, std::unique_ptr<GraphRunner>> bodies_;
};

}  // namespace convoy
