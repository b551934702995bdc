# The Python package: build/python/convoy holds the module beside links to the package's own files.

if(NOT DEFINED Python_EXECUTABLE AND NOT SKBUILD AND EXISTS "${convoy_venv}/bin/python")
  set(Python_EXECUTABLE "${convoy_venv}/bin/python")
endif()
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module NumPy
  OPTIONAL_COMPONENTS Development.SABIModule)
execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
  OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE nanobind_ROOT COMMAND_ERROR_IS_FATAL ANY)
find_package(nanobind CONFIG REQUIRED)

set(package_dir "${PROJECT_BINARY_DIR}/python/convoy")
# STABLE_ABI: one module serves 3.12 and what is newer; 3.11 has one of its own.
nanobind_add_module(convoy_python STABLE_ABI NB_STATIC NB_DOMAIN convoy ${binding_sources})
set_target_properties(convoy_python PROPERTIES
  OUTPUT_NAME _convoy LIBRARY_OUTPUT_DIRECTORY "${package_dir}")
target_compile_definitions(convoy_python PRIVATE CONVOY_VERSION="${PROJECT_VERSION}")
target_link_libraries(convoy_python PRIVATE convoy_core Python::NumPy)
target_link_options(convoy_python PRIVATE -Wl,--exclude-libs,ALL)

set(package_source "${PROJECT_SOURCE_DIR}/tools/python/convoy")
file(GLOB_RECURSE stale "${package_dir}/*.py" "${package_dir}/*.pyi")
if(stale)
  file(REMOVE ${stale})
endif()
file(REMOVE_RECURSE "${package_dir}/shim")
file(GLOB_RECURSE package_files CONFIGURE_DEPENDS RELATIVE "${package_source}"
  "${package_source}/*.py" "${package_source}/*.pyi" "${package_source}/py.typed"
  "${package_source}/shim/onnxruntime.egg-info/*")
foreach(file IN LISTS package_files)
  get_filename_component(folder "${package_dir}/${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  file(CREATE_LINK "${package_source}/${file}" "${package_dir}/${file}" SYMBOLIC)
endforeach()
