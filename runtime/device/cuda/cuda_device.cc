#include "runtime/device/cuda/cuda_device.h"

#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>

#include "runtime/base/error.h"
#include "runtime/base/shape.h"
#include "runtime/device/cuda/convert_elements.h"
#include "runtime/device/cuda/load_table.h"
#include "runtime/device/out_of_memory.h"
#include "runtime/device/tensor_view.h"

namespace convoy {
namespace {

void check(const ConvoyCudaTable& table, int status) {
  if (status == CONVOY_CUDA_DONE) return;
  bool memory = status == CONVOY_CUDA_OUT_OF_MEMORY;
  fail(memory ? ErrorCode::kOutOfMemory : ErrorCode::kDeviceFailure, "CUDA: {}",
       table.last_error());
}

// A launch that fails is noticed by the next one that is waited for; so each is waited for, and the
// error names its node.
bool waits_for_each_launch() {
  const char* setting = std::getenv("CONVOY_CUDA_SYNC");
  return setting != nullptr && std::string_view(setting) == "1";
}

// Launches and copies are queued as they are submitted.
class CudaQueue : public Queue {
 public:
  CudaQueue(const ConvoyCudaTable& table, int device)
      : table_(table), device_(device), waits_(waits_for_each_launch()) {
    check(table_, table_.make_stream(device_, &stream_));
  }
  ~CudaQueue() override { table_.destroy_stream(device_, stream_); }
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;

  void submit(std::function<void()> work) override { work(); }
  void synchronize() override { check(table_, table_.synchronize(device_, stream_)); }

  void launch(ConvoyCudaLaunch* kernel, const void* problem) {
    check(table_, table_.launch(device_, kernel, problem, stream_));
    if (waits_) synchronize();
  }
  template <typename Copy>
  void copy(Copy how, void* to, const void* from, size_t bytes) {
    if (bytes > 0) check(table_, how(device_, to, from, bytes, stream_));
  }

 private:
  const ConvoyCudaTable& table_;
  const int device_;
  const bool waits_;
  void* stream_ = nullptr;
};

class CudaDevice : public Device {
 public:
  CudaDevice(DeviceId id, const ConvoyCudaTable& table) : id_(id), table_(table) {}

  DeviceId id() const override { return id_; }
  DeviceKind kernels() const override { return DeviceKind::kCuda; }
  std::string description() const override {
    char text[256];
    check(table_, table_.describe(id_.index, text, sizeof text));
    return text;
  }

  void* allocate(size_t bytes) override {
    void* data = nullptr;
    if (bytes == 0) return data;
    const int status = table_.allocate(id_.index, bytes, &data);
    if (status == CONVOY_CUDA_OUT_OF_MEMORY) {
      throw DeviceOutOfMemory(
          fmt::format("no {} bytes on '{}': {}", bytes, to_string(id_), table_.last_error()));
    }
    check(table_, status);
    return data;
  }
  void release(void* data, size_t bytes) noexcept override {
    if (data != nullptr) table_.release(id_.index, data, bytes);
  }

  std::unique_ptr<Queue> make_queue(ThreadPool&) override {
    return std::make_unique<CudaQueue>(table_, id_.index);
  }

  void copy_from_host(void* to, const void* from, size_t bytes, Queue& queue) override {
    static_cast<CudaQueue&>(queue).copy(table_.copy_from_host, to, from, bytes);
  }
  void copy_to_host(void* to, const void* from, size_t bytes, Queue& queue) override {
    static_cast<CudaQueue&>(queue).copy(table_.copy_to_host, to, from, bytes);
  }

  void convert(const TensorView& from, const TensorView& to, Queue& queue) override {
    if (from.count() == 0) return;
    auto& stream = static_cast<CudaQueue&>(queue);
    if (from.dtype == to.dtype && from.is_contiguous() && to.is_contiguous()) {
      return stream.copy(table_.copy, to.data, from.data, static_cast<size_t>(to.bytes()));
    }
    CudaLaunch<cuda::ConvertElements> launch(id_, "convert_elements");
    cuda::ConvertElements problem;
    if (!launch || !cuda::describe(from, to, problem)) {
      fail(ErrorCode::kInternal, "{} cannot become {} on the device", to_string(from),
           to_string(to));
    }
    launch(queue, problem);
  }

  const ConvoyCudaTable& table() const { return table_; }

 private:
  const DeviceId id_;
  const ConvoyCudaTable& table_;
};

// Never destroyed, as cpu_device(): tensors may outlive what is static.
struct Devices {
  std::mutex mutex;
  std::deque<CudaDevice> found;
};

// CONVOY_CUDA_LIBRARY names another one than nvcc's, for tests.
const char* library_of(DeviceKind kind) {
  if (kind == DeviceKind::kCudaEmulated) return "convoy_cuda_emulated";
  const char* named = std::getenv("CONVOY_CUDA_LIBRARY");
  return named != nullptr ? named : "convoy_cuda";
}

const ConvoyCudaTable& table_for(DeviceId id) {
  try {
    return load_cuda_table(library_of(id.kind));
  } catch (const Error& error) {
    fail(error.code(), "there is no device '{}' here: {}", to_string(id), error.message());
  }
}

}  // namespace

Device& cuda_device(DeviceId id) {
  static Devices& devices = *new Devices;
  std::lock_guard lock(devices.mutex);
  for (CudaDevice& device : devices.found) {
    if (device.id() == id) return device;
  }
  const ConvoyCudaTable& table = table_for(id);
  int count = 0;
  if (table.count_devices(&count) != CONVOY_CUDA_DONE) {
    fail(ErrorCode::kUnsupported, "there is no device '{}' here: {}", to_string(id),
         table.last_error());
  }
  if (id.index >= count) {
    fail(ErrorCode::kUnsupported, "there is no device '{}' here: {} found", to_string(id), count);
  }
  char text[256];
  if (table.describe(id.index, text, sizeof text) != CONVOY_CUDA_DONE) {
    fail(ErrorCode::kUnsupported, "the device '{}' cannot be used: {}", to_string(id),
         table.last_error());
  }
  return devices.found.emplace_back(id, table);
}

ConvoyCudaLaunch* find_cuda_launch(DeviceId device, std::string_view name, size_t problem_bytes) {
  const auto& cuda = static_cast<const CudaDevice&>(cuda_device(device));
  return cuda.table().find(std::string(name).c_str(), problem_bytes);
}

void launch_on(Queue& queue, ConvoyCudaLaunch* launch, const void* problem) {
  static_cast<CudaQueue&>(queue).launch(launch, problem);
}

}  // namespace convoy
