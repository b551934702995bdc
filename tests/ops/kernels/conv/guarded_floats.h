// Arrays beyond whose ends every access faults.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace convoy::kernels {

// Elements between two pages that fault, ending at the second (or starting at the first).
template <typename T>
class Guarded {
 public:
  Guarded(int64_t count, bool at_end) : page_(size_t(sysconf(_SC_PAGESIZE))) {
    const size_t bytes = size_t(count) * sizeof(T);
    const size_t body = (bytes + page_ - 1) / page_ * page_;
    size_ = body + 2 * page_;
    base_ = static_cast<char*>(
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_, page_, PROT_NONE);
    mprotect(base_ + page_ + body, page_, PROT_NONE);
    data_ = reinterpret_cast<T*>(base_ + page_ + (at_end ? body - bytes : 0));
  }
  Guarded(const std::vector<T>& values, bool at_end) : Guarded(int64_t(values.size()), at_end) {
    std::copy(values.begin(), values.end(), data_);
  }
  ~Guarded() { munmap(base_, size_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  T* data() { return data_; }

 private:
  size_t page_, size_;
  char* base_;
  T* data_;
};

using GuardedFloats = Guarded<float>;

}  // namespace convoy::kernels
