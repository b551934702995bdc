// By the instructions that multiply the factors of a word and add them up at once.
#include "ops/kernels/quantized/integer_loops_form.h"

namespace convoy {
namespace {

struct AddPairs {
  CONVOY_INLINE static void add(Ints& sum, Ints a, Ints b) {
    asm("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
  }
};

struct AddQuads {
  // The factors of `others` are unsigned.
  CONVOY_INLINE static void add(Ints& sum, Ints weights, Ints others) {
    asm("vpdpbusd %1, %2, %0" : "+v"(sum) : "v"(weights), "v"(others));
  }
};

struct InterleaveQuads {
  static constexpr int kFactors = 4;
  template <typename Bytes>
  CONVOY_INLINE static Ints words(const Bytes& bytes, const ByteZero& zero) {
    Words words{};
    for (int f = 0; f < kFactors; ++f) words |= (Words)bytes(f) << (8 * f);
    return (Ints)(words ^ (zero.flip * 0x01010101u));
  }
};

}  // namespace

constinit const IntegerLoops integer_pairs_avx512vnni = loops_of<AddPairs, InterleavePairs>();
constinit const IntegerLoops integer_quads_avx512vnni = loops_of<AddQuads, InterleaveQuads>();

}  // namespace convoy
