// A device: where memory lives and kernels run. The CPU is always present.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace convoy {

enum class DeviceKind { kCpu, kCuda };

std::string_view to_string(DeviceKind kind);

inline constexpr size_t kAlignment = 64;  // bytes; of every buffer that Convoy allocates

// An ordered queue of work on a device. On the CPU work is done when the call returns.
class Stream {
 public:
  virtual ~Stream() = default;
  // Blocks until all work queued so far is done; throws kDeviceFailure if any of it failed.
  virtual void synchronize() = 0;
};

// Thread-safe. Lives for the whole process.
class Device {
 public:
  virtual ~Device() = default;
  virtual DeviceKind kind() const = 0;
  virtual std::string description() const = 0;  // "AMD EPYC, AVX2, 2 threads"

  // At least `bytes` bytes aligned to kAlignment (nullptr only for 0 bytes); throws kOutOfMemory.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* data, size_t bytes) noexcept = 0;

  virtual std::unique_ptr<Stream> make_stream() = 0;
  // Queue copies on `stream`; host memory must stay valid until the stream is synchronized.
  virtual void copy_from_host(void* to, const void* from, size_t bytes, Stream& stream) = 0;
  virtual void copy_to_host(void* to, const void* from, size_t bytes, Stream& stream) = 0;
};

Device& cpu_device();

}  // namespace convoy
