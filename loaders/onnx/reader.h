// Reads ONNX models.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/graph/graph.h"

namespace convoy {

struct ReadOptions {
  // Where external data lies. Empty: the folder of the model file; a model from memory then must
  // not have any.
  std::string data_folder;
  // Files of external data that are in memory already, by the location that tensors name.
  std::map<std::string, std::shared_ptr<Buffer>> external_files;
  // Stand for the external data of initializers of these names.
  std::map<std::string, Tensor> external_tensors;
  // Sizes of dimensions that the model leaves open, by their symbol or by the denotation that they
  // have at an input.
  std::map<std::string, int64_t> sizes;
  std::map<std::string, int64_t> denoted_sizes;
  // The most bytes that one sparse tensor may take once it is made dense.
  int64_t max_dense_bytes = int64_t{1} << 30;
};

// A model of IR 3 to 14 and opset 1 to the newest known; nodes of opset 1 to 5 become what they are
// in opset 6. Large tensors are copied once, or mapped where they are external and aligned: the
// data files must then stay as they are while the model lives. Throws kInvalidInput when the file
// cannot be opened, kUnsupported for versions outside of those ranges, and kInvalidModel, with the
// file and the node, for everything else that is wrong.
Model read_model(const std::string& path, const ReadOptions& options = {});

// `name` stands for the file in messages. The bytes are not needed after the call.
Model read_model_bytes(std::span<const std::byte> bytes, std::string_view name,
                       const ReadOptions& options = {});

}  // namespace convoy
