// Arrays beyond whose ends every access faults.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace convoy::kernels {

// Floats between two pages that fault, ending at the second (or starting at the first).
class GuardedFloats {
 public:
  GuardedFloats(int64_t count, bool at_end) : page_(size_t(sysconf(_SC_PAGESIZE))) {
    const size_t bytes = size_t(count) * sizeof(float);
    const size_t body = (bytes + page_ - 1) / page_ * page_;
    size_ = body + 2 * page_;
    base_ = static_cast<char*>(
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_, page_, PROT_NONE);
    mprotect(base_ + page_ + body, page_, PROT_NONE);
    data_ = reinterpret_cast<float*>(base_ + page_ + (at_end ? body - bytes : 0));
  }
  GuardedFloats(const std::vector<float>& values, bool at_end)
      : GuardedFloats(int64_t(values.size()), at_end) {
    std::copy(values.begin(), values.end(), data_);
  }
  ~GuardedFloats() { munmap(base_, size_); }
  GuardedFloats(const GuardedFloats&) = delete;
  GuardedFloats& operator=(const GuardedFloats&) = delete;
  float* data() { return data_; }

 private:
  size_t page_, size_;
  char* base_;
  float* data_;
};

}  // namespace convoy::kernels
