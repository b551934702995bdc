// Channels on their own, by the kernels of conv_depthwise.h.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "ops/kernels/conv/conv_run.h"
#include "tests/ops/kernels/conv/direct_conv_check.h"
#include "tests/ops/kernels/conv/run_guarded.h"

namespace convoy::kernels {
namespace {

// A window of k0 x k1 on each of three planes in two batches.
ConvProblem planes(const ConvWindow& rows, const ConvWindow& width) {
  ConvProblem p = conv1d(2, 3, 1, 1, width);
  p.rank = 2;
  p.spatial[0] = rows;
  p.spatial[1] = width;
  set_contiguous_strides(&p);
  return p;
}

TEST(DepthwiseConv, PaddedRows) {
  std::mt19937_64 random(21);
  for (int64_t taps = 2; taps <= 11; ++taps)
    for (int64_t size : {15, 16, 31, 32, 33, 64, 65, 100, 257})
      for (int64_t pad : {int64_t{0}, taps / 2, taps - 1, int64_t{9}, int64_t{17}})
        check(conv1d(2, 3, 1, 1, window(size, taps, 1, 1, pad, taps - 1 - taps / 2)), random);
  check(conv1d(1, 3, 1, 1, window(90, 7, 1, 1, -2, 5)), random);
  check(conv1d(1, 3, 1, 1, window(90, 7, 1, 1, 5, -4)), random);
  for (int activation = 0; activation <= int(Activation::silu); ++activation) {
    ConvProblem p = conv1d(1, 3, 1, 1, window(90, 5, 1, 1, 2, 2));
    p.epilogue.activation = Activation(activation);
    p.epilogue.alpha = activation == int(Activation::clip) ? -0.3f : 0.2f;
    p.epilogue.beta = 0.5f;
    p.has_residual = activation % 2 == 0;
    check(p, random);
    p.epilogue.shift = 0.75f;
    check(p, random);
  }
}

TEST(DepthwiseConv, LongRowsOfTaps) {
  std::mt19937_64 random(22);
  for (int64_t taps : {1, 8, 12, 15, 16, 17, 31, 32, 33, 47, 64, 70})
    for (int64_t size : {5, 17, 90, 250})
      for (int64_t stride : {1, 2})
        check(conv1d(1, 2, 1, 1, window(size, taps, stride, 1, taps / 2, taps - 1)), random);
}

TEST(DepthwiseConv, Planes) {
  std::mt19937_64 random(23);
  for (int64_t taps : {1, 2, 3, 5, 7, 9})
    for (int64_t size : {1, 3, 7, 14, 16, 24, 33, 56})
      for (int64_t stride : {1, 2}) {
        const ConvWindow width = window(size, taps, stride, 1, taps / 2, taps / 2);
        check(planes(width, width), random);
        check(planes(window(5, 3, 1, 2, 2, 2), width), random);
      }
}

TEST(DepthwiseConv, RowsBeyondTheInput) {
  std::mt19937_64 random(24);
  for (int64_t size : {6, 40}) {
    check(planes(window(2, 3, 1, 1, 4, 4), window(size, 3, 1, 1, 1, 1)), random);
    check(planes(window(2, 1, 1, 1, 3, 2), window(size, 5, 1, 1, 2, 2)), random);
    check(planes(window(9, 3, 1, 1, -2, -1), window(size, 3, 1, 1, -1, -2)), random);
    check(planes(window(9, 3, 3, 1, 1, 1), window(size, 3, 2, 1, 1, 0)), random);
  }
}

std::vector<float> outputs(const ConvProblem& problem, const ConvData& data,
                           const NamedKernels& named, int threads) {
  return run_guarded(DirectConv(problem, *named.kernels, threads, named.form), data, 1, false);
}

// So many threads that a part of the row is less than a vector.
TEST(DepthwiseConv, ShortPartsOfLongRows) {
  std::mt19937_64 random(25);
  const ConvProblem p = conv1d(1, 1, 1, 1, window(276743, 3));
  const ConvData data = make_data(p, random, true);
  for (const NamedKernels& named : all_kernels()) {
    const std::vector<float> whole = outputs(p, data, named, 1), cut = outputs(p, data, named, 64);
    EXPECT_EQ(0, std::memcmp(whole.data(), cut.data(), whole.size() * sizeof(float))) << named.name;
  }
}

// Products that are too small leave a sum of -0, in a pair of rows or in one.
TEST(DepthwiseConv, KeepsNegativeZero) {
  std::mt19937_64 random(26);
  const ConvProblem p = planes(window(9, 3), window(20, 3));
  ConvData data = make_data(p, random, true);
  data.input.assign(data.input.size(), 1e-30f);
  data.weights.assign(data.weights.size(), -1e-30f);
  data.bias.assign(data.bias.size(), -0.0f);
  for (const NamedKernels& named : all_kernels()) {
    const std::vector<float> whole = outputs(p, data, named, 1), cut = outputs(p, data, named, 5);
    EXPECT_TRUE(std::signbit(whole[0])) << named.name;
    EXPECT_EQ(0, std::memcmp(whole.data(), cut.data(), whole.size() * sizeof(float))) << named.name;
  }
}

}  // namespace
}  // namespace convoy::kernels
