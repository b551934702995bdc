#include "runtime/base/float_mode.h"

#include "runtime/base/error.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace convoy {

Subnormals parse_subnormals(std::string_view text) {
  if (text == "auto") return Subnormals::kFlushedInSums;
  if (text == "keep") return Subnormals::kKept;
  if (text == "flush") return Subnormals::kFlushed;
  fail(ErrorCode::kInvalidInput, "denormals are '{}', but must be 'auto', 'keep' or 'flush'", text);
}

namespace {
// The bits that take results and operands for 0.
#if defined(__x86_64__)
constexpr uint64_t kFlush = 1u << 15 | 1u << 6;
constexpr unsigned kRaised = 0x3f;  // exceptions that were met: no part of the mode
#else
constexpr uint64_t kFlush = 1u << 24;
#endif
}  // namespace

FloatMode FloatMode::flushing() const { return FloatMode(word_ | kFlush); }
FloatMode FloatMode::keeping() const { return FloatMode(word_ & ~kFlush); }

#if defined(__x86_64__)

FloatMode FloatMode::current() { return FloatMode(_mm_getcsr() & ~kRaised); }

void FloatMode::enter() const {
  _mm_setcsr(static_cast<unsigned>(word_) | (_mm_getcsr() & kRaised));
}

#elif defined(__aarch64__)

FloatMode FloatMode::current() {
  uint64_t word;
  asm volatile("mrs %0, fpcr" : "=r"(word));
  return FloatMode(word);
}

void FloatMode::enter() const { asm volatile("msr fpcr, %0" : : "r"(word_)); }

#else

FloatMode FloatMode::current() { return FloatMode(0); }
void FloatMode::enter() const {}

#endif

}  // namespace convoy
