// A short run of the random branch graphs; build/bin/branch_fuzz makes longer ones.
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <source_dir.h>

#include "tests/fuzz/branch_check.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/fuzz/repeat_for.h"

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
  int64_t merged = 0;
  const int64_t graphs = repeat_for(std::chrono::seconds(8), 20, 600, [&](int64_t number) {
    BranchVerdict verdict = check_branch_graph(seed, number);
    merged += verdict.merged ? 1 : 0;
    ASSERT_TRUE(verdict.problem.empty())
        << "build/bin/branch_fuzz --seed " << seed << " --first " << number << " --graphs 1\n"
        << verdict.text << "\n"
        << verdict.problem;
  });
  std::printf("CONVOY_FUZZ_SEED=%llu: %lld graphs, %lld with a merge\n",
              static_cast<unsigned long long>(seed), static_cast<long long>(graphs),
              static_cast<long long>(merged));
  if (graphs >= 300) {
    EXPECT_GE(merged * 2, graphs);
  }
}

}  // namespace
}  // namespace convoy::testing
