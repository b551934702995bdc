# Which files belong to which target, by folder; and per-file flags, by the end of the name.

function(convoy_glob result)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS LIST_DIRECTORIES false ${ARGN})
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

set(core_patterns runtime/*.cc ops/*.cc loaders/*.cc)
if(CONVOY_CUDA)
  list(APPEND core_patterns runtime/*.cu ops/*.cu)
endif()
convoy_glob(core_sources ${core_patterns})
convoy_glob(capi_sources runtime/capi/*.cc)
list(FILTER core_sources EXCLUDE REGEX "/runtime/capi/")
if(NOT CONVOY_CUDA)
  list(FILTER core_sources EXCLUDE REGEX "/cuda/[^/]+\\.cc$|_cuda\\.cc$")
endif()
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(FILTER core_sources EXCLUDE REGEX "_(sse|avx|amx)[a-z0-9]*\\.cc$")
endif()

convoy_glob(cli_sources tools/convoy/*.cc)
convoy_glob(binding_sources tools/python/*.cc)
convoy_glob(bench_sources tools/bench/*.cc)
convoy_glob(test_sources tests/*.cc)
# tests/embedding is a project of its own, built against the installed package.
list(FILTER test_sources EXCLUDE REGEX "/tests/embedding/|_main\\.cc$")
convoy_glob(fuzz_sources tests/fuzz/*.cc tests/device/mirror_check.cc)
list(FILTER fuzz_sources EXCLUDE REGEX "_(test|main)\\.cc$")
convoy_glob(hostile_sources tests/hostile/*.cc)
list(FILTER hostile_sources EXCLUDE REGEX "_test\\.cc$")

set(isa_flags_sse4 -msse4.1)
set(isa_flags_avx2 -mavx2 -mfma -mf16c)
set(isa_flags_avx2vnni ${isa_flags_avx2} -mavxvnni)
set(isa_flags_avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma)
set(isa_flags_avx512vnni ${isa_flags_avx512} -mavx512vnni)
set(isa_flags_avx512bf16 ${isa_flags_avx512} -mavx512bf16)
set(isa_flags_amx ${isa_flags_avx512} -mamx-tile -mamx-int8 -mamx-bf16)
foreach(source IN LISTS core_sources)
  # Flags of their own do not go with a header that was compiled without them.
  if(source MATCHES "/kernels/|/half_rows|_((sse|avx|amx)[a-z0-9]*)\\.cc$")
    set_property(SOURCE "${source}" PROPERTY SKIP_PRECOMPILE_HEADERS ON)
  endif()
  if(source MATCHES "/kernels/|/half_rows" AND CMAKE_BUILD_TYPE STREQUAL "Release"
      AND NOT CONVOY_SANITIZE AND source MATCHES "\\.cc$")
    # Unaligned, the speed of a loop would depend on what stands before it.
    set_property(SOURCE "${source}" APPEND PROPERTY
      COMPILE_OPTIONS -O3 -falign-functions=64 -falign-loops=32)
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
