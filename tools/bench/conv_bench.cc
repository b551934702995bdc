// Speed of the direct convolution on the signature workloads, one core, and its share of the FMA
// peak of that core, measured beside each workload. best_percent is of the fastest iteration: what
// the kernel does while nothing else wants the core.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ops/kernels/conv/conv_run.h"
#include "ops/kernels/conv/task_cut.h"
#include "ops/kernels/conv/winograd_pixels_run.h"
#include "ops/kernels/conv/winograd_run.h"
#include "runtime/device/machine.h"
#include "runtime/graph/window.h"
#include "tools/bench/machine_peak.h"

namespace convoy::kernels {
namespace {

struct Freer {
  void operator()(float* p) const { std::free(p); }
};
using Floats = std::unique_ptr<float[], Freer>;

Floats make_floats(int64_t count) {
  const size_t bytes = (size_t(count) * sizeof(float) + 63) / 64 * 64 + 64;
  Floats floats(static_cast<float*>(std::aligned_alloc(64, bytes)));
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.1f, 0.1f);
  for (int64_t i = 0; i < count; ++i) floats[size_t(i)] = uniform(random);
  return floats;
}

struct Layer {
  ConvProblem problem;
  Floats weights, bias;
};

ConvWindow window(int64_t size, int64_t kernel, int64_t dilation, int64_t pad_begin,
                  int64_t pad_end, int64_t stride = 1) {
  ConvWindow w;
  w.input_size = size;
  w.kernel = kernel;
  w.dilation = dilation;
  w.pad_begin = pad_begin;
  w.stride = stride;
  w.output_size = window_count({kernel, stride, dilation, pad_begin, pad_end}, size, false);
  w.input_stride = w.output_stride = w.residual_stride = 1;
  return w;
}

// X[B, C, H, W], a convolution for each row.
ConvProblem rows(int64_t B, int64_t C, int64_t H, int64_t W, int64_t k) {
  ConvProblem p;
  p.spatial[0] = window(W, k, 1, 0, 0);
  const int64_t out = p.spatial[0].output_size;
  p.batch[1] = {B, C * H * W, C * H * out, 0};
  p.group[1].size = H;
  p.group[1].input_stride = W;
  p.group[1].output_stride = out;
  p.in_channels = p.out_channels = C;
  p.in_channel_stride = H * W;
  p.out_channel_stride = H * out;
  return p;
}

// X[B, groups * in, W], as one grouped convolution.
ConvProblem grouped(int64_t B, int64_t groups, int64_t in, int64_t out, const ConvWindow& width) {
  ConvProblem p;
  p.spatial[0] = width;
  p.in_channels = in;
  p.out_channels = out;
  p.in_channel_stride = width.input_size;
  p.out_channel_stride = width.output_size;
  p.group[1].size = groups;
  p.group[1].input_stride = in * width.input_size;
  p.group[1].output_stride = out * width.output_size;
  p.batch[1] = {B, groups * p.group[1].input_stride, groups * p.group[1].output_stride, 0};
  return p;
}

ConvProblem shared(int64_t B, int64_t C, int64_t O, int64_t W, int64_t k) {
  ConvProblem p = grouped(B, C, 1, O, window(W, k, 1, 0, 0));
  p.group[1].shared_weights = true;
  return p;
}

std::vector<ConvProblem> stack(int64_t B, int64_t C, int64_t W, int64_t k, int layers,
                               int64_t groups, bool dilate) {
  std::vector<ConvProblem> problems;
  for (int i = 0; i < layers; ++i) {
    const int64_t d = dilate ? int64_t{1} << (i % 8) : 1, pad = (k - 1) * d;
    problems.push_back(
        grouped(B, groups, C / groups, C / groups, window(W, k, d, pad / 2, pad - pad / 2)));
    problems.back().epilogue.activation = Activation::relu;
  }
  return problems;
}

ConvProblem planes(int64_t B, int64_t groups, int64_t channels, int64_t size, int64_t k,
                   int64_t stride = 1) {
  ConvWindow w = window(size, k, 1, k / 2, k / 2, stride);
  ConvProblem p = grouped(B * 1, groups, channels, channels, w);
  p.rank = 2;
  p.spatial[1] = w;
  p.spatial[0].input_stride = size;
  p.spatial[0].output_stride = w.output_size;
  for (int64_t* of_rows :
       {&p.in_channel_stride, &p.group[1].input_stride, &p.batch[1].input_stride})
    *of_rows *= size;
  for (int64_t* of_rows :
       {&p.out_channel_stride, &p.group[1].output_stride, &p.batch[1].output_stride})
    *of_rows *= w.output_size;
  return p;
}

double flops(const ConvProblem& p) { return 2.0 * double(multiplications(p)); }

double taps(const ConvProblem& p) {
  double count = 1;
  for (int i = 0; i < p.rank; ++i) count *= double(p.spatial[i].kernel);
  return count;
}

int64_t extent(const ConvProblem& p, bool output) {
  const int64_t batch = output ? p.batch[1].output_stride : p.batch[1].input_stride;
  return p.batch[1].size * batch;
}

template <typename Conv>
void run(benchmark::State& state, const std::vector<ConvProblem>& problems) {
  std::vector<Conv> convs;
  std::vector<Floats> weights, biases;
  int64_t most = 0, scratch_size = 0;
  double count = 0, estimate = 0;
  for (const ConvProblem& problem : problems) {
    const Conv& conv = convs.emplace_back(problem, best_isa(), 1);
    const Floats plain = make_floats(conv.packed_weights_size());
    weights.push_back(make_floats(conv.packed_weights_size()));
    conv.pack_weights(plain.get(), weights.back().get());
    biases.push_back(
        make_floats(problem.group[0].size * problem.group[1].size * problem.out_channels));
    most = std::max({most, extent(problem, false), extent(problem, true)});
    scratch_size = std::max(scratch_size, conv.scratch_size());
    count += flops(problem);
    estimate += conv.cycles() * flops(problem) /
                (2.0 * double(problem.in_channels * problem.out_channels) * taps(problem));
  }
  const Floats scratch = make_floats(scratch_size), first = make_floats(most);
  const Floats buffers[2] = {make_floats(most), make_floats(most)};
  const double before = measure_fma_peak();
  double fastest = 1e9;
  for (auto _ : state) {
    const Stopwatch stopwatch;
    const float* input = first.get();
    for (size_t i = 0; i < convs.size(); ++i) {
      float* output = buffers[i % 2].get();
      const ConvOperands operands{input, weights[i].get(), biases[i].get(), nullptr, output};
      typename Conv::Run(convs[i], operands, scratch.get()).run_tasks(0, convs[i].task_count());
      input = output;
    }
    benchmark::ClobberMemory();
    fastest = std::min(fastest, stopwatch.seconds());
  }
  const double peak = std::max(before, measure_fma_peak());
  const double per_run = count / 1e9;
  state.counters["GFLOP/s"] =
      benchmark::Counter(per_run, benchmark::Counter::kIsIterationInvariantRate);
  if (peak == 0) return;
  state.counters["peak_GFLOP/s"] = peak / 1e9;
  state.counters["peak_percent"] =
      benchmark::Counter(100e9 * per_run / peak, benchmark::Counter::kIsIterationInvariantRate);
  // What the plan expected of a core with AVX2: 32 operations a cycle at its peak.
  state.counters["estimated_percent"] = 100 * count / 32 / estimate;
  state.counters["best_percent"] = 100 * count / fastest / peak;
}

template <typename Conv = DirectConv>
void add(const std::string& name, std::vector<ConvProblem> problems) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [problems](benchmark::State& state) { run<Conv>(state, problems); });
}

void add_winograd(const std::string& name, const std::vector<ConvProblem>& problems) {
  add<WinogradConv>("winograd_conv/" + name, problems);
  add<WinogradPixelsConv>("winograd_pixels_conv/" + name, problems);
}

void add_all() {
  add("direct_conv/rows_b1", {rows(1, 15, 10, 100, 3)});
  add("direct_conv/rows_b3", {rows(3, 15, 10, 100, 3)});
  add("direct_conv/rows_b32", {rows(32, 15, 10, 100, 3)});
  add("direct_conv/rows_w1000", {rows(32, 15, 10, 1000, 3)});
  add("direct_conv/rows_h64", {rows(8, 32, 64, 256, 5)});
  add("direct_conv/shared_c3", {shared(32, 3, 16, 1000, 5)});
  add("direct_conv/shared_c64", {shared(32, 64, 8, 1000, 5)});
  add("direct_conv/tcn_c64", stack(1, 64, 4000, 3, 10, 1, true));
  add("direct_conv/tcn_c256", stack(1, 256, 1000, 3, 10, 1, true));
  add("direct_conv/wavenet_c32", stack(1, 32, 16000, 3, 10, 1, true));
  add("direct_conv/depthwise_c256k7", stack(1, 256, 1000, 7, 10, 256, false));
  add("direct_conv/depthwise_c8k7", stack(1, 8, 1000, 7, 10, 8, false));
  add("direct_conv/depthwise_c512k31", stack(1, 512, 200, 31, 4, 512, false));
  add("direct_conv/groups4_c48k9", stack(8, 48, 500, 9, 10, 4, false));
  add("direct_conv/plane_g32c4_56_k3", {planes(1, 32, 4, 56, 3)});
  add("direct_conv/plane_g32c8_28_k3", {planes(1, 32, 8, 28, 3)});
  add("direct_conv/plane_g32c16_14_k3", {planes(1, 32, 16, 14, 3)});
  add("direct_conv/plane_g32c32_7_k3", {planes(1, 32, 32, 7, 3)});
  add("direct_conv/plane_dense_c16_56_k3", {planes(1, 1, 16, 56, 3)});
  add("direct_conv/plane_dense_c64_14_k3", {planes(1, 1, 64, 14, 3)});
  add("direct_conv/plane_dense_c128_7_k3", {planes(1, 1, 128, 7, 3)});
  add("direct_conv/plane_dense_c256_14_k1", {planes(1, 1, 256, 14, 1)});
  for (int64_t size : {7, 14, 24, 56})
    for (int64_t k : {3, 5, 7}) {
      const std::string name =
          "direct_conv/plane_depthwise_c96_" + std::to_string(size) + "_k" + std::to_string(k);
      add(name, {planes(1, 96, 1, size, k)});
      add(name + "_s2", {planes(1, 96, 1, size, k, 2)});
    }
  add_winograd("tcn_c64", stack(1, 64, 4000, 3, 10, 1, true));
  add_winograd("tcn_c256", stack(1, 256, 1000, 3, 10, 1, true));
  add_winograd("wavenet_c32", stack(1, 32, 16000, 3, 10, 1, true));
  add_winograd("rows_b1", {rows(1, 15, 10, 100, 3)});
  add_winograd("rows_b3", {rows(3, 15, 10, 100, 3)});
  add_winograd("rows_b32", {rows(32, 15, 10, 100, 3)});
  add_winograd("rows_w1000", {rows(32, 15, 10, 1000, 3)});
  add_winograd("rows_h64", {rows(8, 32, 64, 256, 5)});
  add_winograd("groups4_c48k9", stack(8, 48, 500, 9, 10, 4, false));
  for (int64_t taps : {4, 5, 6, 7, 9, 11}) {
    const std::vector<ConvProblem> layer = stack(1, 64, 1000, taps, 1, 1, false);
    add("direct_conv/c64_taps" + std::to_string(taps), layer);
    add_winograd("c64_taps" + std::to_string(taps), layer);
  }
  for (int i = 0; i < 8; ++i) {
    ConvProblem layer = stack(1, 64, 4000, 3, 8, 1, true)[static_cast<size_t>(i)];
    add_winograd("c64_dilation" + std::to_string(1 << i), {layer});
    add("direct_conv/c64_dilation" + std::to_string(1 << i), {layer});
  }
  for (int64_t channels : {16, 32, 64, 128, 256}) {
    const int64_t size = channels == 256 ? 7 : 896 / channels;
    const std::string name = "plane_c" + std::to_string(channels);
    add("direct_conv/" + name, {planes(1, 1, channels, size, 3)});
    add_winograd(name, {planes(1, 1, channels, size, 3)});
  }
}

const bool kAdded = (add_all(), true);

}  // namespace
}  // namespace convoy::kernels
