// A plan: a graph fixed for one set of input shapes. A linear list of steps over values whose
// places are known. Immutable once built; any number of runs may share it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/op/registry.h"
#include "runtime/op/weight_cache.h"

namespace convoy {

// Where the bytes of an operand are during a run.
enum class Home : uint8_t {
  kAbsent,    // the operand was left out
  kArena,     // byte_offset into the run's arena
  kInput,     // byte_offset into input number `index`
  kOutput,    // byte_offset into output number `index`
  kConstant,  // byte_offset into constant number `index`
};

struct Place {
  Home home = Home::kAbsent;
  int index = 0;
  int64_t byte_offset = 0;
  TensorDesc desc;
};

// A value as a dynamic step sees it: a place of the static part, or an entry of the run's value
// table.
struct DynamicOperand {
  bool is_static = false;
  Place place;           // when static
  int slot = -1;         // of the value table, otherwise; -1 when left out
  bool lasting = false;  // the same in every run
};

struct Step {
  enum class Kind {
    kKernel,   // kernel over places
    kCopy,     // inputs[0] to outputs[0]: strides, layout, type or device change
    kDynamic,  // node evaluated with the types found at run time
  };
  Kind kind = Kind::kKernel;
  NodeId node = NodeId::kNone;  // of the planned graph; for copies: the node that asked for it
  DeviceId device;              // whose queue does it; between devices: not the host's
  bool waits = false;           // before it runs, all that other queues were given is to be done
  std::string kernel_name;
  std::vector<std::string> refusals;
  std::optional<double> seconds;     // that the kernel expects of one core, by estimate
  double multiply_adds = 0;          // of an operator that states them
  std::vector<std::string> unasked;  // kernels that come after this one in the operator's list
  std::shared_ptr<const Kernel> kernel;
  std::vector<Place> inputs;
  std::vector<Place> outputs;
  std::vector<DynamicOperand> dynamic_inputs;
  std::vector<int> dynamic_outputs;  // slots; -1 where left out
  std::vector<int> released_slots;   // slots that nobody reads after this step
  size_t scratch_bytes = 0;
  bool may_flush_subnormals = false;  // as the operator says
};

// How a graph output is obtained when the steps are done.
struct PlannedOutput {
  bool is_static = true;
  TensorDesc desc;        // static outputs: contiguous, written by the steps into output number k;
                          // of others only the device is known
  DynamicOperand source;  // dynamic ones
};

// What a run needs for itself of the memory of one device.
struct PlanMemory {
  DeviceId device;
  size_t arena_bytes = 0;
  size_t scratch_bytes = 0;  // the largest of any step; lies behind the arena

  size_t bytes() const { return arena_bytes + scratch_bytes; }
};

struct Plan {
  const Graph* graph = nullptr;  // outlives the plan
  std::vector<TensorDesc> inputs;
  std::vector<Step> steps;
  std::vector<Tensor> constants;
  std::vector<PlannedOutput> outputs;
  std::vector<DeviceId> output_devices;  // as in the options
  std::vector<int>
      input_slots;  // by input: slot of the value table, -1 if no dynamic step reads it
  int slot_count = 0;
  std::vector<PlanMemory> memory = {PlanMemory()};  // the host's first, then that of a device
  size_t folded_nodes = 0;                          // computed while planning
  size_t viewed_nodes = 0;                          // read in place

  // Which of `memory` is of this device.
  static size_t memory_index(DeviceId device) { return device.is_host() ? 0 : 1; }
  // Bytes that the plan itself holds: folded constants and bookkeeping.
  size_t footprint() const;
};

class Tuner;

struct PlanOptions {
  const Registry* registry = nullptr;
  ThreadPool* threads = nullptr;
  WeightCache* weights = nullptr;
  DeviceId device;                        // steps run there where it has a kernel, else on the host
  WeightCache* device_weights = nullptr;  // on that device
  std::vector<DeviceId> output_devices;   // by output; empty: the host for all
  Tuner* tuner = nullptr;                 // nullptr: the first kernel that accepts
  size_t memory_limit = 0;                // bytes of arena and scratch; 0 is no limit
  bool all_dynamic = false;               // shape-agnostic: every step infers as it goes

  // Of kernels that run there, which is the host or `device`.
  WeightCache* weights_on(DeviceId where) const {
    return where.is_host() ? weights : device_weights;
  }
};

// Inputs: the types and devices of the graph's inputs, then of its captures (kUndefined: no
// tensor). Throws Error with the node's context.
std::shared_ptr<const Plan> make_plan(const Graph& graph, const std::vector<TensorDesc>& inputs,
                                      const PlanOptions& options);

}  // namespace convoy
