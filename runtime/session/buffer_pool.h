// Memory for outputs that comes back when the caller drops it: writing to warm pages is several
// times faster than to fresh ones.
#pragma once

#include <memory>
#include <vector>

#include "runtime/base/fork.h"
#include "runtime/tensor/tensor.h"

namespace convoy {

// Thread-safe. Buffers may outlive the pool.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  // At most `kept_bytes` of unused memory is kept.
  explicit BufferPool(size_t kept_bytes) : kept_bytes_(kept_bytes) {}
  ~BufferPool();

  // A contiguous uninitialized tensor; strings come from ordinary memory.
  Tensor allocate(DType dtype, const Shape& shape);
  size_t idle_bytes() const;

 private:
  friend class PooledBuffer;
  struct Block {
    void* data;
    size_t bytes;
  };
  Block take(size_t bytes);
  void give_back(Block block) noexcept;

  mutable ForkSafeMutex mutex_;
  std::vector<Block> idle_;
  size_t idle_bytes_ = 0;
  size_t kept_bytes_;
};

}  // namespace convoy
