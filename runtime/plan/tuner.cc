#include "runtime/plan/tuner.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/base/output_file.h"
#include "runtime/op/formed_operands.h"
#include "runtime/op/static_context.h"
#include "runtime/op/weight_cache.h"

namespace convoy {
namespace {

constexpr int kFormat = 2;
constexpr int kMilliseconds = 1;  // the format before, the same but for the unit

std::string describe(const TensorDesc& desc) {
  if (desc.dtype == DType::kUndefined) return "-";
  std::string text = to_string(desc);
  if (!desc.layout.plain()) return text + fmt::format("/{}", desc.layout.block);
  return desc.is_contiguous() ? text : text + to_string(desc.strides);
}

// Bytes from the first to one past the last element.
size_t extent(const TensorDesc& desc) {
  if (desc.is_contiguous() || !desc.layout.plain()) return static_cast<size_t>(desc.bytes());
  if (desc.count() == 0) return 0;
  int64_t last = 0;
  for (int i = 0; i < desc.rank(); ++i) last += (desc.shape[i] - 1) * desc.strides[i];
  return static_cast<size_t>(last + 1) * size_of(desc.dtype);
}

// Memory for one candidate: operands of zeros (constants: themselves), and copies of those that do
// not have the form that it needs.
class Trial {
 public:
  // `given`: the operands before the candidate was asked, which was made for `request`.
  Trial(const KernelRequest& given, const KernelRequest& request, ThreadPool& threads)
      : threads_(threads), operands_(threads), scratch_(Buffer::allocate(request.scratch_bytes)) {
    for (size_t i = 0; i < given.inputs.size(); ++i) {
      const Tensor* constant = request.constant(static_cast<int>(i));
      Need need = request.input_need(i);
      if (constant) {
        operands_.add_constant(*constant, need);
      } else {
        operands_.add_input(memory_for(given.inputs[i]), need);
      }
    }
    for (size_t j = 0; j < given.outputs.size(); ++j) {
      // A result keeps its layout: readers may want the same.
      Need need = request.output_need(j);
      Need kept = need;
      kept.dtype = given.outputs[j].dtype;
      bool wanted = request.has_output(static_cast<int>(j));
      operands_.add_output(memory_for(wanted ? form_for(given.outputs[j], kept) : TensorDesc{}),
                           need);
    }
  }

  // The shortest of several runs.
  double seconds(const Kernel& kernel) {
    using Clock = std::chrono::steady_clock;
    constexpr int kMostRuns = 20;
    constexpr double kEnough = 0.01;
    double best = 0;
    double total = 0;
    run(kernel);
    for (int i = 0; i < kMostRuns && (i < 2 || total < kEnough); ++i) {
      auto start = Clock::now();
      run(kernel);
      double took = std::chrono::duration<double>(Clock::now() - start).count();
      best = i == 0 ? took : std::min(best, took);
      total += took;
    }
    return best;
  }

 private:
  void run(const Kernel& kernel) {
    operands_.convert_inputs();
    StaticKernelContext context(operands_.inputs(), operands_.outputs(), threads_,
                                scratch_->data());
    kernel.run(context);
    operands_.convert_outputs();
  }

  TensorView memory_for(const TensorDesc& desc) {
    if (desc.dtype == DType::kUndefined) return {};
    held_.push_back(Buffer::allocate(extent(desc)));
    std::memset(held_.back()->data(), 0, held_.back()->bytes());
    return {desc, held_.back()->data()};
  }

  ThreadPool& threads_;
  FormedOperands operands_;
  std::shared_ptr<Buffer> scratch_;
  std::vector<std::shared_ptr<Buffer>> held_;
};

bool is_measurable(const OpDef& definition, const KernelRequest& request) {
  auto numeric = [](const TensorDesc& desc) { return desc.dtype != DType::kString; };
  return !computes_nothing(definition, request) && std::ranges::all_of(request.inputs, numeric) &&
         std::ranges::all_of(request.outputs, numeric) && !request.node().has_bodies();
}

// By kernel, for each that accepts. The reference is not measured beside others.
std::map<std::string, double> measure(const OpDef& definition, KernelRequest& request,
                                      ThreadPool& threads) {
  std::map<std::string, double> times;
  WeightCache* session_weights = request.weights;
  const OperandForms forms = OperandForms::of(request.inputs, request.outputs);
  for (const KernelDef* candidate : candidates_on(cpu_device(), definition)) {
    if (candidate->name == kReference) continue;
    SessionWeights weights;
    KernelRequest settled = request;
    settled.weights = session_weights ? &weights : nullptr;
    KernelChoice choice = ask(definition, *candidate, settled);
    if (!choice.kernel) continue;
    choice = settle(definition, std::move(choice), settled, forms);
    if (choice.candidate != candidate) continue;
    times[candidate->name] = Trial(request, settled, threads).seconds(*choice.kernel);
  }
  return times;
}

void scale(auto& measured, double factor) {
  for (auto& [machine, problems] : measured) {
    for (auto& [problem, times] : problems) {
      for (auto& [kernel, time] : times) time *= factor;
    }
  }
}

}  // namespace

Tuner::Tuner(std::string path)
    : path_(std::move(path)),
      machine_(fmt::format("{}, {}", cpu_model_name(), to_string(best_isa()))) {
  if (!std::filesystem::exists(path_)) return;
  try {
    std::ifstream file(path_);
    auto json = nlohmann::json::parse(file);
    const bool is_old = json.at("convoy_tuning") == kMilliseconds;
    check_input(is_old || json.at("convoy_tuning") == kFormat,
                "the format is newer than this build");
    measured_ = json.at(is_old ? "milliseconds" : "seconds").get<decltype(measured_)>();
    if (is_old) scale(measured_, 1e-3);
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kInvalidInput, "not a tuning file", {path_, {}, {}, {}});
  } catch (Error& error) {
    error.add_context({path_, {}, {}, {}});
    throw;
  }
}

std::string Tuner::problem_of(const KernelRequest& request) const {
  const Node& node = request.node();
  std::string text = fmt::format("{}-{}", node.qualified_type(), node.version);
  for (const auto& [name, value] : node.attributes) {
    text += fmt::format(" {}={}", name, to_string(value));
  }
  text += " (";
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    text += (i > 0 ? ", " : "") + describe(request.inputs[i]);
    if (request.constant(static_cast<int>(i))) text += " constant";
  }
  text += ") ->";
  for (const TensorDesc& output : request.outputs) text += " " + describe(output);
  return text + fmt::format(", {} threads", request.threads);
}

KernelChoice Tuner::choose(const OpDef& definition, KernelRequest& request, ThreadPool& threads) {
  if (!is_measurable(definition, request)) return select_kernel(definition, request);
  std::string problem = problem_of(request);
  Times times;
  {
    std::lock_guard lock(mutex_);
    times = measured_[machine_][problem];
  }
  if (times.empty()) {
    times = measure(definition, request, threads);
    std::lock_guard lock(mutex_);
    measured_[machine_][problem] = times;
    changed_ |= times.size() > 1;
  }
  while (times.size() > 1) {
    auto best = std::ranges::min_element(times, {}, [](const auto& time) { return time.second; });
    auto named = std::ranges::find(definition.kernels, best->first, &KernelDef::name);
    KernelChoice choice;
    if (named != definition.kernels.end()) choice = ask(definition, *named, request);
    if (!choice.kernel) {  // the file is from a build with other kernels
      times.erase(best);
      continue;
    }
    choice.seconds = best->second;
    for (const auto& [name, seconds] : times) {
      if (name == best->first) continue;
      choice.refusals.push_back(fmt::format("{}: took {:.1f} µs, {} {:.1f}", name, seconds * 1e6,
                                            choice.name, best->second * 1e6));
    }
    return choice;
  }
  return select_kernel(definition, request);
}

void Tuner::save() {
  nlohmann::json json;
  {
    std::lock_guard lock(mutex_);
    if (!changed_) return;
    changed_ = false;
    json["convoy_tuning"] = kFormat;
    auto& machines = json["seconds"];
    for (const auto& [machine, problems] : measured_) {
      machines[machine] = nlohmann::json::object();
      for (const auto& [problem, times] : problems) {
        if (times.size() > 1) machines[machine][problem] = times;
      }
    }
  }
  write_file(path_, json.dump(1) + "\n");
}

}  // namespace convoy
