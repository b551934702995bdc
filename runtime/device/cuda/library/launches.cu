#include "runtime/device/cuda/library/launches.h"

namespace gpu {
namespace {

// Constant-initialized, so that it is there before the entries.
constinit const LaunchEntry* first = nullptr;

}  // namespace

LaunchEntry::LaunchEntry(const char* name, size_t problem_bytes, ConvoyCudaLaunch* launch)
    : name(name), problem_bytes(problem_bytes), launch(launch), next(first) {
  first = this;
}

ConvoyCudaLaunch* find_launch(std::string_view name, size_t problem_bytes) {
  for (const LaunchEntry* entry = first; entry != nullptr; entry = entry->next) {
    if (entry->name == name && entry->problem_bytes == problem_bytes) return entry->launch;
  }
  return nullptr;
}

}  // namespace gpu
