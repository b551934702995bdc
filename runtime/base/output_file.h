// A file that appears complete or not at all.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace convoy {

// Written beside its destination and renamed by commit(); removed if that is never called.
// Every function throws kInvalidInput naming the destination when the system refuses.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  // Fills with zeros up to a multiple of `alignment`, and returns that position.
  int64_t align(int64_t alignment);
  void commit();

 private:
  [[noreturn]] void refuse() const;

  std::string path_;
  std::string temporary_;
  std::FILE* file_ = nullptr;
  int64_t position_ = 0;
};

// The whole content at once.
void write_file(const std::string& path, std::string_view content);

}  // namespace convoy
