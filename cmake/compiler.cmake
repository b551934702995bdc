# Compiler flags, the same for every target of ours.

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# No -ffast-math: it breaks NaN and infinity. That sqrt and the like set no errno is safe and lets
# them vectorize.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wall>
  $<$<COMPILE_LANGUAGE:CXX>:-Wextra> $<$<COMPILE_LANGUAGE:CXX>:-fno-math-errno>)

find_program(ccache_program ccache)
if(ccache_program AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ccache_program}")
endif()

# A precompiled header has other bytes in every checkout, so that a compiler cache would miss.
set(precompiled_default ON)
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(precompiled_default OFF)
endif()
option(CONVOY_PRECOMPILED "Compile the headers of libraries once" ${precompiled_default})
if(NOT CONVOY_PRECOMPILED)
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()

if(CONVOY_SANITIZE)
  if(NOT CONVOY_SANITIZE MATCHES "^(address|undefined|address,undefined|thread)$")
    message(FATAL_ERROR "CONVOY_SANITIZE is '${CONVOY_SANITIZE}': "
      "'address', 'undefined', 'address,undefined' and 'thread' are known")
  endif()
  set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")
  add_compile_options(-fsanitize=${CONVOY_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CONVOY_SANITIZE})
  if(CONVOY_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# The thread sanitizer cannot see GNU OpenMP's barriers and would report every parallel region.
set(convoy_openmp ON)
if(CONVOY_SANITIZE STREQUAL "thread")
  set(convoy_openmp OFF)
endif()

# Sanitizers check kernels where they are emulated.
set(convoy_nvcc OFF)
if(CONVOY_CUDA AND NOT CONVOY_SANITIZE AND NOT CONVOY_CORE)
  find_program(nvcc nvcc PATHS /usr/local/cuda/bin)
  if(nvcc)
    # Not every nvcc goes with every compiler of the host.
    include(CheckLanguage)
    set(ENV{CUDACXX} "${nvcc}")
    check_language(CUDA)
  endif()
  if(CMAKE_CUDA_COMPILER)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
    endif()
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${CMAKE_CXX_COMPILER_LAUNCHER}")
    enable_language(CUDA)
    if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12)
      message(STATUS "nvcc ${CMAKE_CUDA_COMPILER_VERSION} knows no C++20 and is not used")
    else()
      set(convoy_nvcc ON)
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
  endif()
endif()
