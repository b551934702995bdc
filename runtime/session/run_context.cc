#include "runtime/session/run_context.h"

#include <map>

#include "runtime/base/caught.h"
#include "runtime/op/select_kernel.h"
#include "runtime/op/static_context.h"
#include "runtime/session/cancellation.h"

namespace convoy {

std::span<void*> RunContext::output_addresses(size_t count) {
  output_addresses_.assign(count, nullptr);
  return output_addresses_;
}

void RunContext::run(const std::shared_ptr<const Plan>& plan, std::span<const Value> inputs,
                     const RunEnvironment& environment, const StepObserver* observer) {
  check_cancellation();
  environment_ = &environment;
  try {
    if (plan_ != plan) bind(plan, environment.threads);
    run_steps(inputs, observer);
  } catch (...) {
    // What is queued refers to this run, and what is bound may be half of it.
    plan_.reset();
    for (Space& space : spaces_) space.queue.reset();
    throw;
  }
}

void RunContext::run_steps(std::span<const Value> inputs, const StepObserver* observer) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    bool tensor = inputs[i].is_tensor();
    input_addresses_[i] = tensor ? inputs[i].tensor().raw() : nullptr;
    int slot = plan_->input_slots[i];
    if (slot < 0) continue;
    Value& value = values_[static_cast<size_t>(slot)] = inputs[i];
    if (tensor) value = value.tensor().on(cpu_device());
  }
  for (const Patch& patch : patches_) {
    auto index = static_cast<size_t>(patch.index);
    void* base = patch.home == Home::kInput ? input_addresses_[index] : output_addresses_[index];
    views_[patch.view].data = static_cast<std::byte*>(base) + patch.byte_offset;
  }
  for (size_t number = 0; number < plan_->steps.size(); ++number) {
    check_cancellation();
    const Step& step = plan_->steps[number];
    if (step.waits) synchronize();
    if (observer == nullptr) {
      run_step(step, number);
      continue;
    }
    auto start = std::chrono::steady_clock::now();
    run_step(step, number);
    synchronize();
    (*observer)(*plan_, number, std::chrono::steady_clock::now() - start);
  }
  synchronize();
}

void RunContext::synchronize() {
  for (Space& space : spaces_) space.queue->synchronize();
}

void RunContext::bind(const std::shared_ptr<const Plan>& plan, ThreadPool& threads) {
  plan_.reset();
  spaces_.resize(plan->memory.size());
  for (size_t i = 0; i < spaces_.size(); ++i) bind_memory(i, plan->memory[i], threads);
  views_.clear();
  steps_.clear();
  patches_.clear();
  values_.assign(static_cast<size_t>(plan->slot_count), Value());
  input_addresses_.assign(plan->inputs.size(), nullptr);
  plan_ = plan;
  for (const Step& step : plan->steps) {
    steps_.push_back({views_.size(), step.inputs.size(), step.outputs.size()});
    for (const Place& place : step.inputs) add_view(place);
    for (const Place& place : step.outputs) add_view(place);
  }
}

void RunContext::bind_memory(size_t index, const PlanMemory& needed, ThreadPool& threads) {
  Space& space = spaces_[index];
  Device* device = &find_device(needed.device);
  if (space.device != device) space = {device, nullptr, nullptr};
  if (!space.queue) space.queue = device->make_queue(threads);
  if (space.memory && space.memory->bytes() >= needed.bytes()) return;
  space.memory.reset();
  space.memory = Buffer::allocate(needed.bytes(), *device);
}

void RunContext::add_view(const Place& place) {
  if (place.home == Home::kInput || place.home == Home::kOutput) {
    patches_.push_back({views_.size(), place.home, place.index, place.byte_offset});
    views_.emplace_back(place.desc, nullptr);
  } else {
    views_.emplace_back(place.desc, place.home == Home::kAbsent ? nullptr : address(place));
  }
  // To kernels of the CPU it is the memory that they may use.
  Device& device = *spaces_[Plan::memory_index(place.desc.device)].device;
  if (device.kernels() == DeviceKind::kCpu) views_.back().device = {};
}

void* RunContext::address(const Place& place) const {
  auto index = static_cast<size_t>(place.index);
  switch (place.home) {
    case Home::kAbsent: return nullptr;
    case Home::kArena:
      return spaces_[Plan::memory_index(place.desc.device)].memory->data() + place.byte_offset;
    case Home::kInput: return static_cast<std::byte*>(input_addresses_[index]) + place.byte_offset;
    case Home::kOutput:
      return static_cast<std::byte*>(output_addresses_[index]) + place.byte_offset;
    case Home::kConstant:
      return static_cast<std::byte*>(plan_->constants[index].raw()) + place.byte_offset;
  }
  return nullptr;
}

void RunContext::run_step(const Step& step, size_t number) {
  switch (step.kind) {
    case Step::Kind::kDynamic: return run_dynamic(step);
    case Step::Kind::kCopy: return run_copy(step, number);
    case Step::Kind::kKernel:
      return space(step.device).queue->submit([this, number] { run_kernel(number); });
  }
}

FloatMode RunContext::mode_of(bool may_flush) const {
  const FloatMode mode = FloatMode::current();
  const Subnormals subnormals = environment_->subnormals;
  const bool flush =
      subnormals == Subnormals::kFlushed || (subnormals == Subnormals::kFlushedInSums && may_flush);
  return flush ? mode.flushing() : mode;
}

void RunContext::run_kernel(size_t number) {
  const Step& step = plan_->steps[number];
  const FloatModeScope mode(mode_of(step.may_flush_subnormals));
  const StepViews& range = steps_[number];
  std::span<const TensorView> views(views_);
  auto inputs = views.subspan(range.first, range.inputs);
  auto outputs = views.subspan(range.first + range.inputs, range.outputs);
  const size_t index = Plan::memory_index(step.device);
  std::byte* scratch = spaces_[index].memory->data() + plan_->memory[index].arena_bytes;
  StaticKernelContext context(inputs, outputs, environment_->threads, scratch,
                              spaces_[index].queue.get());
  try {
    step.kernel->run(context);
  } catch (const std::exception&) {
    std::vector<TensorDesc> descs(inputs.begin(), inputs.end());
    rethrow_caught(node_context(*plan_->graph, plan_->graph->node(step.node), descs));
  }
}

void RunContext::run_copy(const Step& step, size_t number) {
  const TensorView& from = views_[steps_[number].first];
  const TensorView& to = views_[steps_[number].first + 1];
  Space& by = space(step.device);
  const bool leaves = !step.outputs[0].desc.device.is_host();
  if (step.inputs[0].desc.device == step.outputs[0].desc.device) {
    by.device->convert(from, to, *by.queue);
  } else if (leaves) {
    by.device->copy_from_host(to.data, from.data, static_cast<size_t>(to.bytes()), *by.queue);
  } else {
    by.device->copy_to_host(to.data, from.data, static_cast<size_t>(to.bytes()), *by.queue);
  }
}

Value RunContext::operand(const DynamicOperand& operand) const {
  if (!operand.is_static) {
    return operand.slot < 0 ? Value() : values_[static_cast<size_t>(operand.slot)];
  }
  const Place& place = operand.place;
  if (place.home == Home::kConstant) {
    const Tensor& constant = plan_->constants[static_cast<size_t>(place.index)];
    auto size = static_cast<int64_t>(size_of(place.desc.dtype));
    return constant.sub_view(place.byte_offset / size, place.desc);
  }
  return Tensor::borrow({place.desc, address(place)});
}

Value RunContext::dynamic_output(const PlannedOutput& output) const {
  return operand(output.source);
}

void RunContext::clear_values() {
  for (Value& value : values_) value = Value();
}

std::vector<Value> RunContext::captured(const Step& step, const Node& node,
                                        std::string_view attribute) const {
  std::vector<Value> values;
  size_t next = node.inputs.size();
  for (const auto& [name, value] : node.attributes) {
    const auto* body = std::get_if<std::shared_ptr<Graph>>(&value);
    if (body == nullptr) continue;
    size_t count = (*body)->captures().size();
    if (name == attribute) {
      for (size_t i = 0; i < count; ++i) values.push_back(operand(step.dynamic_inputs[next + i]));
      return values;
    }
    next += count;
  }
  fail(ErrorCode::kInternal, "node has no body '{}'", attribute);
}

void RunContext::run_dynamic(const Step& step) {
  const Node& node = plan_->graph->node(step.node);
  std::vector<Value> inputs;
  std::vector<bool> lasting;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    inputs.push_back(operand(step.dynamic_inputs[i]));
    lasting.push_back(step.dynamic_inputs[i].lasting);
  }
  std::map<std::string, std::unique_ptr<BodyRunner>, std::less<>> bodies;
  auto body = [&](const Node& owner, std::string_view attribute) -> BodyRunner& {
    auto& runner = bodies[std::string(attribute)];
    if (!runner) {
      runner = environment_->make_body(owner, attribute, captured(step, owner, attribute));
    }
    return *runner;
  };
  EvaluateEnvironment evaluation{environment_->registry, environment_->threads,
                                 environment_->weights, body};
  const OpDef* definition = environment_->registry.find(node);
  const FloatModeScope mode(mode_of(definition && definition->may_flush_subnormals()));
  std::vector<Value> outputs = evaluate_node(*plan_->graph, node, inputs, lasting, evaluation);
  for (size_t j = 0; j < outputs.size(); ++j) {
    int slot = step.dynamic_outputs[j];
    if (slot >= 0) values_[static_cast<size_t>(slot)] = std::move(outputs[j]);
  }
  inputs.clear();
  for (int slot : step.released_slots) values_[static_cast<size_t>(slot)] = Value();
}

}  // namespace convoy
