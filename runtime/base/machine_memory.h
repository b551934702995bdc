// How much memory the process can ever have.
#pragma once

#include <cstdint>

namespace convoy {

// Bytes: of the machine, or what the limits of the process (address space, data) and of its control
// group allow, whichever is least.
int64_t most_memory();

// Throws kOutOfMemory for a value that could not be allocated whatever else there is: before
// kernels are made for it, which may take time and memory in proportion.
void check_fits_memory(int64_t bytes);

}  // namespace convoy
