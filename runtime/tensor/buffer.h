// Memory that tensors share.
#pragma once

#include <cstddef>
#include <memory>

#include "runtime/base/dtype.h"
#include "runtime/device/device.h"

namespace convoy {

// A block of bytes on a device. Shared by reference counting; the bytes live as long as the buffer.
// Not synchronized: whoever writes must be alone.
class Buffer {
 public:
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  Device& device() const { return *device_; }
  // Memory that somebody else may take back: whoever keeps the bytes must copy them.
  virtual bool borrowed() const { return false; }

  // Uninitialized memory aligned to kAlignment; throws kOutOfMemory.
  static std::shared_ptr<Buffer> allocate(size_t bytes, Device& device = cpu_device());

  // `count` empty strings.
  static std::shared_ptr<Buffer> allocate_strings(size_t count);

  // Memory owned by somebody else, kept alive by `owner` (may be null).
  static std::shared_ptr<Buffer> wrap(void* data, size_t bytes, std::shared_ptr<const void> owner,
                                      Device& device = cpu_device());

 protected:
  Buffer(void* data, size_t bytes, Device& device)
      : data_(static_cast<std::byte*>(data)), bytes_(bytes), device_(&device) {}

 private:
  std::byte* data_;
  size_t bytes_;
  Device* device_;
};

}  // namespace convoy
