#include "runtime/plan/tuner.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/base/output_file.h"
#include "runtime/op/static_context.h"
#include "runtime/op/weight_cache.h"
#include "runtime/tensor/convert_layout.h"

namespace convoy {
namespace {

constexpr int kFormat = 1;
constexpr const char* kReference = "reference";

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

// Memory for one candidate: operands of zeros (constants: themselves) in the form that it asked
// for, and conversions from the form that they have.
class Trial {
 public:
  // `given`: the operands as they are before the candidate, which was made for `request`.
  Trial(const std::vector<TensorDesc>& given, const KernelRequest& request, ThreadPool& threads)
      : threads_(threads), scratch_(Buffer::allocate(request.scratch_bytes)) {
    for (size_t i = 0; i < given.size(); ++i) add_input(given[i], request, i);
    for (size_t j = 0; j < request.outputs.size(); ++j) add_output(request, j);
  }

  // The shortest of several runs.
  double milliseconds(const Kernel& kernel) {
    using Clock = std::chrono::steady_clock;
    constexpr int kMostRuns = 20;
    constexpr double kEnough = 10;
    double best = 0;
    double total = 0;
    run(kernel);
    for (int i = 0; i < kMostRuns && (i < 2 || total < kEnough); ++i) {
      auto start = Clock::now();
      run(kernel);
      double took = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      best = i == 0 ? took : std::min(best, took);
      total += took;
    }
    return best;
  }

 private:
  void run(const Kernel& kernel) {
    for (const auto& [from, to] : conversions_) convert_layout(from, to, threads_);
    StaticKernelContext context(inputs_, outputs_, threads_, scratch_->data());
    kernel.run(context);
  }

  TensorView memory_for(const TensorDesc& desc) {
    held_.push_back(Buffer::allocate(extent(desc)));
    std::memset(held_.back()->data(), 0, held_.back()->bytes());
    return {desc, held_.back()->data()};
  }

  void add_input(const TensorDesc& given, const KernelRequest& request, size_t i) {
    if (given.dtype == DType::kUndefined) return inputs_.push_back({});
    const Tensor* constant = request.constant(static_cast<int>(i));
    TensorView source = constant ? constant->view() : memory_for(given);
    KernelRequest::Demand demand = demand_of(request, i);
    if (meets(source, demand)) return inputs_.push_back(source);
    TensorView wanted = memory_for(form_for(given, demand));
    conversions_.emplace_back(source, wanted);
    inputs_.push_back(wanted);
  }

  void add_output(const KernelRequest& request, size_t j) {
    if (!request.has_output(static_cast<int>(j))) return outputs_.push_back({});
    outputs_.push_back(memory_for(form_for(request.outputs[j], offer_of(request, j))));
  }

  ThreadPool& threads_;
  std::shared_ptr<Buffer> scratch_;
  std::vector<std::shared_ptr<Buffer>> held_;
  std::vector<TensorView> inputs_, outputs_;
  std::vector<std::pair<TensorView, TensorView>> conversions_;
};

bool is_measurable(const KernelRequest& request) {
  auto numeric = [](const TensorDesc& desc) { return desc.dtype != DType::kString; };
  return std::ranges::all_of(request.inputs, numeric) &&
         std::ranges::all_of(request.outputs, numeric) && !request.node().has_bodies();
}

// The candidate's kernel, made for the forms that it demands; these are then in the request.
// nullptr where it says no.
std::unique_ptr<Kernel> make_settled(const KernelDef& candidate, KernelRequest& request) {
  constexpr int kMostRounds = 4;
  auto settle = [](std::vector<TensorDesc>& descs, auto demand_of_operand) {
    bool settled = true;
    for (size_t i = 0; i < descs.size(); ++i) {
      if (descs[i].dtype == DType::kUndefined) continue;
      TensorDesc form = form_for(descs[i], demand_of_operand(i));
      settled = settled && is_made_for(descs[i], demand_of_operand(i), form);
      descs[i] = form;
    }
    return settled;
  };
  for (int round = 0; round < kMostRounds; ++round) {
    auto kernel = make_candidate(candidate, request);
    if (!kernel) return nullptr;
    bool inputs = settle(request.inputs, [&](size_t i) { return demand_of(request, i); });
    bool outputs = settle(request.outputs, [&](size_t j) { return offer_of(request, j); });
    if (inputs && outputs) return kernel;
  }
  return nullptr;
}

// By kernel, for each that accepts. The reference is not measured beside others.
std::map<std::string, double> measure(const OpDef& definition, KernelRequest& request,
                                      ThreadPool& threads) {
  std::map<std::string, double> times;
  WeightCache* session_weights = request.weights;
  request.measured = true;
  for (const KernelDef& candidate : definition.kernels) {
    if (candidate.device != DeviceKind::kCpu || candidate.name == kReference) continue;
    if (candidate.concerns && !candidate.concerns(request)) continue;
    SessionWeights weights;
    KernelRequest settled = request;
    settled.weights = session_weights ? &weights : nullptr;
    auto kernel = make_settled(candidate, settled);
    if (!kernel) continue;
    times[candidate.name] = Trial(request.inputs, settled, threads).milliseconds(*kernel);
  }
  return times;
}

}  // namespace

Tuner::Tuner(std::string path)
    : path_(std::move(path)),
      machine_(fmt::format("{}, {}", cpu_model_name(), to_string(best_isa()))) {
  if (!std::filesystem::exists(path_)) return;
  try {
    std::ifstream file(path_);
    auto json = nlohmann::json::parse(file);
    check_input(json.at("convoy_tuning") == kFormat, "the format is newer than this build");
    measured_ = json.at("milliseconds").get<decltype(measured_)>();
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
  if (!is_measurable(request)) return select_kernel(definition, request);
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
  request.measured = true;
  while (times.size() > 1) {
    auto best = std::ranges::min_element(times, {}, [](const auto& time) { return time.second; });
    auto named = std::ranges::find(definition.kernels, best->first, &KernelDef::name);
    KernelChoice choice;
    if (named != definition.kernels.end()) choice.kernel = make_candidate(*named, request);
    if (!choice.kernel) {  // the file is from a build with other kernels
      times.erase(best);
      continue;
    }
    choice.name = best->first;
    for (const auto& [name, milliseconds] : times) {
      if (name == choice.name) continue;
      choice.refusals.push_back(fmt::format("{}: took {:.4f} ms, {} {:.4f}", name, milliseconds,
                                            choice.name, best->second));
    }
    return choice;
  }
  request.measured = false;
  return select_kernel(definition, request);
}

void Tuner::save() {
  nlohmann::json json;
  {
    std::lock_guard lock(mutex_);
    if (!changed_) return;
    changed_ = false;
    json["convoy_tuning"] = kFormat;
    auto& machines = json["milliseconds"];
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
