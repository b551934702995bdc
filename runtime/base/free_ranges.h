// Which parts of a block of memory are free.
#pragma once

#include <cstdint>
#include <map>

namespace convoy {

// Ranges of bytes in a block that grows as it must.
class FreeRanges {
 public:
  // The offset of a range of so many bytes: the smallest free one that is large enough, or the end
  // of the block, beginning in a free range that lies there. Throws kInvalidInput on overflow.
  int64_t take(int64_t bytes);

  // Of a range that was taken, or of a part of one.
  void give_back(int64_t offset, int64_t bytes);

  // The size of the block so far.
  int64_t top() const { return top_; }

 private:
  std::map<int64_t, int64_t> free_;  // bytes by offset; no two touch
  int64_t top_ = 0;
};

}  // namespace convoy
