// Runs a graph, or the body of a node, for any input shapes: plans, their cache, and contexts.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "runtime/plan/plan.h"
#include "runtime/session/buffer_pool.h"
#include "runtime/session/run_context.h"

namespace convoy {

// Shared by all runners of a session.
struct RunnerResources {
  const Registry* registry = nullptr;
  ThreadPool* threads = nullptr;
  WeightCache* weights = nullptr;
  BufferPool* outputs = nullptr;
  size_t memory_limit = 0;     // bytes a plan may need; 0: no limit
  size_t max_plans = 64;       // a cache of plans holds at most this many
  size_t max_plan_bytes = 256u << 20;
};

struct RunnerStatistics {
  size_t plans = 0;
  size_t plan_bytes = 0;
  size_t hits = 0;
  size_t misses = 0;
};

// Thread-safe: any number of runs at once.
class GraphRunner {
 public:
  // `graph` outlives the runner and does not change.
  GraphRunner(const Graph& graph, RunnerResources resources);
  ~GraphRunner();

  // Inputs in the graph's order, then captures (undefined for those that are constants of the
  // body). `bound[k]`, where present and not null, receives output k (contiguous, of the right
  // type); the returned tensor then borrows it. Returned values own their memory otherwise.
  std::vector<Value> run(std::span<const Value> inputs, std::span<const TensorView> bound = {},
                         const StepObserver* observer = nullptr);

  // The plan for these input types, from the cache or new.
  std::shared_ptr<const Plan> plan_for(const std::vector<TensorDesc>& inputs);

  RunnerStatistics statistics() const;

 private:
  struct CachedPlan {
    std::string key;
    std::shared_ptr<const Plan> plan;
    size_t bytes;
  };
  class ContextLease;

  std::shared_ptr<const Plan> make(const std::vector<TensorDesc>& inputs, bool all_dynamic);
  std::unique_ptr<RunContext> take_context(const Plan& plan);
  void give_back(std::unique_ptr<RunContext> context);
  GraphRunner& body_runner(const Node& node, std::string_view attribute);
  RunEnvironment environment();

  const Graph& graph_;
  RunnerResources resources_;

  mutable std::mutex mutex_;
  std::list<CachedPlan> recent_;  // most recently used first
  std::unordered_map<std::string, std::list<CachedPlan>::iterator> by_key_;
  size_t plan_bytes_ = 0;
  size_t hits_ = 0;
  size_t misses_ = 0;
  size_t misses_in_a_row_ = 0;
  std::shared_ptr<const Plan> shapeless_;
  std::vector<std::unique_ptr<RunContext>> contexts_;
  std::map<std::pair<NodeId, std::string>, std::unique_ptr<GraphRunner>> bodies_;
};

}  // namespace convoy
