// convoy bench: how long a model takes to load, to run first, and to run.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

#include <nlohmann/json.hpp>

#include "runtime/session/binding.h"
#include "tools/convoy/command.h"
#include "tools/convoy/feeds.h"
#include "tools/convoy/model_options.h"
#include "tools/convoy/progress.h"

namespace convoy::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct BenchOptions {
  ModelOptions model;
  FeedOptions feeds;
  double seconds = 2;
  bool json = false;
  bool resident = false;
};

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Runs over inputs and outputs that stay on the session's device.
class ResidentRun {
 public:
  ResidentRun(Session& session, const Feeds& feeds, Device& device) : binding_(session) {
    for (const auto& [name, value] : feeds) {
      const bool moves = value.is_tensor() && value.tensor().dtype() != DType::kString;
      binding_.bind_input(name, moves ? Value(value.tensor().on(device)) : value);
    }
    const std::vector<Value> outputs = session.run(feeds);
    for (size_t k = 0; k < outputs.size(); ++k) {
      if (!outputs[k].is_tensor() || outputs[k].tensor().dtype() == DType::kString) continue;
      const Tensor& like = outputs[k].tensor();
      memory_.push_back(Tensor::allocate(like.dtype(), like.shape(), device));
      binding_.bind_output(session.outputs()[k].name, memory_.back().view());
    }
  }
  void operator()() { binding_.run(); }

 private:
  Binding binding_;
  std::vector<Tensor> memory_;
};

std::vector<double> time_runs(const std::function<void()>& run, double seconds) {
  std::vector<double> samples;
  Progress progress("bench");
  auto start = Clock::now();
  double limit = seconds * 1e3;
  while (samples.empty() || milliseconds_since(start) < limit) {
    auto begin = Clock::now();
    run();
    samples.push_back(milliseconds_since(begin));
    progress.show(milliseconds_since(start) / limit);
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

int run_bench(const BenchOptions& options) {
  auto start = Clock::now();
  auto session = open_session(options.model);
  double load = milliseconds_since(start);
  Feeds feeds = make_feeds(*session, options.feeds);
  start = Clock::now();
  session->run(feeds);
  double first = milliseconds_since(start);
  std::vector<double> samples;
  if (options.resident) {
    ResidentRun run(*session, feeds, find_device(parse_device(options.model.device)));
    samples = time_runs(std::ref(run), options.seconds);
  } else {
    samples = time_runs([&] { session->run(feeds); }, options.seconds);
  }
  auto at = [&](double share) {
    return samples[static_cast<size_t>(share * static_cast<double>(samples.size() - 1))];
  };
  double total = 0;
  for (double sample : samples) total += sample;
  double per_second = 1e3 * static_cast<double>(samples.size()) / total;
  if (options.json) {
    nlohmann::json json = {{"model", options.model.path},
                           {"device", options.model.device},
                           {"threads", session->threads()},
                           {"load_ms", load},
                           {"first_ms", first},
                           {"min_ms", samples.front()},
                           {"median_ms", at(0.5)},
                           {"p90_ms", at(0.9)},
                           {"p99_ms", at(0.99)},
                           {"runs", samples.size()},
                           {"runs_per_second", per_second},
                           {"peak_mb", peak_megabytes()}};
    std::printf("%s\n", json.dump(1).c_str());
    return kDone;
  }
  std::printf("load %.2f ms, first run %.2f ms, %d threads\n", load, first, session->threads());
  std::printf("min %.3f ms  median %.3f  p90 %.3f  p99 %.3f  (%zu runs, %.1f per second)\n",
              samples.front(), at(0.5), at(0.9), at(0.99), samples.size(), per_second);
  std::printf("peak memory %.1f MB\n", peak_megabytes());
  return kDone;
}

}  // namespace

void add_bench(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command =
      add_command(app, chosen, options, "bench", "Time a model",
                  "convoy bench model.onnx --shape x=1x3x224x224 --threads 1", run_bench);
  add_model_options(*command, options->model);
  add_feed_options(*command, options->feeds);
  command->add_option("--seconds", options->seconds, "how long to run")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--resident", options->resident,
                    "leave inputs and outputs on the device, so that no run copies them");
}

}  // namespace convoy::cli
