// A short run of the random branch graphs; build/bin/branch_fuzz makes longer ones.
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <source_dir.h>

#include "tests/fuzz/branch_check.h"
#include "tests/fuzz/fuzz_seed.h"

namespace convoy::testing {
namespace {

// Graphs that once failed.
TEST(BranchFuzz, GraphsThatOnceFailedComputeTheSame) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(CONVOY_SOURCE_DIR "/tests/fuzz/found")) {
    BranchVerdict verdict = check_branch_file(entry.path().string());
    EXPECT_TRUE(verdict.problem.empty()) << verdict.text << "\n" << verdict.problem;
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(BranchFuzz, OptimizedGraphsComputeTheSame) {
  const uint64_t seed = fuzz_seed();
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(8);
  int64_t graphs = 0;
  int64_t merged = 0;
  while (std::chrono::steady_clock::now() < end && graphs < 600) {
    BranchVerdict verdict = check_branch_graph(seed, graphs++);
    merged += verdict.merged ? 1 : 0;
    ASSERT_TRUE(verdict.problem.empty())
        << "build/bin/branch_fuzz --seed " << seed << " --first " << graphs - 1 << " --graphs 1\n"
        << verdict.text << "\n"
        << verdict.problem;
  }
  std::printf("CONVOY_FUZZ_SEED=%llu: %lld graphs, %lld with a merge\n",
              static_cast<unsigned long long>(seed), static_cast<long long>(graphs),
              static_cast<long long>(merged));
  if (graphs >= 300) {
    EXPECT_GE(merged * 2, graphs);
  }
}

}  // namespace
}  // namespace convoy::testing
