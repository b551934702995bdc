// NVIDIA GPUs, and the GPU that is emulated on the host, behind the table of a library.
#pragma once

#include <string_view>

#include "runtime/device/cuda/launch_table.h"
#include "runtime/device/device.h"

namespace convoy {

class KernelContext;

// Throws kUnsupported where there is no such GPU here, or no library for it, and says which.
Device& cuda_device(DeviceId id);

// The launch function of this name for a problem of a plain struct; nullptr where the device's
// library has none.
ConvoyCudaLaunch* find_cuda_launch(DeviceId device, std::string_view name, size_t problem_bytes);

// Queues what computes the problem; throws kDeviceFailure or kOutOfMemory.
void launch_on(Queue& queue, ConvoyCudaLaunch* launch, const void* problem);

// A launch function that has been looked up.
template <typename Problem>
class CudaLaunch {
 public:
  CudaLaunch(DeviceId device, std::string_view name)
      : launch_(find_cuda_launch(device, name, sizeof(Problem))) {}

  explicit operator bool() const { return launch_ != nullptr; }
  void operator()(Queue& queue, const Problem& problem) const {
    launch_on(queue, launch_, &problem);
  }

 private:
  ConvoyCudaLaunch* launch_;
};

}  // namespace convoy
