// Tensors whose bytes lie outside of the model's protobuf.
#pragma once

#include <map>
#include <string>

#include "loaders/onnx/skeleton.h"
#include "runtime/onnx/tensors.h"

namespace convoy {

// Finds lifted bytes in the model file's own memory, and external data in files under the folder of
// the model. What a location may be is told in docs/security.md.
class ModelData final : public TensorStore {
 public:
  // `model_path` may be empty: external data is then looked for in `folder`; if that is empty too,
  // a tensor with external data is an error.
  ModelData(const Skeleton& skeleton, std::shared_ptr<Buffer> model_bytes, std::string model_path,
            std::string folder);

  std::optional<StoredBytes> find(const onnx::TensorProto& proto) override;
  int64_t dense_limit() const override { return dense_limit_; }
  void set_dense_limit(int64_t bytes) { dense_limit_ = bytes; }
  // Files by location, and tensors by name, that are taken in place of files on disk.
  void set_external(std::map<std::string, std::shared_ptr<Buffer>> files,
                    std::map<std::string, Tensor> tensors) {
    files_ = std::move(files);
    tensors_ = std::move(tensors);
  }

 private:
  static StoredBytes given(const onnx::TensorProto& proto, const Tensor& tensor);
  StoredBytes find_external(const onnx::TensorProto& proto);
  std::shared_ptr<Buffer> open(const std::string& location);

  const Skeleton& skeleton_;
  std::shared_ptr<Buffer> model_bytes_;
  std::string model_path_;
  std::string folder_;
  int64_t dense_limit_ = 0;
  std::map<std::string, std::shared_ptr<Buffer>> files_;  // by location
  std::map<std::string, Tensor> tensors_;                 // by name
};

}  // namespace convoy
