#include "runtime/device/closed_memory.h"

#include <sys/mman.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "runtime/base/error.h"
#include "runtime/base/shape.h"

namespace convoy {
namespace {

constexpr int64_t kMost = int64_t{1} << 37;

// To the address sanitizer what lies behind the bytes is out of bounds.
#ifdef __SANITIZE_ADDRESS__
constexpr int64_t kBehind = 64;
void open_to_sanitizer(void* data, int64_t bytes) {
  __asan_unpoison_memory_region(data, static_cast<size_t>(bytes));
}
void close_to_sanitizer(void* data, int64_t bytes) {
  __asan_poison_memory_region(data, static_cast<size_t>(bytes));
}
#else
constexpr int64_t kBehind = 0;
void open_to_sanitizer(void*, int64_t) {}
void close_to_sanitizer(void*, int64_t) {}
#endif

int64_t whole_pages(size_t bytes) {
  static const int64_t page = sysconf(_SC_PAGESIZE);
  return checked_add(static_cast<int64_t>(bytes), page - 1 + kBehind) / page * page;
}

}  // namespace

ClosedMemory::ClosedMemory(std::string owner) : owner_(std::move(owner)) {
  void* base = mmap(nullptr, kMost, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) fail(ErrorCode::kOutOfMemory, "no addresses for {}", owner_);
  base_ = static_cast<std::byte*>(base);
}

void* ClosedMemory::allocate(size_t bytes) {
  std::lock_guard lock(mutex_);
  int64_t offset = ranges_.take(whole_pages(bytes));
  if (ranges_.top() > kMost) {
    fail(ErrorCode::kOutOfMemory, "cannot allocate {} bytes of {}", bytes, owner_);
  }
  if (open_ > 0) protect(PROT_READ | PROT_WRITE);
  std::byte* data = base_ + offset;
  const auto used = static_cast<int64_t>(bytes);
  open_to_sanitizer(data, used);
  close_to_sanitizer(data + used, whole_pages(bytes) - used);
  return data;
}

void ClosedMemory::release(void* data, size_t bytes) noexcept {
  std::lock_guard lock(mutex_);
  madvise(data, static_cast<size_t>(whole_pages(bytes)), MADV_DONTNEED);
  close_to_sanitizer(data, whole_pages(bytes));
  ranges_.give_back(static_cast<std::byte*>(data) - base_, whole_pages(bytes));
}

void ClosedMemory::open() {
  std::lock_guard lock(mutex_);
  if (open_++ == 0) protect(PROT_READ | PROT_WRITE);
}

void ClosedMemory::close() {
  std::lock_guard lock(mutex_);
  if (--open_ == 0) protect(PROT_NONE);
}

void ClosedMemory::protect(int access) {
  auto used = static_cast<size_t>(ranges_.top());
  if (used > 0 && mprotect(base_, used, access) != 0) {
    fail(ErrorCode::kDeviceFailure, "the memory of {} cannot be opened or closed", owner_);
  }
}

}  // namespace convoy
