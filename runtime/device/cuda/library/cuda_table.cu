// The table of the GPUs of this machine.
#include <cstdio>
#include <cstring>

#include "runtime/device/cuda/library/launches.h"

namespace gpu {
namespace {

thread_local char error_text[512];

int checked(cudaError_t status) {
  if (status == cudaSuccess) return CONVOY_CUDA_DONE;
  cudaGetLastError();  // or it would be reported again
  std::snprintf(error_text, sizeof error_text, "%s (%s)", cudaGetErrorString(status),
                cudaGetErrorName(status));
  return status == cudaErrorMemoryAllocation ? CONVOY_CUDA_OUT_OF_MEMORY : CONVOY_CUDA_FAILED;
}

const char* last_error() { return error_text; }

int count_devices(int* count) { return checked(cudaGetDeviceCount(count)); }

int describe(int device, char* text, size_t size) {
  cudaDeviceProp properties;
  int status = checked(cudaGetDeviceProperties(&properties, device));
  if (status != CONVOY_CUDA_DONE) return status;
  // Of the architectures that the library is compiled for.
  if (properties.major < 8) {
    std::snprintf(error_text, sizeof error_text, "%s has compute capability %d.%d, 8.0 is needed",
                  properties.name, properties.major, properties.minor);
    return CONVOY_CUDA_FAILED;
  }
  std::snprintf(text, size, "%s, compute capability %d.%d, %zu GiB", properties.name,
                properties.major, properties.minor, properties.totalGlobalMem >> 30);
  return CONVOY_CUDA_DONE;
}

// What `action` returns on the device. The thread's own choice of one is as before.
template <typename Action>
int on_device(int device, const Action& action) {
  int before = device;
  int status = checked(cudaGetDevice(&before));
  if (status == CONVOY_CUDA_DONE && before != device) status = checked(cudaSetDevice(device));
  if (status != CONVOY_CUDA_DONE) return status;
  status = checked(action());
  if (before != device) cudaSetDevice(before);
  return status;
}

int allocate(int device, size_t bytes, void** data) {
  return on_device(device, [&] { return cudaMalloc(data, bytes); });
}
int release(int device, void* data, size_t) {
  return on_device(device, [&] { return cudaFree(data); });
}

int make_stream(int device, void** stream) {
  return on_device(device, [&] {
    return cudaStreamCreateWithFlags(reinterpret_cast<cudaStream_t*>(stream),
                                     cudaStreamNonBlocking);
  });
}
int destroy_stream(int device, void* stream) {
  auto queue = static_cast<cudaStream_t>(stream);
  return on_device(device, [&] {
    cudaStreamSynchronize(queue);
    return cudaStreamDestroy(queue);
  });
}
int synchronize(int device, void* stream) {
  return on_device(device,
                   [&] { return cudaStreamSynchronize(static_cast<cudaStream_t>(stream)); });
}

template <cudaMemcpyKind kind>
int copy_as(int device, void* to, const void* from, size_t bytes, void* stream) {
  return on_device(device, [&] {
    return cudaMemcpyAsync(to, from, bytes, kind, static_cast<cudaStream_t>(stream));
  });
}

ConvoyCudaLaunch* find(const char* name, size_t problem_bytes) {
  return find_launch(name, problem_bytes);
}

int launch_kernel(int device, ConvoyCudaLaunch* kernel, const void* problem, void* stream) {
  return on_device(device, [&] { return static_cast<cudaError_t>(kernel(problem, stream)); });
}

}  // namespace
}  // namespace gpu

extern "C" __attribute__((visibility("default"))) const ConvoyCudaTable* convoy_cuda_table() {
  using namespace gpu;
  static const ConvoyCudaTable table = {
      CONVOY_CUDA_TABLE_VERSION,
      last_error,
      count_devices,
      describe,
      allocate,
      release,
      make_stream,
      destroy_stream,
      synchronize,
      copy_as<cudaMemcpyHostToDevice>,
      copy_as<cudaMemcpyDeviceToHost>,
      copy_as<cudaMemcpyDeviceToDevice>,
      find,
      launch_kernel,
  };
  return &table;
}
