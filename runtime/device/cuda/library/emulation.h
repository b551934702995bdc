// CUDA on the host, to run and to check kernels where there is no GPU. What a kernel's author can
// get wrong is an error here: a barrier that not all threads of a block reach, a shuffle whose
// lanes do not meet, more shared memory than was asked for; and, in a build with the address
// sanitizer, an access beside a shared array, with the thread sanitizer, one that no barrier
// orders.
//
// A thread of a block is a fiber; fibers switch at barriers and at what a warp does together.
// Blocks run one after the other. CONVOY_CUDA_EMULATION=forward|reverse|random:SEED says in which
// order blocks, and the threads in them, do.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "runtime/base/float16.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __grid_constant__

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3() = default;
  constexpr dim3(unsigned x, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline constexpr int warpSize = 32;

namespace gpu {

// What a kernel did that a GPU would not forgive; thrown by emulated::run.
struct Misuse {
  char what[400];
};

namespace emulated {

// What the built-in variables of a thread say.
struct ThreadIndex {
  dim3 thread, block, block_size, grid_size;
  unsigned lane = 0;
};
// Of the thread that runs. Libraries that are opened at run time may have a little of this kind.
extern constinit thread_local ThreadIndex* current __attribute__((tls_model("initial-exec")));

void block_barrier(std::source_location where);

// Waits until every lane of `mask` is here with an offer of its own; then, once, `meet` gets the
// offers by lane, nullptr for lanes that are not in the mask.
using Meeting = void (*)(void** offers);
void meet_in_warp(unsigned mask, void* offer, Meeting meet, std::source_location where);

void* take_shared(int number, size_t bytes, std::source_location where);

// Runs a kernel to its end. Throws Misuse.
void run(dim3 blocks, dim3 threads, size_t shared_bytes, const std::function<void()>& kernel);

// Work in the order in which it was queued, done by nobody before synchronize().
class Queue;
void submit(Queue* queue, std::function<void()> work);

}  // namespace emulated

using Stream = emulated::Queue*;

struct Grid {
  dim3 blocks;
  dim3 threads;
  size_t shared_bytes = 0;
};

template <typename... Parameters>
int launch(void (*kernel)(Parameters...), const Grid& grid, Stream stream,
           std::type_identity_t<Parameters>... values) {
  emulated::submit(stream, [=] {
    emulated::run(grid.blocks, grid.threads, grid.shared_bytes, [&] { kernel(values...); });
  });
  return 0;
}

class SharedMemory {
 public:
  template <typename T>
  T* take(int count, std::source_location where = std::source_location::current()) {
    return static_cast<T*>(
        emulated::take_shared(next_++, static_cast<size_t>(count) * sizeof(T), where));
  }

 private:
  int next_ = 0;
};

inline float from_half(uint16_t bits) { return convoy::half_bits_to_float(bits); }
inline uint16_t to_half(float x) { return convoy::float_to_half_bits(x); }
inline float from_bfloat16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}
inline uint16_t to_bfloat16(float x) { return convoy::BFloat16(x).bits; }

namespace emulated {

struct ShuffleOffer {
  uint64_t value;
  int source;
};
void shuffle(void** offers);

struct BallotOffer {
  bool vote;
  unsigned votes;
};
void ballot(void** offers);

template <typename T>
T shuffled(unsigned mask, T value, int source, std::source_location where) {
  static_assert(sizeof(T) <= sizeof(uint64_t));
  ShuffleOffer offer{0, source};
  std::memcpy(&offer.value, &value, sizeof(T));
  meet_in_warp(mask, &offer, shuffle, where);
  std::memcpy(&value, &offer.value, sizeof(T));
  return value;
}

}  // namespace emulated
}  // namespace gpu

#define threadIdx (gpu::emulated::current->thread)
#define blockIdx (gpu::emulated::current->block)
#define blockDim (gpu::emulated::current->block_size)
#define gridDim (gpu::emulated::current->grid_size)

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  gpu::emulated::block_barrier(where);
}
inline void __syncwarp(unsigned mask = ~0U,
                       std::source_location where = std::source_location::current()) {
  gpu::emulated::meet_in_warp(mask, nullptr, nullptr, where);
}
inline unsigned __ballot_sync(unsigned mask, bool vote,
                              std::source_location where = std::source_location::current()) {
  gpu::emulated::BallotOffer offer{vote, 0};
  gpu::emulated::meet_in_warp(mask, &offer, gpu::emulated::ballot, where);
  return offer.votes;
}
template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = warpSize,
              std::source_location where = std::source_location::current()) {
  int first = static_cast<int>(gpu::emulated::current->lane) & ~(width - 1);
  return gpu::emulated::shuffled(mask, value, first + (source & (width - 1)), where);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = warpSize,
                  std::source_location where = std::source_location::current()) {
  int lane = static_cast<int>(gpu::emulated::current->lane);
  int source = lane ^ bits;
  bool beyond = (source & ~(width - 1)) > (lane & ~(width - 1));
  return gpu::emulated::shuffled(mask, value, beyond ? lane : source, where);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = warpSize,
                   std::source_location where = std::source_location::current()) {
  int lane = static_cast<int>(gpu::emulated::current->lane);
  int source = lane + static_cast<int>(delta);
  bool beyond = (lane & (width - 1)) + static_cast<int>(delta) >= width;
  return gpu::emulated::shuffled(mask, value, beyond ? lane : source, where);
}
template <typename T>
T atomicAdd(T* address, T value) {
  return std::atomic_ref<T>(*address).fetch_add(value, std::memory_order_relaxed);
}
inline float __ldg(const float* address) { return *address; }
inline float rsqrtf(float x) { return 1.0F / std::sqrt(x); }
using std::max;
using std::min;
