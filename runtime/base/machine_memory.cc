#include "runtime/base/machine_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <limits>

#include "runtime/base/error.h"

namespace convoy {
namespace {

int64_t machine_bytes() {
  int64_t pages = sysconf(_SC_PHYS_PAGES);
  int64_t size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? pages * size : std::numeric_limits<int64_t>::max();
}

int64_t control_group_bytes() {
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    int64_t bytes = 0;
    if (file >> bytes && bytes > 0) return bytes;
  }
  return std::numeric_limits<int64_t>::max();
}

int64_t process_bytes(int resource) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0 ||
      limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<int64_t>::max();
  }
  return static_cast<int64_t>(
      std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int64_t>::max()));
}

std::atomic<int64_t> agreed_bytes = std::numeric_limits<int64_t>::max();

}  // namespace

int64_t most_memory() {
  static const int64_t machine = std::min(machine_bytes(), control_group_bytes());
  return std::min(
      {machine, process_bytes(RLIMIT_AS), process_bytes(RLIMIT_DATA), agreed_bytes.load()});
}

void limit_memory(int64_t bytes) { agreed_bytes = bytes; }

void check_fits_memory(int64_t bytes) {
  constexpr int64_t kAlwaysTried = int64_t{1} << 28;
  if (bytes <= kAlwaysTried || bytes <= most_memory()) return;
  fail(ErrorCode::kOutOfMemory, "a value would take {} bytes, and there are {} at most", bytes,
       most_memory());
}

}  // namespace convoy
