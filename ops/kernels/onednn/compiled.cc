#include "ops/kernels/onednn/compiled.h"

#ifndef CONVOY_NO_OPENMP
#include <omp.h>
#endif

#include <list>
#include <unordered_map>

#include <fmt/format.h>

#include "runtime/base/error.h"
#include "runtime/base/fork.h"

namespace convoy::onednn {
namespace {

// The tag-independent description of a format: strides and inner blocks.
std::string format_name(const dnnl::memory::desc& desc) {
  std::string name = "onednn ";
  for (auto stride : desc.get_strides()) name += fmt::format(",{}", stride);
  name += ":";
  auto blocks = desc.get_inner_blks();
  auto axes = desc.get_inner_idxs();
  for (size_t i = 0; i < blocks.size(); ++i) name += fmt::format(",{}x{}", axes[i], blocks[i]);
  name += ":";
  for (auto size : desc.get_padded_dims()) name += fmt::format(",{}", size);
  return name;
}

template <typename Body>
void checked(const char* action, const Body& body) {
  try {
    body();
  } catch (const dnnl::error& error) {
    fail(ErrorCode::kInternal, "oneDNN failed to {}: {}", action, error.what());
  }
}

}  // namespace

dnnl::engine& engine() {
  static auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

#ifdef CONVOY_NO_OPENMP
ThreadScope::ThreadScope(int) {}
ThreadScope::~ThreadScope() = default;
#else
ThreadScope::ThreadScope(int threads)
    : threads_(threads),
      before_(omp_get_max_threads()),
      flushes_(threads > 1 && FloatMode::current() == FloatMode::current().flushing()) {
  if (threads != before_) omp_set_num_threads(threads);
  if (flushes_) enter_mode();
}
ThreadScope::~ThreadScope() {
  if (flushes_) leave_mode();
  if (omp_get_max_threads() != before_) omp_set_num_threads(before_);
}

// oneDNN's loops run on the same threads, which know nothing of the caller's mode.
void ThreadScope::enter_mode() const {
  const FloatMode mode = FloatMode::current();
  const FloatModeScope plain(mode.keeping());  // of threads that are made now
#pragma omp parallel num_threads(threads_)
  if (omp_get_thread_num() != 0) mode.enter();
}
void ThreadScope::leave_mode() const {
  const FloatModeScope plain(FloatMode::current().keeping());
#pragma omp parallel num_threads(threads_)
  if (omp_get_thread_num() != 0) FloatMode::current().keeping().enter();
}
#endif

struct Compiled::Arguments {
  dnnl::stream stream;
  dnnl::memory source, weights, bias, destination, scratch;
  std::vector<dnnl_exec_arg_t> list;

  explicit Arguments(const Blueprint& blueprint) : stream(engine()) {
    source = add(DNNL_ARG_SRC, blueprint.source);
    weights = add(DNNL_ARG_WEIGHTS, blueprint.weights);
    if (!blueprint.bias.is_zero()) bias = add(DNNL_ARG_BIAS, blueprint.bias);
    destination = add(DNNL_ARG_DST, blueprint.destination);
    if (blueprint.scratch.get_size() > 0) scratch = add(DNNL_ARG_SCRATCHPAD, blueprint.scratch);
  }

 private:
  dnnl::memory add(int name, const dnnl::memory::desc& desc) {
    dnnl::memory memory(desc, engine(), DNNL_MEMORY_NONE);
    list.push_back({name, memory.get()});
    return memory;
  }
};

Compiled::Compiled(Blueprint blueprint) : blueprint_(std::move(blueprint)) {
  if (blueprint_.weights != blueprint_.plain_weights) {
    weights_format_ =
        format_name(blueprint_.plain_weights) + " as " + format_name(blueprint_.weights);
  }
}

void Compiled::pack_weights(const float* plain, float* packed) const {
  checked("pack weights", [&] {
    NoFork whole;  // oneDNN has locks of its own
    dnnl::memory from(blueprint_.plain_weights, engine(), const_cast<float*>(plain));
    dnnl::memory to(blueprint_.weights, engine(), packed);
    dnnl::stream stream(engine());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  });
}

Compiled::~Compiled() = default;

// Nobody waits for this lock: a child may be born with it taken.
std::unique_ptr<Compiled::Arguments> Compiled::lease() const {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock.owns_lock() && !idle_.empty()) {
    auto arguments = std::move(idle_.back());
    idle_.pop_back();
    return arguments;
  }
  return std::make_unique<Arguments>(blueprint_);
}

void Compiled::run(const Operands& operands) const {
  checked("run a primitive", [&] {
    std::unique_ptr<Arguments> arguments = lease();
    arguments->source.set_data_handle(const_cast<float*>(operands.source));
    arguments->weights.set_data_handle(const_cast<float*>(operands.weights));
    if (arguments->bias) arguments->bias.set_data_handle(const_cast<float*>(operands.bias));
    arguments->destination.set_data_handle(operands.destination);
    if (arguments->scratch) arguments->scratch.set_data_handle(operands.scratch);
    {
      ThreadScope scope(blueprint_.threads);
      // The C++ interface would build this list anew.
      dnnl::error::wrap_c_api(
          dnnl_primitive_execute(blueprint_.primitive.get(), arguments->stream.get(),
                                 static_cast<int>(arguments->list.size()), arguments->list.data()),
          "could not execute");
    }
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock()) idle_.push_back(std::move(arguments));
  });
}

dnnl::primitive_attr attributes_for(bool add_to_output, const Epilogue& epilogue, float scale) {
  using dnnl::algorithm;
  dnnl::post_ops steps;
  float alpha = epilogue.alpha;
  float beta = epilogue.beta;
  if (scale != 1) steps.append_eltwise(algorithm::eltwise_linear, scale, 0);
  if (add_to_output) steps.append_sum(1.0f);
  switch (epilogue.activation) {
    case Activation::none: break;
    case Activation::relu: steps.append_eltwise(algorithm::eltwise_relu, 0, 0); break;
    case Activation::leaky_relu: steps.append_eltwise(algorithm::eltwise_relu, alpha, 0); break;
    case Activation::clip: steps.append_eltwise(algorithm::eltwise_clip, alpha, beta); break;
    case Activation::sigmoid: steps.append_eltwise(algorithm::eltwise_logistic, 0, 0); break;
    case Activation::tanh: steps.append_eltwise(algorithm::eltwise_tanh, 0, 0); break;
    case Activation::hard_swish:
      steps.append_eltwise(algorithm::eltwise_hardswish, 1.0f / 6.0f, 0.5f);
      break;
    case Activation::hard_sigmoid:
      steps.append_eltwise(algorithm::eltwise_hardsigmoid, alpha, beta);
      break;
    case Activation::silu: steps.append_eltwise(algorithm::eltwise_swish, 1.0f, 0); break;
  }
  if (epilogue.is_scaled()) {
    steps.append_eltwise(algorithm::eltwise_linear, epilogue.scale, epilogue.shift);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(steps);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

namespace {

constexpr size_t kMostPrimitives = 1024;

// Equal problems have equal hashes; the sizes tell most others apart.
struct ProblemHash {
  size_t operator()(const Problem& problem) const {
    return std::visit([this](const auto& one) { return hash(one); }, problem);
  }

 private:
  static size_t mix(std::initializer_list<int64_t> numbers, size_t seed = 0) {
    for (int64_t number : numbers)
      seed = (seed ^ static_cast<size_t>(number)) * 0x9E3779B97F4A7C15U;
    return seed;
  }
  static size_t hash(const ConvProblem& problem) {
    size_t seed = mix({problem.batch, problem.groups, problem.in_channels, problem.out_channels,
                       problem.input_block, problem.output_block, problem.threads});
    for (const SizedWindow& axis : problem.window.axes) {
      seed = mix({axis.input_size, axis.kernel, axis.stride, axis.dilation, axis.pad_begin}, seed);
    }
    return seed;
  }
  static size_t hash(const MatMulProblem& problem) {
    return mix({problem.m, problem.n, problem.k, element_count(problem.batch), problem.threads});
  }
};

class Cache {
 public:
  bool find(const Problem& key, std::shared_ptr<const Primitive>& found) {
    std::lock_guard lock(mutex_);
    auto entry = index_.find(key);
    if (entry == index_.end()) return false;
    order_.splice(order_.begin(), order_, entry->second);
    found = entry->second->second;
    return true;
  }
  void insert(const Problem& key, std::shared_ptr<const Primitive> primitive) {
    std::lock_guard lock(mutex_);
    if (index_.contains(key)) return;
    order_.emplace_front(key, std::move(primitive));
    index_.emplace(key, order_.begin());
    if (order_.size() <= kMostPrimitives) return;
    index_.erase(order_.back().first);
    order_.pop_back();
  }

 private:
  using Entry = std::pair<Problem, std::shared_ptr<const Primitive>>;
  ForkSafeMutex mutex_;
  std::list<Entry> order_;  // most recently used first
  std::unordered_map<Problem, std::list<Entry>::iterator, ProblemHash> index_;
};

}  // namespace

std::shared_ptr<const Primitive> cached(
    const Problem& problem, const std::function<std::shared_ptr<const Primitive>()>& make) {
  static auto* cache = new Cache;
  std::shared_ptr<const Primitive> primitive;
  if (cache->find(problem, primitive)) return primitive;
  NoFork whole;  // oneDNN has locks of its own
  primitive = make();
  cache->insert(problem, primitive);
  return primitive;
}

}  // namespace convoy::onednn
