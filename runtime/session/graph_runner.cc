#include "runtime/session/graph_runner.h"

#include <algorithm>

#include "runtime/device/out_of_memory.h"
#include "runtime/plan/tuner.h"

namespace convoy {
namespace {

// After this many new shapes in a row without one that was seen before, planning no longer pays.
constexpr size_t kMissesBeforeShapeless = 128;
constexpr size_t kIdleContexts = 16;

// All inputs, with contiguous copies of those that are not; empty where all are.
std::vector<Value> contiguous_copies(std::span<const Value> inputs) {
  auto needs_copy = [](const Value& input) {
    return input.is_tensor() && !input.tensor().desc().is_contiguous();
  };
  if (std::ranges::none_of(inputs, needs_copy)) return {};
  std::vector<Value> copies(inputs.begin(), inputs.end());
  for (Value& value : copies) {
    if (value.is_tensor()) value = value.tensor().contiguous();
  }
  return copies;
}

// Of the outputs; empty where all lie on the host.
std::vector<DeviceId> devices_of(std::span<const TensorView> bound, size_t count) {
  auto elsewhere = [](const TensorView& view) { return !view.device.is_host(); };
  if (std::ranges::none_of(bound, elsewhere)) return {};
  std::vector<DeviceId> devices(count);
  for (size_t k = 0; k < bound.size(); ++k) devices[k] = bound[k].device;
  return devices;
}

// A value that stays valid when the run's memory is used again.
Value owned(const Value& value, bool for_caller) {
  if (value.is_tensor()) {
    const Tensor& tensor = value.tensor();
    bool shared = tensor.buffer()->borrowed() || (for_caller && tensor.buffer().use_count() > 1);
    return shared || !tensor.desc().is_contiguous() ? Value(tensor.clone()) : value;
  }
  if (value.is_sequence()) {
    auto copy = std::make_shared<Sequence>(value.sequence());
    for (Value& element : copy->elements) element = owned(element, for_caller);
    return Value(std::shared_ptr<const Sequence>(std::move(copy)));
  }
  if (value.is_optional() && !value.optional().empty()) {
    return Optional{std::make_shared<const Value>(owned(*value.optional().element, for_caller))};
  }
  return value;
}

}  // namespace

// Gives the context back when the run ends, by whatever way.
class GraphRunner::ContextLease {
 public:
  ContextLease(GraphRunner& runner, const Plan& plan)
      : runner_(runner), context_(runner.take_context(plan)) {}
  ~ContextLease() {
    context_->clear_values();
    runner_.give_back(std::move(context_));
  }
  RunContext& operator*() { return *context_; }
  RunContext* operator->() { return context_.get(); }

 private:
  GraphRunner& runner_;
  std::unique_ptr<RunContext> context_;
};

GraphRunner::GraphRunner(const Graph& graph, RunnerResources resources)
    : graph_(graph), resources_(resources), plans_(resources.max_plans, resources.max_plan_bytes) {
  // A context is given back by a destructor, which may not throw when memory has run out.
  contexts_.reserve(kIdleContexts);
}

GraphRunner::~GraphRunner() = default;

std::vector<Value> GraphRunner::run(std::span<const Value> inputs, const StepObserver* observer) {
  std::vector<Value> outputs(graph_.outputs().size());
  run_into(inputs, {}, outputs, observer);
  return outputs;
}

void GraphRunner::run_into(std::span<const Value> inputs, std::span<const TensorView> bound,
                           std::span<Value> outputs, const StepObserver* observer) {
  try {
    return run_once(inputs, bound, outputs, observer);
  } catch (const DeviceOutOfMemory&) {
    // Plans and contexts that nobody is using may hold what is missing.
  }
  free_memory();
  run_once(inputs, bound, outputs, observer);
}

void GraphRunner::free_memory() {
  std::vector<std::unique_ptr<RunContext>> idle;
  std::lock_guard lock(mutex_);
  idle.swap(contexts_);
  contexts_.reserve(kIdleContexts);
  shapeless_.reset();
  plans_.clear();
}

void GraphRunner::run_once(std::span<const Value> inputs, std::span<const TensorView> bound,
                           std::span<Value> outputs, const StepObserver* observer) {
  size_t expected = graph_.inputs().size() + graph_.captures().size();
  check_model(inputs.size() == expected, "the graph '{}' takes {} values, not {}", graph_.name,
              expected, inputs.size());
  std::vector<Value> contiguous = contiguous_copies(inputs);
  if (!contiguous.empty()) inputs = contiguous;
  std::vector<DeviceId> devices = devices_of(bound, outputs.size());
  auto plan = plans_.find(inputs, devices);
  if (!plan) {
    std::vector<TensorDesc> types;
    for (const Value& input : inputs) types.push_back(desc_of(input));
    plan = make_and_keep(types, devices);
  }

  auto is_bound = [&](size_t k) { return k < bound.size() && bound[k].present(); };
  ContextLease context(*this, *plan);
  std::span<void*> addresses = context->output_addresses(outputs.size());
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (!plan->outputs[k].is_static) continue;
    const TensorDesc& desc = plan->outputs[k].desc;
    if (is_bound(k)) {
      check_bound(k, desc, bound[k]);
      addresses[k] = bound[k].data;
    } else {
      outputs[k] = resources_.outputs->allocate(desc.dtype, desc.shape);
      addresses[k] = outputs[k].tensor().raw();
    }
  }
  context->run(plan, inputs, environment(), observer);
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (plan->outputs[k].is_static) continue;
    Value result = context->dynamic_output(plan->outputs[k]);
    if (is_bound(k)) {
      check_input(result.is_tensor(), "output '{}' is no tensor, but memory is bound to it",
                  graph_.value_name(graph_.outputs()[k]));
      check_bound(k, result.tensor().desc(), bound[k]);
      write_elements(result.tensor(), bound[k]);
    } else {
      outputs[k] = std::move(result);
    }
  }
  context->clear_values();
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (!plan->outputs[k].is_static && !is_bound(k)) outputs[k] = owned(outputs[k], true);
  }
}

void GraphRunner::check_bound(size_t k, const TensorDesc& output, const TensorView& bound) const {
  if (bound.dtype == output.dtype && bound.shape == output.shape) return;
  fail(ErrorCode::kInvalidInput, "output '{}' is {}, but {} is bound to it",
       graph_.value_name(graph_.outputs()[k]), to_string(output), to_string(bound));
}

std::shared_ptr<const Plan> GraphRunner::plan_for(const std::vector<TensorDesc>& inputs) {
  auto plan = plans_.find(inputs);
  return plan ? plan : make_and_keep(inputs, {});
}

std::shared_ptr<const Plan> GraphRunner::make_and_keep(const std::vector<TensorDesc>& inputs,
                                                       const std::vector<DeviceId>& outputs) {
  PlanOptions options;
  options.registry = resources_.registry;
  options.threads = resources_.threads;
  options.weights = resources_.weights;
  options.device = resources_.device;
  options.device_weights = resources_.device_weights;
  options.output_devices = outputs;
  options.tuner = resources_.tuner;
  options.memory_limit = resources_.memory_limit;
  options.all_dynamic =
      outputs.empty() && plans_.statistics().misses_in_a_row > kMissesBeforeShapeless;
  if (!options.all_dynamic) {
    auto plan = make_plan(graph_, inputs, options);
    if (resources_.tuner != nullptr) resources_.tuner->save();
    return plans_.add(std::move(plan));
  }
  {
    std::lock_guard lock(mutex_);
    if (shapeless_) return shapeless_;
  }
  auto plan = make_plan(graph_, inputs, options);
  std::lock_guard lock(mutex_);
  return shapeless_ = std::move(plan);
}

// A context that ran this plan last needs no set-up; else the most recently used one will do.
std::unique_ptr<RunContext> GraphRunner::take_context(const Plan& plan) {
  std::lock_guard lock(mutex_);
  if (contexts_.empty()) return std::make_unique<RunContext>();
  auto best = std::find_if(contexts_.rbegin(), contexts_.rend(),
                           [&](const auto& context) { return context->last_plan() == &plan; });
  if (best == contexts_.rend()) best = contexts_.rbegin();
  auto context = std::move(*best);
  contexts_.erase(std::next(best).base());
  return context;
}

void GraphRunner::give_back(std::unique_ptr<RunContext> context) {
  std::lock_guard lock(mutex_);
  if (contexts_.size() < kIdleContexts) contexts_.push_back(std::move(context));
}

GraphRunner& GraphRunner::body_runner(const Node& node, std::string_view attribute) {
  std::lock_guard lock(mutex_);
  auto& runner = bodies_[{node.id, std::string(attribute)}];
  if (!runner) {
    const auto& body = std::get<std::shared_ptr<Graph>>(node.attributes.find(attribute)->second);
    runner = std::make_unique<GraphRunner>(*body, resources_);
  }
  return *runner;
}

RunEnvironment GraphRunner::environment() {
  class BoundBody : public BodyRunner {
   public:
    BoundBody(GraphRunner& runner, std::vector<Value> captured)
        : runner_(runner), captured_(std::move(captured)) {}
    std::vector<Value> run(std::span<const Value> inputs) override {
      std::vector<Value> all(inputs.begin(), inputs.end());
      all.insert(all.end(), captured_.begin(), captured_.end());
      return runner_.run(all);
    }

   private:
    GraphRunner& runner_;
    std::vector<Value> captured_;
  };
  auto make_body = [this](const Node& node, std::string_view attribute,
                          std::vector<Value> captured) -> std::unique_ptr<BodyRunner> {
    return std::make_unique<BoundBody>(body_runner(node, attribute), std::move(captured));
  };
  return {*resources_.registry, *resources_.threads, resources_.weights, resources_.subnormals,
          make_body};
}

}  // namespace convoy
