// Counts what C++ code of this process allocates, oneDNN's apart.
#pragma once

#include <cstddef>

namespace convoy::testing {

// False under a sanitizer, which brings its own allocator.
bool can_count_allocations();

// Calls of operator new on any thread since construction, those made by oneDNN's library apart.
// One at a time.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();
  size_t so_far() const;
};

}  // namespace convoy::testing
