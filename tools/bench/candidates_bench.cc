// Times every candidate kernel of Conv, MatMul and pooling on the shapes of common layers, one
// thread. The layouts that a kernel asks for are prepared beforehand: reorders do not count.
#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include "runtime/op/registry.h"
#include "tools/bench/candidate.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

constexpr int kVersion = 21;  // of every operator here

struct Case {
  std::string name;
  BenchNode node;
  double work;  // floating-point operations
};

void run_candidate(benchmark::State& state, const Case& c, const OpDef& definition,
                   const KernelDef& kernel) {
  Candidate candidate(c.node, definition, kernel);
  if (!candidate.refusal().empty()) return state.SkipWithError(candidate.refusal().c_str());
  for (auto _ : state) candidate.run();
  state.counters["GFLOP/s"] =
      benchmark::Counter(c.work * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

Case conv(const char* name, const Shape& x, const Shape& w, int64_t stride, int64_t pad,
          int64_t group = 1, int64_t dilation = 1) {
  auto rank = static_cast<size_t>(x.rank() - 2);
  BenchNode node{"Conv", kVersion, {}, {x, w, Shape{w[0]}}, {false, true, false}, {x[0], w[0]}};
  for (int axis = 2; axis < x.rank(); ++axis) {
    int64_t extent = dilation * (w[axis] - 1) + 1;
    node.output.push_back((x[axis] + 2 * pad - extent) / stride + 1);
  }
  node.attributes["strides"] = Ints(rank, stride);
  node.attributes["pads"] = Ints(2 * rank, pad);
  node.attributes["dilations"] = Ints(rank, dilation);
  node.attributes["group"] = group;
  const double work = 2.0 * static_cast<double>(element_count(node.output)) *
                      static_cast<double>(element_count(w) / w[0]);
  return {name, std::move(node), work};
}

Case matmul(int64_t batch, int64_t m, int64_t k, int64_t n, bool shared) {
  return {fmt::format("matmul/{}x{}x{}x{}{}", batch, m, k, n, shared ? "" : "/batched"),
          {"MatMul",
           kVersion,
           {},
           {{batch, m, k}, shared ? Shape{k, n} : Shape{batch, k, n}},
           {false, true},
           {batch, m, n}},
          2.0 * static_cast<double>(batch * m * k) * static_cast<double>(n)};
}

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      conv("resnet/stem", {1, 3, 224, 224}, {64, 3, 7, 7}, 2, 3),
      conv("resnet/56", {1, 64, 56, 56}, {64, 64, 3, 3}, 1, 1),
      conv("resnet/28", {1, 128, 28, 28}, {128, 128, 3, 3}, 1, 1),
      conv("resnet/7", {1, 512, 7, 7}, {512, 512, 3, 3}, 1, 1),
      conv("pointwise/56", {1, 64, 56, 56}, {256, 64, 1, 1}, 1, 0),
      conv("few/1to8", {8, 1, 28, 28}, {8, 1, 3, 3}, 1, 1),
      conv("few/8to1", {1, 8, 64, 64}, {1, 8, 3, 3}, 1, 1),
      conv("few/12to20", {4, 12, 32, 32}, {20, 12, 3, 3}, 1, 1),
      conv("rows/16", {8, 16, 64, 256}, {16, 16, 1, 5}, 1, 0),
      conv("1d/256", {1, 256, 1000}, {256, 256, 3}, 1, 4, 1, 4),
      conv("1d/256unpadded", {1, 256, 1008}, {256, 256, 3}, 1, 0, 1, 4),
      conv("1d/32", {8, 32, 256}, {32, 32, 5}, 1, 2),
      conv("1d/15", {32, 15, 100}, {15, 15, 3}, 1, 0),
      conv("1d/1to8", {64, 1, 1000}, {8, 1, 5}, 1, 2),
      conv("1d/stem", {4, 3, 4000}, {64, 3, 7}, 2, 3),
      conv("depthwise/56", {1, 96, 56, 56}, {96, 1, 3, 3}, 1, 1, 96),
      conv("depthwise/112s2", {1, 96, 112, 112}, {96, 1, 3, 3}, 2, 1, 96),
      conv("depthwise/7x7", {1, 96, 56, 56}, {96, 1, 7, 7}, 1, 3, 96),
      conv("depthwise/1d", {8, 256, 400}, {256, 1, 7}, 1, 3, 256),
      conv("grouped/32x4", {1, 128, 56, 56}, {128, 4, 3, 3}, 1, 1, 32),
      conv("grouped/2x16", {1, 32, 56, 56}, {32, 16, 3, 3}, 1, 1, 2),
      conv("rows/grouped", {32, 150, 100}, {150, 15, 3}, 1, 0, 10),
      matmul(1, 1, 64, 64, true),
      matmul(1, 1, 768, 3072, true),
      matmul(1, 4, 256, 256, true),
      matmul(1, 16, 64, 64, true),
      matmul(1, 128, 768, 768, true),
      matmul(8, 64, 256, 64, true),
      matmul(12, 128, 64, 128, false),
      matmul(64, 8, 8, 8, false),
      matmul(1000, 1, 32, 32, false),
  };
  return list;
}

int register_cases() {
  for (const Case& c : cases()) {
    const OpDef* definition = Registry::standard().find("", c.node.op, kVersion);
    for (const KernelDef& candidate : definition->kernels) {
      if (candidate.device != DeviceKind::kCpu) continue;
      benchmark::RegisterBenchmark(fmt::format("{}/{}", c.name, candidate.name).c_str(),
                                   [&c, definition, &candidate](benchmark::State& state) {
                                     run_candidate(state, c, *definition, candidate);
                                   })
          ->Unit(benchmark::kMicrosecond);
    }
  }
  return 0;
}

[[maybe_unused]] const int registered = register_cases();

}  // namespace
}  // namespace convoy
