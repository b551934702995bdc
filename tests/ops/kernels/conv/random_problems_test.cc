// Random problems of the direct convolution.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/ops/kernels/conv/direct_conv_check.h"
#include "tests/ops/kernels/conv/reference_conv.h"

namespace convoy::kernels {
namespace {

ConvProblem random_problem(std::mt19937_64& random) {
  auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  auto rarely = [&] { return pick(0, 4) == 0; };
  ConvProblem p;
  p.rank = int(pick(1, 3));
  for (ConvLoop& loop : p.batch) loop.size = pick(1, 3);
  for (ConvGroup& group : p.group) {
    group.size = pick(1, 3);
    group.shared_weights = rarely();
  }
  p.in_channels = rarely() ? pick(1, 40) : pick(1, 5);
  p.out_channels = rarely() ? pick(1, 40) : pick(1, 9);
  for (int i = 0; i < p.rank; ++i) {
    const int64_t most = i == p.rank - 1 ? (rarely() ? 400 : 60) : 9;
    const int64_t kernel = rarely() ? pick(1, 12) : pick(1, 3);
    const int64_t stride = rarely() ? pick(2, 5) : 1;
    const int64_t dilation = rarely() ? pick(2, 6) : 1;
    const int64_t reach = dilation * (kernel - 1);
    p.spatial[i] = window(pick(1, most), kernel, stride, dilation,
                          rarely() ? pick(0, reach + 2) : 0, pick(0, reach));
    if (p.spatial[i].output_size == 0) p.spatial[i] = window(most, 1);
  }
  p.has_residual = rarely();
  p.epilogue.activation = Activation(rarely() ? pick(0, 8) : 0);
  p.epilogue.alpha = -0.25f;
  p.epilogue.beta = 0.75f;
  set_contiguous_strides(&p);
  if (rarely()) {  // the channels last
    for (int i = 0; i < p.rank; ++i) {
      p.spatial[i].input_stride *= p.in_channels;
      p.spatial[i].output_stride *= p.out_channels;
    }
    p.in_channel_stride = p.out_channel_stride = 1;
  } else if (rarely()) {  // gaps between rows
    p.in_channel_stride += 3;
    for (ConvLoop* loop : {&p.batch[0], &p.batch[1], static_cast<ConvLoop*>(&p.group[0]),
                           static_cast<ConvLoop*>(&p.group[1])})
      loop->input_stride += 3 * loop->input_stride;
  }
  return p;
}

double product_count(const ConvProblem& p) {
  double count = double(p.in_channels * p.out_channels);
  for (int i = 0; i < 2; ++i) count *= double(p.batch[i].size * p.group[i].size);
  for (int i = 0; i < p.rank; ++i) count *= double(p.spatial[i].kernel * p.spatial[i].output_size);
  return count;
}

// CONVOY_TEST_SEED repeats a run, CONVOY_TEST_SECONDS makes it longer.
TEST(DirectConv, RandomProblems) {
  const char* seed_text = std::getenv("CONVOY_TEST_SEED");
  const char* seconds_text = std::getenv("CONVOY_TEST_SECONDS");
  const uint64_t seed = seed_text ? std::strtoull(seed_text, nullptr, 10) : std::random_device()();
  const double seconds = seconds_text ? std::strtod(seconds_text, nullptr) : 2;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  const auto start = std::chrono::steady_clock::now();
  int64_t problems = 0;
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
         seconds) {
    const ConvProblem problem = random_problem(random);
    if (product_count(problem) > 100'000) continue;
    check(problem, random, random() % 2);
    ++problems;
    if (HasFailure()) break;
  }
  std::printf("%lld problems\n", static_cast<long long>(problems));
}

}  // namespace
}  // namespace convoy::kernels
