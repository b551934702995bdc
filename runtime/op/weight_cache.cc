#include "runtime/op/weight_cache.h"

#include <algorithm>

#include <fmt/format.h>

namespace convoy {

std::shared_ptr<Buffer> packed_on(Device& device, size_t bytes,
                                  const std::function<void(void*)>& pack) {
  Tensor packed = Tensor::allocate(DType::kUInt8, {static_cast<int64_t>(bytes)});
  pack(packed.raw());
  return packed.on(device).buffer();
}

std::shared_ptr<const Buffer> SessionWeights::get(const Tensor& constant, const std::string& format,
                                                  size_t bytes,
                                                  const std::function<void(void*)>& pack) {
  std::lock_guard lock(mutex_);
  // Constants of different shapes may lie at one address.
  Entry& entry =
      entries_[{constant.raw(), fmt::format("{} {} {}", to_string(constant.desc()),
                                            to_string(constant.desc().strides), format)}];
  if (!entry.packed) {
    entry = {constant, packed_on(device_, bytes, pack)};
    bytes_ += bytes;
  }
  check_internal(entry.packed->bytes() >= bytes, "packed weights '{}' of another size", format);
  return entry.packed;
}

size_t SessionWeights::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

TransientWeights::TransientWeights(WeightCache* cache, const std::vector<const Tensor*>& lasting)
    : cache_(cache) {
  for (const Tensor* tensor : lasting) lasting_.push_back(tensor->raw());
}

std::shared_ptr<const Buffer> TransientWeights::get(const Tensor& constant,
                                                    const std::string& format, size_t bytes,
                                                    const std::function<void(void*)>& pack) {
  bool lasts = std::ranges::find(lasting_, constant.raw()) != lasting_.end();
  if (lasts && cache_ != nullptr) {
    auto packed = cache_->get(constant, format, bytes, pack);
    lasting_.push_back(packed->data());
    return packed;
  }
  return packed_on(device(), bytes, pack);
}

}  // namespace convoy
