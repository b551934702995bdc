#include "ops/kernels/quantized/integer_conv_problem.h"

namespace convoy::kernels {

void PaddedLines::interleave(const uint8_t* const* lines, const ByteZero& zero, int64_t first,
                             int64_t count, uint32_t* to) const {
  const int64_t pad = window.pad_begin - first;
  const int32_t less = loops.takes_zero_off() ? zero.zero : 0;
  // Where some factors lie in the line and others do not.
  auto edge = [&](int64_t begin, int64_t end) {
    if (shift == 0) return static_cast<void>(std::fill(to + begin, to + end, loops.padding(zero)));
    for (int64_t i = begin; i < end; ++i) {
      to[i] = 0;
      for (int64_t place = 0; place < loops.factors; ++place) {
        const int64_t at = i - pad + place * shift;
        const bool inside = lines[place] != nullptr && at >= 0 && at < window.input_size;
        loops.put((inside ? lines[place][at] ^ zero.flip : zero.zero) - less, place, to[i]);
      }
    }
  };
  const int64_t begin = std::clamp<int64_t>(pad, 0, count);
  const int64_t end =
      std::clamp(pad + window.input_size - (loops.factors - 1) * shift, begin, count);
  edge(0, begin);
  if (begin < end) {
    const uint8_t* inner[kMostFactors];
    for (int64_t place = 0; place < loops.factors; ++place) {
      const uint8_t* line = lines[place];
      inner[place] = line == nullptr ? nullptr : line + (begin - pad + place * shift);
    }
    loops.interleave(inner, end - begin, zero, to + begin);
  }
  edge(end, count);
}

}  // namespace convoy::kernels
