// The packed weights of a session.
#pragma once

#include <map>

#include "runtime/base/fork.h"
#include "runtime/op/kernel.h"

namespace convoy {

// A buffer on the device with what `pack` writes to a buffer of the host.
std::shared_ptr<Buffer> packed_on(Device& device, size_t bytes,
                                  const std::function<void(void*)>& pack);

// Thread-safe. Keeps every constant that it has packed alive, so that addresses identify constants.
class SessionWeights : public WeightCache {
 public:
  explicit SessionWeights(Device& device = cpu_device()) : device_(device) {}
  Device& device() const override { return device_; }
  std::shared_ptr<const Buffer> get(const Tensor& constant, const std::string& format, size_t bytes,
                                    const std::function<void(void*)>& pack) override;
  size_t bytes() const;

 private:
  struct Entry {
    Tensor constant;
    std::shared_ptr<const Buffer> packed;
  };
  Device& device_;
  mutable ForkSafeMutex mutex_;
  std::map<std::pair<const void*, std::string>, Entry> entries_;
  size_t bytes_ = 0;
};

// Packs afresh on every request, for operands that are known for one run only, except for the
// tensors of `lasting`, which go to `cache` (may be null).
class TransientWeights : public WeightCache {
 public:
  TransientWeights(WeightCache* cache, const std::vector<const Tensor*>& lasting);
  Device& device() const override { return cache_ != nullptr ? cache_->device() : cpu_device(); }
  std::shared_ptr<const Buffer> get(const Tensor& constant, const std::string& format, size_t bytes,
                                    const std::function<void(void*)>& pack) override;

 private:
  WeightCache* cache_;
  std::vector<const void*> lasting_;  // addresses, also of what was made of lasting tensors
};

}  // namespace convoy
