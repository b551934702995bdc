// A short run of the random general graphs; build/bin/graph_fuzz makes longer ones.
#include <chrono>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/fuzz/fuzz_seed.h"
#include "tests/fuzz/general_check.h"
#include "tests/fuzz/repeat_for.h"

namespace convoy::testing {
namespace {

TEST(GraphFuzz, AllWaysToRunAGraphAgree) {
  const uint64_t seed = fuzz_seed();
  const int64_t graphs = repeat_for(std::chrono::seconds(15), 10, 400, [&](int64_t number) {
    GeneralVerdict verdict = check_general_graph(seed, number);
    ASSERT_TRUE(verdict.problem.empty())
        << "build/bin/graph_fuzz --seed " << seed << " --first " << number << " --graphs 1\n"
        << verdict.text << "\n"
        << verdict.problem;
  });
  std::printf("CONVOY_FUZZ_SEED=%llu: %lld graphs\n", static_cast<unsigned long long>(seed),
              static_cast<long long>(graphs));
}

}  // namespace
}  // namespace convoy::testing
