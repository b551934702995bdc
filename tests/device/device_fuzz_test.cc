// Random graphs on the mirror device and on the emulated GPU; build/bin/branch_fuzz and graph_fuzz
// with --device make longer runs.
#include <chrono>
#include <cstdlib>
#include <functional>

#include <gtest/gtest.h>

#include "runtime/device/mirror.h"
#include "tests/device/device_check.h"
#include "tests/fuzz/branch_check.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/fuzz/general_check.h"
#include "tests/fuzz/repeat_for.h"

namespace convoy::testing {
namespace {

// A few seconds, or 10,000 graphs with CONVOY_TEST_FULL.
template <typename Check>
void check_graphs(Device& device, const char* command, int64_t most, const Check& check) {
  const uint64_t seed = fuzz_seed();
  const bool full = std::getenv("CONVOY_TEST_FULL") != nullptr;
  const int64_t least = full ? most : 5;
  auto check_one = [&](int64_t number) {
    auto verdict = check(device, seed, number);
    ASSERT_EQ(verdict.problem, "")
        << "build/bin/" << command << " --device " << to_string(device.id()) << " --seed " << seed
        << " --first " << number << " --graphs 1\n"
        << verdict.text;
  };
  const int64_t graphs = repeat_for(std::chrono::seconds(8), least, full ? most : 300, check_one);
  std::printf("CONVOY_FUZZ_SEED=%llu: %lld graphs\n", static_cast<unsigned long long>(seed),
              static_cast<long long>(graphs));
}

constexpr int64_t kOnMirror = 10000;
constexpr int64_t kOnGpu = 3000;

TEST(MirrorFuzz, BranchGraphsComputeTheSame) {
  check_graphs(mirror_device(), "branch_fuzz", kOnMirror, check_branch_graph_on);
}

TEST(MirrorFuzz, GeneralGraphsComputeTheSame) {
  check_graphs(mirror_device(), "graph_fuzz", kOnMirror, check_general_graph_on);
}

TEST(CudaFuzz, BranchGraphsComputeTheSame) {
  if (emulated_gpu() == nullptr) GTEST_SKIP() << "the emulated GPU was not built";
  check_graphs(*emulated_gpu(), "branch_fuzz", kOnGpu, check_branch_graph_on);
}

TEST(CudaFuzz, GeneralGraphsComputeTheSame) {
  if (emulated_gpu() == nullptr) GTEST_SKIP() << "the emulated GPU was not built";
  check_graphs(*emulated_gpu(), "graph_fuzz", kOnGpu, check_general_graph_on);
}

}  // namespace
}  // namespace convoy::testing
