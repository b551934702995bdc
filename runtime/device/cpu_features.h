// What the processor can do, found at run time.
#pragma once

#include <string>
#include <string_view>

namespace convoy {

// Instruction sets that kernels are written for, in rising order.
enum class Isa { kGeneric, kAvx2, kAvx512 };

std::string_view to_string(Isa isa);

// The highest that this machine has, or CONVOY_ISA=generic|avx2|avx512 if that is lower.
// kAvx2 includes FMA and F16C; kAvx512 includes F, BW, VL, DQ.
Isa best_isa();

// As the kernel names the processor; "unknown processor" if it does not.
std::string cpu_model_name();

}  // namespace convoy
