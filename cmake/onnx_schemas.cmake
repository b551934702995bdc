# Generates build/generated/onnx_schemas.cc: a table of the functions that build ONNX's operator
# schemas, read from the headers of ONNX's library, so that a schema is built when it is asked for.

get_target_property(onnx_includes ONNX::onnx INTERFACE_INCLUDE_DIRECTORIES)
set(onnx_schema_includes "")
set(onnx_schema_entries "")
foreach(set IN ITEMS operator_sets operator_sets_ml operator_sets_training operator_sets_preview)
  find_file(onnx_schema_header "onnx/defs/${set}.h" PATHS ${onnx_includes} NO_CACHE REQUIRED
    NO_DEFAULT_PATH)
  string(APPEND onnx_schema_includes "#include <onnx/defs/${set}.h>\n")
  file(STRINGS "${onnx_schema_header}" lines REGEX "fn\\(GetOpSchema<")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE
      ".*GetOpSchema<(ONNX[A-Z_]*)\\(([A-Za-z, ]*)([0-9]+), ([A-Za-z0-9_]+)\\)>.*"
      "    {\"\\4\", \\3, &GetOpSchema<\\1(\\2\\3, \\4)>},\n" entry "${line}")
    string(APPEND onnx_schema_entries "${entry}")
  endforeach()
  unset(onnx_schema_header)
endforeach()

set(onnx_schemas_source "${PROJECT_BINARY_DIR}/generated/onnx_schemas.cc")
configure_file(cmake/onnx_schemas.cc.in "${onnx_schemas_source}" @ONLY)
