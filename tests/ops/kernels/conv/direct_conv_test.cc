#include "ops/kernels/conv/direct_conv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>
#include <thread>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_run.h"
#include "runtime/device/machine.h"
#include "tests/ops/kernels/conv/direct_conv_check.h"
#include "tests/ops/kernels/conv/reference_conv.h"
#include "tests/ops/kernels/conv/run_guarded.h"

namespace convoy::kernels {
namespace {

// X[B, C, H, W] with one convolution per row h, read and written in place.
ConvProblem rows(int64_t B, int64_t C, int64_t H, int64_t W, int64_t k) {
  ConvProblem p = conv1d(B, H, C, C, window(W, k));
  const int64_t out = W - k + 1;
  p.group[1].input_stride = W;
  p.group[1].output_stride = p.group[1].residual_stride = out;
  p.in_channel_stride = H * W;
  p.out_channel_stride = p.residual_channel_stride = H * out;
  return p;
}

std::vector<float> run_simple(const ConvProblem& problem, const std::vector<float>& input,
                              const std::vector<float>& weights, const NamedKernels& named) {
  ConvData data;
  data.input = input;
  data.weights = weights;
  int64_t outputs = problem.batch[1].size * problem.group[1].size * problem.out_channels;
  for (int i = 0; i < problem.rank; ++i) outputs *= problem.spatial[i].output_size;
  data.output.assign(size_t(outputs), -1.0f);
  return run_guarded(DirectConv(problem, *named.kernels, 2, named.form), data, 1, true);
}

// Conv1d by hand: input 0 .. 9, two output maps of weights 1, 1, ... and 0, -1, -2, ...
TEST(DirectConv, ByHand) {
  struct Case {
    int64_t size, stride, dilation, pad;
    std::vector<float> ones, falling;
  };
  const std::vector<Case> cases = {
      {2, 1, 1, 0, {1, 3, 5, 7, 9, 11, 13, 15, 17}, {-1, -2, -3, -4, -5, -6, -7, -8, -9}},
      {3, 1, 1, 0, {3, 6, 9, 12, 15, 18, 21, 24}, {-5, -8, -11, -14, -17, -20, -23, -26}},
      {3,
       1,
       1,
       1,
       {1, 3, 6, 9, 12, 15, 18, 21, 24, 17},
       {-2, -5, -8, -11, -14, -17, -20, -23, -26, -9}},
      {2, 2, 1, 0, {1, 5, 9, 13, 17}, {-1, -3, -5, -7, -9}},
      {2, 2, 1, 2, {0, 1, 5, 9, 13, 17, 0}, {0, -1, -3, -5, -7, -9, 0}},
      {2, 2, 1, 5, {0, 0, 0, 3, 7, 11, 15, 9, 0, 0}, {0, 0, 0, -2, -4, -6, -8, 0, 0, 0}},
      {2, 1, 2, 0, {2, 4, 6, 8, 10, 12, 14, 16}, {-2, -3, -4, -5, -6, -7, -8, -9}},
  };
  std::vector<float> input;
  for (int i = 0; i < 10; ++i) input.push_back(float(i));
  for (const Case& c : cases) {
    const ConvProblem p =
        conv1d(1, 1, 1, 2, window(10, c.size, c.stride, c.dilation, c.pad, c.pad));
    std::vector<float> weights(size_t(c.size), 1.0f), expected = c.ones;
    for (int64_t i = 0; i < c.size; ++i) weights.push_back(float(-i));
    expected.insert(expected.end(), c.falling.begin(), c.falling.end());
    for (const NamedKernels& named : all_kernels())
      EXPECT_EQ(run_simple(p, input, weights, named), expected) << named.name << describe(p);
  }
}

TEST(DirectConv, RowsInPlace) {
  std::mt19937_64 random(1);
  for (int64_t batch : {1, 3, 5}) check(rows(batch, 15, 10, 100, 3), random);
  check(rows(2, 32, 6, 256, 5), random);
  check(rows(2, 4, 3, 1000, 3), random);
  check(rows(2, 3, 4, 9, 3), random);
}

TEST(DirectConv, ChannelCounts) {
  std::mt19937_64 random(2);
  for (int64_t out = 1; out <= 19; ++out) check(conv1d(1, 2, 3, out, window(61, 3)), random);
  for (int64_t in : {1, 2, 5, 33}) check(conv1d(2, 2, in, 7, window(40, 2)), random);
  check(conv1d(2, 1, 16, 32, window(10, 2)), random);
  check(conv1d(2, 4, 4, 8, window(10, 2)), random);
  check(conv1d(2, 16, 1, 1, window(10, 2)), random);
  check(conv1d(2, 1, 16, 32, window(9, 1)), random);
}

TEST(DirectConv, Widths) {
  std::mt19937_64 random(3);
  for (int64_t width = 1; width <= 70; ++width) {
    check(conv1d(1, 1, 2, 5, window(width, 1)), random);
    check(conv1d(3, 1, 2, 3, window(width, 3, 1, 1, 1, 1)), random);
  }
  for (int64_t width : {127, 128, 129, 300, 1000})
    check(conv1d(1, 1, 3, 6, window(width, 5, 1, 1, 2, 2)), random);
}

TEST(DirectConv, StrideDilationPadding) {
  std::mt19937_64 random(4);
  for (int64_t stride : {1, 2, 3, 4})
    for (int64_t dilation : {1, 2, 3, 7})
      for (int64_t pad : {0, 1, 5})
        for (int64_t kernel : {1, 3, 4})
          check(conv1d(2, 2, 2, 5, window(75, kernel, stride, dilation, pad, 2 * pad / 3)), random);
  check(conv1d(1, 1, 8, 8, window(400, 3, 1, 128, 128, 128)), random);
  check(conv1d(1, 1, 4, 4, window(20, 3, 1, 128, 128, 128)), random);
  check(conv1d(1, 3, 1, 1, window(200, 31, 1, 1, 15, 15)), random);
  check(conv1d(1, 3, 1, 2, window(200, 31, 2, 3, 45, 45)), random);
}

TEST(DirectConv, PaddingBeyondTheInput) {
  std::mt19937_64 random(5);
  check(conv1d(1, 1, 2, 3, window(3, 2, 1, 1, 40, 50)), random);
  ConvProblem cropped = conv1d(1, 1, 2, 3, window(60, 3, 1, 1, -4, -5));
  check(cropped, random);
}

TEST(DirectConv, SharedWeightsAndTwoGroupAxes) {
  std::mt19937_64 random(6);
  // One Conv1d(1 -> 8) on each channel, the results joined on the channel axis.
  ConvProblem shared = conv1d(2, 6, 1, 8, window(90, 5));
  shared.group[1].shared_weights = true;
  check(shared, random);
  // Rows of X[B, C, H, W], each a convolution of two groups.
  for (int which = 0; which < 4; ++which) {
    const int64_t B = 2, groups = 2, in = 3, out = 4, H = 5, W = 40;
    ConvProblem p = conv1d(B, groups, in, out, window(W, 3));
    const int64_t L = p.spatial[0].output_size;
    p.group[0].size = H;
    p.group[0].shared_weights = which & 1;
    p.group[1].shared_weights = which & 2;
    p.group[0].input_stride = W;
    p.group[0].output_stride = L;
    p.in_channel_stride = H * W;
    p.out_channel_stride = H * L;
    p.group[1].input_stride = in * H * W;
    p.group[1].output_stride = out * H * L;
    p.batch[1].input_stride = groups * in * H * W;
    p.batch[1].output_stride = groups * out * H * L;
    check(p, random);
  }
}

TEST(DirectConv, RanksAgree) {
  std::mt19937_64 random(7);
  const std::vector<float> line =
      make_data(conv1d(1, 1, 1, 1, window(100, 1)), random, false).input;
  for (const NamedKernels& named : all_kernels()) {
    const std::vector<float> ones(3, 1.0f);
    const ConvWindow width = window(100, 3, 1, 1, 1, 1);
    const auto expected = run_simple(conv1d(1, 1, 1, 1, width), line, ones, named);
    for (int rank : {2, 3})
      for (int axis = 0; axis < rank; ++axis) {
        ConvProblem p;
        p.rank = rank;
        p.spatial[axis] = width;
        set_contiguous_strides(&p);
        EXPECT_EQ(run_simple(p, line, ones, named), expected) << named.name << describe(p);
      }
  }
}

TEST(DirectConv, PlanesAndVolumes) {
  std::mt19937_64 random(8);
  auto planes = [](int64_t groups, int64_t in, int64_t out, ConvWindow h, ConvWindow w) {
    ConvProblem p = conv1d(2, groups, in, out, w);
    p.rank = 2;
    p.spatial[0] = h;
    p.spatial[1] = w;
    set_contiguous_strides(&p);
    return p;
  };
  for (int64_t size : {5, 7, 14, 28, 56})
    for (int64_t stride : {1, 2}) {
      const ConvWindow w = window(size, 3, stride, 1, 1, 1);
      check(planes(3, 4, 4, w, w), random);
      check(planes(4, 1, 1, w, w), random);
    }
  check(planes(1, 3, 8, window(20, 7, 2, 1, 3, 3), window(31, 7, 2, 1, 3, 3)), random);
  check(planes(1, 3, 5, window(20, 3, 1, 2, 2, 2), window(50, 1)), random);
  check(planes(1, 3, 5, window(20, 1), window(50, 1)), random);
  check(planes(1, 64, 7, window(40, 3, 3, 2, 1, 0), window(60, 3, 1, 1, 1, 1)), random);
  ConvProblem volume;
  volume.rank = 3;
  volume.in_channels = 2;
  volume.out_channels = 3;
  for (int i = 0; i < 3; ++i) volume.spatial[i] = window(9 + i, 3, 1 + i % 2, 1, 1, 1);
  set_contiguous_strides(&volume);
  check(volume, random);
}

// Strides along axes of one position say nothing, also where the batch takes the place of one.
TEST(DirectConv, StridesOfSingleAxes) {
  std::mt19937_64 random(13);
  for (int64_t size : {1, 3, 30})
    for (int64_t out : {3, 20}) {
      ConvProblem p = conv1d(3, 1, 9, out, window(size, 1));
      p.rank = 3;
      p.spatial[1] = p.spatial[2] = window(1, 1, 2, 3);
      set_contiguous_strides(&p);
      check(p, random);
      std::swap(p.spatial[0], p.spatial[2]);
      set_contiguous_strides(&p);
      check(p, random);
    }
}

TEST(DirectConv, Activations) {
  std::mt19937_64 random(9);
  for (int activation = 0; activation <= int(Activation::silu); ++activation)
    for (bool residual : {false, true}) {
      ConvProblem p = conv1d(2, 2, 3, 7, window(45, 3));
      p.epilogue.activation = Activation(activation);
      p.epilogue.alpha = activation == int(Activation::clip) ? -0.3f : 0.2f;
      p.epilogue.beta = 0.5f;
      p.has_residual = residual;
      check(p, random);
      p.epilogue.scale = 1.5f;
      check(p, random);
      p.epilogue.shift = -0.25f;
      check(p, random);
      p = conv1d(6, 2, 3, 7, window(6, 3));
      p.epilogue.activation = Activation(activation);
      p.epilogue.alpha = 0.2f;
      p.epilogue.beta = 0.5f;
      p.has_residual = residual;
      check(p, random, false);
    }
}

TEST(DirectConv, StridedWidth) {
  std::mt19937_64 random(10);
  // Channels last: the width axis strides over the channels.
  ConvProblem p = conv1d(2, 1, 5, 6, window(50, 3, 1, 1, 1, 1));
  p.spatial[0].input_stride = 5;
  p.in_channel_stride = 1;
  p.spatial[0].output_stride = p.spatial[0].residual_stride = 6;
  p.out_channel_stride = p.residual_channel_stride = 1;
  check(p, random);
  p.has_residual = true;
  check(p, random);
  // A broadcast residual, and an input read backwards.
  ConvProblem q = conv1d(2, 1, 5, 6, window(50, 3));
  q.has_residual = true;
  q.spatial[0].residual_stride = 0;
  q.spatial[0].input_stride = -1;
  check(q, random);
}

TEST(DirectConv, Empty) {
  const ConvProblem p = conv1d(0, 2, 3, 4, window(20, 3));
  EXPECT_EQ(DirectConv(p, best_isa(), 4).task_count(), 0);
  EXPECT_EQ(DirectConv(conv1d(1, 1, 2, 2, window(2, 3)), best_isa(), 4).task_count(), 0);
  for (const ConvProblem& none :
       {p, conv1d(1, 1, 2, 2, window(2, 3)), conv1d(1, 2, 3, 0, window(20, 3))})
    for (const NamedKernels& named : all_kernels())
      EXPECT_EQ(DirectConv(none, *named.kernels, 1, named.form).cycles(), 0) << named.name;
  std::mt19937_64 random(11);
  check(conv1d(2, 2, 0, 3, window(20, 3)), random);
  check(conv1d(2, 2, 0, 20, window(20, 3)), random);
}

TEST(DirectConv, RunsOnSeveralThreads) {
  std::mt19937_64 random(12);
  for (const ConvProblem& problem :
       {rows(3, 15, 10, 100, 3), conv1d(1, 1, 20, 30, window(900, 3, 1, 4, 4, 4)),
        conv1d(2, 9, 1, 1, window(77, 7, 1, 1, 3, 3))}) {
    const ConvData data = make_data(problem, random, true);
    const DirectConv conv(problem, best_isa(), 4);
    const std::vector<float> expected = run_guarded(conv, data, 1, true);
    std::vector<float> packed(size_t(conv.packed_weights_size())), output = data.output;
    conv.pack_weights(data.weights.data(), packed.data());
    const ConvOperands operands = operands_of(data, packed.data(), output.data());
    const int64_t scratch_size = (conv.scratch_size() + 15) / 16 * 16, tasks = conv.task_count();
    const std::unique_ptr<float, decltype(&std::free)> scratch(
        static_cast<float*>(std::aligned_alloc(64, size_t(4 * scratch_size) * sizeof(float))),
        &std::free);
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        ConvRun run(conv, operands, scratch.get() + i * scratch_size);
        run.run_tasks(tasks * i / 4, tasks * (i + 1) / 4);
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(output, expected) << describe(problem);
  }
}

// NaN and infinity reach the output as the definition says, also through clamps.
TEST(DirectConv, NonFinite) {
  for (const NamedKernels& named : all_kernels())
    for (Activation activation :
         {Activation::none, Activation::relu, Activation::clip, Activation::sigmoid,
          Activation::tanh, Activation::hard_sigmoid}) {
      ConvProblem p = conv1d(1, 1, 1, 1, window(40, 1));
      p.epilogue.activation = activation;
      p.epilogue.alpha = -1;
      p.epilogue.beta = 1;
      std::vector<float> input(40, 1.0f);
      input[3] = input[37] = NAN;
      input[5] = INFINITY;
      input[6] = -INFINITY;
      const auto got = run_simple(p, input, {1.0f}, named);
      EXPECT_TRUE(std::isnan(got[3]) && std::isnan(got[37])) << named.name << int(activation);
      EXPECT_FALSE(std::isnan(got[4]) || std::isnan(got[5]) || std::isnan(got[6])) << named.name;
    }
}

TEST(DirectConv, HalfResultsOverflowAndUnderflowGradually) {
  for (const NamedKernels& named : all_kernels()) {
    ConvProblem p = conv1d(1, 1, 1, 1, window(40, 1));
    p.element = ConvElement::float16;
    ConvData data;
    data.input.assign(40, 1.0f);
    const std::vector<float> special = {NAN, INFINITY, -INFINITY, 60000.0f, 0x1p-24f, 32752.0f};
    const std::vector<float> doubled = {NAN, INFINITY, -INFINITY, INFINITY, 0x1p-23f, 65504.0f};
    std::copy(special.begin(), special.end(), data.input.begin() + 3);
    data.weights = {2.0f};
    data.output.assign(40, 0.0f);
    const DirectConv conv(p, *named.kernels, 1, named.form);
    const std::vector<float> got = run_guarded_half<Float16>(conv, data, 1, true);
    EXPECT_TRUE(std::isnan(got[3])) << named.name;
    for (size_t i = 1; i < doubled.size(); ++i) EXPECT_EQ(got[3 + i], doubled[i]) << named.name;
    for (size_t i = 3 + doubled.size(); i < 40; ++i) EXPECT_EQ(got[i], 2.0f) << named.name;
  }
}

}  // namespace
}  // namespace convoy::kernels
