// Models from Python's paths and bytes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include "loaders/onnx/reader.h"
#include "runtime/tensor/value.h"

namespace convoy::python {

// The model file does not exist.
class NoSuchFile : public Error {
 public:
  explicit NoSuchFile(const std::string& path)
      : Error(ErrorCode::kInvalidInput, "the file does not exist", {path, {}, {}, {}}) {}
};

struct LoadOptions {
  ReadOptions read;
  std::vector<std::pair<std::string, Value>> initializers;  // in place of the model's own
};

// `source` is a path or bytes. Throws NoSuchFile, what read_model does, and kInvalidInput for an
// initializer that the model has not or has with another type.
Model load(const nanobind::object& source, const LoadOptions& options = {});

}  // namespace convoy::python
