// Kernels that are compiled once for each instruction set: a file NAME_per_isa.cc defines
// CONVOY_PER_ISA(thing), which is thing_generic, thing_avx2 or thing_avx512 by the flags that
// cmake/sources.cmake compiles it with, and CONVOY_OF_ISA chooses among them at run time. Another
// instruction set is one more line here and there; one that few kernels use has files of its own.
#pragma once

#include <cstddef>

#include "runtime/device/machine.h"

namespace convoy {
inline constexpr size_t kIsaCount = 4;  // as many as Isa has
}

#define CONVOY_JOIN_NAMES(name, isa) name##_##isa
#define CONVOY_EXPAND_AND_JOIN(name, isa) CONVOY_JOIN_NAMES(name, isa)
// In a NAME_per_isa.cc alone.
#define CONVOY_PER_ISA(name) CONVOY_EXPAND_AND_JOIN(name, CONVOY_ISA)

// CONVOY_DECLARE_PER_ISA(extern const Table, table) declares one for each, and
// CONVOY_OF_ISA(isa, table) is the one for an Isa that the machine has.
#if defined(__x86_64__)
#define CONVOY_DECLARE_PER_ISA(type, name) type name##_generic, name##_avx2, name##_avx512
#define CONVOY_OF_ISA(isa, name) \
  ((isa) >= Isa::kAvx512 ? name##_avx512 : (isa) == Isa::kAvx2 ? name##_avx2 : name##_generic)
#else
#define CONVOY_DECLARE_PER_ISA(type, name) type name##_generic
#define CONVOY_OF_ISA(isa, name) (static_cast<void>(isa), name##_generic)
#endif
