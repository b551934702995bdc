// Tensors of the fuzzer end at a page that nothing may touch, and stand between bytes that nothing
// may change: what reads or writes beyond one ends the process, and is found.
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#ifndef __SANITIZE_ADDRESS__

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kAlignment = 64;
constexpr unsigned char kFence = 0xA7;

// In the page before the data.
struct Header {
  size_t mapped;
  size_t bytes;
};

size_t round_up(size_t size, size_t to) { return (size + to - 1) / to * to; }

unsigned char* first_page(void* data) {
  auto address = reinterpret_cast<uintptr_t>(data);
  return reinterpret_cast<unsigned char*>(address / kPage * kPage) - kPage;
}

void* allocate(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return nullptr;
  size_t room = round_up(bytes == 0 ? 1 : bytes, kPage);
  size_t mapped = room + 2 * kPage;
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* base = static_cast<unsigned char*>(memory);
  *reinterpret_cast<Header*>(base) = {mapped, bytes};
  unsigned char* end = base + kPage + room;
  mprotect(end, kPage, PROT_NONE);
  unsigned char* data = end - round_up(bytes == 0 ? 1 : bytes, kAlignment);
  std::memset(base + kPage, kFence, static_cast<size_t>(data - base) - kPage);
  std::memset(data + bytes, kFence, static_cast<size_t>(end - data) - bytes);
  return data;
}

bool is_fence(const unsigned char* from, const unsigned char* to) {
  for (; from < to; ++from) {
    if (*from != kFence) return false;
  }
  return true;
}

void release(void* memory) {
  if (memory == nullptr) return;
  unsigned char* base = first_page(memory);
  auto header = *reinterpret_cast<Header*>(base);
  auto* data = static_cast<unsigned char*>(memory);
  if (!is_fence(base + kPage, data) ||
      !is_fence(data + header.bytes, base + header.mapped - kPage)) {
    std::fprintf(stderr, "something was written beside a tensor of %zu bytes\n", header.bytes);
    std::abort();
  }
  munmap(base, header.mapped);
}

void* allocate_or_throw(size_t bytes) {
  void* memory = allocate(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t bytes, std::align_val_t, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}
void* operator new(size_t bytes, std::align_val_t) { return allocate_or_throw(bytes); }
void* operator new[](size_t bytes, std::align_val_t) { return allocate_or_throw(bytes); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { release(memory); }

#endif
