// Packs buffers with known lifetimes into one block of memory.
#pragma once

#include <cstdint>
#include <vector>

namespace convoy {

// Lives from the start of step `first` to the end of step `last`.
struct Lifetime {
  int64_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct ArenaLayout {
  std::vector<int64_t> offsets;  // by buffer; multiples of kAlignment
  int64_t bytes = 0;
};

// Buffers whose lifetimes overlap get disjoint ranges. O(n log n).
ArenaLayout lay_out_arena(const std::vector<Lifetime>& buffers);

}  // namespace convoy
