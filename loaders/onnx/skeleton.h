// A model file without its weights: what is left is small enough for protobuf.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/onnx/protobuf.h"

namespace convoy {

struct Skeleton {
  std::string bytes;  // a serialized ModelProto
  // The raw_data of large tensors, in the bytes that the skeleton was made from.
  std::vector<std::span<const std::byte>> lifted;
};

// Lifts raw_data of at least `least_bytes` out of every TensorProto of a serialized ModelProto.
// nullopt where the bytes are not well-formed.
std::optional<Skeleton> make_skeleton(std::span<const std::byte> model, size_t least_bytes);

// The number in Skeleton::lifted of a tensor of a parsed skeleton, if it was lifted.
std::optional<size_t> lifted_index(const onnx::TensorProto& proto);

// Puts an empty tensor in the place of every one that was lifted or is stored externally, so that
// ONNX's checker sees nothing missing.
void empty_absent_tensors(onnx::ModelProto& model);

}  // namespace convoy
