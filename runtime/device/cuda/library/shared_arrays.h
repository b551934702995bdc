// The shared memory of a block that is emulated.
#pragma once

#include <cstddef>
#include <vector>

namespace gpu::emulated {

// Arrays one after the other, with memory between them that nobody may touch. What was never
// written is no number.
class SharedArrays {
 public:
  // At most kMost bytes may be asked for.
  static constexpr size_t kMost = 227 * 1024;  // of compute capability 9.0

  // For a block that asked for so many bytes at its launch.
  explicit SharedArrays(size_t limit) : limit_(limit) {}
  ~SharedArrays();

  // All is as before a block began.
  void begin_block();
  // A stack that is abandoned must not own memory.
  using Wrong = char[160];

  // Array `number` of a thread; nullptr, and what is wrong, where it cannot be had.
  void* take(int number, size_t bytes, Wrong& wrong);

 private:
  struct Array {
    std::byte* data;
    size_t bytes;
  };
  size_t room() const;

  const size_t limit_;
  std::vector<Array> arrays_;
  size_t used_ = 0;   // with what lies between arrays
  size_t taken_ = 0;  // as a GPU counts
};

}  // namespace gpu::emulated
