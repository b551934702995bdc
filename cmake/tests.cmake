# The tests: an executable convoy_tests_FOLDER for each folder of tests/ that has *_test.cc, so that
# tools/test -k builds what it runs; convoy_tests builds all. What they share lies in one library,
# of which each takes what it needs, as it does of the core. And the fuzzers.

enable_testing()
find_package(GTest REQUIRED)

# In a header of its own, so that the other tests compile alike in every checkout.
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/source_dir.h" @ONLY
  CONTENT "#define CONVOY_SOURCE_DIR \"@PROJECT_SOURCE_DIR@\"\n")
add_library(convoy_test_support STATIC EXCLUDE_FROM_ALL ${test_support_sources})
target_include_directories(convoy_test_support PUBLIC "${PROJECT_BINARY_DIR}/generated")
target_link_libraries(convoy_test_support PUBLIC
  $<TARGET_NAME_IF_EXISTS:convoy_capi> convoy_core GTest::gmock)
# The executables take over its precompiled header, so it is compiled as they are.
set_target_properties(convoy_test_support PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(convoy_test_support PRIVATE -fPIE)
target_precompile_headers(convoy_test_support PRIVATE cmake/precompiled.h <gmock/gmock.h>)

function(convoy_test_program name)
  add_executable(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  target_link_libraries(${name} PRIVATE convoy_test_support)
endfunction()

add_custom_target(convoy_tests)
set(test_folders "")
foreach(source IN LISTS test_sources)
  string(REGEX REPLACE ".*/tests/([^/]+)/.*" "\\1" folder "${source}")
  list(APPEND test_folders "${folder}")
  list(APPEND tests_in_${folder} "${source}")
endforeach()
list(REMOVE_DUPLICATES test_folders)
foreach(folder IN LISTS test_folders)
  convoy_test_program(convoy_tests_${folder} ${tests_in_${folder}})
  target_link_libraries(convoy_tests_${folder} PRIVATE GTest::gtest_main)
  target_precompile_headers(convoy_tests_${folder} REUSE_FROM convoy_test_support)
  add_dependencies(convoy_tests convoy_tests_${folder})
  add_test(NAME ${folder} COMMAND convoy_tests_${folder})
endforeach()

foreach(fuzzer IN ITEMS branch_fuzz graph_fuzz)
  convoy_test_program(${fuzzer} tests/fuzz/${fuzzer}_main.cc)
  target_link_libraries(${fuzzer} PRIVATE CLI11::CLI11)
endforeach()
convoy_test_program(hostile_fuzz
  tests/hostile/hostile_fuzz_main.cc tests/hostile/guarded_memory_main.cc)
target_link_libraries(hostile_fuzz PRIVATE CLI11::CLI11)
