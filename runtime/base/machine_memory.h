// How much memory the process can ever have.
#pragma once

#include <cstdint>

namespace convoy {

// Bytes: of the machine, or what the limits of the process (address space, data) and of its control
// group allow, whichever is least.
int64_t most_memory();

// Lets the process count on no more bytes than these, where a limit of the operating system would
// stop what watches it (a sanitizer maps terabytes). Before anything runs.
void limit_memory(int64_t bytes);

// Throws kOutOfMemory for a value that could not be allocated whatever else there is: when its
// shape is inferred, before kernels are made for it, which may take time and memory in proportion,
// and when it is allocated.
void check_fits_memory(int64_t bytes);

}  // namespace convoy
