// Memory of devices that are emulated: the host cannot touch it but while something runs there.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>

#include "runtime/base/free_ranges.h"

namespace convoy {

// One range of addresses that is closed but for the time that something opens it. Thread-safe.
class ClosedMemory {
 public:
  // `owner` is named in errors: "the mirror device".
  explicit ClosedMemory(std::string owner);

  // Whole pages; throws kOutOfMemory.
  void* allocate(size_t bytes);
  void release(void* data, size_t bytes) noexcept;

  // As often as it is opened it must be closed. Throw kDeviceFailure.
  void open();
  void close();

 private:
  void protect(int access);

  const std::string owner_;
  std::mutex mutex_;
  std::byte* base_ = nullptr;
  FreeRanges ranges_;
  int open_ = 0;
};

class OpenMemory {
 public:
  explicit OpenMemory(ClosedMemory& memory) : memory_(memory) { memory_.open(); }
  ~OpenMemory() { memory_.close(); }
  OpenMemory(const OpenMemory&) = delete;
  OpenMemory& operator=(const OpenMemory&) = delete;

 private:
  ClosedMemory& memory_;
};

}  // namespace convoy
