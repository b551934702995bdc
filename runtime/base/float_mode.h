// How a thread's arithmetic takes subnormal numbers, those nearer to 0 than 2^-126: as they are,
// which costs some processors more than a hundred times as long, or as 0.
#pragma once

#include <cstdint>
#include <string_view>

namespace convoy {

class FloatMode {
 public:
  // Of the calling thread.
  static FloatMode current();
  // The same, but subnormal operands and results are 0. What the processor cannot do, it leaves.
  FloatMode flushing() const;
  // The same, but subnormal numbers are taken as they are.
  FloatMode keeping() const;

  // The calling thread has it from now on; FloatModeScope gives it back.
  void enter() const;

  friend bool operator==(const FloatMode&, const FloatMode&) = default;

 private:
  explicit FloatMode(uint64_t word) : word_(word) {}

  uint64_t word_;
};

// The calling thread has this mode, and then the one before again.
class FloatModeScope {
 public:
  explicit FloatModeScope(FloatMode mode)
      : before_(FloatMode::current()), changed_(mode != before_) {
    if (changed_) mode.enter();
  }
  ~FloatModeScope() {
    if (changed_) before_.enter();
  }
  FloatModeScope(const FloatModeScope&) = delete;
  FloatModeScope& operator=(const FloatModeScope&) = delete;

 private:
  FloatMode before_;
  bool changed_;
};

// What runs with subnormal numbers as 0.
enum class Subnormals {
  kFlushedInSums,  // convolutions, products, pooling by sums, normalization, recurrent layers
  kKept,           // nothing
  kFlushed,        // everything
};

// "auto", "keep", "flush"; throws kInvalidInput.
Subnormals parse_subnormals(std::string_view text);

}  // namespace convoy
