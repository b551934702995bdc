// That docs/operators.md names the operators that have a CUDA kernel, and no others.
#include <fstream>
#include <regex>
#include <set>

#include <gtest/gtest.h>
#include <source_dir.h>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::set<std::string> with_a_cuda_kernel() {
  std::set<std::string> names;
  for (const OpDef& definition : Registry::standard().all()) {
    if (definition.domain == kPrivateDomain) continue;
    for (const KernelDef& kernel : definition.kernels) {
      if (kernel.device == DeviceKind::kCuda) names.insert(definition.name);
    }
  }
  return names;
}

// Names in backquotes, on lines of the list.
std::set<std::string> documented() {
  std::ifstream file(CONVOY_SOURCE_DIR "/docs/operators.md");
  std::set<std::string> names;
  const std::regex name("`([A-Za-z0-9]+)`");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("- `") && !line.starts_with("  `")) continue;
    for (std::sregex_iterator it(line.begin(), line.end(), name), end; it != end; ++it) {
      names.insert((*it)[1]);
    }
  }
  return names;
}

TEST(OperatorsDoc, NamesWhatHasACudaKernel) { EXPECT_EQ(documented(), with_a_cuda_kernel()); }

}  // namespace
}  // namespace convoy
