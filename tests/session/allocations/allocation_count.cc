#include "tests/session/allocations/allocation_count.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONVOY_COUNTS_ALLOCATIONS 0
#else
#define CONVOY_COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<bool> counting = false;
std::atomic<size_t> counted = 0;
thread_local bool inside = false;  // looking up a frame may itself allocate

bool called_by_onednn() {
  std::array<void*, 48> frames;
  int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
  for (int i = 0; i < depth; ++i) {
    Dl_info info;
    if (dladdr(frames[static_cast<size_t>(i)], &info) == 0) continue;
    if (info.dli_fname != nullptr && std::strstr(info.dli_fname, "libdnnl") != nullptr) return true;
  }
  return false;
}

[[maybe_unused]] void note() {
  if (!counting.load(std::memory_order_relaxed) || inside) return;
  inside = true;
  if (!called_by_onednn()) ++counted;
  inside = false;
}

}  // namespace

#if CONVOY_COUNTS_ALLOCATIONS
// The array and nothrow forms call these.
void* operator new(size_t bytes) {
  note();
  if (void* memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  note();
  auto multiple = static_cast<size_t>(alignment);
  void* memory = std::aligned_alloc(multiple, (bytes + multiple - 1) / multiple * multiple);
  if (memory != nullptr) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace convoy::testing {

bool can_count_allocations() { return CONVOY_COUNTS_ALLOCATIONS == 1; }

AllocationCount::AllocationCount() {
  called_by_onednn();
  counted = 0;
  counting = true;
}

AllocationCount::~AllocationCount() { counting = false; }

size_t AllocationCount::so_far() const { return counted; }

}  // namespace convoy::testing
