#include "ops/kernels/random/random_engines.h"

#include <functional>
#include <mutex>

#include "runtime/base/fork.h"

namespace convoy {
namespace {

struct DefaultSeed {
  ForkSafeMutex mutex;
  std::optional<uint64_t> value;
};

DefaultSeed& default_seed() {
  static DefaultSeed instance;
  return instance;
}

}  // namespace

void set_default_seed(uint64_t seed) {
  std::lock_guard lock(default_seed().mutex);
  default_seed().value = seed;
}

RandomEngines::RandomEngines(std::optional<uint32_t> seed, std::string_view name)
    : seed_(seed), name_(std::hash<std::string_view>()(name)) {
  std::lock_guard lock(default_seed().mutex);
  default_seed_ = default_seed().value;
}

std::mt19937 RandomEngines::next() {
  if (seed_) return std::mt19937(*seed_);
  if (!default_seed_) return std::mt19937(std::random_device{}());
  std::seed_seq words{static_cast<uint32_t>(*default_seed_),
                      static_cast<uint32_t>(*default_seed_ >> 32), static_cast<uint32_t>(name_),
                      static_cast<uint32_t>(name_ >> 32), runs_.fetch_add(1)};
  return std::mt19937(words);
}

}  // namespace convoy
