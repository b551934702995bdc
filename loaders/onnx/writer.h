// Writes ONNX models.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/graph/graph.h"

namespace convoy {

struct WriteOptions {
  // A model whose tensors take more bytes gets them into a data file beside it: a protobuf file
  // cannot be larger than 2 GiB.
  int64_t max_inline_bytes = (int64_t{1} << 31) - (int64_t{1} << 26);
  // The name of the data file, in the model's folder; empty: FILE.data.
  std::string data_file{};
  // Smaller tensors stay in the model file.
  int64_t least_external_bytes = 1024;
};

// Writes `path` and, where there is one, its data file: first under another name, then renamed, so
// that readers see the old files or the new ones, and `path` may be where the model was read from.
// Throws kInvalidInput when a file cannot be written or `data_file` is no plain file name,
// kInternal for a graph with private operators.
void write_model(const Model& model, const std::string& path, const WriteOptions& options = {});

// The bytes of a model file. Throws kUnsupported above 2 GiB.
std::string serialize_model(const Model& model);

}  // namespace convoy
