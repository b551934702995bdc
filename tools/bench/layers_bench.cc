// Every candidate kernel of the nodes of a model file, one thread: layers.py writes one whose nodes
// are the layers of networks, each with operands of its own, and names it in CONVOY_LAYERS. Warm:
// again and again; cold: weights come from memory, as in a network that no cache holds, and the
// input from a cache, as the node before left it.
#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "loaders/onnx/reader.h"
#include "runtime/op/registry.h"
#include "runtime/op/work.h"
#include "tools/bench/candidate.h"
#include "tools/bench/machine_peak.h"

namespace convoy {
namespace {

constexpr int kColdRuns = 9;

void run_warm(benchmark::State& state, Candidate& candidate) {
  for (auto _ : state) candidate.run();
}

// The median is in the counter "median_us": one run that was disturbed would spoil a mean.
void run_cold(benchmark::State& state, Candidate& candidate) {
  std::vector<double> times;
  for (auto _ : state) {
    evict_caches();
    benchmark::DoNotOptimize(candidate.touch_inputs());
    const Stopwatch stopwatch;
    candidate.run();
    const double took = stopwatch.seconds();
    state.SetIterationTime(took);
    times.push_back(took * 1e6);
  }
  std::nth_element(times.begin(), times.begin() + kColdRuns / 2, times.end());
  state.counters["median_us"] = times[kColdRuns / 2];
}

// What the kernels are asked about; nothing where a size is not known.
std::optional<BenchNode> bench_node(const Graph& graph, const Node& node) {
  BenchNode bench{node.op_type, node.version, node.attributes, {}, {}, {}};
  for (ValueId input : node.inputs) {
    const auto shape = graph.value(input).type.static_shape();
    if (!shape || graph.value(input).type.dtype != DType::kFloat32) return std::nullopt;
    bench.inputs.push_back(*shape);
    bench.constant.push_back(graph.constant(input) != nullptr);
  }
  const auto output = graph.value(node.outputs.front()).type.static_shape();
  if (!output) return std::nullopt;
  bench.output = *output;
  return bench;
}

void add_layer(const Node& node, const BenchNode& bench) {
  const OpDef* definition = Registry::standard().find(node);
  if (definition == nullptr) return;
  for (const KernelDef& kernel : definition->kernels) {
    if (kernel.device != DeviceKind::kCpu || kernel.name == "reference") continue;
    const std::string name = node.name + "/" + kernel.name;
    const auto add = [&](const char* how, auto run) {
      return benchmark::RegisterBenchmark(
                 (name + how).c_str(),
                 [bench, definition, &kernel, run](benchmark::State& state) {
                   Candidate candidate(bench, *definition, kernel);
                   if (!candidate.refusal().empty()) {
                     return state.SkipWithError(candidate.refusal().c_str());
                   }
                   run(state, candidate);
                 })
          ->Unit(benchmark::kMicrosecond);
    };
    add("/warm", run_warm);
    add("/cold", run_cold)->UseManualTime()->Iterations(kColdRuns);
  }
}

int add_layers() {
  const char* path = std::getenv("CONVOY_LAYERS");
  if (path == nullptr) return 0;
  Model model;
  try {
    model = read_model(path);
  } catch (const Error& error) {
    fmt::print(stderr, "convoy_bench: {}\n", error.what());
    std::exit(2);
  }
  for (NodeId id : model.graph.topological_order()) {
    const Node& node = model.graph.node(id);
    if (auto bench = bench_node(model.graph, node)) add_layer(node, *bench);
    benchmark::AddCustomContext(
        "multiply_adds/" + node.name,
        fmt::format("{}", multiply_adds(Registry::standard(), model.graph, node)));
  }
  benchmark::AddCustomContext("evicting_bytes", fmt::format("{}", evicting_bytes()));
  benchmark::AddCustomContext("fma_peak", fmt::format("{}", measure_fma_peak()));
  benchmark::AddCustomContext("read_bandwidth", fmt::format("{}", measure_read_bandwidth()));
  return 0;
}

[[maybe_unused]] const int added = add_layers();

}  // namespace
}  // namespace convoy
