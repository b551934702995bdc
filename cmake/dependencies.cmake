# Everything that is linked in, as one interface library: convoy_dependencies.

if(NOT CONVOY_DEPS)
  if(DEFINED ENV{CONVOY_DEPS})
    set(CONVOY_DEPS "$ENV{CONVOY_DEPS}")
  else()
    set(CONVOY_DEPS "${PROJECT_SOURCE_DIR}/.deps")
  endif()
endif()
set(convoy_venv "${PROJECT_SOURCE_DIR}/.venv")
list(APPEND CMAKE_PREFIX_PATH "${convoy_venv}")

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
if(CONVOY_ONEDNN)
  find_package(dnnl CONFIG QUIET)
  if(NOT dnnl_FOUND OR dnnl_VERSION VERSION_LESS 3)
    message(FATAL_ERROR "oneDNN 3 or newer was not found: run tools/setup, name its prefix in "
      "CMAKE_PREFIX_PATH, or build without its kernels by -DCONVOY_ONEDNN=OFF")
  endif()
endif()

# ONNX's installed package configuration asks for a Protobuf package configuration, which Debian has
# not; the targets alone need only protobuf::libprotobuf, found above.
set(onnx_targets "${CONVOY_DEPS}/onnx/lib/cmake/ONNX/ONNXTargets.cmake")
if(NOT EXISTS "${onnx_targets}")
  message(FATAL_ERROR "${onnx_targets} does not exist: run tools/setup")
endif()
include("${onnx_targets}")

add_library(convoy_dependencies INTERFACE)
target_link_libraries(convoy_dependencies INTERFACE ONNX::onnx ONNX::onnx_proto
  protobuf::libprotobuf $<TARGET_NAME_IF_EXISTS:DNNL::dnnl> fmt::fmt
  nlohmann_json::nlohmann_json Threads::Threads ${CMAKE_DL_LIBS})

if(convoy_openmp)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  target_link_libraries(convoy_dependencies INTERFACE OpenMP::OpenMP_CXX)
else()
  target_compile_definitions(convoy_dependencies INTERFACE CONVOY_NO_OPENMP)
endif()

# Libraries that single operators need. Each that is found defines CONVOY_HAS_NAME; without it the
# operator, or that image format of it, is unsupported.
find_package(PkgConfig QUIET)
function(convoy_optional_library name module)
  if(PkgConfig_FOUND)
    pkg_check_modules(${name} QUIET IMPORTED_TARGET GLOBAL ${module})
  endif()
  if(${name}_FOUND)
    target_link_libraries(convoy_dependencies INTERFACE PkgConfig::${name})
    target_compile_definitions(convoy_dependencies INTERFACE CONVOY_HAS_${name})
  endif()
endfunction()
convoy_optional_library(RE2 re2)
convoy_optional_library(PNG libpng)
convoy_optional_library(JPEG libjpeg)
convoy_optional_library(WEBP libwebp)
convoy_optional_library(OPENJPEG libopenjp2)

# The header alone: the library is opened at run time (ops/image_decoder/tiff.cc says why).
if(PkgConfig_FOUND)
  pkg_check_modules(TIFF QUIET libtiff-4)
endif()
if(TIFF_FOUND)
  target_compile_definitions(convoy_dependencies INTERFACE CONVOY_HAS_TIFF)
  target_link_libraries(convoy_dependencies INTERFACE ${CMAKE_DL_LIBS})
endif()

# The header alone: its package configuration would link the C library too.
find_path(kissfft_include kissfft.hh PATH_SUFFIXES kissfft)
if(kissfft_include)
  set_source_files_properties(ops/kernels/fft/fft.cc PROPERTIES
    COMPILE_DEFINITIONS CONVOY_HAS_KISSFFT
    COMPILE_OPTIONS "-isystem${kissfft_include};-fcx-limited-range")
endif()
