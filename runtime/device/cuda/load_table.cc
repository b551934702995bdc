#include "runtime/device/cuda/load_table.h"

#include <filesystem>
#include <string>

#include <dlfcn.h>

#include "runtime/base/error.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

// The folder of the file that this function was loaded from; empty where that is not known.
fs::path own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&own_folder), &info) == 0) return {};
  std::error_code failed;
  // Of a program it is only what it was called by.
  fs::path path = info.dli_fname;
  if (!path.is_absolute()) path = fs::read_symlink("/proc/self/exe", failed);
  path = fs::canonical(path, failed);
  return failed ? fs::path() : path.parent_path();
}

// Where the library may be, the first one that is.
std::string find_library(const std::string& file) {
  const fs::path folder = own_folder();
  if (folder.empty()) return file;
  for (const char* place : {"", "../lib", "../../lib"}) {
    std::error_code ignored;
    const fs::path path = folder / place / file;
    if (fs::exists(path, ignored)) return path.lexically_normal().string();
  }
  return file;
}

}  // namespace

const ConvoyCudaTable& load_cuda_table(const char* name) {
  const std::string file = std::string("lib") + name + ".so";
  const std::string path = find_library(file);
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
