// Where the numbers of random operators come from.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace convoy {

// Kernels that are made from here on, and whose nodes have no seed, draw by this one. Thread-safe.
void set_default_seed(uint64_t seed);

// The generators of one kernel, one for each run.
class RandomEngines {
 public:
  // With the node's own `seed` all runs draw the same. Without it a run draws by the default seed,
  // by `name`, which is to differ among the kernels of a model, and by how many runs of this kernel
  // went before: one that is made anew, for other sizes or within a run, begins anew. Where no
  // default seed was set, by one that nobody knows.
  RandomEngines(std::optional<uint32_t> seed, std::string_view name);

  // The generator of a run that begins. Thread-safe.
  std::mt19937 next();

 private:
  std::optional<uint32_t> seed_;
  std::optional<uint64_t> default_seed_;
  uint64_t name_;
  std::atomic<uint32_t> runs_ = 0;
};

}  // namespace convoy
