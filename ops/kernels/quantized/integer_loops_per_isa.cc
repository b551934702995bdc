#include "ops/kernels/quantized/integer_loops_form.h"

namespace convoy {
namespace {

// As the instructions themselves, since the compiler would move sums about between registers and
// memory.
struct AddPairs {
  CONVOY_INLINE static void add(Ints& sum, Ints a, Ints b) {
#if defined(__AVX512BW__)
    Ints products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+v"(sum), "=&v"(products) : "v"(a), "v"(b));
#elif defined(__AVX2__)
    Ints products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(sum), "=&x"(products) : "x"(a), "x"(b));
#else
    const Ints low_a = (Ints)((Words)a << 16) >> 16, low_b = (Ints)((Words)b << 16) >> 16;
    // Factors are so small that both products fit.
    sum = (Ints)((Words)sum + (Words)(low_a * low_b + (a >> 16) * (b >> 16)));
#endif
  }
};

}  // namespace

constinit const IntegerLoops CONVOY_PER_ISA(integer_pairs) = loops_of<AddPairs, InterleavePairs>();

}  // namespace convoy
