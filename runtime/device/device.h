// A device: where memory lives and kernels run. The CPU is always present.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/device/device_id.h"

namespace convoy {

class ThreadPool;
struct TensorView;

inline constexpr size_t kAlignment = 64;  // bytes; of every buffer that Convoy allocates

// Work of one device in the order in which it was submitted. Used by one thread at a time; what is
// not done when it is destroyed is waited for or dropped.
class Queue {
 public:
  virtual ~Queue() = default;

  // Calls `work`, which runs a kernel or launches one on this queue: at once, or at the latest in
  // synchronize(). What it refers to lives until then.
  virtual void submit(std::function<void()> work) = 0;

  // Waits until all work submitted so far is done. Throws what the work threw; kDeviceFailure where
  // the device failed.
  virtual void synchronize() = 0;
};

// Thread-safe. Lives for the whole process.
class Device {
 public:
  virtual ~Device() = default;
  virtual DeviceId id() const = 0;
  virtual std::string description() const = 0;  // "AMD EPYC, AVX2, 2 threads"

  // At least `bytes` bytes aligned to kAlignment (nullptr only for 0 bytes); throws kOutOfMemory.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* data, size_t bytes) noexcept = 0;

  // `threads`, which outlives the queue, serve the work that the device does on the host.
  virtual std::unique_ptr<Queue> make_queue(ThreadPool& threads) = 0;

  // Queue copies; host memory stays valid and unchanged until the queue is synchronized.
  virtual void copy_from_host(void* to, const void* from, size_t bytes, Queue& queue) = 0;
  virtual void copy_to_host(void* to, const void* from, size_t bytes, Queue& queue) = 0;

  // Queues convert_view() (runtime/device/convert_view.h) between views of this device's memory.
  virtual void convert(const TensorView& from, const TensorView& to, Queue& queue) = 0;

  // Of which devices it runs the kernels.
  virtual DeviceKind kernels() const { return id().kind; }
  // Of these, whether it has that of this name for this operator.
  virtual bool has_kernel(std::string_view op_type, std::string_view kernel) const {
    (void)op_type, (void)kernel;
    return true;
  }
};

Device& cpu_device();

// Throws kUnsupported where this build or this machine does not have it.
Device& find_device(DeviceId id);

}  // namespace convoy
