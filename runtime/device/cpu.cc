#include <cstdlib>
#include <cstring>
#include <new>

#include "runtime/base/error.h"
#include "runtime/base/parallel_for.h"
#include "runtime/device/device.h"
#include "runtime/device/machine.h"

namespace convoy {
namespace {

class CpuStream : public Stream {
 public:
  void synchronize() override {}
};

class CpuDevice : public Device {
 public:
  DeviceKind kind() const override { return DeviceKind::kCpu; }
  std::string description() const override {
    return fmt::format("{}, {}, {} threads", cpu_model_name(), to_string(best_isa()),
                       default_thread_count());
  }
  void* allocate(size_t bytes) override {
    if (bytes == 0) return nullptr;
    void* data = ::operator new(bytes, std::align_val_t{kAlignment}, std::nothrow);
    if (data == nullptr) {
      fail(ErrorCode::kOutOfMemory, "cannot allocate {} bytes of host memory", bytes);
    }
    return data;
  }
  void release(void* data, size_t) noexcept override {
    ::operator delete(data, std::align_val_t{kAlignment});
  }
  std::unique_ptr<Stream> make_stream() override { return std::make_unique<CpuStream>(); }
  void copy_from_host(void* to, const void* from, size_t bytes, Stream&) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  void copy_to_host(void* to, const void* from, size_t bytes, Stream&) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
};

}  // namespace

std::string_view to_string(DeviceKind kind) { return kind == DeviceKind::kCpu ? "cpu" : "cuda"; }

Device& cpu_device() {
  // Never destroyed: tensors may live in static objects that are destroyed later.
  static CpuDevice& device = *new CpuDevice;
  return device;
}

}  // namespace convoy
