// Numbers below 2^-126 are 0 where sums would be slow with them, as they are elsewhere, and the
// caller's arithmetic is as it was after a run.
#include <thread>

#include <gtest/gtest.h>

#include "runtime/base/float_mode.h"
#include "runtime/base/parallel_for.h"
#include "runtime/session/session.h"
#include "tests/rewrite/graph_case.h"

namespace convoy {
namespace {

using testing::GraphCase;

constexpr float kSubnormal = 1e-40F;

// The product of x = kSubnormal by 1, as a convolution's result, and x itself moved and compared.
std::vector<Value> run_with(Subnormals subnormals, int threads) {
  GraphCase test;
  const ValueId x = test.input("x", {1, 64, 40, 40});
  std::vector<float> weights(64 * 64, 0.0F);
  for (size_t i = 0; i < 64; ++i) weights[i * 64 + i] = 1;
  test.output(test.node("Conv", {x, test.floats({64, 64, 1, 1}, weights)}), "conv");
  test.output(test.node("Abs", {x}), "abs");
  test.output(test.node("Greater", {x, test.floats({}, {0})}), "greater");
  test.finish();
  SessionOptions options;
  options.subnormals = subnormals;
  options.threads = threads;
  Session session(std::move(test.model()), options);
  Tensor input = Tensor::allocate(DType::kFloat32, {1, 64, 40, 40});
  std::fill_n(input.mutable_data<float>(), input.count(), kSubnormal);
  return session.run({{"x", Value(input)}});
}

float first(const Value& value) { return value.tensor().data<float>()[0]; }

// Of all threads that took part.
void expect_all(const Value& value, float number) {
  for (float element : value.tensor().values<float>()) ASSERT_EQ(element, number);
}

#if defined(__x86_64__) || defined(__aarch64__)
TEST(Subnormals, AreZeroInSumsUnlessKept) {
  for (int threads : {1, 2}) {
    const std::vector<Value> usual = run_with(Subnormals::kFlushedInSums, threads);
    expect_all(usual[0], 0);
    expect_all(usual[1], kSubnormal);
    EXPECT_TRUE(*usual[2].tensor().data<bool>()) << threads;
    const std::vector<Value> kept = run_with(Subnormals::kKept, threads);
    expect_all(kept[0], kSubnormal);
    const std::vector<Value> flushed = run_with(Subnormals::kFlushed, threads);
    expect_all(flushed[0], 0);
    EXPECT_FALSE(*flushed[2].tensor().data<bool>()) << threads;
  }
}

TEST(Subnormals, OfTheCallerAreAsBefore) {
  const FloatMode before = FloatMode::current();
  run_with(Subnormals::kFlushed, 2);
  EXPECT_EQ(FloatMode::current(), before);
  {
    const FloatModeScope scope(before.flushing());
    EXPECT_NE(FloatMode::current(), before);
    EXPECT_EQ(first(run_with(Subnormals::kKept, 1)[0]), 0) << "the caller's mode applies";
    volatile float small = 1e-30F;
    EXPECT_EQ(small * 1e-10F, 0);
  }
  EXPECT_EQ(FloatMode::current(), before);
}

TEST(Subnormals, GoWithALoopToItsThreads) {
  const auto threads = make_thread_pool(2);
  const FloatMode before = FloatMode::current();
  const FloatModeScope scope(before.flushing());
  std::vector<float> results(2, 1.0F);
  threads->parallel_for(2, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      volatile float small = 1e-30F;
      results[static_cast<size_t>(i)] = small * 1e-10F;
    }
  });
  EXPECT_EQ(results, std::vector<float>(2, 0.0F));
}
#endif

// Threads that a loop makes while the caller flushes do not keep that mode.
TEST(Subnormals, LeaveTheThreadsOfLaterLoopsAlone) {
  std::thread([] {
    const auto threads = make_thread_pool(3);
    {
      const FloatModeScope scope(FloatMode::current().flushing());
      threads->parallel_for(3, 1, [](int64_t, int64_t) {});
    }
    std::vector<float> results(3, 0.0F);
    threads->parallel_for(3, 1, [&](int64_t begin, int64_t) {
      volatile float small = 1e-30F;
      results[static_cast<size_t>(begin)] = small * 1e-10F;
    });
    EXPECT_EQ(results, std::vector<float>(3, kSubnormal));
  }).join();
}

TEST(Subnormals, HaveThreeNames) {
  EXPECT_EQ(parse_subnormals("keep"), Subnormals::kKept);
  EXPECT_THROW(parse_subnormals("sometimes"), Error);
}

}  // namespace
}  // namespace convoy
