# The libraries of CUDA kernels, which Convoy opens when a GPU is asked for: libconvoy_cuda.so for
# GPUs, by nvcc, and libconvoy_cuda_emulated.so, by the host's compiler, in which the same kernels
# run on the host. Neither is linked to what opens it.

convoy_glob(cuda_sources runtime/*.cu ops/*.cu)
set(cuda_table_source "${PROJECT_SOURCE_DIR}/runtime/device/cuda/library/cuda_table.cu")
list(REMOVE_ITEM cuda_sources "${cuda_table_source}")

function(convoy_cuda_library name)
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL)
endfunction()

# Its stacks are switched as x86-64 asks for.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(emulated_kernels)
  foreach(source IN LISTS cuda_sources)
    file(RELATIVE_PATH path "${PROJECT_SOURCE_DIR}" "${source}")
    set(copy "${PROJECT_BINARY_DIR}/generated/emulated/${path}.cc")
    file(CONFIGURE OUTPUT "${copy}" @ONLY CONTENT "#include \"@path@\"\n")
    list(APPEND emulated_kernels "${copy}")
  endforeach()
  add_library(convoy_cuda_emulation OBJECT
    runtime/device/cuda/library/emulation.cc runtime/device/cuda/library/fiber.cc
    runtime/device/cuda/library/schedule.cc runtime/device/cuda/library/shared_arrays.cc)
  target_include_directories(convoy_cuda_emulation PUBLIC "${PROJECT_SOURCE_DIR}")
  if(CONVOY_SANITIZE MATCHES "address")
    target_compile_definitions(convoy_cuda_emulation PRIVATE CONVOY_EMULATION_ASAN)
  elseif(CONVOY_SANITIZE STREQUAL "thread")
    target_compile_definitions(convoy_cuda_emulation PRIVATE CONVOY_EMULATION_TSAN)
    target_compile_options(convoy_cuda_emulation PRIVATE -fno-sanitize=thread)
  endif()
  add_library(convoy_cuda_emulated SHARED ${emulated_kernels}
    $<TARGET_OBJECTS:convoy_cuda_emulation> runtime/device/cuda/library/emulated_table.cc
    runtime/device/closed_memory.cc runtime/base/free_ranges.cc runtime/base/float16.cc
    runtime/base/error.cc runtime/base/shape.cc)
  convoy_cuda_library(convoy_cuda_emulated)
  target_link_libraries(convoy_cuda_emulated PRIVATE fmt::fmt)
  set_source_files_properties(${emulated_kernels} PROPERTIES COMPILE_OPTIONS
    "${loop_flags};-Wno-unknown-pragmas")
  if(TARGET convoy_tests_cuda)
    target_link_libraries(convoy_tests_cuda PRIVATE convoy_cuda_emulation)
  endif()
  if(TARGET convoy_test_support)
    add_dependencies(convoy_test_support convoy_cuda_emulated)
  endif()
endif()

if(convoy_nvcc)
  add_library(convoy_cuda SHARED ${cuda_sources} "${cuda_table_source}")
  convoy_cuda_library(convoy_cuda)
  set_target_properties(convoy_cuda PROPERTIES CUDA_RUNTIME_LIBRARY Static)
  # Products and sums are fused where a kernel says so, as on the host.
  target_compile_options(convoy_cuda PRIVATE --fmad=false)
  # What others compile with may warn of what the nvcc that is tested does not.
  if(CMAKE_CUDA_COMPILER_VERSION MATCHES "^13\\.0")
    target_compile_options(convoy_cuda PRIVATE -Werror=all-warnings)
  endif()
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.8)
    target_compile_options(convoy_cuda PRIVATE --compress-mode=size)
  endif()
else()
  message(STATUS "No nvcc, or not asked for: no library of CUDA kernels for GPUs is built")
endif()
