#include "runtime/device/cuda/library/shared_arrays.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "runtime/device/cuda/library/fiber.h"

namespace gpu::emulated {
namespace {

constexpr size_t kMostArrays = 32;
constexpr size_t kBetween = 128;               // bytes that no array owns
constexpr unsigned char kNeverWritten = 0xff;  // makes floats NaN

size_t padded(size_t bytes) { return (bytes + 15) / 16 * 16; }

// There is room between arrays before the first as well.
size_t room_for(size_t bytes) { return bytes + kMostArrays * (kBetween + 16) + kBetween; }

Pages& pages() {
  static thread_local Pages all(room_for(SharedArrays::kMost));
  return all;
}

}  // namespace

SharedArrays::~SharedArrays() { FiberTrace::open(pages().data(), room()); }

size_t SharedArrays::room() const { return room_for(std::min(limit_, kMost)); }

void SharedArrays::begin_block() {
  arrays_.clear();
  arrays_.reserve(kMostArrays);
  used_ = kBetween;
  taken_ = 0;
  if (FiberTrace::kFiberForEachThread) pages().renew();
  FiberTrace::open(pages().data(), room());
  std::memset(pages().data(), kNeverWritten, room());
  FiberTrace::close(pages().data(), room());
}

void* SharedArrays::take(int number, size_t bytes, Wrong& wrong) {
  const auto index = static_cast<size_t>(number);
  if (index < arrays_.size()) {
    if (arrays_[index].bytes == bytes) return arrays_[index].data;
    std::snprintf(wrong, sizeof wrong, "threads take shared arrays of different sizes");
    return nullptr;
  }
  if (index >= kMostArrays) {
    std::snprintf(wrong, sizeof wrong, "more than %zu shared arrays", kMostArrays);
    return nullptr;
  }
  taken_ += padded(bytes);
  if (taken_ > limit_) {
    std::snprintf(wrong, sizeof wrong, "%zu bytes of shared memory are taken, %zu were asked for",
                  taken_, limit_);
    return nullptr;
  }
  std::byte* data = pages().data() + used_;
  used_ += padded(bytes) + kBetween;
  FiberTrace::open(data, bytes);
  arrays_.push_back({data, bytes});
  return data;
}

}  // namespace gpu::emulated
