// Tensors, from and to protobuf.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "runtime/onnx/protobuf.h"
#include "runtime/tensor/tensor.h"

namespace convoy {

// Part of a buffer that holds a tensor's elements as ONNX packs them: row-major, little-endian.
struct StoredBytes {
  std::shared_ptr<Buffer> buffer;
  size_t offset = 0;
  size_t size = 0;
  bool stays = true;  // as long as the model is used; else it is copied
};

// Finds the bytes of tensors that are kept outside of their proto.
class TensorStore {
 public:
  virtual ~TensorStore() = default;
  // nullopt where the proto itself holds the elements; throws kInvalidModel if they are missing.
  virtual std::optional<StoredBytes> find(const onnx::TensorProto& proto) = 0;
  // The most bytes that a sparse tensor may take once it is made dense.
  virtual int64_t dense_limit() const { return int64_t{1} << 30; }
};

// The shape of a proto; throws kInvalidModel for negative sizes and for a product that overflows.
Shape tensor_shape(const onnx::TensorProto& proto);

// Bytes that `count` elements take in a file (sub-byte types are packed).
int64_t packed_bytes(DType dtype, int64_t count);

// Elements from raw_data, typed fields or `store`. Stored bytes are read in place where they are
// aligned to kAlignment, copied otherwise. Throws kInvalidModel for data that does not fill the
// shape, and for external data without a store.
Tensor tensor_from_proto(const onnx::TensorProto& proto, TensorStore* store = nullptr);

// Dense form of a sparse tensor.
Tensor tensor_from_proto(const onnx::SparseTensorProto& proto, TensorStore* store = nullptr);

// Sets type, dims and raw_data (string_data for strings); the name is left alone.
void tensor_to_proto(const Tensor& tensor, onnx::TensorProto& proto);

// The elements of a contiguous tensor as a file has them; not for strings.
std::string packed_data(const Tensor& tensor);

}  // namespace convoy
