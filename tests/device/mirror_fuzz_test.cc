// Random graphs on the mirror device; build/bin/branch_fuzz and graph_fuzz with --mirror make
// longer runs.
#include <chrono>
#include <cstdlib>
#include <functional>

#include <gtest/gtest.h>

#include "tests/device/mirror_check.h"
#include "tests/fuzz/branch_check.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/fuzz/general_check.h"

namespace convoy::testing {
namespace {

// A few seconds, or 10,000 graphs with CONVOY_TEST_FULL.
template <typename Check>
void check_graphs(const char* command, const Check& check) {
  const uint64_t seed = fuzz_seed();
  const bool full = std::getenv("CONVOY_TEST_FULL") != nullptr;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(8);
  int64_t graphs = 0;
  while (graphs < (full ? 10000 : 300) && (full || std::chrono::steady_clock::now() < end)) {
    auto verdict = check(seed, graphs);
    ASSERT_EQ(verdict.problem, "") << "build/bin/" << command << " --mirror --seed " << seed
                                   << " --first " << graphs << " --graphs 1\n"
                                   << verdict.text;
    ++graphs;
  }
  std::printf("CONVOY_FUZZ_SEED=%llu: %lld graphs\n", static_cast<unsigned long long>(seed),
              static_cast<long long>(graphs));
  EXPECT_GE(graphs, 5);
}

TEST(MirrorFuzz, BranchGraphsComputeTheSame) {
  check_graphs("branch_fuzz", check_branch_graph_on_mirror);
}

TEST(MirrorFuzz, GeneralGraphsComputeTheSame) {
  check_graphs("graph_fuzz", check_general_graph_on_mirror);
}

}  // namespace
}  // namespace convoy::testing
