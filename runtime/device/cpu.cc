#include <cstdlib>
#include <cstring>
#include <new>

#include "runtime/base/error.h"
#include "runtime/base/machine_memory.h"
#include "runtime/base/parallel_for.h"
#include "runtime/device/convert_view.h"
#include "runtime/device/device.h"
#include "runtime/device/machine.h"

namespace convoy {
namespace {

// Work is done when it is submitted.
class CpuQueue : public Queue {
 public:
  explicit CpuQueue(ThreadPool& threads) : threads_(threads) {}
  void submit(std::function<void()> work) override { work(); }
  void synchronize() override {}
  ThreadPool& threads() { return threads_; }

 private:
  ThreadPool& threads_;
};

class CpuDevice : public Device {
 public:
  DeviceId id() const override { return {}; }
  std::string description() const override {
    return fmt::format("{}, {}, {} threads", cpu_model_name(), to_string(best_isa()),
                       default_thread_count());
  }
  void* allocate(size_t bytes) override {
    check_fits_memory(static_cast<int64_t>(bytes));
    void* data = ::operator new(bytes, std::align_val_t{kAlignment}, std::nothrow);
    if (data == nullptr) {
      fail(ErrorCode::kOutOfMemory, "cannot allocate {} bytes of host memory", bytes);
    }
    return data;
  }
  void release(void* data, size_t) noexcept override {
    ::operator delete(data, std::align_val_t{kAlignment});
  }
  std::unique_ptr<Queue> make_queue(ThreadPool& threads) override {
    return std::make_unique<CpuQueue>(threads);
  }
  void copy_from_host(void* to, const void* from, size_t bytes, Queue&) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  void copy_to_host(void* to, const void* from, size_t bytes, Queue&) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  void convert(const TensorView& from, const TensorView& to, Queue& queue) override {
    convert_view(from, to, static_cast<CpuQueue&>(queue).threads());
  }
};

}  // namespace

Device& cpu_device() {
  // Never destroyed: tensors may live in static objects that are destroyed later.
  static CpuDevice& device = *new CpuDevice;
  return device;
}

}  // namespace convoy
