#include "ops/kernels/conv/winograd_conv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/winograd_pixels_run.h"
#include "ops/kernels/conv/winograd_run.h"
#include "runtime/device/machine.h"
#include "tests/ops/kernels/conv/reference_conv.h"
#include "tests/ops/kernels/conv/run_guarded.h"

namespace convoy::kernels {
namespace {

struct NamedKernels {
  std::string name;
  const ConvKernels* kernels;
};

std::vector<NamedKernels> all_kernels() {
  std::vector<NamedKernels> all = {{"emulated", &emulated_conv_kernels()}};
  for (Isa isa : {Isa::kGeneric, Isa::kAvx2, Isa::kAvx512})
    if (isa <= best_isa()) all.push_back({std::string(to_string(isa)), &conv_kernels(isa)});
  return all;
}

bool same_kind(float got, double expected) {
  if (std::isnan(expected)) return std::isnan(got);
  return std::isinf(expected) && static_cast<double>(got) == expected;
}

// Errors are measured against the largest magnitude: a pair shares its rounding errors.
template <typename Conv>
void check_form(const ConvProblem& problem, const ConvData& data) {
  std::vector<double> expected, magnitude;
  reference_conv(problem, data, &expected, &magnitude);
  double most = 0;
  for (double value : magnitude)
    if (std::isfinite(value)) most = std::max(most, value);
  for (const NamedKernels& named : all_kernels()) {
    const Conv conv(problem, *named.kernels, 1);
    const std::vector<float> got = run_guarded(conv, data, 1, true);
    size_t wrong = 0;
    for (size_t i = 0; i < got.size() && wrong < 3; ++i)
      if (!(std::abs(got[i] - expected[i]) <= 2e-6 * most) && !same_kind(got[i], expected[i])) {
        ++wrong;
        ADD_FAILURE() << Conv::kName << ' ' << named.name << " at " << i << ": " << got[i]
                      << " for " << expected[i] << "\n"
                      << describe(problem);
      }
    for (int threads : {2, 5}) {
      const Conv split(problem, *named.kernels, threads);
      const std::vector<float> again = run_guarded(split, data, 3, threads == 2);
      ASSERT_EQ(0, std::memcmp(got.data(), again.data(), got.size() * sizeof(float)))
          << Conv::kName << ' ' << named.name << " depends on the split\n"
          << describe(problem);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

// By both forms, where the one along pixels takes the problem.
void check(const ConvProblem& problem, const ConvData& data) {
  ASSERT_EQ(WinogradConv::refusal(problem), nullptr);
  check_form<WinogradConv>(problem, data);
  if (!WinogradPixelsConv::refusal(problem)) check_form<WinogradPixelsConv>(problem, data);
}

void check(const ConvProblem& problem, std::mt19937_64& random, bool with_bias = true) {
  check(problem, make_data(problem, random, with_bias));
}

ConvWindow three(int64_t input, int64_t dilation = 1, int64_t pad = 0) {
  return window(input, 3, 1, dilation, pad, pad);
}

ConvProblem conv2d(int64_t in_channels, int64_t out_channels, const ConvWindow& rows,
                   const ConvWindow& width) {
  ConvProblem p = conv1d(2, 1, in_channels, out_channels, rows);
  p.rank = 2;
  p.spatial[1] = width;
  set_contiguous_strides(&p);
  return p;
}

TEST(WinogradConv, Widths) {
  std::mt19937_64 random(1);
  for (int64_t width = 3; width <= 40; ++width) check(conv1d(2, 1, 3, 5, three(width)), random);
  for (int64_t width : {1, 2, 7, 191, 192, 193, 500})
    check(conv1d(1, 1, 4, 17, three(width, 1, 1)), random);
}

TEST(WinogradConv, Dilations) {
  std::mt19937_64 random(2);
  for (int64_t dilation : {1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 48, 97, 100, 128, 200})
    for (int64_t width : {20, 100, 391})
      check(conv1d(1, 1, 3, 9, three(width, dilation, dilation)), random);
  check(conv1d(1, 1, 700, 9, three(90, 30, 30)), random);
}

TEST(WinogradConv, MoreTaps) {
  std::mt19937_64 random(12);
  for (int64_t taps = 4; taps <= 14; ++taps)
    for (int64_t dilation : {1, 2, 3, 8, 13, 50, 130}) {
      const int64_t most = (taps - 1) * dilation;
      check(conv1d(2, 1, 3, 9, window(most + 40, taps, 1, dilation, 0, 0)), random);
      check(conv1d(1, 2, 2, 5, window(61, taps, 1, dilation, most / 2, most - most / 2)), random);
    }
  check(conv1d(1, 1, 40, 17, window(300, 31, 1, 1, 15, 15)), random);
  check(conv1d(1, 1, 700, 9, window(200, 5, 1, 30, 60, 60)), random);
  check(conv2d(3, 10, window(14, 5, 1, 1, 2, 2), window(14, 5, 1, 1, 2, 2)), random);
  check(conv2d(3, 6, window(11, 7, 2, 1, 3, 3), window(30, 7, 1, 2, 6, 6)), random);
}

TEST(WinogradConv, Channels) {
  std::mt19937_64 random(3);
  for (int64_t out : {1, 7, 8, 16, 23, 24, 25, 33, 50})
    check(conv1d(1, 2, 3, out, three(31)), random, out % 2 == 0);
  for (int64_t in : {1, 2, 33, 400}) check(conv1d(1, 1, in, 8, three(50, 2, 2)), random);
  ConvProblem shared = conv1d(2, 3, 4, 8, three(30));
  shared.group[1].shared_weights = true;
  check(shared, random);
}

TEST(WinogradConv, PlanesAndVolumes) {
  std::mt19937_64 random(4);
  for (int64_t size : {3, 7, 14, 28, 57})
    check(conv2d(3, 10, three(size, 1, 1), three(size, 1, 1)), random);
  check(conv2d(4, 9, window(20, 3, 2, 1, 1, 0), three(33, 1, 1)), random);
  check(conv2d(4, 9, window(20, 4, 3, 2, 3, 2), three(33, 2, 2)), random);
  check(conv2d(4, 9, window(20, 1, 1, 1, 0, 0), three(200, 64, 64)), random);
  check(conv2d(3, 5, window(9, 3, 1, 12, 12, 12), three(21, 100, 100)), random);
  ConvProblem volume = conv2d(2, 9, three(9, 1, 1), three(12, 1, 1));
  volume.rank = 3;
  volume.spatial[2] = three(13, 2, 1);
  volume.spatial[0] = window(7, 2, 2, 1, 1, 1);
  set_contiguous_strides(&volume);
  check(volume, random);
}

TEST(WinogradConv, PaddingAndStrides) {
  std::mt19937_64 random(5);
  check(conv1d(2, 1, 2, 5, window(20, 3, 1, 1, 9, 2)), random);
  check(conv1d(2, 1, 2, 5, window(60, 3, 1, 1, -4, -5)), random);
  check(conv1d(1, 1, 2, 5, window(3, 3, 1, 1, 40, 50)), random);
  ConvProblem last = conv1d(2, 1, 5, 6, three(50, 1, 1));
  last.spatial[0].input_stride = 5;
  last.in_channel_stride = 1;
  check(last, random);
}

TEST(WinogradConv, Epilogues) {
  std::mt19937_64 random(6);
  for (int activation = 0; activation <= int(Activation::silu); ++activation)
    for (bool residual : {false, true}) {
      ConvProblem p = conv1d(2, 2, 3, 7, three(45));
      p.epilogue.activation = Activation(activation);
      p.epilogue.alpha = activation == int(Activation::clip) ? -0.3f : 0.2f;
      p.epilogue.beta = 0.5f;
      p.has_residual = residual;
      check(p, random);
      p.epilogue.scale = -1.5f;
      p.epilogue.shift = 0.25f;
      check(p, random);
    }
}

// What fills no vector is gathered from the rows, of which there are more than a task has.
TEST(WinogradConv, WhatIsLeftOfManyRows) {
  std::mt19937_64 random(13);
  for (int64_t width = 18; width <= 52; width += 3) {
    check(conv1d(5, 2, 9, 4, three(width)), random);
    check(conv1d(35, 1, 6, 7, three(width, 2, 1)), random);
    ConvProblem p = conv2d(16, 5, window(11, 1, 1, 1, 0, 0), window(width, 5, 1, 1, 2, 1));
    p.has_residual = true;
    for (Activation activation : {Activation::relu, Activation::tanh}) {
      p.epilogue.activation = activation;
      check(p, random);
    }
  }
  ConvProblem problem = conv1d(9, 1, 12, 3, three(20));
  for (float value : {std::numeric_limits<float>::infinity(), 1.75e38f}) {
    ConvData data = make_data(problem, random, true);
    for (size_t place : {19, 18, 16, 259}) data.input[place] = value;
    check(problem, data);
  }
}

TEST(WinogradConv, OperandsBeyondTheCaches) {
  std::mt19937_64 random(14);
  check(conv1d(3, 1, 1, 1, three(400'011)), random);
}

// Only outputs that read them know of infinities, NaN and what overflows.
TEST(WinogradConv, NonFiniteInputsSpreadAsTheDefinitionSays) {
  std::mt19937_64 random(7);
  for (int64_t taps : {3, 4, 5, 8, 9}) {
    const ConvProblem problem = conv1d(1, 1, 3, 9, window(60, taps, 1, 2, 2, 2));
    for (float value :
         {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::quiet_NaN()})
      for (size_t place : {0, 17, 30, 59}) {
        ConvData data = make_data(problem, random, true);
        data.input[60 + place] = value;
        check(problem, data);
      }
  }
}

TEST(WinogradConv, RefusesWhatItCannotCompute) {
  EXPECT_NE(WinogradConv::refusal(conv1d(1, 1, 2, 2, window(20, 2, 1, 1, 0, 0))), nullptr);
  EXPECT_NE(WinogradConv::refusal(conv1d(1, 1, 2, 2, window(20, 3, 2, 1, 0, 0))), nullptr);
  EXPECT_NE(WinogradConv::refusal(conv1d(0, 1, 2, 2, three(20))), nullptr);
  EXPECT_NE(WinogradConv::refusal(conv1d(1, 1, 0, 2, three(20))), nullptr);
  ConvProblem apart = conv1d(1, 1, 2, 2, three(20));
  apart.spatial[0].output_stride = 2;
  EXPECT_NE(WinogradConv::refusal(apart), nullptr);
  EXPECT_NE(WinogradPixelsConv::refusal(apart), nullptr);
  EXPECT_NE(WinogradPixelsConv::refusal(conv1d(1, 1, 2, 2, three(40, 12))), nullptr);
  EXPECT_EQ(WinogradPixelsConv::refusal(conv1d(1, 1, 2, 2, three(80, 32))), nullptr);
  ConvProblem last = conv1d(1, 1, 5, 2, three(20));
  last.spatial[0].input_stride = 5;
  EXPECT_NE(WinogradPixelsConv::refusal(last), nullptr);
}

}  // namespace
}  // namespace convoy::kernels
