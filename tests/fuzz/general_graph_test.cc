// A short run of the random general graphs; build/bin/graph_fuzz makes longer ones.
#include <chrono>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/fuzz/fuzz_seed.h"
#include "tests/fuzz/general_check.h"

namespace convoy::testing {
namespace {

TEST(GraphFuzz, AllWaysToRunAGraphAgree) {
  const uint64_t seed = fuzz_seed();
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  int64_t graphs = 0;
  while (std::chrono::steady_clock::now() < end && graphs < 400) {
    GeneralVerdict verdict = check_general_graph(seed, graphs++);
    ASSERT_TRUE(verdict.problem.empty())
        << "build/bin/graph_fuzz --seed " << seed << " --first " << graphs - 1 << " --graphs 1\n"
        << verdict.text << "\n"
        << verdict.problem;
  }
  std::printf("CONVOY_FUZZ_SEED=%llu: %lld graphs\n", static_cast<unsigned long long>(seed),
              static_cast<long long>(graphs));
  EXPECT_GE(graphs, 10);
}

}  // namespace
}  // namespace convoy::testing
