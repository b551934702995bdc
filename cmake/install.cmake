# cmake --install: the library with its headers and package configuration, the CLI, and oneDNN's
# library, which a pip environment brought and which the target machine lacks. Component `python` is
# what a wheel holds, `cuda` the libraries of CUDA kernels that were built.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(CONVOY_ONEDNN)
  get_target_property(dnnl_library DNNL::dnnl IMPORTED_LOCATION_RELEASE)
  if(NOT dnnl_library)
    get_target_property(dnnl_library DNNL::dnnl IMPORTED_LOCATION)
  endif()
  get_target_property(dnnl_soname DNNL::dnnl IMPORTED_SONAME_RELEASE)
  if(NOT dnnl_soname)
    get_filename_component(dnnl_soname "${dnnl_library}" NAME)
  endif()
  install(FILES "${dnnl_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" RENAME "${dnnl_soname}"
    COMPONENT library)
endif()

if(TARGET convoy)
  set_target_properties(convoy PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS convoy EXPORT ConvoyTargets COMPONENT library)
  install(DIRECTORY runtime/include/convoy DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    COMPONENT library)
  set(package_destination "${CMAKE_INSTALL_LIBDIR}/cmake/Convoy")
  install(EXPORT ConvoyTargets FILE ConvoyConfig.cmake NAMESPACE Convoy::
    DESTINATION "${package_destination}" COMPONENT library)
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/ConvoyConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/ConvoyConfigVersion.cmake"
    DESTINATION "${package_destination}" COMPONENT library)
  configure_file(cmake/convoy.pc.in "${PROJECT_BINARY_DIR}/convoy.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/convoy.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT library)
endif()
# Opened by what asks for a GPU, from beside the library or from ../lib. Neither is in the packages:
# one holds a part of CUDA's runtime, the other is for tests.
foreach(kernels IN ITEMS convoy_cuda convoy_cuda_emulated)
  if(TARGET ${kernels})
    set_target_properties(${kernels} PROPERTIES INSTALL_RPATH "$ORIGIN")
    install(TARGETS ${kernels} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT cuda
      OPTIONAL)
  endif()
endforeach()
if(TARGET convoy_cli)
  set_target_properties(convoy_cli PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN/..")
  install(TARGETS convoy_cli COMPONENT library)
endif()

if(TARGET convoy_python)
  set_target_properties(convoy_python PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS convoy_python LIBRARY DESTINATION convoy COMPONENT python EXCLUDE_FROM_ALL)
  foreach(file IN LISTS package_files)
    get_filename_component(folder "convoy/${file}" DIRECTORY)
    install(FILES "${package_source}/${file}" DESTINATION "${folder}"
      COMPONENT python EXCLUDE_FROM_ALL)
  endforeach()
  if(CONVOY_ONEDNN)
    install(FILES "${dnnl_library}" DESTINATION convoy RENAME "${dnnl_soname}"
      COMPONENT python EXCLUDE_FROM_ALL)
  endif()
  if(TARGET convoy_cli)
    install(TARGETS convoy_cli RUNTIME DESTINATION convoy/bin COMPONENT python EXCLUDE_FROM_ALL)
  endif()
endif()
