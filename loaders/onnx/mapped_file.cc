#include "loaders/onnx/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace convoy {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

struct stat status_of(const Descriptor& file, const std::string& path, ErrorCode code) {
  struct stat status{};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
    fail(code, "cannot open '{}': {}", path, std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) fail(code, "'{}' is no regular file", path);
  return status;
}

std::shared_ptr<Buffer> map(const Descriptor& file, size_t size, const std::string& path,
                            ErrorCode code) {
  if (size == 0) return Buffer::wrap(nullptr, 0, nullptr);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (data == MAP_FAILED) fail(code, "cannot map '{}': {}", path, std::strerror(errno));
  std::shared_ptr<const void> owner(
      data, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  return Buffer::wrap(data, size, std::move(owner));
}

// O_NONBLOCK keeps a named pipe from stopping the process before it is recognised.
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

}  // namespace

std::shared_ptr<Buffer> map_file(const std::string& path, ErrorCode code) {
  Descriptor file(::open(path.c_str(), kFlags));
  struct stat status = status_of(file, path, code);
  return map(file, static_cast<size_t>(status.st_size), path, code);
}

std::shared_ptr<Buffer> map_file_without_links(const std::string& path, ErrorCode code) {
  Descriptor file(::open(path.c_str(), kFlags | O_NOFOLLOW));
  struct stat status = status_of(file, path, code);
  if (status.st_nlink > 1) {
    fail(code, "'{}' has several hard links, so it may be a file from elsewhere", path);
  }
  return map(file, static_cast<size_t>(status.st_size), path, code);
}

}  // namespace convoy
