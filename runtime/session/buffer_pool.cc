#include "runtime/session/buffer_pool.h"

#include <algorithm>
#include <new>

namespace convoy {

class PooledBuffer : public Buffer {
 public:
  PooledBuffer(BufferPool::Block block, size_t bytes, std::weak_ptr<BufferPool> pool)
      : Buffer(block.data, bytes, cpu_device()), block_(block), pool_(std::move(pool)) {}
  ~PooledBuffer() override {
    if (auto pool = pool_.lock()) {
      pool->give_back(block_);
    } else {
      cpu_device().release(block_.data, block_.bytes);
    }
  }

 private:
  BufferPool::Block block_;
  std::weak_ptr<BufferPool> pool_;
};

BufferPool::~BufferPool() {
  for (const Block& block : idle_) cpu_device().release(block.data, block.bytes);
}

Tensor BufferPool::allocate(DType dtype, const Shape& shape) {
  if (dtype == DType::kString) return Tensor::allocate(dtype, shape);
  TensorDesc desc = TensorDesc::contiguous(dtype, shape);
  auto bytes = static_cast<size_t>(desc.bytes());
  auto buffer = std::make_shared<PooledBuffer>(take(bytes), bytes, weak_from_this());
  return Tensor::over(std::move(buffer), 0, desc);
}

size_t BufferPool::idle_bytes() const {
  std::lock_guard lock(mutex_);
  return idle_bytes_;
}

BufferPool::Block BufferPool::take(size_t bytes) {
  {
    std::lock_guard lock(mutex_);
    auto best = idle_.end();
    for (auto block = idle_.begin(); block != idle_.end(); ++block) {
      bool fits = block->bytes >= bytes && block->bytes / 2 <= bytes;
      if (fits && (best == idle_.end() || block->bytes < best->bytes)) best = block;
    }
    if (best != idle_.end()) {
      Block found = *best;
      idle_bytes_ -= found.bytes;
      idle_.erase(best);
      return found;
    }
  }
  return {cpu_device().allocate(std::max<size_t>(bytes, 1)), std::max<size_t>(bytes, 1)};
}

void BufferPool::give_back(Block block) noexcept {
  std::lock_guard lock(mutex_);
  try {
    if (block.bytes <= kept_bytes_) {
      idle_.push_back(block);
      idle_bytes_ += block.bytes;
      block = {};
    }
  } catch (const std::bad_alloc&) {
    // Then it is not kept.
  }
  if (block.data != nullptr) cpu_device().release(block.data, block.bytes);
  while (idle_bytes_ > kept_bytes_) {
    cpu_device().release(idle_.front().data, idle_.front().bytes);
    idle_bytes_ -= idle_.front().bytes;
    idle_.erase(idle_.begin());
  }
}

}  // namespace convoy
