#include "runtime/session/session.h"

#include <algorithm>

#include "runtime/base/caught.h"
#include "runtime/base/fork.h"
#include "runtime/device/machine.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/size_names.h"
#include "runtime/plan/describe.h"
#include "runtime/plan/tuner.h"
#include "runtime/session/cancellation.h"
#include "runtime/session/expand_functions.h"
#include "runtime/session/input_check.h"
#include "runtime/session/map_feed.h"
#include "runtime/session/thread_count_guard.h"

namespace convoy {
namespace {

constexpr size_t kKeptOutputBytes = 256u << 20;

// Bodies see constants of the graphs around them as constants of their own.
void push_constants_into_bodies(Graph& graph) {
  for (NodeId id : graph.topological_order()) {
    graph.node(id).for_each_body([&](Graph& body) {
      for (const Graph::Capture& capture : body.captures()) {
        const Tensor* constant = graph.constant(capture.outer);
        if (constant != nullptr) body.set_initializer(capture.inner, *constant);
      }
      push_constants_into_bodies(body);
    });
  }
}

// `type`, and from `other` the sizes that it leaves open, or all where it is unknown.
ValueType with_sizes_of(ValueType type, const ValueType& other) {
  if (type.kind == ValueType::Kind::kUnknown) return other;
  if (!type.is_tensor() || !other.is_tensor() || !other.shape) return type;
  if (!type.shape) {
    type.shape = std::vector<Dimension>(other.shape->size());
  } else if (type.shape->size() != other.shape->size()) {
    return type;
  }
  for (size_t i = 0; i < type.shape->size(); ++i) {
    Dimension& dimension = (*type.shape)[i];
    const Dimension& known = (*other.shape)[i];
    bool names = dimension.symbol.empty() && !is_own_name(known.symbol);
    if (!dimension.known() && (known.known() || names)) dimension = known;
  }
  return type;
}

}  // namespace

StepObserver record_steps(std::vector<StepTime>& steps) {
  auto start = std::chrono::steady_clock::now();
  return [&steps, start](const Plan& plan, size_t number, std::chrono::nanoseconds took) {
    const Step& step = plan.steps[number];
    StepTime time;
    if (step.node != NodeId::kNone) {
      const Node& node = plan.graph->node(step.node);
      time.name = node.label(*plan.graph);
      time.op_type = node.qualified_type();
    }
    if (step.kind == Step::Kind::kCopy) time.op_type = step.kernel_name;
    time.kernel = step.kernel_name;
    time.device = to_string(step.device);
    if (!step.outputs.empty()) time.output_type = to_string(step.outputs[0].desc);
    time.duration = took;
    time.start = std::chrono::steady_clock::now() - start - took;
    steps.push_back(std::move(time));
  };
}

Session::Session(Model model, SessionOptions options)
    : options_(std::move(options)), model_(std::move(model)) {
  if (!options_.device.is_host()) {
    device_weights_ = std::make_unique<SessionWeights>(find_device(options_.device));
  }
  try {
    pool_ = make_thread_pool(options_.threads);
    for (ValueId id : model_.graph.outputs()) {
      outputs_.push_back({model_.graph.value_name(id), model_.graph.value(id).type});
    }
    expand_functions(model_, Registry::standard());
    if (options_.optimize) optimize();
    describe_outputs();
    push_constants_into_bodies(model_.graph);
  } catch (const std::exception&) {
    rethrow_caught({model_.path, {}, {}, {}});
  }
  const Graph& graph = model_.graph;
  for (size_t i = 0; i < graph.inputs().size(); ++i) {
    const ValueInfo& info = graph.value(graph.inputs()[i]);
    input_index_[info.name] = i;
    (info.initializer ? overridable_ : inputs_).push_back({info.name, info.type});
  }
  output_pool_ = std::make_shared<BufferPool>(kKeptOutputBytes);
  RunnerResources resources;
  resources.registry = &Registry::standard();
  resources.threads = pool_.get();
  resources.weights = &weights_;
  resources.device = options_.device;
  resources.device_weights = device_weights_.get();
  resources.outputs = output_pool_.get();
  resources.subnormals = options_.subnormals;
  if (!options_.tuning_file.empty()) tuner_ = std::make_unique<Tuner>(options_.tuning_file);
  resources.tuner = tuner_.get();
  resources.memory_limit = options_.memory_limit;
  resources.max_plans = options_.max_plans;
  runner_ = std::make_unique<GraphRunner>(graph, resources);
}

Session::~Session() = default;

void Session::optimize() {
  RewriteOptions rewrite;
  rewrite.skip = options_.skip_rules;
  rewrite.only = options_.only_rules;
  rewrite.lowering = true;
  rewrite.multiplies_bytes = options_.device.is_host() && best_isa() >= Isa::kAvx512Vnni;
  rewrite.threads = pool_.get();
  report_ = optimize_graph(model_, rewrite);
}

void Session::describe_outputs() {
  bool complete = std::ranges::all_of(
      outputs_, [](const ValueDescription& output) { return output.type.is_static(); });
  if (complete) return;
  if (!options_.optimize) infer_model_types(model_);
  for (size_t k = 0; k < outputs_.size(); ++k) {
    const ValueType& inferred = model_.graph.value(model_.graph.outputs()[k]).type;
    outputs_[k].type = with_sizes_of(outputs_[k].type, inferred);
  }
}

size_t Session::packed_weight_bytes() const {
  return weights_.bytes() + (device_weights_ ? device_weights_->bytes() : 0);
}

size_t Session::input_position(std::string_view name) const {
  auto found = input_index_.find(name);
  check_input(found != input_index_.end(), "the model has no input '{}'; its inputs are {}", name,
              input_names());
  return found->second;
}

size_t Session::output_position(std::string_view name) const {
  auto found = std::ranges::find(outputs_, name, &ValueDescription::name);
  check_input(found != outputs_.end(), "the model has no output '{}'", name);
  return static_cast<size_t>(found - outputs_.begin());
}

std::vector<Value> Session::default_inputs() const {
  const Graph& graph = model_.graph;
  std::vector<Value> values(graph.inputs().size());
  for (size_t i = 0; i < values.size(); ++i) {
    const ValueInfo& info = graph.value(graph.inputs()[i]);
    if (info.initializer) {
      values[i] = *info.initializer;
    } else if (info.type.kind == ValueType::Kind::kOptional) {
      values[i] = Optional{};
    }
  }
  return values;
}

std::vector<Value> Session::order_feeds(const Feeds& feeds) const {
  std::vector<Value> ordered = default_inputs();
  std::vector<bool> given(ordered.size());
  for (const auto& [name, value] : feeds) {
    size_t position = input_position(name);
    check_input(!given[position], "input '{}' is given twice", name);
    given[position] = true;
    ordered[position] = fit_feed(position, value);
  }
  return ordered;
}

std::string Session::input_names() const {
  auto list = [](const std::vector<ValueDescription>& values) {
    std::string names;
    for (const ValueDescription& value : values) {
      names += (names.empty() ? "'" : ", '") + value.name + "'";
    }
    return names.empty() ? "none" : names;
  };
  std::string names = list(inputs_);
  if (!overridable_.empty()) names += ", those with a default " + list(overridable_);
  return names;
}

Value Session::fit_feed(size_t index, const Value& value) const {
  const ValueInfo& info = model_.graph.value(model_.graph.inputs()[index]);
  try {
    return fit_maps(value, info.type);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("input '{}': {}", info.name, error.message()));
  }
}

void Session::check_input_type(size_t index, const Value& value) const {
  const ValueInfo& info = model_.graph.value(model_.graph.inputs()[index]);
  check_input_value(info.name, info.type, value);
}

// Where its threads are.
template <typename Body>
void Session::call(const Body& body) {
  auto counted = [&, stop = cancellation_of_thread()] {
    CancellationScope scope(stop);
    ThreadCountGuard guard(threads());
    body();
  };
  if (threads() == 1) {
    counted();
  } else {
    call_with_threads(counted);
  }
}

void Session::run_into(std::span<const Value> inputs, std::span<const TensorView> bound,
                       std::span<Value> outputs, const StepObserver* observer) {
  try {
    for (size_t i = 0; i < inputs.size(); ++i) check_input_type(i, inputs[i]);
    call([&] { runner_->run_into(inputs, bound, outputs, observer); });
  } catch (const std::exception&) {
    rethrow_caught({model_.path, {}, {}, {}});
  }
}

std::vector<Value> Session::run(const Feeds& feeds, std::span<const std::string> names,
                                const StepObserver* observer) {
  std::vector<size_t> wanted;
  for (const std::string& name : names) wanted.push_back(output_position(name));
  std::vector<Value> all(outputs_.size());
  run_into(order_feeds(feeds), {}, all, observer);
  if (names.empty()) return all;
  std::vector<Value> chosen;
  for (size_t index : wanted) chosen.push_back(all[index]);
  return chosen;
}

std::vector<Value> Session::profile(const Feeds& feeds, std::vector<StepTime>& steps) {
  StepObserver observer = record_steps(steps);
  std::vector<Value> outputs(outputs_.size());
  run_into(order_feeds(feeds), {}, outputs, &observer);
  return outputs;
}

std::string Session::explain(const Feeds& feeds) {
  std::vector<TensorDesc> types;
  std::vector<Value> inputs = order_feeds(feeds);
  for (size_t i = 0; i < inputs.size(); ++i) {
    check_input_type(i, inputs[i]);
    types.push_back(desc_of(inputs[i]));
  }
  std::string text;
  try {
    call([&] { text = describe_plan(*runner_->plan_for(types)); });
  } catch (Error& error) {
    error.add_context({model_.path, {}, {}, {}});
    throw;
  }
  return text;
}

}  // namespace convoy
