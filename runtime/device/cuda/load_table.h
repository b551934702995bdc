// Opens the library of CUDA kernels.
#pragma once

#include "runtime/device/cuda/launch_table.h"

namespace convoy {

// The table of the library "libNAME.so" that lies beside this program or library, or in a folder
// lib beside its folder, or where the dynamic linker finds it. Throws kUnsupported in one line
// where it cannot be opened or is of another version. The library stays open.
const ConvoyCudaTable& load_cuda_table(const char* name);

}  // namespace convoy
