/* What the library of CUDA kernels gives to Convoy: plain functions, nothing of C++ across the
   border. One library is compiled by nvcc for a GPU, another by the host's compiler, in which
   kernels are emulated (library/emulation.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised by every change of the table and of what stands below. */
#define CONVOY_CUDA_TABLE_VERSION 1

enum ConvoyCudaStatus {
  CONVOY_CUDA_DONE = 0,
  CONVOY_CUDA_FAILED = 1,
  CONVOY_CUDA_OUT_OF_MEMORY = 2,
};

/* Queues the kernels that compute `problem`, a plain struct that is read before the function
   returns, on `stream`. */
typedef int ConvoyCudaLaunch(const void* problem, void* stream);

/* Functions that return int return a ConvoyCudaStatus. Thread-safe, but that a stream is used by
   one thread at a time. */
typedef struct ConvoyCudaTable {
  uint32_t version;
  /* Of the last call on this thread that did not return CONVOY_CUDA_DONE. */
  const char* (*last_error)(void);

  int (*count_devices)(int* count);
  /* "NVIDIA H200, compute capability 9.0, 139 GiB", ended by 0, cut to `size` bytes. Fails for a
     device that the kernels are not compiled for. */
  int (*describe)(int device, char* text, size_t size);

  /* At least one byte. */
  int (*allocate)(int device, size_t bytes, void** data);
  int (*release)(int device, void* data, size_t bytes);

  int (*make_stream)(int device, void** stream);
  /* What is queued is waited for or dropped. */
  int (*destroy_stream)(int device, void* stream);
  int (*synchronize)(int device, void* stream);

  /* Memory of the host stays as it is until the stream is synchronized. */
  int (*copy_from_host)(int device, void* to, const void* from, size_t bytes, void* stream);
  int (*copy_to_host)(int device, void* to, const void* from, size_t bytes, void* stream);
  int (*copy)(int device, void* to, const void* from, size_t bytes, void* stream);

  /* NULL where there is none of this name that reads a problem of so many bytes. */
  ConvoyCudaLaunch* (*find)(const char* name, size_t problem_bytes);
  int (*launch)(int device, ConvoyCudaLaunch* kernel, const void* problem, void* stream);
} ConvoyCudaTable;

/* The one function that a library exports, by this name. */
typedef const ConvoyCudaTable* ConvoyCudaTableFunction(void);
#define CONVOY_CUDA_TABLE_NAME "convoy_cuda_table"

#ifdef __cplusplus
}
#endif
