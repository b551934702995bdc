# Which files belong to which target, by folder; and per-file flags, by the end of the name.

function(convoy_glob result)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS LIST_DIRECTORIES false ${ARGN})
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

convoy_glob(core_sources runtime/*.cc ops/*.cc loaders/*.cc)
convoy_glob(capi_sources runtime/capi/*.cc)
list(FILTER core_sources EXCLUDE REGEX "/runtime/capi/|/runtime/device/cuda/library/")
if(CONVOY_ONEDNN)
  list(FILTER core_sources EXCLUDE REGEX "/onednn/absent\\.cc$")
else()
  list(FILTER core_sources EXCLUDE REGEX "/onednn/(compiled|convolution|matmul)\\.cc$")
endif()

set(isas generic)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND isas avx2 avx512)
else()
  list(FILTER core_sources EXCLUDE REGEX "_(sse|avx|amx)[a-z0-9]*\\.cc$")
  set(no_emulation "/cuda/emulation_test\\.cc$")  # cmake/cuda.cmake
endif()
# Compiled once for each of these (runtime/device/per_isa.h).
set(per_isa_sources "${core_sources}")
list(FILTER per_isa_sources INCLUDE REGEX "_per_isa\\.cc$")
list(FILTER core_sources EXCLUDE REGEX "_per_isa\\.cc$")

convoy_glob(cli_sources tools/convoy/*.cc)
convoy_glob(binding_sources tools/python/*.cc)
convoy_glob(bench_sources tools/bench/*.cc)
convoy_glob(test_sources tests/*.cc)
# tests/embedding is a project of its own, built against the installed package.
list(FILTER test_sources EXCLUDE REGEX "/tests/embedding/|_main\\.cc$")
if(no_emulation)
  list(FILTER test_sources EXCLUDE REGEX "${no_emulation}")
endif()
# Beside the tests of a folder lies what any test may use; in folders below it, what it alone does.
set(test_support_sources ${test_sources})
list(FILTER test_support_sources INCLUDE REGEX "/tests/[^/]+/[^/]+\\.cc$")
list(FILTER test_support_sources EXCLUDE REGEX "_test\\.cc$")
list(REMOVE_ITEM test_sources ${test_support_sources})

set(isa_flags_sse4 -msse4.1)
set(isa_flags_avx2 -mavx2 -mfma -mf16c)
set(isa_flags_avx2vnni ${isa_flags_avx2} -mavxvnni)
set(isa_flags_avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma)
set(isa_flags_avx512vnni ${isa_flags_avx512} -mavx512vnni)
set(isa_flags_avx512bf16 ${isa_flags_avx512} -mavx512bf16)
set(isa_flags_amx ${isa_flags_avx512} -mamx-tile -mamx-int8 -mamx-bf16)
# Unaligned, the speed of a loop would depend on what stands before it.
set(loop_flags)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CONVOY_SANITIZE)
  set(loop_flags -O3 -falign-functions=64 -falign-loops=32)
endif()
foreach(source IN LISTS core_sources)
  # Flags of their own do not go with a header that was compiled without them.
  if(source MATCHES "/kernels/|/half_rows|_((sse|avx|amx)[a-z0-9]*)\\.cc$")
    set_property(SOURCE "${source}" PROPERTY SKIP_PRECOMPILE_HEADERS ON)
  endif()
  if(source MATCHES "/kernels/|/half_rows" AND source MATCHES "\\.cc$")
    set_property(SOURCE "${source}" APPEND PROPERTY COMPILE_OPTIONS ${loop_flags})
  endif()
  if(source MATCHES "_((sse|avx|amx)[a-z0-9]*)\\.cc$")
    if(NOT DEFINED isa_flags_${CMAKE_MATCH_1})
      message(FATAL_ERROR "${source}: no flags are known for '${CMAKE_MATCH_1}'; "
        "add them to cmake/sources.cmake")
    endif()
    set_property(SOURCE "${source}" APPEND PROPERTY
      COMPILE_OPTIONS ${isa_flags_${CMAKE_MATCH_1}})
  endif()
endforeach()
