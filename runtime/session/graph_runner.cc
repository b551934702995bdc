#include "runtime/session/graph_runner.h"

#include <algorithm>
#include <cstring>

namespace convoy {
namespace {

// After this many new shapes in a row without one that was seen before, planning no longer pays.
constexpr size_t kMissesBeforeShapeless = 128;
constexpr size_t kIdleContexts = 16;

void append_key(std::string& key, const TensorDesc& desc) {
  auto append = [&key](const void* data, size_t bytes) {
    key.append(static_cast<const char*>(data), bytes);
  };
  auto dtype = static_cast<char>(desc.dtype);
  auto rank = static_cast<char>(desc.rank());
  append(&dtype, 1);
  append(&rank, 1);
  append(desc.shape.data(), desc.shape.size() * sizeof(int64_t));
}

TensorDesc desc_of(const Value& value) {
  if (!value.is_tensor()) return {};
  return value.tensor().desc();
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
    : graph_(graph), resources_(resources) {}

GraphRunner::~GraphRunner() = default;

std::vector<Value> GraphRunner::run(std::span<const Value> inputs,
                                    std::span<const TensorView> bound,
                                    const StepObserver* observer) {
  std::vector<TensorDesc> types;
  std::vector<Value> contiguous;
  for (const Value& input : inputs) {
    bool needs_copy = input.is_tensor() && !input.tensor().desc().is_contiguous();
    if (needs_copy && contiguous.empty()) contiguous.assign(inputs.begin(), inputs.end());
  }
  for (Value& value : contiguous) {
    if (value.is_tensor()) value = value.tensor().contiguous();
  }
  if (!contiguous.empty()) inputs = contiguous;
  for (const Value& input : inputs) types.push_back(desc_of(input));
  auto plan = plan_for(types);

  std::vector<Value> outputs(plan->outputs.size());
  std::vector<void*> addresses(plan->outputs.size(), nullptr);
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (!plan->outputs[k].is_static) continue;
    const TensorDesc& desc = plan->outputs[k].desc;
    bool is_bound = k < bound.size() && bound[k].present();
    if (is_bound) {
      check_input(bound[k].dtype == desc.dtype && bound[k].shape == desc.shape,
                  "output '{}' is {}, but {} is bound to it",
                  graph_.value_name(graph_.outputs()[k]), to_string(desc), to_string(bound[k]));
      outputs[k] = Tensor::borrow({desc, bound[k].data});
    } else {
      outputs[k] = resources_.outputs->allocate(desc.dtype, desc.shape);
    }
    addresses[k] = outputs[k].tensor().raw();
  }
  ContextLease context(*this, *plan);
  context->run(plan, inputs, addresses, environment(), observer);
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (plan->outputs[k].is_static) continue;
    outputs[k] = context->dynamic_output(plan->outputs[k]);
  }
  context->clear_values();
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (plan->outputs[k].is_static) continue;
    outputs[k] = owned(outputs[k], true);
    if (k < bound.size() && bound[k].present()) {
      const Tensor& tensor = outputs[k].tensor();
      check_input(bound[k].dtype == tensor.dtype() && bound[k].shape == tensor.shape(),
                  "output '{}' is {}, but {} is bound to it",
                  graph_.value_name(graph_.outputs()[k]), to_string(tensor.desc()),
                  to_string(bound[k]));
      copy_elements(tensor.view(), bound[k]);
    }
  }
  return outputs;
}

std::shared_ptr<const Plan> GraphRunner::plan_for(const std::vector<TensorDesc>& inputs) {
  std::string key;
  for (const TensorDesc& input : inputs) append_key(key, input);
  bool shapeless = false;
  {
    std::lock_guard lock(mutex_);
    if (auto found = by_key_.find(key); found != by_key_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      ++hits_;
      misses_in_a_row_ = 0;
      return recent_.front().plan;
    }
    ++misses_;
    ++misses_in_a_row_;
    shapeless = misses_in_a_row_ > kMissesBeforeShapeless;
    if (shapeless && shapeless_) return shapeless_;
  }
  auto plan = make(inputs, shapeless);
  std::lock_guard lock(mutex_);
  if (shapeless) return shapeless_ = plan;
  if (auto found = by_key_.find(key); found != by_key_.end()) return found->second->plan;
  recent_.push_front({key, plan, plan->footprint() + key.size()});
  by_key_[key] = recent_.begin();
  plan_bytes_ += recent_.front().bytes;
  bool too_many = recent_.size() > resources_.max_plans;
  while (recent_.size() > 1 && (too_many || plan_bytes_ > resources_.max_plan_bytes)) {
    plan_bytes_ -= recent_.back().bytes;
    by_key_.erase(recent_.back().key);
    recent_.pop_back();
    too_many = recent_.size() > resources_.max_plans;
  }
  return plan;
}

std::shared_ptr<const Plan> GraphRunner::make(const std::vector<TensorDesc>& inputs,
                                              bool all_dynamic) {
  PlanOptions options;
  options.registry = resources_.registry;
  options.threads = resources_.threads;
  options.weights = resources_.weights;
  options.memory_limit = resources_.memory_limit;
  options.all_dynamic = all_dynamic;
  return make_plan(graph_, inputs, options);
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
  return {*resources_.registry, *resources_.threads, resources_.weights, make_body};
}

RunnerStatistics GraphRunner::statistics() const {
  std::lock_guard lock(mutex_);
  return {recent_.size(), plan_bytes_, hits_, misses_};
}

}  // namespace convoy
