#include "runtime/tensor/buffer.h"

#include <string>
#include <vector>

namespace convoy {
namespace {

class DeviceBuffer : public Buffer {
 public:
  DeviceBuffer(size_t bytes, Device& device) : Buffer(device.allocate(bytes), bytes, device) {}
  ~DeviceBuffer() override { device().release(data(), bytes()); }
};

class StringBuffer : public Buffer {
 public:
  explicit StringBuffer(std::unique_ptr<std::string[]> strings, size_t count)
      : Buffer(strings.get(), count * sizeof(std::string), cpu_device()),
        strings_(std::move(strings)) {}

 private:
  std::unique_ptr<std::string[]> strings_;
};

class WrappedBuffer : public Buffer {
 public:
  WrappedBuffer(void* data, size_t bytes, std::shared_ptr<const void> owner, Device& device)
      : Buffer(data, bytes, device), owner_(std::move(owner)) {}
  bool borrowed() const override { return owner_ == nullptr; }

 private:
  std::shared_ptr<const void> owner_;
};

}  // namespace

std::shared_ptr<Buffer> Buffer::allocate(size_t bytes, Device& device) {
  return std::make_shared<DeviceBuffer>(bytes, device);
}

std::shared_ptr<Buffer> Buffer::allocate_strings(size_t count) {
  return std::make_shared<StringBuffer>(std::make_unique<std::string[]>(count), count);
}

std::shared_ptr<Buffer> Buffer::wrap(void* data, size_t bytes, std::shared_ptr<const void> owner,
                                     Device& device) {
  return std::make_shared<WrappedBuffer>(data, bytes, std::move(owner), device);
}

}  // namespace convoy
