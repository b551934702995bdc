// The launch functions of a library, by name.
#pragma once

#include <string_view>

#include "runtime/device/cuda/launch_table.h"
#include "runtime/device/cuda/library/kernel_language.h"

namespace gpu {

// One for each CONVOY_CUDA_LAUNCH; made before main, or as the library is opened.
struct LaunchEntry {
  LaunchEntry(const char* name, size_t problem_bytes, ConvoyCudaLaunch* launch);

  const char* name;
  size_t problem_bytes;
  ConvoyCudaLaunch* launch;
  const LaunchEntry* next;
};

ConvoyCudaLaunch* find_launch(std::string_view name, size_t problem_bytes);

}  // namespace gpu

// Defines the function that launches the kernels for a problem, a plain struct; it returns what
// gpu::launch does.
//   CONVOY_CUDA_LAUNCH(strided_copy, StridedCopy) { return gpu::launch(copy, grid, stream,
//   problem); }
#define CONVOY_CUDA_LAUNCH(name, Problem)                                                          \
  static int launch_##name(const Problem& problem, gpu::Stream stream);                            \
  static int launch_any_##name(const void* problem, void* stream) {                                \
    return launch_##name(*static_cast<const Problem*>(problem), static_cast<gpu::Stream>(stream)); \
  }                                                                                                \
  static const gpu::LaunchEntry entry_of_##name(#name, sizeof(Problem), launch_any_##name);        \
  static int launch_##name([[maybe_unused]] const Problem& problem,                                \
                           [[maybe_unused]] gpu::Stream stream)
