// The table of a GPU that is emulated: memory that the host cannot touch while nothing runs on it,
// streams that do nothing before they are synchronized.
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/device/closed_memory.h"
#include "runtime/device/cuda/library/launches.h"

namespace gpu {
namespace emulated {

class Queue {
 public:
  void submit(std::function<void()> work) { waiting_.push_back(std::move(work)); }
  void synchronize(convoy::ClosedMemory& memory) {
    if (waiting_.empty()) return;
    convoy::OpenMemory open(memory);
    while (!waiting_.empty()) {
      std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      work();
    }
  }

 private:
  std::deque<std::function<void()>> waiting_;
};

void submit(Queue* queue, std::function<void()> work) { queue->submit(std::move(work)); }

}  // namespace emulated

namespace {

using emulated::Queue;

thread_local char error_text[512];

convoy::ClosedMemory& memory() {
  static convoy::ClosedMemory& closed = *new convoy::ClosedMemory("the emulated GPU");
  return closed;
}

int failed(const char* text, int status = CONVOY_CUDA_FAILED) {
  std::strncpy(error_text, text, sizeof error_text - 1);
  return status;
}

// Nothing is thrown across the table.
template <typename Body>
int guarded(const Body& body) {
  try {
    body();
    return CONVOY_CUDA_DONE;
  } catch (const Misuse& misuse) {
    return failed(misuse.what);
  } catch (const convoy::Error& error) {
    bool memory = error.code() == convoy::ErrorCode::kOutOfMemory;
    return failed(error.what(), memory ? CONVOY_CUDA_OUT_OF_MEMORY : CONVOY_CUDA_FAILED);
  } catch (const std::bad_alloc&) {
    return failed("no memory of the host", CONVOY_CUDA_OUT_OF_MEMORY);
  } catch (const std::exception& error) {
    return failed(error.what());
  }
}

const char* last_error() { return error_text; }

// CONVOY_CUDA_EMULATION_FAILS=FUNCTION:N makes the Nth call of the function after the variable was
// set fail, "N-" the later ones too: for tests of what follows.
bool is_to_fail(std::string_view function) {
  static std::mutex mutex;
  static std::string known;
  static long calls = 0;
  const char* setting = std::getenv("CONVOY_CUDA_EMULATION_FAILS");
  std::lock_guard lock(mutex);
  if (known != (setting == nullptr ? "" : setting)) {
    known = setting == nullptr ? "" : setting;
    calls = 0;
  }
  const size_t colon = known.find(':');
  if (colon == std::string::npos || known.substr(0, colon) != function) return false;
  char* end = nullptr;
  const long first = std::strtol(known.c_str() + colon + 1, &end, 10);
  return ++calls == first || (*end == '-' && calls > first);
}

int count_devices(int* count) {
  *count = 1;
  return CONVOY_CUDA_DONE;
}

int describe(int, char* text, size_t size) {
  std::strncpy(text, "CUDA kernels emulated on the host", size - 1);
  text[size - 1] = 0;
  return CONVOY_CUDA_DONE;
}

int allocate(int, size_t bytes, void** data) {
  if (is_to_fail("allocate")) return failed("out of memory, as asked", CONVOY_CUDA_OUT_OF_MEMORY);
  return guarded([&] { *data = memory().allocate(bytes); });
}
int release(int, void* data, size_t bytes) {
  memory().release(data, bytes);
  return CONVOY_CUDA_DONE;
}

int make_stream(int, void** stream) {
  return guarded([&] { *stream = new Queue; });
}
int destroy_stream(int, void* stream) {
  delete static_cast<Queue*>(stream);
  return CONVOY_CUDA_DONE;
}
int synchronize(int, void* stream) {
  if (is_to_fail("synchronize")) return failed("a kernel failed, as asked");
  return guarded([&] { static_cast<Queue*>(stream)->synchronize(memory()); });
}

int copy(int, void* to, const void* from, size_t bytes, void* stream) {
  return guarded(
      [&] { static_cast<Queue*>(stream)->submit([=] { std::memcpy(to, from, bytes); }); });
}

ConvoyCudaLaunch* find(const char* name, size_t problem_bytes) {
  return find_launch(name, problem_bytes);
}

int launch(int, ConvoyCudaLaunch* kernel, const void* problem, void* stream) {
  if (is_to_fail("launch")) return failed("a launch failed, as asked");
  int status = CONVOY_CUDA_DONE;
  int thrown = guarded([&] { status = kernel(problem, stream); });
  if (thrown != CONVOY_CUDA_DONE) return thrown;
  return status == 0 ? CONVOY_CUDA_DONE : failed("a kernel was not launched");
}

}  // namespace
}  // namespace gpu

extern "C" __attribute__((visibility("default"))) const ConvoyCudaTable* convoy_cuda_table() {
  using namespace gpu;
  static const ConvoyCudaTable table = {
      .version = CONVOY_CUDA_TABLE_VERSION,
      .last_error = last_error,
      .count_devices = count_devices,
      .describe = describe,
      .allocate = allocate,
      .release = release,
      .make_stream = make_stream,
      .destroy_stream = destroy_stream,
      .synchronize = synchronize,
      .copy_from_host = copy,
      .copy_to_host = copy,
      .copy = copy,
      .find = find,
      .launch = launch,
  };
  return &table;
}
