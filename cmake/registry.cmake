# Generates build/generated/register_ops.cc: register_all_ops calls register_NAME for every operator
# file ops/NAME.cc and every operator folder ops/NAME with a file NAME.cc. Static initialisers would
# be dropped from a static library.

file(GLOB op_files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/ops" ops/*.cc ops/*/*.cc)
set(op_names "")
foreach(file IN LISTS op_files)
  get_filename_component(name "${file}" NAME_WE)
  get_filename_component(folder "${file}" DIRECTORY)
  if(folder STREQUAL "" OR folder STREQUAL name)
    list(APPEND op_names "${name}")
  endif()
endforeach()
list(SORT op_names)

set(op_declarations "")
set(op_calls "")
foreach(name IN LISTS op_names)
  string(APPEND op_declarations "void register_${name}(Registry& registry);\n")
  string(APPEND op_calls "  register_${name}(registry);\n")
endforeach()

set(registry_source "${PROJECT_BINARY_DIR}/generated/register_ops.cc")
configure_file(cmake/register_ops.cc.in "${registry_source}" @ONLY)
