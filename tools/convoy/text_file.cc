#include "tools/convoy/text_file.h"

#include <filesystem>
#include <fstream>

#include "runtime/base/error.h"

namespace convoy::cli {

void write_text_file(const std::string& path, const std::string& text) {
  std::string temporary = path + ".tmp";
  {
    std::ofstream file(temporary, std::ios::binary);
    file << text;
    file.flush();
    check_input(file.good(), "{}: cannot be written", path);
  }
  std::error_code problem;
  std::filesystem::rename(temporary, path, problem);
  check_input(!problem, "{}: {}", path, problem.message());
}

}  // namespace convoy::cli
