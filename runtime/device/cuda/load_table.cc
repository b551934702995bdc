#include "runtime/device/cuda/load_table.h"

#include <filesystem>
#include <string>
#include <vector>

#include <dlfcn.h>

#include "runtime/base/error.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

// The folder of the file that this function was loaded from.
fs::path own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&own_folder), &info) == 0) return {};
  std::error_code ignored;
  fs::path path = fs::canonical(info.dli_fname, ignored);
  return path.parent_path();
}

std::vector<std::string> candidates(const std::string& file) {
  std::vector<std::string> paths;
  fs::path folder = own_folder();
  for (const fs::path& place :
       {folder / file, folder / "../lib" / file, folder / "../../lib" / file}) {
    std::error_code ignored;
    if (fs::exists(place, ignored)) paths.push_back(place.lexically_normal().string());
  }
  paths.push_back(file);
  return paths;
}

}  // namespace

const ConvoyCudaTable& load_cuda_table(const char* name) {
  const std::string file = std::string("lib") + name + ".so";
  const std::string path = candidates(file).front();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    fail(ErrorCode::kUnsupported, "{} cannot be opened: {}", file,
         reason ? reason : "no reason given");
  }
  auto* table_of =
      reinterpret_cast<ConvoyCudaTableFunction*>(dlsym(library, CONVOY_CUDA_TABLE_NAME));
  if (table_of == nullptr) {
    fail(ErrorCode::kUnsupported, "{} is no library of CUDA kernels", path);
  }
  const ConvoyCudaTable* table = table_of();
  if (table->version != CONVOY_CUDA_TABLE_VERSION) {
    fail(ErrorCode::kUnsupported, "{} is of version {}, this program needs version {}", path,
         table->version, CONVOY_CUDA_TABLE_VERSION);
  }
  return *table;
}

}  // namespace convoy
