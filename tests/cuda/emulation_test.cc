// That the emulation runs kernels as a GPU does, and finds what is wrong with them: every fault
// that is planted here must be found.
#include "runtime/device/cuda/library/emulation.h"

#include <cstdlib>
#include <numeric>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gpu {
namespace {

using ::testing::HasSubstr;

// Runs a kernel in every order of threads and blocks.
class EveryOrder : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { setenv("CONVOY_CUDA_EMULATION", GetParam(), 1); }
  void TearDown() override { unsetenv("CONVOY_CUDA_EMULATION"); }
};
INSTANTIATE_TEST_SUITE_P(Orders, EveryOrder,
                         ::testing::Values("forward", "reverse", "random:1", "random:2"));

std::string misuse_of(dim3 blocks, dim3 threads, size_t shared, const std::function<void()>& run) {
  try {
    emulated::run(blocks, threads, shared, run);
  } catch (const Misuse& misuse) {
    return misuse.what;
  }
  return "";
}

TEST_P(EveryOrder, EveryThreadRunsOnce) {
  std::vector<int> runs(3 * 2 * 2 * 5 * 4 * 3);
  emulated::run({3, 2, 2}, {5, 4, 3}, 0, [&] {
    EXPECT_EQ(blockDim.x * blockDim.y * blockDim.z, 60U);
    EXPECT_EQ(gridDim.x * gridDim.y * gridDim.z, 12U);
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    ++runs[block * 60 + thread];
  });
  EXPECT_THAT(runs, ::testing::Each(1));
}

// Sums 256 numbers in shared memory; without `barrier` threads read what others have not written.
float tree_sum(bool barrier) {
  float result = 0;
  emulated::run(1, 256, 256 * sizeof(float), [&] {
    SharedMemory shared;
    float* values = shared.take<float>(256);
    values[threadIdx.x] = static_cast<float>(threadIdx.x);
    for (unsigned half = 128; half > 0; half /= 2) {
      if (barrier) __syncthreads();
      if (threadIdx.x < half) values[threadIdx.x] += values[threadIdx.x + half];
    }
    if (barrier) __syncthreads();
    if (threadIdx.x == 0) result = values[0];
  });
  return result;
}

TEST_P(EveryOrder, BarriersOrderThreads) { EXPECT_EQ(tree_sum(true), 255 * 128.0F); }

#if defined(__SANITIZE_THREAD__)
TEST(EmulationDeathTest, AMissingBarrierIsFound) {
  EXPECT_EXIT(
      {
        tree_sum(false);
        std::exit(0);
      },
      ::testing::ExitedWithCode(66), "data race");
}
#else
// But in the one order in which each thread happens to come after those that it reads from.
TEST(Emulation, AMissingBarrierShows) {
  int wrong = 0;
  for (const char* order : {"forward", "reverse", "random:1"}) {
    setenv("CONVOY_CUDA_EMULATION", order, 1);
    wrong += tree_sum(false) != 255 * 128.0F;
  }
  unsetenv("CONVOY_CUDA_EMULATION");
  EXPECT_GE(wrong, 2);
}
#endif

// Kernels with faults stand outside of the macros of tests, in which all places are one.
void wait_in_a_branch() {
  if (threadIdx.x < 32) __syncthreads();
}
void wait_at_two_barriers() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}
void wait_for_a_block_and_a_warp() {
  if (threadIdx.x < 16) {
    __syncwarp();
  } else {
    __syncthreads();
  }
}

TEST_P(EveryOrder, ABarrierInABranchIsAnError) {
  EXPECT_THAT(misuse_of(1, 64, 0, wait_in_a_branch), HasSubstr("have left the kernel"));
  EXPECT_THAT(misuse_of(1, 64, 0, wait_at_two_barriers),
              HasSubstr("one barrier is reached at lines"));
}

TEST_P(EveryOrder, WarpsExchangeValues) {
  std::vector<int> sums(64), broadcast(64), shifted(64);
  std::vector<unsigned> votes(64);
  emulated::run(1, 64, 0, [&] {
    int value = static_cast<int>(threadIdx.x);
    int sum = value;
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0U, sum, step);
    sums[threadIdx.x] = sum;
    broadcast[threadIdx.x] = __shfl_sync(~0U, value, 3);
    shifted[threadIdx.x] = __shfl_down_sync(~0U, value, 4);
    votes[threadIdx.x] = __ballot_sync(~0U, value % 2 == 1);
  });
  for (int i = 0; i < 64; ++i) {
    int first = i / 32 * 32;
    EXPECT_EQ(sums[static_cast<size_t>(i)], 32 * first + 31 * 16);
    EXPECT_EQ(broadcast[static_cast<size_t>(i)], first + 3);
    EXPECT_EQ(shifted[static_cast<size_t>(i)], i % 32 < 28 ? i + 4 : i);
    EXPECT_EQ(votes[static_cast<size_t>(i)], 0xaaaaaaaaU);
  }
}

TEST_P(EveryOrder, ALastWarpMayBeShort) {
  int sum = 0;
  emulated::run(1, 8, 0, [&] {
    int value = __shfl_xor_sync(~0U, static_cast<int>(threadIdx.x), 1);
    if (threadIdx.x == 0) sum = value;
  });
  EXPECT_EQ(sum, 1);
}

TEST_P(EveryOrder, LanesThatDoNotMeetAreAnError) {
  EXPECT_THAT(misuse_of(1, 32, 0,
                        [] {
                          if (threadIdx.x < 16) __shfl_xor_sync(~0U, 1, 1);
                        }),
              HasSubstr("has left the kernel"));
  EXPECT_THAT(misuse_of(1, 32, 0, [] { __shfl_xor_sync(1U, 1, 1); }),
              HasSubstr("is not in its own mask"));
  EXPECT_THAT(misuse_of(1, 32, 0, wait_for_a_block_and_a_warp), HasSubstr("wait for each other"));
}

TEST(Emulation, SharedMemoryIsWhatWasAskedFor) {
  EXPECT_THAT(misuse_of(1, 32, 64,
                        [] {
                          SharedMemory shared;
                          shared.take<float>(16);
                          shared.take<float>(1);
                        }),
              HasSubstr("were asked for"));
  EXPECT_THAT(misuse_of(1, 32, 1024,
                        [] {
                          SharedMemory shared;
                          shared.take<float>(static_cast<int>(threadIdx.x) + 1);
                        }),
              HasSubstr("different sizes"));
  EXPECT_THAT(misuse_of(1, 32, 300 * 1024, [] {}), HasSubstr("shared memory"));
  EXPECT_THAT(misuse_of(1, 2048, 0, [] {}), HasSubstr("2048 threads"));
}

TEST(Emulation, SharedMemoryHoldsNoNumbersAtFirst) {
  for (int round = 0; round < 2; ++round) {
    emulated::run(2, 32, 128, [] {
      SharedMemory shared;
      float* values = shared.take<float>(32);
      EXPECT_TRUE(std::isnan(values[threadIdx.x]));
      values[threadIdx.x] = 1;
    });
  }
}

TEST(Emulation, RunsAfterAnError) {
  EXPECT_NE(misuse_of(1, 64, 0, wait_in_a_branch), "");
  EXPECT_EQ(tree_sum(true), 255 * 128.0F);
}

TEST_P(EveryOrder, AtomicsAdd) {
  int total = 0;
  emulated::run(4, 64, 0, [&] { atomicAdd(&total, 1); });
  EXPECT_EQ(total, 256);
}

#if defined(__SANITIZE_ADDRESS__)
TEST(EmulationDeathTest, AnAccessBesideASharedArrayIsFound) {
  auto read_beside = [](int at) {
    emulated::run(1, 32, 256, [at] {
      SharedMemory shared;
      float* values = shared.take<float>(32);
      values[threadIdx.x] = 0;
      static volatile float sink;
      sink = values[static_cast<int>(threadIdx.x) + at];
    });
  };
  read_beside(0);
  EXPECT_DEATH(read_beside(1), "AddressSanitizer");
  EXPECT_DEATH(read_beside(-1), "AddressSanitizer");
}
#endif

}  // namespace
}  // namespace gpu
