#include "runtime/device/mirror.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "runtime/base/parallel_for.h"
#include "runtime/device/closed_memory.h"
#include "runtime/device/convert_view.h"

namespace convoy {
namespace {

class MirrorQueue : public Queue {
 public:
  MirrorQueue(ClosedMemory& memory, ThreadPool& threads) : memory_(memory), threads_(threads) {}

  void submit(std::function<void()> work) override { waiting_.push_back(std::move(work)); }

  void synchronize() override {
    while (!waiting_.empty()) {
      std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      OpenMemory open(memory_);
      work();
    }
  }

  ThreadPool& threads() { return threads_; }

 private:
  ClosedMemory& memory_;
  ThreadPool& threads_;
  std::deque<std::function<void()>> waiting_;
};

class Mirror : public MirrorDevice {
 public:
  Mirror() {
    if (const char* seed = std::getenv("CONVOY_MIRROR_MISSING")) {
      leave_out_kernels(std::strtoull(seed, nullptr, 10));
    }
  }

  DeviceId id() const override { return {DeviceKind::kMirror, 0}; }
  std::string description() const override { return "kernels of the CPU on memory of its own"; }
  DeviceKind kernels() const override { return DeviceKind::kCpu; }

  void* allocate(size_t bytes) override { return bytes == 0 ? nullptr : memory_.allocate(bytes); }
  void release(void* data, size_t bytes) noexcept override {
    if (data != nullptr) memory_.release(data, bytes);
  }

  std::unique_ptr<Queue> make_queue(ThreadPool& threads) override {
    return std::make_unique<MirrorQueue>(memory_, threads);
  }

  void copy_from_host(void* to, const void* from, size_t bytes, Queue& queue) override {
    ++from_host_;
    copy(to, from, bytes, queue);
  }
  void copy_to_host(void* to, const void* from, size_t bytes, Queue& queue) override {
    ++to_host_;
    copy(to, from, bytes, queue);
  }

  void convert(const TensorView& from, const TensorView& to, Queue& queue) override {
    ThreadPool& threads = static_cast<MirrorQueue&>(queue).threads();
    queue.submit([from, to, &threads] { convert_view(from, to, threads); });
  }

  // All of an operator or none: what is left out is then computed by the kernel of the CPU that
  // would have been chosen here.
  bool has_kernel(std::string_view op_type, std::string_view) const override {
    uint64_t seed = missing_;
    if (seed == 0) return true;
    uint64_t hash = seed * 0x9e3779b97f4a7c15u;
    for (char letter : op_type) {
      hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
    }
    return (hash >> 32) % 2 == 0;
  }

  Copies copies() const override { return {from_host_, to_host_}; }
  void leave_out_kernels(uint64_t seed) override { missing_ = seed; }

 private:
  static void copy(void* to, const void* from, size_t bytes, Queue& queue) {
    if (bytes > 0) queue.submit([=] { std::memcpy(to, from, bytes); });
  }

  ClosedMemory memory_{"the mirror device"};
  std::atomic<int64_t> from_host_ = 0;
  std::atomic<int64_t> to_host_ = 0;
  std::atomic<uint64_t> missing_ = 0;
};

}  // namespace

MirrorDevice& mirror_device() {
  // Never destroyed, as cpu_device().
  static Mirror& device = *new Mirror;
  return device;
}

}  // namespace convoy
