#include "runtime/base/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"

namespace convoy {

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  int descriptor = -1;
  for (int attempt = 0; descriptor < 0 && attempt < 100; ++attempt) {
    temporary_ = fmt::format("{}.{}-{}.tmp", path_, ::getpid(), attempt);
    descriptor = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno != EEXIST) break;
  }
  if (descriptor < 0) refuse();
  file_ = ::fdopen(descriptor, "wb");
  if (file_ == nullptr) refuse();
}

OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  ::unlink(temporary_.c_str());
}

void OutputFile::refuse() const {
  fail(ErrorCode::kInvalidInput, "cannot write '{}': {}", path_, std::strerror(errno));
}

void OutputFile::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) refuse();
  position_ += static_cast<int64_t>(bytes.size());
}

int64_t OutputFile::align(int64_t alignment) {
  int64_t rest = position_ % alignment;
  if (rest != 0) write(std::string(static_cast<size_t>(alignment - rest), '\0'));
  return position_;
}

void OutputFile::commit() {
  bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (!closed || std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    int problem = errno;
    ::unlink(temporary_.c_str());
    errno = problem;
    refuse();
  }
}

void write_file(const std::string& path, std::string_view content) {
  OutputFile file(path);
  file.write(content);
  file.commit();
}

}  // namespace convoy
