// What the processor can do and how fast, found at run time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace convoy {

// Instruction sets that kernels are written for, in rising order.
enum class Isa { kGeneric, kAvx2, kAvx512, kAvx512Vnni };

std::string_view to_string(Isa isa);

// The highest that this machine has, or CONVOY_ISA=generic|avx2|avx512|avx512vnni if that is lower.
// kAvx2 includes FMA and F16C; kAvx512 includes F, BW, VL, DQ. Kernels that have no use for the
// instructions which kAvx512Vnni adds are those of kAvx512.
Isa best_isa();

// The figures by which the time of kernels is estimated.
struct Machine {
  int lanes;             // float32 numbers in a vector
  double fma_per_cycle;  // multiply-adds of whole vectors that a core does in a cycle
  double hertz;          // cycles in a second

  // Cycles, much the same on all machines:
  static constexpr double kStep = 1000;   // of a step of a plan, on top of what it does
  static constexpr double kCall = 1500;   // of oneDNN, on top of the arithmetic
  static constexpr double kCode = 1e4;    // made at run time: a million, over a hundred runs
  static constexpr double kWeight = 0.2;  // to read one from the second- or third-level cache
  static constexpr double kMove = 0.5;    // to convert an element or put it elsewhere, in caches

  double seconds(double cycles) const { return cycles / hertz; }
  // Of elements that one core converts or puts into another layout, in its caches.
  double seconds_to_move(int64_t count) const {
    return seconds(kMove * static_cast<double>(count));
  }
  // Of so many multiply-adds on one core at full speed.
  double seconds_of(double multiply_adds) const {
    return seconds(multiply_adds / (lanes * fma_per_cycle));
  }
};

// Of this machine when it runs kernels of this instruction set.
Machine machine_of(Isa isa);

// As the kernel names the processor; "unknown processor" if it does not.
std::string cpu_model_name();

}  // namespace convoy
